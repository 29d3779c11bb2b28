// Our evaluator against the installed Ansible: same values, same printed text, same refusals.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { FleetTapError } from '../../src/base/errors.js';
import { Undefined } from '../../src/playbook/expression/undefined.js';
import { toText } from '../../src/playbook/expression/values.js';
import { compileText, Template } from '../../src/playbook/template.js';
import { TemplateSource } from '../../src/playbook/template-source.js';
import { mayNotSkip } from './engines.js';

interface Cases {
  readonly vars: Readonly<Record<string, unknown>>;
  readonly expressions: readonly string[];
  /** Expressions on which we differ, and why. */
  readonly listed: Readonly<Record<string, string>>;
}
const { listed, ...cases } = JSON.parse(readFileSync(new URL('../cases/playbook/expressions.json', import.meta.url), 'utf8')) as Cases;
const script = fileURLToPath(new URL('expressions.py', import.meta.url));
/** The python of Debian's ansible-core. */
const PYTHON = '/usr/bin/python3';
const hasAnsible = spawnSync(PYTHON, ['-c', 'import ansible.template, jinja2']).status === 0;

function ours(expression: string, within = (inside: string) => `{{ ${inside} }}`): { value?: unknown; text?: string; error?: string } {
  try {
    const template = compileText(TemplateSource.fromUser(within(expression), 'test'));
    const names = { get: (name: string) => (Object.hasOwn(cases.vars, name) ? cases.vars[name] : new Undefined(`'${name}'`)) };
    if (!(template instanceof Template)) return { value: template, text: toText(template) };
    const value: unknown = JSON.parse(JSON.stringify(template.render(names)));
    return { value, text: toText(template.value(names)) };
  } catch (error) {
    if (error instanceof FleetTapError) return { error: error.message };
    throw error;
  }
}

describe.skipIf(!hasAnsible && !mayNotSkip)(`expressions, as ansible-core evaluates them${hasAnsible ? '' : ' (skipped: python3 has no ansible and jinja2; apt-get install ansible-core)'}`, () => {
  const asked = [...cases.expressions, ...Object.keys(listed)];
  const result = spawnSync(PYTHON, [script], { input: JSON.stringify({ ...cases, expressions: asked }), encoding: 'utf8', maxBuffer: 1 << 24 });
  const theirs = result.stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as { value?: unknown; text?: string; error?: string });
  it('asked about every expression', () => expect(theirs, result.stderr).toHaveLength(asked.length));
  it.each(cases.expressions.map((expression, index) => [expression, theirs[index]] as const))('%s', (expression, expected) => {
    const found = ours(expression);
    if (expected?.error !== undefined) expect(found.error, `Ansible: ${expected.error}; we: ${found.text}`).toBeDefined();
    else expect(found).toEqual(expected);
  });
  it.each(Object.keys(listed).map((expression, index) => [expression, theirs[cases.expressions.length + index]] as const))('differs, as listed: %s', (expression, expected) => {
    const found = ours(expression);
    expect(found.error === undefined ? found.text : 'refused').not.toBe(expected?.error === undefined ? expected?.text : 'refused');
  });
});

const newer = JSON.parse(readFileSync(new URL('../cases/playbook/expressions-newer.json', import.meta.url), 'utf8')) as { readonly expressions: Readonly<Record<string, string | null>> };
/** As part of a text, where 2.19 prints tuples as lists. */
test.each(Object.entries(newer.expressions))('as 2.19 and not as 2.14: %s', (expression, expected) => {
  const found = ours(expression, (inside) => `x{{ ${inside} }}y`);
  if (expected === null) expect(found.error, `we: ${found.text}`).toBeDefined();
  else expect(found.text).toBe(`x${expected}y`);
});
