import { expect, test } from 'vitest';
import { newCounters } from '../../src/base/counters.js';
import { ClockOffset } from '../../src/capture/clock-offset.js';
import { FleetLog } from '../../src/commands/fleet-log.js';
import { HostStream } from '../../src/capture/host-stream.js';
import { MachineLines } from '../../src/capture/machine-lines.js';
import { MOST_ROWS } from '../../src/base/batch-memory.js';
import type { RecordBatch } from '../../src/base/record-batch.js';
import type { Sink } from '../../src/sinks/sink.js';
import { TextFormat } from '../../src/sinks/text.js';
import { runWarnings } from '../../src/systemtap/run-warnings.js';
import { batchOf } from '../base/rows.js';
import { wireLines } from '../bench/wire-lines.js';
import { record } from '../merge/fleet-model.js';

function start() {
  const said: string[] = [];
  const clock = { originSec: 1_795_428_000, ns: 0, nowNs: () => clock.ns };
  const log = new FleetLog({ order: 'live', sync: 'ssh' }, clock, [], (line) => void said.push(line));
  const host = { counters: newCounters(), offset: new ClockOffset() };
  log.attach(log.addHost('h0'), host);
  const say = (sequence: number, counted: boolean) => {
    log.progress(0, { runs: [batchOf(0, [record(0, 1, sequence, sequence)])], watermarkNs: sequence, beganNs: undefined, completeNs: undefined, notes: [] }, clock.ns);
    if (!counted) return;
    host.counters.received += 1;
    host.counters.records += 1;
  };
  return { said, clock, log, say };
}

test('books that balance are not spoken of', async () => {
  const { said, clock, log, say } = start();
  for (let sequence = 1; sequence < 10; sequence += 1) {
    clock.ns += 250e6;
    say(sequence, true);
    await log.release(() => {});
  }
  expect(await log.finish()).toBe(true);
  expect(said.join()).not.toContain('balance');
});

test('books that do not are told within a heartbeat, once, and the end says so too', async () => {
  const { said, clock, log, say } = start();
  say(1, true);
  await log.release(() => {});
  for (const sequence of [2, 3]) {
    clock.ns += 200e6;
    say(sequence, false);
    await log.release(() => {});
  }
  expect(said).toEqual(['the books do not balance at 2026-11-23T10:00:00.200000Z: h0: 1 records and 0 markers, but 2 went into the merge']);
  expect(await log.finish()).toBe(false);
});

/** A log of three hosts, in strict order, and where the memory of each full batch begins that it held. @param releases how often rows go out: after each chunk, or at the end */
async function logOf(packets: number, releases: 'each' | 'end'): Promise<{ log: string; memory: number[] }> {
  const originSec = 1_795_428_000;
  const clock = { originSec, ns: 0, nowNs: () => clock.ns };
  const format = new TextFormat({ originSec, hostWidth: 2 });
  const seen = new Set<RecordBatch>();
  let log = '';
  let written = 0;
  const sink: Sink = {
    name: 'log', missed: 0, failure: undefined, abandoned: false,
    get written() {
      return written;
    },
    write: (rows) => {
      written += rows.length;
      for (const batch of rows.batches) if (batch.capacity === MOST_ROWS) seen.add(batch);
      const bytes = format.format(rows);
      log += bytes.toString();
      format.recycle(bytes);
      return undefined;
    },
    close: () => Promise.resolve(),
  };
  const fleetLog = new FleetLog({ order: 'strict', sync: 'ssh' }, clock, [sink], () => {});
  const hosts = [0, 1, 2].map((host) => {
    const capture = { counters: newCounters(), offset: new ClockOffset() };
    const hostName = `h${host}`;
    const index = fleetLog.addHost(hostName);
    fleetLog.attach(index, capture);
    const bytes = Buffer.from(wireLines({ host, beganNs: BigInt(originSec) * 1_000_000_000n, packets, pauseNs: 50_000n }, true));
    return { bytes, index, stream: new HostStream(new MachineLines({ host, hostName, epoch: 1 }, clock, capture.offset, capture.counters), capture.counters) };
  });
  clock.ns = 3600e9;
  const chunkBytes = 30_000;
  for (let at = 0; hosts.some(({ bytes }) => at < bytes.length); at += chunkBytes) {
    for (const { bytes, index, stream } of hosts) fleetLog.progress(index, stream.push(bytes.subarray(at, at + chunkBytes), clock.ns), clock.ns);
    if (releases === 'each') await fleetLog.releaseAll();
  }
  for (const { index } of hosts) fleetLog.ended(index, undefined, []);
  expect(await fleetLog.finish()).toBe(true);
  return { log, memory: [...seen].map(({ columns }) => columns.start) };
}

test('memory of rows that have gone out is used again, and the log is the same', async () => {
  const atOnce = await logOf(6000, 'end');
  const often = await logOf(6000, 'each');
  expect(often.log).toBe(atOnce.log);
  expect(atOnce.log.split('\n')).toHaveLength(3 * 6000 + 1);
  expect(new Set(atOnce.memory).size).toBe(atOnce.memory.length);
  expect(new Set(often.memory).size).toBeLessThan(often.memory.length);
});

test.each([
  ['WARNING: 3 packets could not be read', /^h0 +1 +0 +0 +3 /m],
  ['WARNING: Number of errors: 0, skipped probes: 2', /^h0 +1 +0 +\? +0 /m],
  ['WARNING: There were 4 transport failures. Try stap -s to increase the buffer size from 16.', /^h0 +1 +0 +\? +0 /m],
  ['WARNING: probe netfilter.hook("NF_INET_LOCAL_IN").pf("NFPROTO_IPV4") registration error [man warning::pass5] (rc -2)', /^h0 +1 +0 +\? +0 /m],
  ['ERROR: the last lines found no way out within 10 s', /^h0 +1 +0 +\? +0 /m],
])('what the host says it did not show is a loss, and the books balance: %s', async (text, row) => {
  const { said, log, say } = start();
  say(1, true);
  log.ended(0, undefined, runWarnings(`${text}\n`));
  expect(await log.finish()).toBe(false);
  expect(said.join('\n')).toMatch(row);
  expect(said).toContain(`  h0: ${text}`);
  expect(said.join('\n')).not.toContain('balance');
});
