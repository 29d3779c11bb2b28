// Tasks that share a round trip (docs/playbooks.md): what is looked at ahead, where that ends, and that nobody can tell the difference.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TaskResultEvent } from '../../src/base/playbook-events.js';
import { loadInventory } from '../../src/inventory/load.js';
import { selectHosts } from '../../src/inventory/pattern.js';
import { loadPlaybook } from '../../src/playbook/load.js';
import { type RunOptions, runPlaybook } from '../../src/playbook/run.js';
import type { RunOptions as ScriptOptions } from '../../src/ssh/session.js';
import { localSession } from './local-session.js';

let parent: string;
let folder: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'fleet-tap-looks-'));
});
beforeEach(async () => {
  folder = await mkdtemp(join(parent, 'x'));
  // As the tasks below want them.
  await mkdir(join(folder, 'one'));
  await mkdir(join(folder, 'two'));
  await mkdir(join(folder, 'flag'));
  await writeFile(join(folder, 'text'), 'here\n');
});
afterAll(() => rm(parent, { recursive: true }));

/** @returns results as `host task: what`, and what each round trip asked: `host: module module` */
async function play(tasks: string, hosts = 'a,', options: Partial<RunOptions> = {}, keys = '') {
  const path = join(folder, 'site.yml');
  await writeFile(path, `- hosts: all\n  gather_facts: false\n${keys}  tasks:\n${tasks.trim().split('\n').map((line) => `    ${line}\n`).join('')}`);
  const inventory = await loadInventory([hosts]);
  const trips: string[] = [];
  const results: string[] = [];
  const outcome = await runPlaybook(await loadPlaybook(path), {
    inventory,
    select: (pattern) => selectHosts(inventory, pattern),
    session: async ({ name }) => {
      const real = localSession(name, { cwd: folder });
      const run = (script: string, more?: ScriptOptions) => {
        trips.push(`${name}: ${[...new Set(script.split('\n'))].flatMap((line) => /^: fleet-tap module (\w+)/.exec(line)?.[1] ?? []).join(' ')}`);
        return real.run(script, more);
      };
      return { ...real, run };
    },
    facts: () => Promise.reject(new Error('no facts here')),
    forks: 5,
    reporter: { playStarted: () => {}, taskStarted: () => {}, taskResult: (event: TaskResultEvent) => void (event.part !== 'item' && results.push(`${event.host} ${event.task}: ${event.status}`)), taskFinished: () => {}, warning: () => {} },
    sleep: () => Promise.resolve(),
    ...options,
  });
  return { ...outcome, trips, results };
}

const ONE = '- file: {path: one, state: directory}';
const TWO = '- file: {path: two, state: directory}';
const TEXT = '- copy: {dest: text, content: "here\\n"}';
const LINE = '- lineinfile: {path: text, line: here}';
const STAT = '- stat: {path: text}';

test('tasks that have nothing to do share a round trip, and each gives its own result', async () => {
  const tasks = `${ONE}\n${TEXT}\n  register: text\n${LINE}\n- command: mkdir new\n  args: {creates: one}\n  register: made\n${STAT}\n  register: it\n- slurp: {src: text}\n  register: read\n- assert: {that: [it.stat.size == 5, "read.content | b64decode == 'here\\n'", text.checksum is defined, "made.stdout == 'skipped, since one exists'"]}`;
  const { trips, results, exitStatus } = await play(tasks, 'a,b,');
  expect(trips.toSorted()).toEqual(['a: file copy lineinfile command stat slurp', 'b: file copy lineinfile command stat slurp']);
  expect(results.filter((line) => line.startsWith('a'))).toEqual(['a file: ok', 'a copy: ok', 'a lineinfile: ok', 'a command: ok', 'a stat: ok', 'a slurp: ok', 'a assert: ok']);
  expect(results.map((line) => line.slice(2))).toEqual(['file', 'copy', 'lineinfile', 'command', 'stat', 'slurp', 'assert'].flatMap((name) => [`${name}: ok`, `${name}: ok`]));
  expect(exitStatus).toBe(0);
});

describe('where looking ahead ends', () => {
  test.each([
    ['at a command, which may do anything', `${ONE}\n- command: ls\n${STAT}`, ['file', 'command', 'stat']],
    // The host itself goes no further than the command: stat is asked again.
    ['at one that has something to run', `${ONE}\n- command: mkdir -p new/er\n  args: {creates: nothing}\n${STAT}`, ['file command stat', 'command', 'stat']],
    ['not at a command whose condition is false', `${ONE}\n- command: ls\n  when: 1 > 2\n${STAT}`, ['file stat']],
    ['not at what asks the host nothing', `${ONE}\n- debug: {msg: x}\n- set_fact: {x: 1}\n${STAT}`, ['file stat']],
    ['not at a task that waits for a result; that one is asked when its turn comes', `${STAT}\n  register: it\n- copy: {dest: text, content: "{{ it.stat.exists | ternary('here', '') }}\\n"}\n${LINE}`, ['stat lineinfile', 'copy']],
    ['at retries, which ask each time', `${ONE}\n${STAT}\n  register: it\n  until: it.stat.size == 6\n  retries: 2\n  delay: 1\n  ignore_errors: true\n${LINE}`, ['file', 'stat', 'stat', 'stat', 'lineinfile']],
    ['at a pause', `${ONE}\n- file: {path: "{{ item }}", state: directory}\n  loop: [one, two]\n  loop_control: {pause: 1}\n`, ['file', 'file', 'file']],
    ['at throttle', `${ONE}\n${STAT}\n  throttle: 1`, ['file', 'stat']],
    ['at run_once', `${ONE}\n${STAT}\n  run_once: true`, ['file', 'stat']],
    ['at another user', `${ONE}\n${STAT}\n  become: true\n${LINE}`, ['file lineinfile', 'stat']],
    ['at another host', `${ONE}\n${STAT}\n  delegate_to: other\n${LINE}`, ['file lineinfile', 'other stat']],
    ['at a folder to copy', `${ONE}\n- copy: {src: "{{ playbook_dir }}/flag", dest: two}\n${STAT}`, ['file', 'copy', 'stat']],
    ['not at the end of a block', `- block:\n    ${ONE}\n  rescue:\n    ${TEXT}\n  always:\n    ${STAT}\n${LINE}`, ['file stat lineinfile']],
    ['not within a loop', `- file: {path: "{{ item }}", state: directory}\n  loop: [one, two, flag]\n${STAT}`, ['file file file stat']],
  ])('%s', async (_, tasks, expected) => {
    const { trips, exitStatus } = await play(tasks);
    expect(trips.map((trip) => trip.replace('a: ', '').replace(': ', ' '))).toEqual(expected);
    expect(exitStatus).toBe(0);
  });
});

test('what was found counts no longer when the host itself was changed since', async () => {
  const { results, exitStatus } = await play(`${ONE}\n- file: {path: flag, state: absent}\n- stat: {path: flag}\n  register: flag\n- assert: {that: not flag.stat.exists}`);
  expect(results).toEqual(['a file: ok', 'a file: changed', 'a stat: ok', 'a assert: ok']);
  expect(exitStatus).toBe(0);
});

test('… or another one, which may be the same in part', async () => {
  // a has looked at the flag when b takes it away.
  const { trips, results, exitStatus } = await play("- file: {path: \"{{ 'flag' if inventory_hostname == 'b' else 'one' }}\", state: \"{{ 'absent' if inventory_hostname == 'b' else 'directory' }}\"}\n- stat: {path: flag}\n  register: flag\n- assert: {that: not flag.stat.exists}", 'a,b,', { forks: 1 });
  expect(trips[0]).toBe('a: file stat');
  expect(results).toEqual(['a file: ok', 'b file: changed', 'a stat: ok', 'b stat: ok', 'a assert: ok', 'b assert: ok']);
  expect(exitStatus).toBe(0);
});

test('… or a program has run', async () => {
  const { results, exitStatus } = await play(`${ONE}\n- stat: {path: flag}\n  when: inventory_hostname == 'a'\n- command: rmdir flag\n  when: inventory_hostname == 'b'\n  changed_when: false\n- stat: {path: flag}\n  register: flag\n- assert: {that: not flag.stat.exists}`, 'a,b,', { forks: 1 });
  expect(results.filter((line) => line.includes('assert'))).toEqual(['a assert: ok', 'b assert: ok']);
  expect(exitStatus).toBe(0);
});

test('nothing is changed before it is the turn: a failure on one host stops all with any_errors_fatal', async () => {
  const { exitStatus, results } = await play(`- slurp: {src: "{{ 'gone' if inventory_hostname == 'b' else 'text' }}"}\n- file: {path: new, state: directory}\n- copy: {dest: newer, content: x}`, 'a,b,', {}, '  any_errors_fatal: true\n');
  expect(results.toSorted()).toEqual(['a slurp: ok', 'b slurp: failed']);
  expect(exitStatus).toBe(2);
  expect((await readdir(folder)).toSorted()).toEqual(['flag', 'one', 'site.yml', 'text', 'two']);
});

test('what is found otherwise is changed when its turn comes; what is behind it is not asked before', async () => {
  const { trips, results } = await play(`${ONE}\n- file: {path: new, state: directory}\n${TEXT}\n${TWO}`);
  expect(results).toEqual(['a file: ok', 'a file: changed', 'a copy: ok', 'a file: ok']);
  // The second one stops the first round trip; after a change it is looked ahead anew, less far.
  expect(trips).toEqual(['a: file file copy file', 'a: file', 'a: copy', 'a: file']);
});

test('in check mode all share a round trip, whatever they would change', async () => {
  const { trips, results } = await play(`${ONE}\n- file: {path: new, state: directory}\n${TEXT}`, 'a,', { check: true });
  expect(results).toEqual(['a file: ok', 'a file: changed', 'a copy: ok']);
  expect(trips[0]).toBe('a: file file copy');
});

test('the environment of each task is its own', async () => {
  const { results, exitStatus } = await play(`${ONE}\n  environment: {HOME: /nowhere}\n- stat: {path: ~/text}\n  environment: {HOME: "{{ playbook_dir }}"}\n  register: it\n- stat: {path: ~/text}\n  register: other\n  environment: {HOME: /nowhere}\n- assert: {that: [it.stat.exists, not other.stat.exists]}`);
  expect(results.at(-1)).toBe('a assert: ok');
  expect(exitStatus).toBe(0);
});

test('a task is told as failed for what it says itself, not for what was looked at behind it', async () => {
  // The second one's answer is longer than is taken.
  await writeFile(join(folder, 'long'), Buffer.alloc(7 * 2 ** 20));
  const { results, failures } = await play(`${ONE}\n- slurp: {src: long}\n  ignore_errors: true\n${TEXT}`);
  expect(results).toEqual(['a file: ok', 'a slurp: ignored', 'a copy: ok']);
  expect(failures.size).toBe(0);
});

test("programs of lookups run once, in their task's turn, and what was seen before them is not used", async () => {
  const tasks = `${ONE}\n- stat: {path: "{{ lookup('pipe', 'echo ran >> log; echo text') }}"}\n  when: lookup('pipe', 'echo when >> log')  == ''\n${STAT}\n  register: it\n- name: "{{ lookup('pipe', 'printf more >> text; echo named') }}"\n  stat: {path: text}\n  register: after\n- assert: {that: [it.stat.size == 5, after.stat.size == 9]}`;
  const { results } = await play(tasks);
  expect(results).toEqual(['a file: ok', 'a stat: ok', 'a stat: ok', 'a named: ok', 'a assert: ok']);
  expect(await readFile(join(folder, 'log'), 'utf8')).toBe('when\nran\n');
});
