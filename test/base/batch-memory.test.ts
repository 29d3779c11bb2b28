import { expect, test, vi } from 'vitest';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type BatchMemory, batchMemory, DESK_BYTES, giveBack, MOST_ROWS, newBatch } from '../../src/base/batch-memory.js';
import { type RecordBatch, ROW_BYTES } from '../../src/base/record-batch.js';

function ours(): BatchMemory {
  const memory = batchMemory();
  if (memory === undefined) throw new Error('no WebAssembly here');
  return memory;
}

const owner = { host: 0, hostName: 'web01', epoch: 1 };
const MOST_BATCHES = 15_360;

test('no two batches share memory, beyond what there is a batch has its own, and what was given back is used again', () => {
  const { buffer, free } = ours();
  const isOurs = (batch: RecordBatch) => batch.columns.buffer === buffer;
  const batches = Array.from({ length: MOST_BATCHES }, () => newBatch(owner));
  expect(batches.every(isOurs)).toBe(true);
  const starts = batches.map(({ columns }) => columns.start).sort((left, right) => left - right);
  expect(starts.every((start, index) => start >= (index === 0 ? DESK_BYTES : (starts[index - 1] as number) + MOST_ROWS * ROW_BYTES))).toBe(true);
  expect(starts.at(-1)).toBe(buffer.byteLength - MOST_ROWS * ROW_BYTES);
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
  const { free } = ours();
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
