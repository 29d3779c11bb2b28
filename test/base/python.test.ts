// Regular expressions and diffs as Python has them: python3 is the oracle.
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { linesWithEnds, unifiedDiff } from '../../src/base/python-difflib.js';
import { expandReplacement, PythonRegexError, pythonRegex, search, substitute } from '../../src/base/python-regex.js';

function python<T>(program: string, input: unknown): T {
  return JSON.parse(execFileSync('python3', ['-c', program], { input: JSON.stringify(input), encoding: 'utf8' })) as T;
}

/** Pattern, replacement, subject, and whether it is over bytes. */
const SUBSTITUTIONS: readonly (readonly [pattern: string, replacement: string, subject: string, bytes?: true])[] = [
  ['a', 'b', 'banana'],
  ['^', '# ', 'one\ntwo\n'],
  ['$', ';', 'one\ntwo\n'],
  ['x*', '-', 'abxd'],
  ['(?P<key>\\w+)=(?P<value>.*)', '\\g<value>=\\g<key>', 'a=1\nb=2'],
  ['(\\w+) (\\w+)', '\\2 \\1', 'hello world'],
  ['(a)|b', '[\\1]', 'ab'],
  ['#?\\s*Port\\s+\\d+', 'Port 22', '#Port 2222\nPort 33'],
  ['[]x]', '-', 'a]bx'],
  ['[^]x]', '-', 'a]bx'],
  ['[a\\-z]', '_', 'a-z'],
  ['[a-]', '_', 'a-z'],
  ['[\\w-]+', 'W', 'ab-cd ef'],
  ['[[{}()|&~]', '.', '[{}()|&~'],
  ['{', '<', 'a{b'],
  ['a{2}', '<', 'aaa'],
  ['a{,2}', '<', 'aaa'],
  ['a{x}', '<', 'a{x}'],
  ['(?i)PORT', 'port', 'Port PORT'],
  ['(?s)a.b', 'x', 'a\nb'],
  ['a.b', 'x', 'a\nb a\u2028b'],
  ['(?P<q>["\']).*?(?P=q)', 'Q', `say "it's" and 'so'`],
  ['\\Aone|two\\Z', 'X', 'one two one two'],
  ['foo(?=bar)', 'x', 'foobar foobaz'],
  ['(?<!x)y', 'z', 'xy y'],
  ['\\bword\\b', 'W', 'word wordy wörd'],
  ['\\w+', 'W', 'Ünïcode 🐧 x'],
  ['\\d', 'D', '1٣x'],
  ['(?#comment)a', 'b', 'aa'],
  ['\\.', '\\\\', 'a.b'],
  ['b', '\\n\\t', 'abc'],
  ['/', '\\\\/', 'a/b'],
  ['\\/', '-', 'a/b'],
  ['\\-\\_\\ \\=\\@', '+', '-_ =@'],
  ['\\x41\\u00e9', '+', 'Aé'],
  ['\\s', '_', 'a\u00a0b c', true],
  ['\\w', 'W', 'é x', true],
  ['^\\s*$', 'empty', 'a\n\n  \nb', true],
];

test('re.subn, over texts and over bytes', () => {
  const program = `
import json, re, sys
out = []
for p, r, s, *b in json.load(sys.stdin):
    if b: out.append([x if isinstance(x, int) else x.decode('latin1') for x in re.compile(p.encode('latin1'), re.M).subn(r.encode('latin1'), s.encode('latin1'))])
    else: out.append(list(re.compile(p, re.M).subn(r, s)))
print(json.dumps(out))`;
  const expected = python<[string, number][]>(program, SUBSTITUTIONS);
  for (const [index, [pattern, replacement, subject, bytes]] of SUBSTITUTIONS.entries()) {
    const { text, count } = substitute(pythonRegex(pattern, { multiline: true, bytes: bytes === true }), replacement, subject);
    expect([text, count], JSON.stringify([pattern, subject])).toEqual(expected[index]);
  }
});

test.each(['a(', '[a', '\\', '*', '(?P<n>a)(?P<n>b)', '\\q', '(?P=no)'])('what Python refuses is refused: %s', (pattern) => {
  expect(() => pythonRegex(pattern)).toThrow(PythonRegexError);
});

test('references to groups that are not there', () => {
  const match = search(pythonRegex('(a)(?P<b>b)?'), 'a');
  if (match === null) throw new Error('no match');
  expect(expandReplacement('\\1\\2\\g<b>', match)).toBe('a');
  expect(() => expandReplacement('\\3', match)).toThrow(PythonRegexError);
  expect(() => substitute(pythonRegex('nothing'), '\\D', 'a')).toThrow('bad escape \\D at position 0');
  expect(() => expandReplacement('\\g<c>', match)).toThrow(PythonRegexError);
});

test('difflib.unified_diff', () => {
  const long = Array.from({ length: 400 }, (_, index) => (index % 3 === 0 ? 'same' : `line ${index}`));
  const pairs: readonly (readonly [string, string])[] = [
    ['', 'a\n'], ['a\n', ''], ['a\nb\nc\n', 'a\nB\nc\n'], ['a\nb\n', 'b\na\n'], ['x\n', 'x'], ['a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\n', 'a\nb\nX\nd\ne\nf\ng\nh\ni\nj\nY\n'],
    ['q\na\nb\nx\nc\nd\n', 'a\nb\ny\nc\nd\nf\n'], [long.join('\n'), long.filter((_, index) => index % 50 !== 7).join('\n')], ['same\n', 'same\n'],
  ];
  const program = `
import difflib, json, sys
print(json.dumps([[list(difflib.unified_diff(a.splitlines(True), b.splitlines(True), 'before', 'after', n=n)) for n in (0, 1, 3)] for a, b in json.load(sys.stdin)]))`;
  const expected = python<string[][][]>(program, pairs);
  // Python puts a tab behind a name only where there is a date.
  for (const [index, [before, after]] of pairs.entries()) expect([0, 1, 3].map((context) => unifiedDiff(linesWithEnds(before), linesWithEnds(after), 'before', 'after', context))).toEqual(expected[index]);
});
