// Where there is no memory for compiled code, all is as it is where there is, but slower.
import { afterEach, expect, test, vi } from 'vitest';
import { wireLines } from '../bench/wire-lines.js';

const ORIGIN_SEC = 1_795_428_000;

/** The log of one host, by modules that are loaded for it. */
async function log(): Promise<{ text: string; isCompiled: boolean }> {
  vi.resetModules();
  const { newCounters } = await import('../../src/base/counters.js');
  const { batchMemory, giveBack } = await import('../../src/base/batch-memory.js');
  const { ClockOffset } = await import('../../src/capture/clock-offset.js');
  const { HostStream } = await import('../../src/capture/host-stream.js');
  const { MachineLines } = await import('../../src/capture/machine-lines.js');
  const { RowOrder } = await import('../../src/merge/order-rows.js');
  const { TextFormat } = await import('../../src/sinks/text.js');
  const counters = newCounters();
  const stream = new HostStream(new MachineLines({ host: 0, hostName: 'web01', epoch: 1 }, { originSec: ORIGIN_SEC, nowNs: () => 0 }, new ClockOffset(), counters), counters);
  const { runs } = stream.push(Buffer.from(wireLines({ host: 0, beganNs: BigInt(ORIGIN_SEC) * 1_000_000_000n, packets: 3000, pauseNs: 5_000_000n }, true)), 3600e9);
  const text = new TextFormat({ originSec: ORIGIN_SEC, hostWidth: 5 }).format(new RowOrder().order([], runs, true)).toString();
  giveBack(runs);
  return { text, isCompiled: batchMemory() !== undefined };
}

afterEach(() => void vi.unstubAllGlobals());

test.each([
  ['addresses are limited', { Memory: class { constructor() { throw new RangeError('could not allocate memory'); } } }],
  ['Node runs without it', undefined],
])('the log is the same when %s', async (_, webAssembly) => {
  const compiled = await log();
  vi.stubGlobal('WebAssembly', webAssembly);
  const other = await log();
  expect([compiled.isCompiled, other.isCompiled]).toEqual([true, false]);
  expect(compiled.text.split('\n')).toHaveLength(3001);
  expect(other.text).toBe(compiled.text);
});

test('another error is told', async () => {
  const { wasmMemory } = await import('../../src/base/wasm-memory.js');
  vi.stubGlobal('WebAssembly', { Memory: class { constructor() { throw new TypeError('no pages'); } } });
  expect(() => wasmMemory(1, 1)).toThrow('no pages');
});
