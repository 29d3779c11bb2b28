import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RowRun } from '../../src/base/record-batch.js';
import { RowOrder } from '../../src/merge/order-rows.js';
import { batchOf, objects, recordsOfRuns } from '../base/rows.js';
import { inOrder, record } from './fleet-model.js';

const run = (host: number, times: readonly number[]): RowRun => batchOf(host, times.map((tNs, index) => record(host, 1, index + 1, tNs)));
const sorted = (times: readonly number[]) => [...times].sort((left, right) => left - right);
const key = ({ host, sequence }: { host: string; sequence: number }) => `${host} ${sequence}`;

function expectOrder(runs: readonly RowRun[]): void {
  const rowOrder = new RowOrder();
  const expected = recordsOfRuns(runs).sort(inOrder).map(key);
  expect(objects(rowOrder.order([], runs, true)).map(key)).toEqual(expected);
  // Its arrays are used again.
  expect(objects(rowOrder.order([], runs, true)).map(key)).toEqual(expected);
}

describe('is what sort makes of it', () => {
  const times = fc.oneof(
    fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 80 }),
    fc.array(fc.integer({ min: 0, max: 1e15 }), { maxLength: 80 }),
    // Crowded together, with one far away.
    fc.array(fc.integer({ min: 1e15, max: 1e15 + 50 }), { maxLength: 80 }).map((all) => [0, ...all]),
    fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 80 }),
  );
  test('for any times of few hosts', () => fc.assert(fc.property(fc.array(times, { maxLength: 6 }), (hosts) => expectOrder(hosts.map((all, host) => run(host, sorted(all)))))));

  test.each([0, 1, 2, 3, 499, 500, 501])('for %i hosts', (hosts) => {
    let state = 1;
    const random = () => {
      state = (state * 48_271) % 2_147_483_647;
      return state;
    };
    expectOrder(Array.from({ length: hosts }, (_, host) => run(host, sorted(Array.from({ length: 7 }, random)))));
    expectOrder(Array.from({ length: hosts }, (_, host) => run(host, [5, 5, 5])));
  });

  test('for times that crowd ever closer together', () => {
    const crowd = Array.from({ length: 300 }, (_, index) => 1e15 - 1e15 / 2 ** (index / 6));
    expectOrder([run(0, sorted(crowd)), run(1, sorted(crowd.map((tNs) => tNs + 1)))]);
  });
});

test('what goes in front goes in front, whatever its time', () => {
  const rows = objects(new RowOrder().order([run(2, [9]), run(0, [3])], [run(0, [5, 7]), run(1, [4, 6])], true));
  expect(rows.map((one) => one.tNs)).toEqual([9, 3, 4, 5, 6, 7]);
});

test('without an order all stay as they come', () => {
  expect(objects(new RowOrder().order([], [run(0, [5, 7]), run(1, [4, 6])], false)).map((one) => one.tNs)).toEqual([5, 7, 4, 6]);
});
