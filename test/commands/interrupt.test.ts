// Ctrl-C while a playbook runs, on real sshd: what runs on the hosts is ended or finished, nothing more begins, and the recap says what was done.
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/commands/run.js';
import { skipSshd, sshdSkipped, type SshdOptions } from '../hosts/sshd.js';
import { startExecFleet } from './exec-fleet.js';
import { newPerson, type Person } from './person.js';

const WAIT = { timeout: 60_000, interval: 20 };

interface Interrupted {
  readonly status: number;
  readonly person: Person;
  readonly folder: string;
  /** Whether a task has made this file. */
  readonly made: (name: string) => boolean;
}

/** @param tasks below `tasks:`; `{{ here }}` is a folder of the test's @param ready when Ctrl-C is pressed @param after done then */
async function interrupted(play: string, ready: (folder: string, person: Person) => Promise<void>, hosts: readonly string[] = ['h1', 'h2'], forks = 5, after?: (folder: string) => Promise<void>, sshd: SshdOptions = {}): Promise<Interrupted> {
  const fleet = await startExecFleet(hosts, sshd);
  const person = await newPerson();
  const { folder } = person;
  const playbook = join(folder, 'play.yml');
  await writeFile(playbook, play);
  const options = { inventory: [fleet.inventoryFile], forks, check: false, diff: false, forceHandlers: true, listHosts: false, listTasks: false, listTags: false, syntaxCheck: false, json: false, hostKeyChecking: 'yes' as const };
  const done = run({ ...options, playbooks: [playbook], extraVars: [`here=${folder}`] }, person.context);
  await ready(folder, person);
  person.interrupt();
  await after?.(folder);
  return { status: await done, person, folder, made: (name) => existsSync(join(folder, name)) };
}

const exists = (name: string) => (folder: string) => expect.poll(() => existsSync(join(folder, name)), WAIT).toBe(true);
const isAlive = (pid: number) => existsSync(`/proc/${pid}`) && !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
const recapOf = ({ person }: Interrupted) => person.stdout().split('PLAY RECAP')[1]?.split('\n').slice(1).map((line) => line.replaceAll(/ +/g, ' ')).filter((line) => line !== '');

describe.skipIf(skipSshd)(`Ctrl-C${sshdSkipped}`, () => {
  it('ends a program with its children on every host; rescue, always, handlers, other items and the tasks behind it are not begun', async () => {
    const both = (folder: string) => expect.poll(() => ['h1', 'h2'].every((host) => existsSync(join(folder, `${host}.pids`))), WAIT).toBe(true);
    const ended = await interrupted(`
- hosts: all
  gather_facts: false
  tasks:
    - copy: {content: a, dest: "{{ here }}/{{ inventory_hostname }}.done"}
      notify: handled
    - block:
        - shell: |
            sleep 300 & child=$!
            sleep 300 & echo "$$ $child $!" > {{ here }}/{{ inventory_hostname }}.new
            mv {{ here }}/{{ inventory_hostname }}.new {{ here }}/{{ inventory_hostname }}.pids
            wait; touch {{ here }}/survived
          loop: [1, 2]
          ignore_errors: true
      rescue: [{file: {path: "{{ here }}/rescued", state: touch}}]
      always: [{file: {path: "{{ here }}/always", state: touch}}]
    - file: {path: "{{ here }}/behind", state: touch}
  handlers:
    - {name: handled, file: {path: "{{ here }}/handled", state: touch}}
- hosts: all
  gather_facts: false
  tasks: [{file: {path: "{{ here }}/second", state: touch}}]
`, both);
    expect(ended.status).toBe(130);
    for (const name of ['survived', 'rescued', 'always', 'behind', 'handled', 'second']) expect(ended.made(name), name).toBe(false);
    for (const host of ['h1', 'h2']) for (const pid of (await readFile(join(ended.folder, `${host}.pids`), 'utf8')).trim().split(' ')) expect(isAlive(Number(pid)), `process ${pid} of ${host}`).toBe(false);
    expect(ended.person.stdout().match(/^failed: \[h\d\] \(item=1\) => .*interrupted: it was ended on the host before it was over/gm)).toHaveLength(2);
    expect(ended.person.stdout()).not.toMatch(/item=2|ignoring/);
    expect(recapOf(ended)).toEqual(['h1', 'h2'].map((host) => `${host} : ok=1 changed=1 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0 `));
    expect(ended.person.stderr()).toMatch(/interrupted: no further task begins[\s\S]*interrupted: the rest of the playbook has not run/);
  });

  it('waits for what a module is changing, and tells it', async () => {
    const ended = await interrupted(`
- hosts: all
  gather_facts: false
  tasks:
    - apt: {name: made-up}
      environment: {PATH: "{{ here }}/bin:{{ lookup('env', 'PATH') }}", HERE: "{{ here }}"}
    - file: {path: "{{ here }}/behind", state: touch}
`, async (folder) => {
      // An apt-get that installs until it is told to go on.
      await mkdir(join(folder, 'bin'));
      await writeFile(join(folder, 'bin/apt-get'), '#!/bin/sh\ntouch "$HERE/begun"; while [ ! -e "$HERE/go" ]; do sleep 0.05; done; touch "$HERE/installed"\necho "0 upgraded, 1 newly installed, 0 to remove and 0 not upgraded."\n', { mode: 0o755 });
      await exists('begun')(folder);
    }, ['h1'], 1, (folder) => writeFile(join(folder, 'go'), ''));
    expect(ended.status).toBe(130);
    expect(ended.made('installed')).toBe(true);
    expect(ended.made('behind')).toBe(false);
    expect(recapOf(ended)).toEqual(['h1 : ok=1 changed=1 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0 ']);
  });

  it.each([
    ['a pause', '- pause: {minutes: 10}', 'TASK [pause]'],
    ['the delay between attempts', '- shell: exit 1\n      register: r\n      until: r.rc == 0\n      retries: 5\n      delay: 600', 'RETRYING: [h1]'],
    ['wait_for', '- wait_for: {path: /nonexistent, timeout: 600}', 'TASK [wait_for]'],
  ])('ends %s', async (_what, task, shown) => {
    const ended = await interrupted(`- hosts: all\n  gather_facts: false\n  tasks:\n    ${task}\n    - file: {path: "{{ here }}/behind", state: touch}\n`, (_folder, person) => expect.poll(() => person.stdout(), WAIT).toContain(shown), ['h1']);
    expect(ended.status).toBe(130);
    expect(ended.made('behind')).toBe(false);
    expect(ended.person.stdout()).toMatch(/fatal: \[h1\]: FAILED! => \{.*"msg": "interrupted/);
  });

  it('ends the gathering of facts', async () => {
    let asked = '';
    // A grep that never comes to an end.
    const prepare = async (folder: string) => {
      asked = join(folder, 'asked');
      await mkdir(join(folder, 'bin'));
      await writeFile(join(folder, 'bin/grep'), `#!/bin/sh\necho $$ > ${asked}.new; mv ${asked}.new ${asked}; exec sleep 300\n`, { mode: 0o755 });
    };
    const ready = () => expect.poll(() => existsSync(asked), WAIT).toBe(true);
    const sshd = { prepare, config: ['SetEnv PATH=%f/bin:/usr/sbin:/usr/bin:/sbin:/bin'] };
    const ended = await interrupted('- hosts: all\n  tasks:\n    - file: {path: "{{ here }}/behind", state: touch}\n', ready, ['h1'], 1, undefined, sshd);
    expect(ended.status).toBe(130);
    expect(ended.made('behind')).toBe(false);
    expect(isAlive(Number(await readFile(asked, 'utf8')))).toBe(false);
    expect(ended.person.stdout()).toMatch(/fatal: \[h1\]: FAILED! => \{.*"msg": "interrupted: it was ended on the host before it was over/);
  });

  it('leaves hosts alone whose turn had not come, and says nothing of them', async () => {
    const ended = await interrupted('- hosts: all\n  gather_facts: false\n  tasks:\n    - shell: echo {{ inventory_hostname }} >> {{ here }}/begun; sleep 300\n', exists('begun'), ['h1', 'h2', 'h3'], 1);
    expect(ended.status).toBe(130);
    expect(await readFile(join(ended.folder, 'begun'), 'utf8')).toBe('h1\n');
    expect(recapOf(ended)).toEqual(['h1 : ok=0 changed=0 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0 ']);
  });
});
