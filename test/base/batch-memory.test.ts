import { expect, test } from 'vitest';
import { batchMemory, giveBack, MOST_ROWS, newBatch } from '../../src/base/batch-memory.js';
import type { RecordBatch } from '../../src/base/record-batch.js';

const owner = { host: 0, hostName: 'web01', epoch: 1 };

test('no two batches share memory, beyond what there is a batch has its own, and what was given back is used again', () => {
  const { buffer, free } = batchMemory();
  const most = free.length;
  const batches = Array.from({ length: most }, () => newBatch(owner, MOST_ROWS));
  for (const [index, batch] of batches.entries()) {
    batch.tNs.fill(index);
    batch.bits.fill(index % 256);
  }
  for (const [index, batch] of batches.entries()) expect([batch.buffer === buffer, batch.tNs[0], batch.tNs[MOST_ROWS - 1], batch.bits[0], batch.bits[MOST_ROWS - 1]]).toEqual([true, index, index, index % 256, index % 256]);
  expect(newBatch(owner, MOST_ROWS).buffer).not.toBe(buffer);
  expect(newBatch(owner, 64).buffer).not.toBe(buffer);
  const whole = (batch: RecordBatch) => ({ batch, from: 1, to: MOST_ROWS });
  giveBack(batches.map((batch) => ({ batch, from: 0, to: MOST_ROWS - 1 })));
  expect(free).toHaveLength(0);
  giveBack([...batches.map(whole), whole(newBatch(owner, 64)), whole(newBatch(owner, MOST_ROWS))]);
  expect(free).toHaveLength(most);
});
