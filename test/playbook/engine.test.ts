// What the engine guarantees beside Ansible's results: the order of work, what a host says stays data, what is hidden stays hidden.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FleetTapError } from '../../src/base/errors.js';
import type { TaskResultEvent } from '../../src/base/playbook-events.js';
import { gatherFacts } from '../../src/facts/gather.js';
import type { Host } from '../../src/inventory/host.js';
import { loadInventory } from '../../src/inventory/load.js';
import { selectHosts } from '../../src/inventory/pattern.js';
import { loadPlaybook } from '../../src/playbook/load.js';
import { type RunOptions, runPlaybook } from '../../src/playbook/run.js';
import type { RunOptions as ScriptOptions, Session } from '../../src/ssh/session.js';
import { localSession } from './local-session.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleet-tap-engine-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function play(text: string, hosts: string, options: Partial<RunOptions> = {}) {
  const path = join(folder, `${Math.random()}.yml`);
  await writeFile(path, text);
  const inventory = await loadInventory([hosts]);
  const results: TaskResultEvent[] = [];
  const tasks: string[] = [];
  const outcome = await runPlaybook(await loadPlaybook(path), {
    inventory,
    select: (pattern) => selectHosts(inventory, pattern),
    session: async (host) => localSession(host.name, { cwd: folder }),
    facts: () => Promise.reject(new Error('no facts here')),
    forks: 5,
    reporter: { playStarted: () => {}, taskStarted: ({ name }) => tasks.push(name), taskResult: (event) => void (event.part !== 'loop' && results.push(event)), taskFinished: () => {}, warning: () => {} },
    ...options,
  });
  return { ...outcome, results, tasks };
}

/** A session that only notes what runs where, and is told when to go on. */
function notedSession(host: string, note: (host: string, script: string, options: ScriptOptions | undefined) => Promise<void>): Session {
  const real = localSession(host, { cwd: folder });
  return {
    ...real,
    run: async (script, options) => {
      await note(host, script, options);
      return { status: 0, stdout: 'fleet-tap-answer 1\nchanged=true\nrc=0\nend\n', stderr: '' };
    },
  };
}

test('linear, and no more hosts at once than forks', async () => {
  const log: string[] = [];
  let working = 0;
  let most = 0;
  const session = async (host: { readonly name: string }) =>
    notedSession(host.name, async (name, script) => {
      working += 1;
      most = Math.max(most, working);
      // Others could begin now.
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      working -= 1;
      log.push(`${/"cmd":"(\w+)"/.exec(script)?.[1]} ${name}`);
    });
  await play('- hosts: all\n  gather_facts: false\n  tasks: [{shell: first}, {shell: second}]\n', 'a,b,c,d,e,', { session, forks: 2 });
  expect(most).toBe(2);
  expect(log.slice(0, 5).toSorted()).toEqual(['first a', 'first b', 'first c', 'first d', 'first e']);
  expect(log.slice(5).toSorted()).toEqual(['second a', 'second b', 'second c', 'second d', 'second e']);
});

test.each([
  ['a task', '- hosts: all\n  gather_facts: false\n  tasks: [{shell: x, throttle: "{{ few }}"}]\n', 2],
  ['each task of a block', '- hosts: all\n  gather_facts: false\n  tasks: [{throttle: 3, block: [{shell: x}, {shell: y}]}]\n', 3],
  ['hosts that come one by one', '- hosts: all\n  gather_facts: false\n  strategy: free\n  tasks: [{shell: x, throttle: 2}]\n', 2],
  ['not more than forks', '- hosts: all\n  gather_facts: false\n  throttle: 9\n  tasks: [{shell: x}]\n', 4],
  ['0, which is no limit', '- hosts: all\n  gather_facts: false\n  throttle: 2\n  tasks: [{shell: x, throttle: 0}]\n', 4],
])('throttle: %s', async (_, text, expected) => {
  let working = 0;
  let most = 0;
  const session = async (host: { readonly name: string }) =>
    notedSession(host.name, async () => {
      working += 1;
      most = Math.max(most, working);
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      working -= 1;
    });
  const { exitStatus } = await play(text, 'a,b,c,d,e,f,', { session, forks: 4, extraVars: { few: 2 } });
  expect(exitStatus).toBe(0);
  expect(most).toBe(expected);
});

test('throttle takes a number only', async () => {
  await expect(play('- hosts: all\n  gather_facts: false\n  tasks: [{shell: x, throttle: "{{ few }}"}]\n', 'a,', { extraVars: { few: 'some' } })).rejects.toThrow('throttle takes a whole number of hosts, not "some"');
});

test('a host is connected to once, and only when a task needs it', async () => {
  const asked: string[] = [];
  const session = async (host: { readonly name: string }) => {
    asked.push(host.name);
    return localSession(host.name, { cwd: folder });
  };
  await play("- hosts: all\n  gather_facts: false\n  tasks:\n    - debug: {msg: x}\n    - {shell: ':', when: inventory_hostname == 'b'}\n    - {shell: ':', when: inventory_hostname == 'b'}\n", 'a,b,', { session });
  expect(asked).toEqual(['b']);
});

test('what a host says is never a template', async () => {
  const { results } = await play(
    `- hosts: all
  gather_facts: false
  tasks:
    - shell: printf '%s' '{''{ 6 * 7 }''}'
      register: said
    - set_fact: {kept: "{{ said.stdout }}", list: ["{{ said.stdout }}"]}
    - debug: {msg: "{{ kept }} {{ list[0] }} {{ said.stdout_lines[0] }} {{ hostvars['a'].kept }}"}
    - command: printf %s "{{ kept }}"
      register: again
    - debug: {var: again.stdout}
`,
    'a,',
  );
  expect(results.filter(({ task }) => task === 'debug').map(({ message }) => message)).toEqual(['{{ 6 * 7 }} {{ 6 * 7 }} {{ 6 * 7 }} {{ 6 * 7 }}', 'again.stdout: {{ 6 * 7 }}']);
});

test('control characters of a host do not reach the view', async () => {
  const { results, failures } = await play("- hosts: all\n  gather_facts: false\n  tasks:\n    - shell: printf '\\033[31mred\\n' >&2; exit 1\n", 'a,');
  expect(results[0]?.message).toBe('exit status 1: \\x1b[31mred');
  expect(failures.get('a')?.message).toBe('shell: exit status 1: \\x1b[31mred');
});

test('no_log hides results, items, diffs and the labels of scripts', async () => {
  const scripts: string[] = [];
  const { results, failures } = await play(
    `- hosts: all
  gather_facts: false
  tasks:
    - copy: {dest: "{{ root }}/secret", content: "se", mode: "0600"}
      no_log: true
    - no_log: true
      block:
        - shell: "echo {{ item }}; echo {{ item }} >&2; exit 1"
          loop: [s3cret]
`,
    'a,',
    {
      diff: true,
      extraVars: { root: folder },
      session: async (host) => {
        const real = localSession(host.name, { cwd: folder });
        return {
          ...real,
          run: (script, options) => {
            scripts.push(script);
            return real.run(script, options);
          },
        };
      },
    },
  );
  expect(results.map(({ status }) => status)).toEqual(['changed', 'failed']);
  expect(JSON.stringify([results, [...failures.values()].map(({ message, hint }) => [message, hint])])).not.toContain('s3cret');
  expect(results[0]?.diff).toBeUndefined();
  expect(scripts.map((script) => script.split('\n')[0])).toEqual([': fleet-tap module copy {}', ': fleet-tap module shell {}'].map((line) => expect.stringContaining(line.replace(' {}', " '{}'")) as string));
});

test('become: the task over the block over the play over -b', async () => {
  const become: unknown[] = [];
  const session = async (host: { readonly name: string }) => notedSession(host.name, async (_name, _script, options) => void become.push(options?.become));
  const tasks = 'tasks:\n    - shell: x\n    - become: true\n      block:\n        - shell: x\n        - {shell: x, become: false}\n';
  await play(`- hosts: all\n  gather_facts: false\n  ${tasks}- hosts: all\n  gather_facts: false\n  become: false\n  ${tasks}`, 'a,', { session, become: true });
  expect(become).toEqual([true, true, false, false, true, false]);
});

test('delay is waited for between attempts, and not behind the last', async () => {
  const waits: number[] = [];
  const text = "- hosts: all\n  gather_facts: false\n  tasks:\n    - {debug: {msg: x}, until: false, retries: 2, delay: 30}\n";
  const { recap } = await play(text, 'a,', { sleep: async (sec) => void waits.push(sec) });
  expect(waits).toEqual([30, 30]);
  expect(recap).toMatchObject([{ ok: 0, failed: 1 }]);
});

// ansible-core 2.14 goes on with the hosts that have not failed here, against its own page; since 2.17 it does as this test says.
test('any_errors_fatal: always sections are done on all hosts, and nothing else', async () => {
  const { tasks, recap, exitStatus } = await play(
    `- hosts: all
  gather_facts: false
  any_errors_fatal: true
  tasks:
    - block:
        - block:
            - {name: fails, fail: {msg: x}, when: inventory_hostname == 'b'}
            - {name: never, debug: {msg: x}}
          always:
            - {name: inner always, debug: {msg: x}}
        - {name: never, debug: {msg: x}}
      always:
        - {name: outer always, debug: {msg: x}}
    - {name: never, debug: {msg: x}}
- hosts: all
  gather_facts: false
  tasks: [{name: never, debug: {msg: x}}]
`,
    'a,b,',
  );
  expect(tasks).toEqual(['fails', 'inner always', 'outer always']);
  expect(recap.map(({ host, ok, failed, skipped }) => [host, ok, failed, skipped])).toEqual([['a', 2, 0, 1], ['b', 2, 1, 0]]);
  expect(exitStatus).toBe(2);
});

test('any_errors_fatal and rescue: all hosts go through it; those that had not failed are out of the next play, and the status says so', async () => {
  const { results, recap, exitStatus } = await play(
    `- hosts: all
  gather_facts: false
  any_errors_fatal: true
  tasks:
    - block:
        - {name: fails, fail: {msg: x}, when: inventory_hostname == 'b'}
      rescue:
        - {name: rescue, debug: {msg: x}}
    - {name: after, debug: {msg: x}}
- hosts: all
  gather_facts: false
  tasks: [{name: next, debug: {msg: x}}]
`,
    'a,b,',
  );
  expect(results.map(({ task, host }) => `${task} ${host}`)).toEqual(['fails a', 'fails b', 'rescue a', 'rescue b', 'after a', 'after b', 'next b']);
  expect(recap.map(({ host, ok, failed, rescued }) => [host, ok, failed, rescued])).toEqual([['a', 2, 0, 0], ['b', 3, 0, 1]]);
  expect(exitStatus).toBe(2);
});

// As ansible-core 2.19 shows them (parsing/splitter.py): a pair takes the spaces behind it along.
test('a command in its free form keeps its spaces', async () => {
  const texts = ['echo a  ', '  echo a', 'echo a\n\n', '\necho a\n\necho b\n', 'echo a   chdir=/ ', 'chdir=/  echo a   b', 'echo a  chdir=/  b'];
  const { results } = await play(`- hosts: all\n  gather_facts: false\n  tasks:\n${texts.map((text) => `    - shell: ${JSON.stringify(text)}\n`).join('')}`, 'a,');
  expect(results.map(({ result }) => result.cmd)).toEqual(['echo a  ', '  echo a', 'echo a\n\n', '\necho a\n\necho b\n', 'echo a  ', 'echo a   b', 'echo a  b']);
});

test('strategy free: a task is the same for all hosts, so that its title is told once', async () => {
  const { results } = await play('- hosts: all\n  gather_facts: false\n  strategy: free\n  tasks:\n    - {debug: {msg: x}}\n    - {debug: {msg: x}}\n', 'a,b,c,');
  const ids = (host: string) => results.filter((event) => event.host === host).map(({ taskId }) => taskId);
  expect(new Set(ids('a')).size).toBe(2);
  expect([ids('b'), ids('c')]).toEqual([ids('a'), ids('a')]);
});

test('facts that cannot be had: that host fails, the others go on', async () => {
  const facts = (host: { readonly name: string }): Promise<never> =>
    Promise.reject(host.name === 'a' ? new FleetTapError('unreachable', 'connection-lost', 'gone') : new FleetTapError('host', 'facts-failed', 'no answer'));
  const { recap, exitStatus, failures } = await play('- hosts: all\n  tasks: []\n- hosts: c\n  gather_facts: false\n  tasks: [{debug: {msg: x}}]\n', 'a,b,c,', { facts });
  expect(recap.map(({ host, unreachable, failed, ok }) => [host, unreachable, failed, ok])).toEqual([['a', 1, 0, 0], ['b', 0, 1, 0], ['c', 0, 1, 0]]);
  expect(exitStatus).toBe(4);
  expect([...failures.values()].map(({ code }) => code)).toEqual(['connection-lost', 'facts-failed', 'facts-failed']);
});

test('a failure names host, task, and the line of the playbook', async () => {
  const { failures } = await play('- hosts: all\n  gather_facts: false\n  tasks:\n    - name: greet\n      debug:\n        msg: "hello {{ nobody }}"\n', 'a,');
  const failure = failures.get('a');
  expect(failure).toMatchObject({ kind: 'host', code: 'expression-undefined', message: "greet: 'nobody' is undefined", place: { host: 'a', line: 6, column: 24 } });
  expect(failure?.sourceLine).toBe('        msg: "hello {{ nobody }}"');
  expect(failure?.hint).toContain('default(...)');
});

test.each([
  ['-e', { extraVars: { mode: '9' } }, 'mode: "9" is not supported'],
  ['the inventory', { hostVars: () => ({ mode: 'u+q' }) }, 'mode: "u+q" is not supported'],
])('a parameter that turns out wrong, from %s, fails the host at the place of the parameter', async (_what, options, expected) => {
  const { failures } = await play('- hosts: all\n  gather_facts: false\n  tasks:\n    - copy: {dest: x, content: x, mode: "{{ mode }}"}\n', 'a,', options);
  expect(failures.get('a')).toMatchObject({ code: 'parameter-invalid', message: `copy: ${expected}`, place: { line: 4 } });
});

test('variables that are made of each other are told, not followed for ever', async () => {
  const { failures } = await play('- hosts: all\n  gather_facts: false\n  vars: {a: "{{ b }}", b: "{{ a }}"}\n  tasks: [{debug: {msg: "{{ a }}"}}]\n', 'h,');
  expect(failures.get('h')?.message).toContain('a → b → a');
});

test('files of the controller: files/ beside the playbook first; what is nowhere is told with where it was looked for', async () => {
  await mkdir(join(folder, 'files'), { recursive: true });
  await writeFile(join(folder, 'files', 'both'), 'files/');
  await writeFile(join(folder, 'both'), 'beside');
  const { results, failures } = await play(`- hosts: all\n  gather_facts: false\n  tasks:\n    - copy: {src: both, dest: copied}\n    - command: cat copied\n      register: said\n    - assert: {that: said.stdout == 'files/'}\n    - copy: {src: nowhere, dest: copied}\n`, 'a,');
  expect(results.map(({ status }) => status)).toEqual(['changed', 'changed', 'ok', 'failed']);
  expect(failures.get('a')).toMatchObject({ code: 'file-missing', message: `copy: there is no file nowhere; looked for ${join(folder, 'files/nowhere')}, ${join(folder, 'nowhere')}` });
});

test('connection variables of the playbook: of plays, vars_files, blocks, tasks and set_fact, by precedence, over the inventory; one connection for what is reached alike', async () => {
  await writeFile(join(folder, 'login.yml'), 'ansible_become_password: "{{ word }}"\n');
  const opened: string[] = [];
  const say = (host: Host) => {
    opened.push(JSON.stringify(host.connectionVars ?? {}));
    return localSession(host.name, { cwd: folder });
  };
  const { results } = await play(
    `- hosts: a
  vars: {ansible_user: of-play, word: "se{{ 'cret' }}"}
  vars_files: login.yml
  tasks:
    - command: echo 1
    - command: echo 2
    - command: echo 3
      vars: {ansible_user: of-task}
    - set_fact: {ansible_host: 192.0.2.7, ansible_user: "{{ '{' ~ '{ word }' ~ '}' }}"}
    - command: echo 4
    - command: echo 5
      delegate_to: b
- hosts: a
  gather_facts: false
  tasks:
    - command: echo 6
`,
    'a,b,',
    { session: async (host) => say(host), facts: async (host) => gatherFacts(say(host)) },
  );
  expect(results.filter(({ status }) => status !== 'changed' && status !== 'ok')).toEqual([]);
  const ofPlay = { ansible_user: 'of-play', ansible_become_password: 'secret' };
  // What set_fact says stays for the next play, and is no template.
  const ofFact = { ansible_host: '192.0.2.7', ansible_user: '{{ word }}' };
  expect(opened.map((text) => JSON.parse(text) as unknown)).toEqual([ofPlay, ofPlay, { ...ofPlay, ansible_user: 'of-task' }, { ...ofPlay, ...ofFact }, expect.objectContaining({ ansible_become_password: 'secret' }), ofFact]);
});
