import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineSplitter, type SplitLine } from '../../src/capture/line-splitter.js';

interface Outcome {
  readonly lines: SplitLine[];
  readonly rest: SplitLine | undefined;
}

function split(limitBytes: number, chunks: readonly Buffer[]): Outcome {
  const splitter = new LineSplitter(limitBytes);
  return { lines: chunks.flatMap((chunk) => splitter.push(chunk)), rest: splitter.end() };
}

/** The same, with all bytes at hand. */
function model(limitBytes: number, bytes: Buffer): Outcome {
  const cut = (line: Buffer): SplitLine => ({ text: line.subarray(0, limitBytes).toString('utf8'), skippedBytes: Math.max(0, line.length - limitBytes) });
  const lines: SplitLine[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
    lines.push(cut(bytes.subarray(start, end)));
    start = end + 1;
  }
  return { lines, rest: start === bytes.length ? undefined : cut(bytes.subarray(start)) };
}

function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).sort((left, right) => left - right), bytes.length];
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

const text = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom('\n', '\n\n', '\r\n', '\0', 'é', '🩺', '\ufeff', 'T 1 2') }, fc.string()), { maxLength: 30 });
const bytes = fc.oneof(text.map((parts) => Buffer.from(parts.join(''))), fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)));

describe('splitting', () => {
  test('any bytes, cut anywhere, give the same lines', () => {
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(1000), { maxLength: 12 }), fc.integer({ min: 1, max: 60 }), (input, places, limitBytes) => {
        expect(split(limitBytes, cutAt(input, places))).toEqual(model(limitBytes, input));
      }),
    );
  });

  test('so does one byte at a time', () => {
    fc.assert(
      fc.property(bytes, (input) => {
        expect(split(16, [...input].map((byte) => Buffer.of(byte)))).toEqual(model(16, input));
      }),
    );
  });

  test('a character cut in two is whole again, and a byte order mark stays where it is', () => {
    const input = Buffer.from('a\n\ufeffé🩺\n');
    for (let place = 0; place <= input.length; place += 1) {
      expect(split(100, [input.subarray(0, place), input.subarray(place)]).lines.map((line) => line.text)).toEqual(['a', '\ufeffé🩺']);
    }
  });

  test('NUL and carriage return belong to the line', () => {
    expect(split(100, [Buffer.from('a\0b\r\n')]).lines).toEqual([{ text: 'a\0b\r', skippedBytes: 0 }]);
  });
});

describe('lines that are too long', () => {
  test('a line of exactly the limit is whole, one byte more is counted', () => {
    expect(split(4, [Buffer.from('1234\n12345\n')]).lines).toEqual([
      { text: '1234', skippedBytes: 0 },
      { text: '1234', skippedBytes: 1 },
    ]);
  });

  test('endless output without a newline is counted and not kept; the line after it is whole', () => {
    const splitter = new LineSplitter(4096);
    const chunk = Buffer.alloc(32_768, 'x');
    for (let sent = 0; sent < 320; sent += 1) expect(splitter.push(chunk)).toEqual([]);
    expect(splitter.push(Buffer.from('\nnext\n'))).toEqual([
      { text: 'x'.repeat(4096), skippedBytes: 320 * 32_768 - 4096 },
      { text: 'next', skippedBytes: 0 },
    ]);
  });
});

describe('the end', () => {
  test('what has no newline is told apart from lines', () => expect(split(100, [Buffer.from('a\nb')])).toEqual({ lines: [{ text: 'a', skippedBytes: 0 }], rest: { text: 'b', skippedBytes: 0 } }));
  test('nothing is left after a newline', () => expect(split(100, [Buffer.from('a\n')]).rest).toBeUndefined());
  test('nothing is left of nothing', () => expect(split(100, []).rest).toBeUndefined());
  test('what was left is given once', () => {
    const splitter = new LineSplitter(2);
    splitter.push(Buffer.from('abc'));
    expect(splitter.end()).toEqual({ text: 'ab', skippedBytes: 1 });
    expect(splitter.end()).toBeUndefined();
  });
});
