import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WholeLines } from '../../src/capture/whole-lines.js';

const LIMIT_BYTES = 16;

function read(chunks: readonly Buffer[]): { lines: string[]; rest: string | undefined } {
  const whole = new WholeLines(LIMIT_BYTES);
  const lines: string[] = [];
  for (const chunk of chunks) {
    whole.push(chunk, (bytes, start, end) => {
      expect(bytes[end]).toBe(10);
      // Who reads cuts what is longer: 17 bytes say as much as 1000.
      for (const line of bytes.toString('latin1', start, end).split('\n')) lines.push(line.slice(0, LIMIT_BYTES + 1));
    });
  }
  return { lines, rest: whole.end()?.toString('latin1') };
}

const bytes = fc.array(fc.oneof(fc.constantFrom('\n', '\n\n', '\0', 'é', 'T 1 2'), fc.string({ maxLength: 40 })), { maxLength: 20 }).map((parts) => Buffer.from(parts.join('')));

test('any bytes, cut anywhere, give the same lines', () => {
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(400), { maxLength: 10 }), (input, places) => {
      const cuts = [0, ...places.map((place) => place % (input.length + 1)).sort((left, right) => left - right), input.length];
      const expected = read([input]);
      expect(read(cuts.slice(1).map((end, index) => input.subarray(cuts[index], end)))).toEqual(expected);
      expect(read([...input].map((byte) => Buffer.of(byte)))).toEqual(expected);
      expect(expected.lines).toEqual(input.toString('latin1').split('\n').slice(0, -1).map((line) => line.slice(0, LIMIT_BYTES + 1)));
    }),
  );
});

test('endless output without a newline is not kept; the line after it is whole', () => {
  const chunk = Buffer.alloc(32_768, 'x');
  expect(read([...Array<Buffer>(320).fill(chunk), Buffer.from('\nnext\nrest')])).toEqual({ lines: ['x'.repeat(17), 'next'], rest: 'rest\n' });
});
