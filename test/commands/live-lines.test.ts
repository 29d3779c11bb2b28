// -v on a terminal: what a program of a task prints is shown while it runs, and the task's result is what it is otherwise, byte for byte.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/commands/run.js';
import { skipSshd, sshdSkipped } from '../hosts/sshd.js';
import { startExecFleet } from './exec-fleet.js';
import { newPerson, type Person } from './person.js';

async function begin(tasks: string, verbose: number, isTTY = true): Promise<{ readonly person: Person; readonly done: Promise<number> }> {
  const fleet = await startExecFleet(['h1', 'h2']);
  const person = await newPerson();
  const playbook = join(person.folder, 'play.yml');
  await writeFile(playbook, `- hosts: all\n  gather_facts: false\n  tasks:\n${tasks}`);
  const options = { inventory: [fleet.inventoryFile], forks: 1, check: false, diff: false, forceHandlers: false, listHosts: false, listTasks: false, listTags: false, syntaxCheck: false, json: false, hostKeyChecking: 'yes' as const };
  const stdout = Object.assign(person.context.stdout, { isTTY });
  return { person, done: run({ ...options, playbooks: [playbook], extraVars: [`here=${person.folder}`], verbose }, { ...person.context, stdout }) };
}

const TASKS = `
    - shell: |
        echo one; echo two >&2; printf 'a\\033[31mb\\n'
        while [ ! -e {{ here }}/go ]; do sleep 0.05; done
        (sleep 0.2; echo late) & printf 'end\\n\\n\\n'; exit 3
      register: said
      failed_when: said.rc != 3
    - command: printf '%s\\n' "{{ here }}" x
      loop: [1, 2]
    - shell: cat; printf no-newline
      args: {stdin: given}
    - raw: echo raw; echo err >&2
    - {shell: echo secret, no_log: true}
    - {command: echo never, args: {creates: /}}
    - assert: {that: [said.stdout == whole, said.stderr == 'two', said.rc == 3]}
      vars: {whole: "one\\na\\e[31mb\\nend\\n\\n\\nlate"}
`;

const timeless = (text: string) => text.replace(/"(delta|start|end)": "[^"]*"/g, '"$1": …');

describe.skipIf(skipSshd)(`-v on a terminal${sshdSkipped}`, () => {
  it('shows lines as they come, with their host, and nothing of a task with no_log', async () => {
    const { person, done } = await begin(TASKS, 1);
    await Promise.race([Promise.all([person.sees(/h1: two/), person.sees(/h1: one\n/)]), done]);
    expect(existsSync(join(person.folder, 'go'))).toBe(false);
    await writeFile(join(person.folder, 'go'), '');
    expect(await done, person.stdout()).toBe(0);
    const shown = person.stderr().split('\n').filter((line) => line.startsWith('h1: ')).toSorted();
    expect(shown).toEqual(['h1: ', 'h1: ', `h1: ${person.folder}`, `h1: ${person.folder}`, 'h1: a\\x1b[31mb', 'h1: end', 'h1: err', 'h1: given', 'h1: late', 'h1: no-newline', 'h1: one', 'h1: raw', 'h1: two', 'h1: x', 'h1: x'].toSorted());
    expect(person.stderr()).not.toContain('secret');
  });

  it('leaves results as they are', async () => {
    const results = async (isTTY: boolean) => {
      const { person, done } = await begin(TASKS, 1, isTTY);
      await writeFile(join(person.folder, 'go'), '');
      expect(await done, person.stdout()).toBe(0);
      return { stdout: timeless(person.stdout()).replaceAll(person.folder, 'HERE'), stderr: person.stderr() };
    };
    const [watched, gathered] = [await results(true), await results(false)];
    expect(watched.stdout).toBe(gathered.stdout);
    expect(gathered.stderr).not.toContain('h1: one');
  });

  it('is not there without -v', async () => {
    const { person, done } = await begin('    - shell: echo hidden\n', 0);
    expect(await done).toBe(0);
    expect(person.stderr()).not.toContain('hidden');
  });
});
