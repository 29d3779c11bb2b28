import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KeptBytes } from '../../src/base/kept-bytes.js';

it('keeps every byte in its order, whatever the chunks are, and whenever it is asked', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.uint8Array({ maxLength: 3 }), fc.uint8Array({ minLength: 200, maxLength: 2_000 }), fc.constant(undefined)), { maxLength: 40 }), (steps) => {
      const kept = new KeptBytes();
      let expected = Buffer.alloc(0);
      for (const step of steps) {
        if (step === undefined) expect(kept.bytes().equals(expected)).toBe(true);
        else {
          kept.push(Buffer.from(step));
          expected = Buffer.concat([expected, step]);
        }
      }
      expect(kept.length).toBe(expected.length);
      expect(kept.bytes().equals(expected)).toBe(true);
      kept.clear();
      expect([kept.length, kept.bytes().length]).toEqual([0, 0]);
    }),
  );
});

it('does not hold on to what a chunk is a part of', () => {
  const kept = new KeptBytes();
  for (let index = 0; index < 100; index += 1) kept.push(Buffer.alloc(1_000_000, index).subarray(0, 10));
  expect(kept.bytes().buffer.byteLength).toBeLessThanOrEqual(Buffer.poolSize);
});
