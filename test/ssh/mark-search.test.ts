import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeldOutput } from '../../src/ssh/held-output.js';
import { LastMark, OpeningLineSearch } from '../../src/ssh/mark-search.js';

const NONCE = 'abab';

/** What each search says at its end, of a text that comes in such pieces. */
function searched(text: string, cuts: readonly number[]) {
  const held = new HeldOutput();
  const [opening, last] = [new OpeningLineSearch(NONCE), new LastMark(NONCE)];
  const ends = [...new Set([...cuts.map((cut) => cut % (text.length + 1)), text.length])].sort((a, b) => a - b);
  let begin = 0;
  let found: ReturnType<typeof opening.find>;
  for (const end of ends) {
    held.take(Buffer.from(text.slice(begin, end)));
    begin = end;
    found ??= opening.find(held);
    last.end(held);
  }
  return { opening: found, last: last.end(held) };
}

describe('marks in an output that grows', () => {
  it('are found under any chunking', () => {
    const piece = fc.constantFrom(NONCE, `${NONCE} 12\n`, `${NONCE} 7 t\n`, `${NONCE} $$; printf`, 'ab', 'a', 'b', ' ', '3', '\n', 'noise of a login\n');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 12 }), (pieces, cuts) => {
        const text = pieces.join('');
        const said = new RegExp(`${NONCE} (\\d+)( t)?\\n`).exec(text);
        const { opening, last } = searched(text, cuts);
        expect(opening).toEqual(said === null ? undefined : { pid: Number(said[1]), isOnTerminal: said[2] !== undefined, end: said.index + said[0].length });
        expect(last).toBe(text.includes(NONCE) ? text.lastIndexOf(NONCE) + NONCE.length : undefined);
      }),
    );
  });

  it('are cut off with what stands before them, once, and the rest goes to the first listener', () => {
    const held = new HeldOutput();
    const mark = Buffer.from('mark');
    for (const letter of 'noise mar') held.take(Buffer.from(letter));
    expect(held.cutAfter(mark)).toBe(false);
    held.take(Buffer.from('kmark one'));
    expect(held.cutAfter(mark)).toBe(true);
    expect(held.cutAfter(mark)).toBe(true);
    const given: string[] = [];
    held.give((chunk) => given.push(String(chunk)));
    held.take(Buffer.from(' two'));
    expect(given.join('')).toBe('mark one two');
    expect(held.length).toBe(0);
  });
});
