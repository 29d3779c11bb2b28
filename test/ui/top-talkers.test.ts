import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TopTalkers } from '../../src/ui/top-talkers.js';

it('keeps whoever is frequent; a count is never too low, and too high by no more than it says', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30).map(String), { maxLength: 400 }), fc.integer({ min: 1, max: 12 }), (keys, capacity) => {
      const sketch = new TopTalkers(capacity);
      const truth = new Map<string, number>();
      for (const key of keys) {
        sketch.add(key);
        truth.set(key, (truth.get(key) ?? 0) + 1);
      }
      const top = sketch.top(capacity);
      expect(top.map(({ count }) => count)).toEqual(top.map(({ count }) => count).toSorted((left, right) => right - left));
      for (const { key, count, error } of top) {
        expect(count).toBeGreaterThanOrEqual(truth.get(key) ?? 0);
        expect(count - error).toBeLessThanOrEqual(truth.get(key) ?? 0);
      }
      for (const [key, count] of truth) if (count > keys.length / capacity) expect(top.map((one) => one.key)).toContain(key);
    }),
  );
});
