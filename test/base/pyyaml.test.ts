// Playbooks and files of variables are read as the installed Ansible reads them (PyYAML with Ansible's constructors): written documents, and random ones.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FleetTapError } from '../../src/base/errors.js';
import { DateTime } from '../../src/base/datetime.js';
import { PythonFloat, reprFloat } from '../../src/base/python-repr.js';
import { UnsafeText } from '../../src/base/unsafe-text.js';
import { parseYaml } from '../../src/base/yaml.js';
import { plainValue } from '../../src/base/yaml-value.js';
import { mayNotSkip } from '../playbook/engines.js';
import { DOCUMENTS, LISTED } from './yaml-documents.js';

const script = fileURLToPath(new URL('pyyaml.py', import.meta.url));
const PYTHON = '/usr/bin/python3';
const hasAnsible = spawnSync(PYTHON, ['-c', 'import ansible, yaml']).status === 0;

interface Read {
  readonly value?: unknown;
  readonly error?: string;
}

/** Numbers say what they are, so that 1.0 is not 1. */
function plain(value: unknown): unknown {
  if (value instanceof PythonFloat) return { float: value.toString() };
  if (value instanceof UnsafeText) return { unsafe: value.text };
  if (value instanceof DateTime) return value.isoformat();
  if (typeof value === 'number') return Number.isInteger(value) ? { int: String(value) } : { float: reprFloat(value) };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return value;
}

function ours(text: string): Read {
  try {
    const yaml = parseYaml(text, 'test.yml', { warn: () => undefined });
    return { value: plain(plainValue(yaml, yaml.root)) };
  } catch (error) {
    if (error instanceof FleetTapError) return { error: error.message };
    throw error;
  }
}

function theirs(texts: readonly string[]): readonly Read[] {
  const result = spawnSync(PYTHON, [script], { input: JSON.stringify(texts), encoding: 'utf8', maxBuffer: 1 << 26 });
  const lines = result.stdout.split('\n').filter((line) => line !== '');
  expect(lines, result.stderr).toHaveLength(texts.length);
  return lines.map((line) => JSON.parse(line) as Read);
}

const scalar = fc.oneof(
  fc.constantFrom('yes', 'No', 'on', 'y', 'n', '~', 'null', '', '0644', '0o17', '08', '0x1F', '1_000', '12:30:45', '1:30', '-1:30.5', '1e3', '1.0', '.5', '1.', '+1', '-0', '.inf', '-.INF', '.nan', '2024-02-29', '2024-02-29 10:20:30', '!!str 5', '!!int "7"', '"a b"', "'it''s'", '"\\t\\u00e9"', '=x', '<<x', '@', 'a:b', 'a: b', 'a #b', 'a#b', '[1, a]', '{a: 1}', '[]', '{}', '*a', '&a x', '- x', '? x', '| x', '% x', '"x" y', '0b11', '0.1e+2', 'TRUE', 'Null', 'nULL', '1,2', '1 2', '--- x'),
  fc.stringMatching(/^[ -~]{0,8}$/).filter((text) => !/^\s*[&*]/.test(text)),
);
const indented = (text: string): string => text.split('\n').map((line) => (line === '' ? line : `  ${line}`)).join('\n');
const document: fc.Arbitrary<string> = fc.letrec<{ node: string; map: string; list: string; block: string; leaf: string }>((tie) => ({
  leaf: scalar,
  block: fc.tuple(fc.constantFrom('|', '>', '|-', '>+', '|2', '>-'), fc.array(fc.constantFrom('one', '  two', '', 'a: b', '- c', '# d', 'long '.repeat(20)), { minLength: 1, maxLength: 4 })).map(([mark, lines]) => `${mark}\n${indented(lines.join('\n'))}`),
  map: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'y', 'on', '7', '"q"', 'x y', '~'), tie('node')), { minLength: 1, maxLength: 3 }).map((entries) => entries.map(([key, value]) => `${key}:${/^(?:[|>])/.test(value) || !value.includes('\n') ? ` ${value}` : `\n${indented(value)}`}`).join('\n')),
  list: fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map((items) => items.map((item) => `-${/^(?:[|>])/.test(item) || !item.includes('\n') ? ` ${item}` : `\n${indented(item)}`}`).join('\n')),
  node: fc.oneof({ maxDepth: 3 }, tie('leaf'), tie('map'), tie('list'), tie('block')),
})).node;

describe.skipIf(!hasAnsible && !mayNotSkip)(`YAML, as Ansible reads it${hasAnsible ? '' : ' (skipped: python3 has no ansible; apt-get install ansible-core)'}`, () => {
  const expected = hasAnsible ? theirs(DOCUMENTS) : [];
  it.each(DOCUMENTS.map((text, index) => [JSON.stringify(text), text, expected[index]] as const))('%s', (_, text, read) => {
    const found = ours(text);
    if (read?.error !== undefined) expect(found.error, `Ansible: ${read.error}; we: ${JSON.stringify(found.value)}`).toBeDefined();
    else expect(found).toEqual(read);
  });

  const other = hasAnsible ? theirs([...LISTED.keys()]) : [];
  it.each([...LISTED].map(([text, why], index) => [JSON.stringify(text), why, text, other[index]] as const))('differs, as listed: %s: %s', (_, __, text, read) => {
    const found = ours(text);
    expect(found.error === undefined ? found.value : 'refused').not.toEqual(read?.error === undefined ? read?.value : 'refused');
  });

  it('random documents', () => {
    const texts = fc.sample(document, { numRuns: 400, seed: 19 });
    const read = theirs(texts);
    const wrong = texts.flatMap((text, index) => {
      const [found, wanted] = [ours(text), read[index]];
      // We may refuse more (a place in a sentence says so); what both accept is the same, and we accept nothing that Ansible refuses.
      const isSame = found.error !== undefined || JSON.stringify(found) === JSON.stringify(wanted);
      return isSame ? [] : [{ text, found, wanted }];
    });
    expect(wrong).toEqual([]);
    const refused = texts.filter((text, index) => read[index]?.error === undefined && ours(text).error !== undefined);
    expect(refused).toEqual([]);
  });
});
