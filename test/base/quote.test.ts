// quote's one promise: a shell gives back the word as it was, whatever stands in it. dash is the oracle, and bash and busybox where they are.
import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quote } from '../../src/base/quote.js';

const shells = [['sh'], ['dash'], ['bash'], ['busybox', 'sh']].filter(([program = '', ...words]) => spawnSync(program, [...words, '-c', ':']).error === undefined);
/** No NUL: no shell word can hold one. No lone surrogates: they are not text. */
const word = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.string({ unit: fc.constantFrom("'", '"', '\\', '$', '`', '\n', ' ', '\t', '*', '~', '!', '#', '-', '=', 'a', 'ß') })).map((text) => text.replaceAll('\0', ''));

describe.each(shells)('under %s', (program, ...words) => {
  const given = (list: readonly string[]) => execFileSync(program, [...words, '-c', `printf '%s\\001' ${list.map(quote).join(' ')}`], { encoding: 'utf8' });

  it('gives every word back', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 40 }), (list) => {
        expect(given(list)).toBe(list.map((text) => `${text}\u0001`).join(''));
      }),
      { numRuns: 60 },
    );
  });

  it('takes the words that shells like to read as something else', () => {
    const list = ['', "'", "''", '\\', "\\'", '$HOME', '$(id)', '`id`', '!!', '~', '~root', '*', '-n', 'a=b', '\n', 'two\nlines\n', ' ', '\r', '#', '{a,b}', "$'x'", 'größe', '\u001b[31m'];
    expect(given(list)).toBe(list.map((text) => `${text}\u0001`).join(''));
  });
});

it('leaves plain words readable', () => {
  expect(['/etc/hosts', 'a-b_c.d', 'k=v', 'user@host:22', '10%'].map(quote)).toEqual(['/etc/hosts', 'a-b_c.d', 'k=v', 'user@host:22', '10%']);
});
