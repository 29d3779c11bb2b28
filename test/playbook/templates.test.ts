// Template files as the installed Ansible's template module renders them: same bytes, same refusals.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { FleetTapError, formatError } from '../../src/base/errors.js';
import { Undefined } from '../../src/playbook/expression/undefined.js';
import { renderTemplateFile } from '../../src/playbook/template-file.js';
import { mayNotSkip } from './engines.js';

interface Case {
  readonly text: string;
  readonly options?: Readonly<Record<string, unknown>>;
}
interface Cases {
  readonly vars: Readonly<Record<string, unknown>>;
  readonly files: Readonly<Record<string, string>>;
  readonly templates: readonly (string | Case)[];
}
const cases = JSON.parse(readFileSync(new URL('../cases/playbook/templates.json', import.meta.url), 'utf8')) as Cases;
const all: readonly Case[] = cases.templates.map((one) => (typeof one === 'string' ? { text: one } : one));
const script = fileURLToPath(new URL('templates.py', import.meta.url));
const PYTHON = '/usr/bin/python3';
const hasAnsible = spawnSync(PYTHON, ['-c', 'import ansible.template, jinja2']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'fleet-tap-templates-'));
for (const [name, text] of Object.entries(cases.files)) writeFileSync(join(folder, name), text);
afterAll(() => rmSync(folder, { recursive: true }));

const names = (vars: Readonly<Record<string, unknown>>) => ({ get: (name: string) => (Object.hasOwn(vars, name) ? vars[name] : new Undefined(`'${name}'`)) });
const NAMES: Readonly<Record<string, string>> = {
  trim_blocks: 'trimBlocks', lstrip_blocks: 'lstripBlocks', newline_sequence: 'newlineSequence', variable_start_string: 'variableStart', variable_end_string: 'variableEnd',
  block_start_string: 'blockStart', block_end_string: 'blockEnd', comment_start_string: 'commentStart', comment_end_string: 'commentEnd',
};

function ours({ text, options = {} }: Case): { text?: string; error?: string } {
  try {
    return { text: renderTemplateFile(text, join(folder, 'test.j2'), names(cases.vars), Object.fromEntries(Object.entries(options).map(([name, value]) => [NAMES[name] ?? name, value]))) };
  } catch (error) {
    if (error instanceof FleetTapError) return { error: error.message };
    throw error;
  }
}

describe.skipIf(!hasAnsible && !mayNotSkip)(`templates, as ansible-core renders them${hasAnsible ? '' : ' (skipped: python3 has no ansible and jinja2; apt-get install ansible-core)'}`, () => {
  const result = spawnSync(PYTHON, [script], { input: JSON.stringify({ ...cases, folder, templates: all }), encoding: 'utf8', maxBuffer: 1 << 24 });
  const theirs = result.stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as { text?: string; error?: string });
  it('asked about every template', () => expect(theirs, result.stderr).toHaveLength(all.length));
  it.each(all.map((one, index) => [JSON.stringify(one.text), one, theirs[index]] as const))('%s', (_, one, expected) => {
    const found = ours(one);
    if (expected?.error !== undefined) expect(found.error, `Ansible: ${expected.error}; we: ${JSON.stringify(found.text)}`).toBeDefined();
    else expect(found).toEqual(expected);
  });
});

it('an error names the file, the line, the expression', () => {
  const text = 'a\n{% for x in [1] %}\n  {{ x }} {{ missing.port }}\n{% endfor %}\n';
  const failed = (): string => {
    try {
      return renderTemplateFile(text, 'templates/app.conf.j2', names({}));
    } catch (error) {
      return error instanceof FleetTapError ? formatError(error) : String(error);
    }
  };
  expect(failed()).toContain("templates/app.conf.j2:3:14: 'missing' is undefined");
});
