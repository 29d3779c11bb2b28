// What the loader refuses: with its place, a sentence and what to do, before any host is touched.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FleetTapError, formatError } from '../../src/base/errors.js';
import { parseYaml } from '../../src/base/yaml.js';
import { plainValue } from '../../src/base/yaml-value.js';
import { loadInventory } from '../../src/inventory/load.js';
import { selectHosts } from '../../src/inventory/pattern.js';
import { loadPlaybook } from '../../src/playbook/load.js';
import { runPlaybook } from '../../src/playbook/run.js';

interface Refusal {
  readonly name: string;
  readonly playbook: string;
  readonly expected: string;
}
const path = join(import.meta.dirname, '../cases/playbook/refusals.yml');
const file = parseYaml(await readFile(path, 'utf8'), path);
const refusals = plainValue(file, file.root) as Refusal[];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleet-tap-load-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function written(text: string): Promise<string> {
  const playbook = join(folder, `${Math.random()}.yml`);
  await writeFile(playbook, text);
  return playbook;
}

async function refusalOf(work: () => Promise<unknown>): Promise<FleetTapError> {
  const error = await work().then(() => new Error('it was accepted'), (thrown: unknown) => thrown);
  if (error instanceof FleetTapError) return error;
  throw error;
}

test.each(refusals.map(({ name, playbook, expected }) => [name, playbook, expected] as const))('%s', async (_name, text, expected) => {
  const playbook = await written(text);
  const error = await refusalOf(() => loadPlaybook(playbook));
  const hint = error.hint === undefined ? '' : ` … ${error.hint}`;
  expect(error.kind).toBe('input');
  expect(`${formatError(error).split('\n', 1)[0]}${hint}`).toBe(`${playbook}:${expected}`);
  // The caret's line is the line of the file.
  const { line = 0, column = 0 } = error.place;
  expect(error.sourceLine).toBe(text.split('\n')[line - 1] ?? '');
  expect(column).toBeLessThanOrEqual((error.sourceLine ?? '').length + 1);
});

test('a playbook that is not there', async () => {
  expect((await refusalOf(() => loadPlaybook(join(folder, 'none.yml')))).kind).toBe('input');
});

test.each([
  ['a pattern that names nothing', 'hosts: dbs', 'dbs'],
  ['a template that nobody has set', 'hosts: "{{ nobody }}"', "'nobody' is undefined"],
])('%s in the second play stops the run before the first', async (_name, hosts, expected) => {
  const playbook = await loadPlaybook(await written(`- hosts: all\n  tasks: [{command: id}]\n- ${hosts}\n  tasks: []\n`));
  const inventory = await loadInventory(['web1,']);
  const touched: string[] = [];
  const touch = async (host: { readonly name: string }): Promise<never> => {
    touched.push(host.name);
    throw new Error('touched');
  };
  const silent = () => {};
  const reporter = { playStarted: silent, taskStarted: silent, taskResult: silent, taskFinished: silent, warning: silent };
  const error = await refusalOf(() => runPlaybook(playbook, { inventory, select: (pattern) => selectHosts(inventory, pattern), session: touch, facts: touch, forks: 5, reporter }));
  expect(error.kind).toBe('input');
  expect(error.message).toContain(expected);
  expect(touched).toEqual([]);
});

test('a role that is not there: one with nearly that name, or where it comes from', async () => {
  const playbook = await written('- hosts: all\n  roles: [ngnix-base]\n');
  await mkdir(join(folder, 'roles/nginx-base/tasks'), { recursive: true });
  const hintOf = async (role: string) => {
    await writeFile(playbook, `- hosts: all\n  roles: [${role}]\n`);
    return (await refusalOf(() => loadPlaybook(playbook))).hint;
  };
  expect(await hintOf('ngnix-base')).toBe('did you mean nginx-base?');
  expect(await hintOf('somebody.something')).toBe(`looked in ${join(folder, 'roles')}; one of Ansible Galaxy is fetched first: ansible-galaxy role install somebody.something`);
  expect(await hintOf('a.b.c')).toBe('roles of collections are not supported: copy the role into roles/');
});
