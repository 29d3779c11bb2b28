// docs/modules.md says what the tables say; and the tables hold what Ansible's modules take.
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { modules } from '../../src/modules/index.js';
import { mayNotSkip, whyNoAnsible } from '../playbook/engines.js';
import { moduleTable } from './table.js';

const path = join(import.meta.dirname, '../../docs/modules.md');

test('docs/modules.md is made from the tables', async () => {
  if (process.env.FLEET_TAP_WRITE_DOCS === '1') await writeFile(path, moduleTable());
  expect(await readFile(path, 'utf8')).toBe(moduleTable());
});

/** Of Ansible's documentation of each module: names, aliases, choices, defaults. */
const PROGRAM = `
import importlib, json, sys, yaml
out = {}
for name in json.load(sys.stdin):
    try: module = importlib.import_module('ansible.modules.' + name)
    except ImportError: continue
    options = (yaml.safe_load(module.DOCUMENTATION) or {}).get('options') or {}
    out[name] = {k: dict(aliases=v.get('aliases') or [], required=bool(v.get('required'))) for k, v in options.items()}
print(json.dumps(out))
`;

/** No parameters: what stands for the whole line, and how others are told of. */
const NO_PARAMETERS = ['free_form', 'free-form', 'key_value', 'others'];

const why = whyNoAnsible();
test.skipIf(why !== undefined && !mayNotSkip)(`every parameter and alias that Ansible documents is known${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  const documented = JSON.parse(execFileSync('/usr/bin/python3', ['-c', PROGRAM], { input: JSON.stringify([...modules.keys()]), encoding: 'utf8' })) as Record<string, Record<string, { aliases: readonly string[]; required: boolean }>>;
  const missing: string[] = [];
  for (const [name, options] of Object.entries(documented)) {
    const parameters = modules.get(name)?.parameters ?? {};
    for (const [option, { aliases }] of Object.entries(options)) {
      if (NO_PARAMETERS.includes(option) || modules.get(name)?.takesAnyName === true || (name === 'debug' && option === 'verbosity')) continue;
      const known = Object.entries(parameters).find(([own, { aliases: others = [] }]) => [own, ...others].includes(option));
      if (known === undefined) missing.push(`${name}: ${option}`);
      else for (const alias of aliases) if (![known[0], ...(known[1].aliases ?? [])].includes(alias)) missing.push(`${name}: ${option}, also called ${alias}`);
    }
  }
  expect(missing).toEqual([]);
});
