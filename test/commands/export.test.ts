// The exported role: real Ansible reads it, its tasks are the playbook's, in the same order, and our own engine accepts it too.
import { execFileSync } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { exportAnsible } from '../../src/commands/export.js';
import { loadPlaybook } from '../../src/playbook/load.js';
import { mayNotSkip, whyNoAnsible } from '../playbook/engines.js';
import { newPerson } from './person.js';

const reason = whyNoAnsible();
const setup = resolve(import.meta.dirname, '..', '..', 'playbooks', 'setup.yml');
const namesOf = (listing: string) => listing.split('\n').filter((line) => line.includes('TAGS:') && /^ {6}/.test(line)).map((line) => line.replace(/\s+TAGS:.*/, '').trim().replace(/^fleet_tap : /, ''));

it.skipIf(reason !== undefined && !mayNotSkip)(`ansible-playbook lists the same tasks${reason === undefined ? '' : ` (skipped: ${reason})`}`, async () => {
  const person = await newPerson();
  const folder = join(person.folder, 'exported');
  expect(await exportAnsible({ folder }, person.context)).toBe(0);
  const list = (playbook: string) => namesOf(execFileSync('ansible-playbook', ['-i', 'localhost,', '--list-tasks', playbook], { encoding: 'utf8' }));
  expect(list(setup).length).toBeGreaterThan(8);
  expect(list(join(folder, 'setup.yml'))).toEqual(list(setup));
  expect(await readFile(join(folder, 'roles/fleet_tap/files/ubuntu-dbgsym-keyring.gpg'))).toEqual(await readFile(resolve(setup, '../files/ubuntu-dbgsym-keyring.gpg')));
  // Whatever the playbook takes from the inventory and has a default for stands in defaults/, with the same value.
  const defaults = parse(await readFile(join(folder, 'roles/fleet_tap/defaults/main.yml'), 'utf8')) as Record<string, unknown>;
  const texts = [setup, ...(await readdir(resolve(setup, '../setup'))).map((name) => resolve(setup, '../setup', name))].map((file) => readFile(file, 'utf8'));
  const written = [...(await Promise.all(texts)).join('').matchAll(/\b(fleet_tap_\w+) \| default\('?([^',)]+)'?/g)].map(([, name, value]) => [name, value] as const);
  // The others have defaults that are variables of the play, or none.
  const own = ['fleet_tap_compile', 'fleet_tap_build_for', 'fleet_tap_ddebs_key', 'fleet_tap_ddebs_fingerprint', 'fleet_tap_stap', 'fleet_tap_push'];
  expect(written.length).toBeGreaterThan(8);
  for (const [name, value] of written) if (!own.includes(String(name))) expect(String(defaults[String(name)]), name).toBe(value);
  const { plays } = await loadPlaybook(join(folder, 'setup.yml'));
  expect(plays).toHaveLength(1);
  await expect(exportAnsible({ folder }, person.context)).rejects.toMatchObject({ kind: 'input', code: 'output-exists' });
});

it('leaves no half of a role where not all of it can be written', async () => {
  const person = await newPerson();
  // setup.yml just fits into the longest path that Linux takes, the role does not.
  let folder = join(person.folder, 'x'.repeat(200));
  while (folder.length < 3800) folder = join(folder, 'x'.repeat(200));
  folder = join(folder, 'x'.repeat(4095 - 'setup.yml'.length - 2 - folder.length));
  await expect(exportAnsible({ folder }, person.context)).rejects.toMatchObject({ code: 'output-failed' });
  await expect(stat(folder)).rejects.toMatchObject({ code: 'ENOENT' });
});
