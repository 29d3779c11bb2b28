// Files that ansible-vault has encrypted as a whole, in a playbook, beside ansible-playbook: the same lines, and the same files on the host.
import { execFile, execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../src/commands/run.js';
import { mayNotSkip, whyNoAnsible } from '../playbook/engines.js';
import { newPerson } from './person.js';

const skipReason = whyNoAnsible();
const LIMIT_MS = 600_000;
const BINARY = Buffer.from([0, 0xff, 0x80, 0x0a, 0x24, 0x7b, 0x7b]);

const PLAYBOOK = `
- hosts: all
  gather_facts: false
  tasks:
    - file: {path: "{{ out }}/unpacked", state: directory}
    - copy: {src: key, dest: "{{ out }}/key", mode: '0600'}
    - copy: {src: key, dest: "{{ out }}/key", mode: '0600'}
    - copy: {src: key, dest: "{{ out }}/as-it-is", decrypt: false}
    - copy: {src: key, dest: "{{ out }}/private", mode: preserve}
    - copy: {src: key, dest: "{{ out }}/public", mode: preserve, decrypt: false}
    - copy: {src: tree/, dest: "{{ out }}/tree"}
    - copy: {src: tree/, dest: "{{ out }}/like-tree", mode: preserve}
    - unarchive: {src: archive.tar, dest: "{{ out }}/unpacked"}
    - script: said.sh five
      register: said
    - debug: msg="{{ said.stdout }}"
    - debug: msg="{{ lookup('file', 'text') }}, {{ lookup('unvault', 'text') }}"
    - debug: msg="{{ item }}"
      with_file: [text]
`;

let folder: string;
const at = (name: string): string => join(folder, name);
const PASSWORD_FILE = 'password';

async function playbook(name: string, text: string): Promise<string> {
  await writeFile(at(name), text);
  return at(name);
}

async function ours(path: string, out: string, { vaultPasswordFile = [at(PASSWORD_FILE)], inventory = 'inventory.ini' } = {}) {
  const person = await newPerson();
  const all = { inventory: [at(inventory)], forks: 1, check: false, diff: false, forceHandlers: false, listHosts: false, listTasks: false, listTags: false, syntaxCheck: false, json: false };
  const status = await run({ ...all, extraVars: [`out=${out}`], vaultPasswordFile, playbooks: [path] }, person.context);
  return { status, stdout: person.stdout().replaceAll(out, 'OUT'), stderr: person.stderr() };
}

async function theirs(path: string, out: string, inventory = 'inventory.ini'): Promise<string> {
  const env = { ...process.env, LC_ALL: 'C.UTF-8', ANSIBLE_CONFIG: join(import.meta.dirname, '../playbook/ansible.cfg'), ANSIBLE_NOCOLOR: '1', ANSIBLE_LOCAL_TEMP: at('tmp'), ANSIBLE_REMOTE_TEMP: at('tmp') };
  const { stdout } = await promisify(execFile)('ansible-playbook', ['-i', at(inventory), '--vault-password-file', at(PASSWORD_FILE), '-e', `out=${out}`, path], { env });
  return stdout.replaceAll(out, 'OUT');
}

async function filesBelow(root: string): Promise<Record<string, string>> {
  const names = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(await Promise.all(names.sort().map(async (name) => [name.slice(root.length), `${((await stat(name)).mode & 0o777).toString(8)} ${(await readFile(name)).toString('hex')}`] as const)));
}

describe.skipIf(skipReason !== undefined && !mayNotSkip)(`files that ansible-vault made${skipReason === undefined ? '' : ` (skipped: ${skipReason})`}`, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleet-tap-vault-files-'));
    for (const name of ['files/tree/below', 'templates', 'ours', 'theirs']) await mkdir(at(name), { recursive: true });
    await writeFile(at(PASSWORD_FILE), 'opensesame\n');
    await writeFile(at('inventory.ini'), 'here ansible_connection=local\n');
    await writeFile(at('templated.yml'), `all: {hosts: {here: {ansible_connection: "{{ lookup('file', 'connection') }}"}}}\n`);
    await writeFile(at('files/connection'), 'local\n');
    await writeFile(at('files/key'), BINARY);
    await writeFile(at('files/tree/below/one'), 'one\n');
    await writeFile(at('files/tree/two'), 'two\n');
    await writeFile(at('files/text'), 'canary ü\n');
    await writeFile(at('files/said.sh'), '#!/bin/sh\necho said $1\n');
    execFileSync('tar', ['-cf', at('files/archive.tar'), '-C', at('files/tree'), 'two']);
    await writeFile(at('templates/inner.j2'), 'inner\n');
    await writeFile(at('templates/outer.j2'), 'outer\n{% include "inner.j2" %}\n');
    await writeFile(at('vars.yml'), 'a: one\nb: "{{ a }} two"\nc: {d: ["{{ a }}", !unsafe "{{ a }}"]}\n');
    const encrypted = ['files/connection', 'files/key', 'files/tree/below/one', 'files/text', 'files/said.sh', 'files/archive.tar', 'templates/inner.j2'];
    execFileSync('ansible-vault', ['encrypt', '--vault-password-file', at(PASSWORD_FILE), ...encrypted.map(at)], { stdio: 'ignore' });
    for (const name of ['key', 'tree/below/one', 'tree/two']) await chmod(at(`files/${name}`), 0o755);
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true }));

  test('a variable of the connection, copy, unarchive, script, lookup and with_file decrypt them, and copy with decrypt: false does not', async () => {
    const path = await playbook('files.yml', PLAYBOOK);
    const [their, our] = await Promise.all([theirs(path, at('theirs'), 'templated.yml'), ours(path, at('ours'), { inventory: 'templated.yml' })]);
    expect(our.stdout, our.stderr).toBe(their);
    expect(our.status).toBe(0);
    const written = await filesBelow(at('ours'));
    expect(written).toEqual(await filesBelow(at('theirs')));
    const hex = BINARY.toString('hex');
    expect(written).toMatchObject({ '/key': `600 ${hex}`, '/private': `600 ${hex}`, '/like-tree/below/one': '600 6f6e650a', '/like-tree/two': '755 74776f0a' });
    expect(written['/public']).toMatch(/^755 /);
  }, LIMIT_MS);

  test('without the password the task fails, and names the file', async () => {
    const path = await playbook('key.yml', '- hosts: all\n  gather_facts: false\n  tasks:\n    - copy: {src: key, dest: "{{ out }}/never"}\n');
    const { status, stdout, stderr } = await ours(path, at('ours'), { vaultPasswordFile: [] });
    expect(status).toBe(2);
    expect(stdout + stderr).toContain('files/key: this is encrypted with Ansible Vault, and there is no vault password');
    expect(Object.keys(await filesBelow(at('ours')))).not.toContain('/never');
  }, LIMIT_MS);

  test('a template that includes one fails: Ansible writes the encrypted text', async () => {
    const path = await playbook('include.yml', '- hosts: all\n  gather_facts: false\n  tasks:\n    - template: {src: outer.j2, dest: "{{ out }}/outer"}\n');
    const { status, stdout, stderr } = await ours(path, at('ours'));
    expect(status).toBe(2);
    expect(stdout + stderr).toContain('inner.j2, which this template includes, is encrypted with Ansible Vault');
    await theirs(path, at('theirs'));
    expect(await readFile(at('theirs/outer'), 'utf8')).toContain('$ANSIBLE_VAULT');
  }, LIMIT_MS);

  test('the registered result of include_vars: templates of the file are rendered, what a host or an item says is not', async () => {
    const tasks = `
- hosts: all
  gather_facts: false
  tasks:
    - include_vars: "{{ item.file }}"
      loop: [{file: vars.yml, said: !unsafe "{{ a }}"}]
      register: many
    - include_vars: vars.yml
      register: one
    - debug: msg="{{ one.ansible_facts.b }}, {{ one.ansible_facts.c.d }}, {{ many.results[0].ansible_facts.b }}, {{ many.results[0].item.said }}"
    - debug: var=one.ansible_facts
    - command: echo again
      register: one
      changed_when: false
    - debug: msg="{{ one.stdout }}"
`;
    const path = await playbook('registered.yml', tasks);
    const [their, our] = await Promise.all([theirs(path, at('theirs')), ours(path, at('ours'))]);
    expect(our.stdout, our.stderr).toBe(their);
  }, LIMIT_MS);
});
