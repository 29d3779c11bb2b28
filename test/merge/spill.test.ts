import { readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SpillFiles } from '../../src/commands/spill-files.js';
import type { LogRecord } from '../../src/base/record.js';
import { Merger } from '../../src/merge/merger.js';
import { packRows, type SpillStore, unpackRows } from '../../src/merge/spill.js';
import { batchOf, objects, recordsOfRuns } from '../base/rows.js';
import { record } from './fleet-model.js';

const packet = (source: string, sequence: number): LogRecord => ({
  type: 'packet', host: 'h0', epoch: 1, sequence, tNs: sequence, rawNs: 5, correctionNs: -1, errorNs: 9, protocol: 'tcp', source, destination: '10.0.0.1', sourcePort: 1, destinationPort: 2, flags: '010010', seq: 4_294_967_295, ack: 1, window: 65_535, payloadBytes: 7, late: false,
});
const anything = fc.array(fc.oneof(fc.ipV4().map((address) => packet(address, 1)), fc.constant(packet('2001:db8::1', 2)), fc.string().map((text) => ({ ...record(0, 1, 3, 3), text }) as LogRecord), fc.constant<LogRecord>({ type: 'gap', host: 'h0', epoch: 1, sequence: 4, tNs: 4, reason: 'kernel-drop', lines: null, fromNs: 1, toNs: null, detail: 'x', late: false })), { minLength: 1, maxLength: 20 });

test('rows come back as they were, whatever they are and however they were cut; a changed block is an error', () => {
  fc.assert(
    fc.property(anything, fc.nat(20), fc.nat(), (records, place, changed) => {
      const run = batchOf(0, records);
      const cut = place % (records.length + 1);
      const block = packRows([{ ...run, to: cut }, { ...run, from: cut }]);
      const batch = unpackRows(block, run.batch);
      expect(recordsOfRuns([{ batch, from: 0, to: batch.length }])).toEqual(recordsOfRuns([run]));
      const at = changed % block.length;
      block[at] = (block[at] as number) ^ 1;
      expect(() => unpackRows(block, run.batch)).toThrow(/has changed on the disk/);
    }),
  );
});

/** Three hosts, of which the first says nothing for long; what comes out, and the books. */
function stall(budgetBytes: number, spill: SpillStore | undefined) {
  const merger = new Merger({ budgetBytes, spill, releaseRows: 50 });
  for (let host = 0; host < 3; host += 1) merger.addHost(0);
  let mostBytes = 0;
  for (let sequence = 1; sequence <= 400; sequence += 1) {
    for (const host of [1, 2]) merger.push(host, batchOf(host, [record(host, 1, sequence, 10 * sequence + host)]), sequence);
    mostBytes = Math.max(mostBytes, merger.heldBytes);
  }
  const out: LogRecord[] = [];
  merger.finish(0);
  for (let hasMore = true; hasMore; ) {
    const drained = merger.drain();
    out.push(...objects(drained.rows));
    hasMore = drained.hasMore;
  }
  return { merger, out, mostBytes };
}

function memory(limitBlocks: number): SpillStore & { blocks: Map<number, Buffer>; puts: number } {
  const blocks = new Map<number, Buffer>();
  return {
    blocks,
    puts: 0,
    put(block) {
      if (blocks.size >= limitBlocks) return undefined;
      blocks.set(this.puts, block);
      this.puts += 1;
      return this.puts - 1;
    },
    take(number) {
      const block = blocks.get(number);
      blocks.delete(number);
      if (block === undefined) throw new RangeError(`no block ${number}`);
      return block;
    },
  };
}

test('there is room until half of the budget is taken, and again when rows have gone', () => {
  const merger = new Merger({ budgetBytes: 10_000, spill: memory(0), releaseRows: 1000 });
  merger.addHost(0);
  merger.addHost(0);
  let hadRoomWith = 0;
  for (let sequence = 1; merger.hasRoom; sequence += 1) {
    hadRoomWith = merger.heldBytes;
    merger.push(1, batchOf(1, [record(1, 1, sequence, sequence)]), sequence);
  }
  expect(hadRoomWith).toBeLessThanOrEqual(5000);
  expect(merger.heldBytes).toBeGreaterThan(5000);
  merger.drain();
  expect(merger.hasRoom).toBe(true);
});

describe('more than the budget', () => {
  test('goes to the store and comes back: the log is the same, memory stays within the budget, no block is left', () => {
    const store = memory(Number.POSITIVE_INFINITY);
    const whole = stall(Number.POSITIVE_INFINITY, undefined);
    const spilled = stall(5000, store);
    expect(store.puts).toBeGreaterThan(3);
    expect(spilled.out).toEqual(whole.out);
    expect(spilled.mostBytes).toBeLessThan(5000 + 200);
    expect(store.blocks.size).toBe(0);
    expect(spilled.merger.heldBytes).toBe(0);
  });

  test.each([0, 3])('and than the store takes (%i blocks) is dropped: counted, with a marker in its place', (limitBlocks) => {
    const store = memory(limitBlocks);
    const { merger, out, mostBytes } = stall(5000, store);
    const markers = out.filter((one) => one.type === 'gap');
    expect(mostBytes).toBeLessThan(5000 + 1000);
    for (const host of [1, 2]) {
      const { taken, emitted, dropped } = merger.counts(host);
      expect(dropped).toBeGreaterThan(0);
      expect(taken).toBe(emitted + dropped);
      const own = markers.filter((one) => one.host === `h${host}`);
      expect(own.every((one) => one.reason === 'spill-full')).toBe(true);
      expect(own.reduce((sum, one) => sum + (one.lines ?? Number.NaN), 0)).toBe(dropped);
      expect(merger.counts(host).markers).toBe(own.length);
    }
    expect(out.map((one) => one.tNs)).toEqual(out.map((one) => one.tNs).toSorted((left, right) => left - right));
  });
});

describe('files', () => {
  test('are their owner’s, go when they are taken, and leave no folder', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'fleet-tap-test-'));
    onTestFinished(() => rm(parent, { recursive: true, force: true }));
    const files = new SpillFiles(parent, 10);
    expect(readdirSync(parent)).toEqual([]);
    const first = files.put(Buffer.from('abcdef'));
    expect(files.put(Buffer.from('abcdef'))).toBeUndefined();
    const [folder = ''] = readdirSync(parent);
    expect(statSync(join(parent, folder)).mode & 0o777).toBe(0o700);
    expect(files.take(first as number).toString()).toBe('abcdef');
    expect(readdirSync(join(parent, folder))).toEqual([]);
    expect(files.put(Buffer.from('abcdefghij'))).toBeDefined();
    files.close();
    expect(readdirSync(parent)).toEqual([]);
  });

  test('no room on the disk is no room', () => expect(new SpillFiles('/dev/full/none').put(Buffer.from('a'))).toBeUndefined());
});
