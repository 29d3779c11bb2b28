// What a slip of the pen gets: one sentence with the place, what to do, the right exit status, and never a stack trace.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/base/clock.js';
import { SimulatedFleet } from '../../src/demo/simulated-fleet.js';
import { newPerson, READY_FACTS } from './person.js';

const project = resolve(import.meta.dirname, '..', '..');
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleet-tap-test-'));
  await writeFile(join(folder, 'indented.yml'), 'all:\n  hosts:\n    web1:\n   web2:\n');
  await writeFile(join(folder, 'good.yml'), 'web:\n  hosts:\n    web1:\n');
  await writeFile(join(folder, 'port.yml'), 'all:\n  hosts:\n    web1:\n      ansible_port: ssh\n');
  await writeFile(join(folder, 'play.yml'), '- hosts: localhost\n  gather_facts: false\n  tasks:\n    - debug: {msg: "{{ \'x\' * 300000 }}"}\n    - copy: {content: done, dest: "{{ end }}"}\n');
  await writeFile(join(folder, 'symbols.yml'), 'all:\n  hosts:\n    web1:\n      fleet_tap_symbols: some\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs the sources, so that no test depends on what was built last. */
function fleetTap(...words: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  return new Promise((done) => {
    execFile(process.execPath, ['--import', 'tsx', join(project, 'src', 'cli.ts'), ...words], { cwd: project, env: { ...process.env, HOME: folder } }, (error, stdout, stderr) => {
      done({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

it.each([
  [['capture', '-i', '@/indented.yml'], /indented\.yml:3:10: .* \[yaml-syntax\]\n {4}3 \| {5}web1:\n {6}\| {10}\^\n {2}hint: /],
  [['capture', '-i', '@/none.yml'], /none\.yml: there is no such inventory \[file-missing\]\n {2}hint: /],
  [['capture', '-i', '@/good.yml', 'wbe'], /no host and no group "wbe" \[pattern-unknown\]\n {2}hint: did you mean web\?/],
  [['setup', '-i', '@/good.yml', '-l', 'dbs'], /no host and no group "dbs"/],
  [['doctor', '-i', '@/port.yml'], /web1: ansible_port.* "ssh".*\[connection-variable\]/],
  [['capture', '-i', '@/symbols.yml'], /web1: fleet_tap_symbols is "some" \[variable\]\n {2}hint: write every-host, per-kernel or none/],
  [['capture', '-i', '@/good.yml', '--for', '3x'], /'3x' is invalid\. write a time such as 60s/],
  [['capture', '-i', '@/good.yml', '--script', '@/none.stp'], /none\.stp cannot be read: there is no such file/],
  [['capture', '-i', '@/good.yml', '--script', '@/'], /cannot be read: it is a folder \[script-unreadable\]/],
  [['capture', '-i', '@/good.yml', '--for', '600h'], /'600h' is invalid\. write a time of 576h/],
  [['exec', '-i', '@/good.yml', '--command-timeout', '600h', 'all', '--', 'true'], /'600h' is invalid/],
  [['capture', '-i', '@/good.yml', '--for', '2h', '--limit-time', '1h'], /--for takes as long as --limit-time.* \[options-contradict\]/],
  [['capture', '-i', '@/good.yml', '-o', ''], /write a name; this one is empty/],
  [['capture', '-i', '@/good.yml', '-o', '@/a.log', '--report', '@/a.log'], /a\.log is named twice.* \[output-twice\]/],
  [['capture', '-i', '@/good.yml', '--rotate-time', '1h'], /--rotate-time is for files, and none is named \[options-contradict\]/],
  [['capture', '-i', '@/good.yml', '--spill', '@/good.yml'], /good\.yml cannot be written to: a part of its path is a file, not a folder \[spill-unwritable\]/],
  [['export', 'ansible', ''], /write a name; this one is empty/],
  [['demo', '--report', '@/'], /cannot be written: it is a folder \[output-unwritable\]/],
  [['run', '-i', '@/good.yml', '@/play.yml', '--events', '@/'], /cannot be written: it is a folder \[output-unwritable\]/],
  [['run', '-i', '@/good.yml', '@/play.yml', '--events', '@/e', '--junit', '@/e'], /e is named twice/],
  [['run', '-i', '@/good.yml', '@/play.yml', '--junit', '@/play.yml'], /would be written over what is read.* \[output-is-input\]/],
  [['inventory', '-i', '@/good.yml', '--list', '--output', '@/none/x'], /there is no such folder \[output\]/],
  [['facts', '-i', '@/good.yml', '--tree', '@/good.yml/x'], /cannot be made: a part of its path is a file, not a folder \[output-unwritable\]/],
  [['exec', '-i', '@/good.yml', '-o', '/proc/none', 'all', '--', 'true'], /\/proc\/none cannot be made: the system takes none there \[output-unwritable\]/],
  [['capture'], /no inventory was given \[inventory-missing\]/],
  [['exec', '-i', '@/good.yml'], /missing required argument 'PATTERN'\n\(--help shows what there is\)/],
  [['exec', '-i', '@/good.yml', 'all', 'ls', '-la'], /^-la stands in the command: .*\n.* exec all -- ls -la; .*$/m],
  [['exec', '-i', '@/good.yml', 'all', 'ls', '--unknown'], /--unknown stands in the command: .* \[option-in-command\]/],
  [['report', '/dev/zero', '-o', '@/zero.html'], /it is no file but a pipe or a device \[log-unreadable\]/],
  [['help', 'captrue'], /unknown command 'captrue'\n\(Did you mean capture\?\)/],
  [['captrue'], /unknown command 'captrue'\n\(Did you mean capture\?\)/],
])('refuses %j', async (words, expected) => {
  const { status, stdout, stderr } = await fleetTap(...words.map((word) => word.replace('@', folder)));
  expect(stderr).toMatch(expected);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stdout).toBe('');
  expect(status).toBe(1);
});

it('takes a host pattern behind the inventory', async () => {
  const { status, stderr } = await fleetTap('doctor', '-i', '127.0.0.1:1,', '-l', '127.0.0.1');
  expect(stderr).toBe('');
  expect(status).toBe(4);
});

it('has every flag that README names', async () => {
  const help = (await Promise.all([['capture', '--help'], ['exec', '--help'], ['facts', '--help'], ['setup', '--help'], ['demo', '--help'], ['inventory', '--help'], ['merge', '--help'], ['report', '--help'], ['assert', '--help'], ['teardown', '--help']].map((words) => fleetTap(...words)))).map(({ stdout }) => stdout).join('\n');
  const readme = await readFile(join(project, 'README.md'), 'utf8');
  const flags = [...new Set(readme.match(/(?<=[\s`])--[a-z][a-z-]+/g))];
  expect(flags.length).toBeGreaterThan(2);
  for (const flag of flags) expect(help, flag).toContain(flag);
});

it('ends when its last host has ended in error, although --for gives more time', async () => {
  const person = await newPerson();
  const clock = systemClock();
  const fleet = await SimulatedFleet.start([{ name: 'web01', address: '10.20.0.10', skewSec: 0, facts: READY_FACTS }], person.folder, clock, {
    takeUntil() {
      throw new Error('no packets here');
    },
  });
  onTestFinished(() => fleet.close());
  const { status, stderr } = await fleetTap('capture', '-i', fleet.inventoryFile, '--for', '600s');
  expect(stderr).toMatch(/^web01: /m);
  expect(status).toBe(2);
});

/** By a shell, for what stands behind the command. */
function inShell(words: readonly string[], behind: string): Promise<{ status: number; stderr: string }> {
  return new Promise((done) => {
    execFile('bash', ['-o', 'pipefail', '-c', `"$@" ${behind}`, 'bash', process.execPath, '--import', 'tsx', join(project, 'src', 'cli.ts'), ...words], { cwd: project, env: { ...process.env, HOME: folder } }, (error, _stdout, stderr) => {
      done({ status: error === null ? 0 : Number(error.code), stderr });
    });
  });
}

it.each([['inventory', '-i', '@/good.yml', '--list'], ['exec', '-c', 'local', '-i', '@/good.yml', 'all', '--', 'echo', 'x'], ['completion', 'bash'], ['--help']])('says that standard output is full: %s', async (...words) => {
  const { status, stderr } = await inShell(words.map((word) => word.replace('@', folder)), '> /dev/full');
  expect(stderr).toMatch(/^standard output cannot be written: the disk is full \[output-failed\]$/m);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(status).toBe(2);
});

it('a play whose --events could not be written was played: exit status 2, not 1', async () => {
  const { status, stderr } = await fleetTap('run', '-i', 'localhost,', '-e', 'ansible_connection=local', '-e', `end=${join(folder, 'full')}`, join(folder, 'play.yml'), '--events', '/dev/full');
  expect(stderr).toBe('/dev/full cannot be written: the disk is full [output-failed]\n');
  expect(status).toBe(2);
});

it.each(['| head -1', '2>&1 | head -1'])('a play goes on to its end when its reader has gone: %s', async (behind) => {
  const end = join(folder, `end${behind.length}`);
  const { status, stderr } = await inShell(['run', '-i', 'localhost,', '-e', 'ansible_connection=local', '-e', `end=${end}`, join(folder, 'play.yml')], behind);
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(await readFile(end, 'utf8')).toBe('done');
});
