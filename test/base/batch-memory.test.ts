import { expect, test, vi } from 'vitest';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { batchMemory, giveBack, MOST_ROWS, newBatch } from '../../src/base/batch-memory.js';
import type { RecordBatch } from '../../src/base/record-batch.js';

const owner = { host: 0, hostName: 'web01', epoch: 1 };
const MOST_BATCHES = 4096;

test('no two batches share memory, beyond what there is a batch has its own, and what was given back is used again', () => {
  const { buffer, free } = batchMemory();
  const isOurs = (batch: RecordBatch) => batch.columns.buffer === buffer;
  const batches = Array.from({ length: MOST_BATCHES }, () => newBatch(owner));
  for (const [index, batch] of batches.entries()) {
    batch.tNs.fill(index);
    batch.bits.fill(index % 256);
  }
  for (const [index, batch] of batches.entries()) expect([isOurs(batch), batch.tNs[0], batch.tNs[MOST_ROWS - 1], batch.bits[0], batch.bits[MOST_ROWS - 1]]).toEqual([true, index, index, index % 256, index % 256]);
  expect(isOurs(newBatch(owner))).toBe(false);
  const whole = (batch: RecordBatch) => ({ batch, from: 1, to: MOST_ROWS });
  giveBack(batches.map((batch) => ({ batch, from: 0, to: MOST_ROWS - 1 })));
  expect(free).toHaveLength(0);
  giveBack([...batches.map(whole), whole(newBatch(owner))]);
  expect(free).toHaveLength(MOST_BATCHES);
  expect(new Set(free.map(({ start }) => start)).size).toBe(MOST_BATCHES);
});

test('what nobody has given back is free again when nobody can reach it, and once', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const { free } = batchMemory();
  const before = free.length;
  const lose = () => {
    const batches = Array.from({ length: 100 }, () => newBatch(owner));
    giveBack(batches.slice(0, 50).map((batch) => ({ batch, from: 0, to: MOST_ROWS })));
  };
  lose();
  await vi.waitFor(() => {
    collect();
    expect(free).toHaveLength(before);
  }, 60_000);
  expect(new Set(free.map(({ start }) => start)).size).toBe(before);
});
