import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cutTime } from '../../src/merge/cut-time.js';

/** Times of all rows: evenly spread, crowded, or few of them again and again. */
const times = fc.oneof(fc.array(fc.nat(1e9), { minLength: 2, maxLength: 300 }), fc.array(fc.nat(3), { minLength: 2, maxLength: 300 }), fc.array(fc.double({ min: 0, max: 40, noNaN: true }).map((power) => 2 ** power), { minLength: 2, maxLength: 300 }));

it('few enough rows go, and some always, however they are spread', () => {
  fc.assert(
    fc.property(times, fc.nat(), (unsorted, seed) => {
      const rows = unsorted.sort((left, right) => left - right);
      const mostRows = 1 + (seed % (rows.length - 1));
      const [fromNs = 0, toNs = 0] = [rows[0], rows.at(-1)];
      const countUntil = (ns: number) => rows.filter((row) => row <= ns).length;
      const cutNs = cutTime({ fromNs, toNs, rows: rows.length }, mostRows, countUntil);
      expect(cutNs).toBeGreaterThanOrEqual(fromNs);
      expect(cutNs).toBeLessThanOrEqual(toNs);
      expect(cutNs === fromNs || countUntil(cutNs) <= mostRows).toBe(true);
    }),
    { numRuns: 500 },
  );
});

it('counts a few times where rows are spread evenly', () => {
  let counts = 0;
  const cutNs = cutTime({ fromNs: 0, toNs: 1e9, rows: 1e9 }, 65_536, (ns) => {
    counts += 1;
    return Math.floor(ns) + 1;
  });
  expect([Math.round(cutNs / 65_536 / 0.05), counts]).toEqual([18, 1]);
});
