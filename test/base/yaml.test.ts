import { DateTime } from '../../src/base/datetime.js';
import { PythonFloat } from '../../src/base/python-repr.js';
import { expect, test } from 'vitest';
import { FleetTapError, formatError } from '../../src/base/errors.js';
import { noVault, plainText, type Vault } from '../../src/base/vault.js';
import { parseYaml } from '../../src/base/yaml.js';
import { plainValue } from '../../src/base/yaml-value.js';

const read = (text: string): unknown => {
  const yaml = parseYaml(text, 'f.yml');
  return plainValue(yaml, yaml.root);
};
const failure = (text: string): string => {
  try {
    read(text);
  } catch (error) {
    if (error instanceof FleetTapError) return formatError(error);
    throw error;
  }
  throw new Error('it was accepted');
};

// Left: what is written; right: what PyYAML's safe_load answers.
test.each<[string, unknown]>([
  ['no', false],
  ['On', true],
  ['y', 'y'],
  ['"no"', 'no'],
  ['0644', 420],
  ['0o644', '0o644'],
  ['08', '08'],
  ['0x1F', 31],
  ['0b101', 5],
  ['1_000', 1000],
  ['1:30', 90],
  ['-1:30.5', -90.5],
  ['1e3', '1e3'],
  ['1.e+3', new PythonFloat(1000)],
  ['.5', 0.5],
  ['-.inf', Number.NEGATIVE_INFINITY],
  ['~', null],
  ['2001:db8::1', '2001:db8::1'],
  ['22:22', 1342],
  ['52:54:00:12:34:56', '52:54:00:12:34:56'.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)],
  ['2026-11-23', new DateTime(Date.UTC(2026, 10, 23), 0, { isDay: true })],
  ['2001-12-14 21:59:43.10 -5', new DateTime(Date.UTC(2001, 11, 14, 21, 59, 43), 100_000, { offsetMin: -300 })],
  ['!!timestamp "2001-12-14T21:59:43Z"', new DateTime(Date.UTC(2001, 11, 14, 21, 59, 43), 0, { offsetMin: 0 })],
  ['!!binary aGVs bG8=', 'hello'],
  ['!!binary |\n  aGVs\n  bG8=\n', 'hello'],
  ['!!omap [a: 1, b: {c: 2}]', [['a', 1], ['b', { c: 2 }]]],
  ['!!pairs [a: 1, a: 2]', [['a', 1], ['a', 2]]],
  ['!!str 5', '5'],
])('the plain scalar %s', (written, value) => {
  expect(read(`k: ${written}`)).toEqual({ k: value });
});

test.each([
  ['k: |\n  a', 'a'],
  ['k: >\n  a\n', 'a\n'],
  ['k: >\n  a\n  ', 'a\n'],
  ['k: |+\n  a\n\n', 'a\n\n'],
  ['k: "a"# c', 'a'],
  ["k: 'a'# c\n", 'a'],
])('the end of the file, and comments without a space: %j', (text, value) => expect(read(text)).toEqual({ k: value }));

test('merge keys, aliases, __proto__', () => {
  expect(read('a: &x {k: 1, l: 2}\nb:\n  l: 3\n  <<: *x\nc: [*x]')).toEqual({ a: { k: 1, l: 2 }, b: { k: 1, l: 3 }, c: [{ k: 1, l: 2 }] });
  expect(read('a: {<<: [{k: 1}, {k: 2, l: 3}]}')).toEqual({ a: { k: 1, l: 3 } });
  expect(Object.keys(read('__proto__: {x: 1}') as object)).toEqual(['__proto__']);
});

test.each([
  ['a tab', 'a:\n\tb: 1', 'f.yml:2:1: tabs are not allowed as indentation'],
  ['a duplicate key', 'a: 1\na: 2', 'f.yml:2:1: the key "a" stands twice in one mapping'],
  ['an unclosed quote', 'a: "x', 'f.yml:1:6: missing closing'],
  ['a colon in a value', 'x: 1\na: b: c', 'f.yml:2:4: nested mappings are not allowed'],
  ['an unknown tag', 'x: !vaults |\n  abc', 'f.yml:1:4: unresolved tag: !vaults'],
  ['a set', 'x: !!set {a, b}', 'f.yml:1:4: !!set is not supported'],
  ['bytes that are no text', 'x: !!binary /////w==', 'f.yml:1:4: this !!binary holds bytes that are no UTF-8'],
  ['no base64', 'x: !!binary abc', 'f.yml:1:4: this !!binary is no base64'],
  ['a pair of two', 'x: !!pairs [{a: 1, b: 2}]', 'each item of !!omap and !!pairs is a mapping of one key'],
  ['an anchor set twice', 'x: [&y 1, &y 2]', 'f.yml:1:14: the anchor &y is set twice'],
  ['a plain =', 'x: =', 'f.yml:1:4: a plain = stands for something else'],
  ['no such day', 'x: 2026-02-30', 'there is no date 2026-02-30'],
  ['an unknown anchor', 'x: *y', 'f.yml:1:4: the anchor &y is not set'],
  ['two documents', 'a: 1\n---\nb: 1', 'f.yml:2:1: a second YAML document starts here'],
  ['a NUL', 'a: x\0', 'f.yml:1:5: the character U+0000'],
  ['an alias of itself', 'a: &x [*x]', 'f.yml:1:8: this alias stands inside'],
  ['a huge integer', 'a: 12345678901234567890', 'is too big to be kept exactly'],
  ['nested without end', '['.repeat(100_000), 'nested too deeply'],
  ['lists without end', '- '.repeat(100_000), 'nested too deeply'],
])('%s is refused with its place', (_name, text, expected) => {
  const message = failure(text);
  expect(message).toContain(expected);
  expect(message).toContain('[yaml-syntax]');
});

test('a bomb of aliases is refused, not expanded', () => {
  const lines = ['a0: &a0 [x, x]'];
  for (let i = 1; i < 40; i++) lines.push(`a${i}: &a${i} [*a${i - 1}, *a${i - 1}]`);
  expect(failure(lines.join('\n'))).toContain('aliases expand to more than');
});

test('merges of merges are found once each', () => {
  const lines = ['m0: &m0 {k: 1}'];
  for (let level = 1; level <= 30; level += 1) lines.push(`m${level}: &m${level} {<<: [${Array(10).fill(`*m${level - 1}`).join(', ')}]}`);
  const yaml = parseYaml(lines.join('\n'), 'f.yml', { warn: () => undefined });
  expect(plainValue(yaml, yaml.root)).toMatchObject({ m30: { k: 1 } });
});

test('a key that is merged in from many mappings is told once, and an error where that is asked for', () => {
  const text = 'a: &a {k: 1}\nb:\n  <<: [*a, *a, *a, {k: 2}]\nc: {d: 1, d: 2}';
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const yaml = parseYaml(text, 'f.yml', { warn });
  expect(plainValue(yaml, yaml.root)).toEqual({ a: { k: 1 }, b: { k: 1 }, c: { d: 2 } });
  expect(warnings).toEqual(['f.yml:3:3: the key "k" is merged in (<<) from more than one mapping', 'f.yml:4:11: the key "d" stands twice in one mapping; the last one counts']);
  expect(() => parseYaml(text, 'f.yml', { warn, repeatedKeys: 'error' })).toThrow('"k" is merged in');
  expect(parseYaml(text, 'f.yml', { warn, repeatedKeys: 'ignore' }).repeated.size).toBe(1);
  expect(warnings).toHaveLength(2);
});

test('a !vault value is what the vault makes of it, and refused without one', () => {
  const text = 'a: [x, !vault "$ANSIBLE_VAULT;1.1;AES256"]';
  const vault: Vault = { value: (ciphertext, place) => ({ ciphertext, place }), text: () => '', bytes: () => Buffer.alloc(0) };
  const yaml = parseYaml(text, 'f.yml', { vault });
  expect(plainValue(yaml, yaml.root)).toEqual({ a: ['x', { ciphertext: '$ANSIBLE_VAULT;1.1;AES256', place: { file: 'f.yml', line: 1, column: 15 } }] });
  expect(failure(text)).toContain('f.yml:1:15: this is encrypted with Ansible Vault');
  expect(plainText('$ANSIBLE_VAULT;1.1;AES256\n33', 'f', { ...vault, text: () => 'x: 1' })).toBe('x: 1');
  expect(() => plainText('$ANSIBLE_VAULT;1.1;AES256\n33', 'f', noVault)).toThrow('Ansible Vault');
});
