import { expect, test } from 'vitest';
import { parseYaml } from '../../src/base/yaml.js';
import { withIndentedLines } from '../../src/base/yaml-indent.js';

const INDENT = ' '.repeat(40);

test.each([
  ['tabs', "a:\n  b: 'x\n\t\ty'\n", "'", `a:\n  b: 'x\n${INDENT}y'\n`],
  ['too few spaces, and an empty line, which parts lines', 'a:\n  - b: "x\n\n }}"\nc: 1\n', '"', `a:\n  - b: "x\n\n${INDENT}}}"\nc: 1\n`],
  ['a quote that is no end', "a:\n  b: 'it''s\nx'\n", "'", `a:\n  b: 'it''s\n${INDENT}x'\n`],
  ['the end alone', 'a:\n  b: "x\n"\n', '"', `a:\n  b: "x\n${INDENT}"\n`],
  ['no end', 'a:\n  b: "x\n y\\"\n', '"', undefined],
  ['a mark between documents', 'a:\n  b: "x\n---\n y"\n', '"', undefined],
  ['lines that are indented already', `a: "x\n${INDENT}y"\n`, '"', undefined],
])('%s', (_what, source, quote, expected) => {
  expect(withIndentedLines(source, source.indexOf('\n', source.indexOf(quote)), quote)).toBe(expected);
});

test('a mistake behind lines in brackets that are not indented is told where they begin', () => {
  expect(() => parseYaml('a: [\nx,\ny\nb: 2\n', 'x.yml')).toThrowError(expect.objectContaining({ code: 'yaml-syntax', place: expect.objectContaining({ line: 2, column: 1 }) }));
});
