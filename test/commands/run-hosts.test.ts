// Which hosts of an inventory must be fit to connect to: those that a play selects, or a task delegates to; a playbook's other hosts are no matter.
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunCommandOptions, run } from '../../src/commands/run.js';
import { newPerson } from './person.js';

const INVENTORY = `
here ansible_connection=local
windows ansible_connection=winrm
unsaid
nowhere ansible_host="{{ missing }}"
closed ansible_connection=ssh ansible_host=127.0.0.1 ansible_port=9
`;
const REFUSAL = 'ansible_connection is "winrm"; ssh and local are supported';

let folder: string;
const at = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleet-tap-run-hosts-'));
  await writeFile(at('inventory.ini'), INVENTORY);
});
afterAll(() => rm(folder, { recursive: true }));

async function playText(text: string, more: Partial<RunCommandOptions> = {}) {
  await writeFile(at('play.yml'), text);
  await rm(at('touched'), { force: true });
  const person = await newPerson();
  const all = { inventory: [at('inventory.ini')], forks: 1, check: false, diff: false, forceHandlers: false, listHosts: false, listTasks: false, listTags: false, syntaxCheck: false, json: false, ...more };
  const status = await run({ ...all, playbooks: [at('play.yml')] }, person.context).catch((error: Error) => error.message);
  const isTouched = await access(at('touched')).then(() => true, () => false);
  return { status, isTouched, said: person.stdout() + person.stderr() };
}

/** @param plays YAML: hosts, and tasks */
async function outcome(...plays: readonly (readonly [hosts: string, ...tasks: string[]])[]) {
  const text = plays.map(([hosts, ...tasks]) => `- hosts: ${hosts}\n  gather_facts: false\n  tasks:\n${tasks.map((task) => `    - ${task}\n`).join('')}`);
  return playText(text.join(''));
}

const touch = () => `file: {path: ${at('touched')}, state: touch}`;

test('hosts that no play selects may be unfit', async () => {
  expect(await outcome(['here', touch()], ['all:!windows:!nowhere:!closed:!unsaid', touch()])).toMatchObject({ status: 0, isTouched: true });
});

test.each<[string, () => readonly (readonly [string, ...string[]])[], string]>([
  ['a play selects', () => [['here', touch()], ['windows', touch()]], REFUSAL],
  ['a template of the play selects', () => [['here', touch()], ['"{{ \'win\' ~ \'dows\' }}"', touch()]], REFUSAL],
  ['a task delegates to', () => [['here', touch(), 'block: [{ping: , delegate_to: windows}]']], REFUSAL],
  ['a play selects where tasks may add hosts', () => [['here', touch(), 'add_host: {name: more}'], ['windows', touch()]], REFUSAL],
  ['whose address cannot be rendered', () => [['here', touch()], ['nowhere', touch()]], 'ansible_host has a template that cannot be rendered'],
])('one that %s is refused before any host is touched', async (_what, plays, refusal) => {
  const { status, isTouched } = await outcome(...plays());
  expect(status).toContain(refusal);
  expect(isTouched).toBe(false);
});

test('one that a template delegates to fails that task alone, in the same words', async () => {
  const { status, isTouched, said } = await outcome(['here', 'ping:\n      delegate_to: "{{ \'win\' ~ \'dows\' }}"\n      ignore_errors: true', touch()]);
  expect(said).toContain(JSON.stringify(REFUSAL).slice(1, -1));
  expect({ status, isTouched }).toEqual({ status: 0, isTouched: true });
});

// As ansible-core 2.14 and 2.19 do, tried by hand: a variable of the host, then the playbook's key, then -c and ansible.cfg's transport.
test.each<[string, string, string, boolean]>([
  ['-c', 'unsaid', '', true],
  ["a key of the playbook goes before -c", 'unsaid', 'connection: ssh', false],
  ["a variable of the host goes before a key of the playbook", 'closed', 'connection: local', false],
  ["and before -c", 'closed', '', false],
])('which connection: %s', async (_what, host, key, isTouched) => {
  const text = `- hosts: ${host}\n  gather_facts: false\n  vars: {ansible_port: 9, ansible_host: 127.0.0.1}\n  ${key}\n  tasks:\n    - ${touch()}\n`;
  expect((await playText(text, { connectionVars: { ansible_connection: 'local' } })).isTouched).toBe(isTouched);
});

test('a playbook whose first play brings the hosts of the others needs no inventory', async () => {
  const text = `- hosts: localhost\n  gather_facts: false\n  tasks:\n    - add_host: {name: 'made:9', groups: made, ansible_connection: local}\n    - fail: {msg: "{{ hostvars.made.ansible_ssh_port }}"}\n      when: hostvars.made.ansible_ssh_port != 9\n- hosts: made\n  gather_facts: false\n  tasks:\n    - ${touch()}\n`;
  expect(await playText(text, { inventory: [] })).toMatchObject({ status: 0, isTouched: true });
});
