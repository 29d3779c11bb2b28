// command and shell under dash: what reaches the program, and what comes back.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ParameterError } from '../../src/modules/params.js';
import { splitWords } from '../../src/modules/words.js';
import { type Bench, bench, program, runModule } from './run-module.js';

let here: Bench;
beforeEach(async () => {
  here = await bench();
});
afterEach(() => rm(here.root, { recursive: true }));

const WORDS = ['two words', `it's "so"`, '$HOME', '`id`', '$(id)', '-n', '', 'a;b&c|d', '>x', '*', 'new\nline', '\\', 'Ü🐧', 'A=b', '#'];

test('words reach the program as they are', async () => {
  const { values, changed } = await runModule(here, 'command', { argv: ['printf', '<%s>', ...WORDS], expand_argument_vars: false });
  expect(changed).toBe(true);
  expect(values).toMatchObject({ rc: 0, stdout: WORDS.map((word) => `<${word}>`).join(''), stderr: '' });
  expect(await readdir(here.work)).toEqual([]);
});

test("variables of the environment and home directories, as Python's expandvars and expanduser put them in; what is unknown stays", async () => {
  const braced = (name: string) => `$\{${name}}`;
  const words = ['$FLEET_A', `x${braced('FLEET_A')}y`, braced('Version'), `-f=${braced('binary:Package')} ${braced('Status')}`, '$check', '$1', '$', '~', '~/a b', 'a~', '$'.concat('{FLEET_A'), "it's $FLEET_A", '$IFS', '\\$FLEET_A'];
  const given = { FLEET_A: 'a  b$HOME*', HOME: '/ho me' };
  const { values } = await runModule(here, 'command', { argv: ['printf', '<%s>', ...words] }, { env: given });
  const python = execFileSync('python3', ['-c', 'import os, sys; print("".join("<" + os.path.expanduser(os.path.expandvars(word)) + ">" for word in sys.argv[1:]), end="")', ...words], { env: { ...process.env, ...given }, encoding: 'utf8' });
  expect(values).toMatchObject({ stdout: python });
});

test.each([
  ['an empty line', '', ''],
  ['lines that look like an answer', 'x\nchanged=false\nend\nfleet-tap-answer 1', 'end'],
  ['carriage returns and tabs', 'a\r\n\tb', ''],
  ['lines on both', 'out 1\nout 2', 'err 1\nerr 2'],
])('output: %s', async (_what, out, err) => {
  const { values } = await runModule(here, 'shell', { cmd: `cat; printf '%s\\n' "$ERR" >&2`, stdin: out }, { env: { ERR: err } });
  expect(values).toMatchObject({ stdout: out, stderr: err, rc: 0, stdout_lines: out === '' ? [] : out.split(/\r?\n/) });
});

test('a program that fails: its status, its words, and what it has printed until then', async () => {
  const failed = await runModule(here, 'shell', { cmd: 'echo before; echo why >&2; exit 9' });
  expect(failed).toMatchObject({ failed: true, changed: true, msg: 'non-zero return code', said: 'exit status 9: why', values: { rc: 9, stdout: 'before' } });
  expect(await runModule(here, 'command', { cmd: 'no-such-program-here' })).toMatchObject({ failed: true, changed: false, said: 'the host has no program no-such-program-here', values: { rc: 2 } });
  expect(await runModule(here, 'command', { argv: ['no-such-program-here', "it's"] })).toMatchObject({ msg: 'Error executing command.', values: { cmd: `no-such-program-here 'it'"'"'s'` } });
  expect(await runModule(here, 'command', { cmd: here.root })).toMatchObject({ failed: true, changed: false, msg: 'Error executing command.', said: `the host may not execute ${here.root}`, values: { rc: 13 } });
  expect(await runModule(here, 'raw', { cmd: 'echo why; exit 3' })).toMatchObject({ failed: true, msg: 'non-zero return code', said: 'exit status 3: why', values: { rc: 3 } });
  expect(await runModule(here, 'command', { cmd: 'true', chdir: 'no where' })).toMatchObject({ failed: true, msg: 'Unable to change directory before execution.', said: 'cannot go to the directory no where', values: { rc: null, start: null } });
});

test('neither sees the input that is not its own, nor runs builtins of the shell', async () => {
  expect((await runModule(here, 'command', { cmd: 'cat' })).values).toMatchObject({ stdout: '' });
  expect(await runModule(here, 'command', { argv: ['export', 'x'] })).toMatchObject({ failed: true, values: { rc: 2 } });
});

test('creates and removes: names with spaces, patterns, links to nowhere', async () => {
  await writeFile(join(here.work, 'two words'), '');
  await symlink('nowhere', join(here.work, 'dangling'));
  for (const creates of ['two words', 'two*', 'dangling', join(here.work, '*words')]) {
    expect(await runModule(here, 'shell', { cmd: 'echo ran', creates }), creates).toMatchObject({ changed: false, msg: `Did not run command since '${creates}' exists`, values: { rc: 0, stdout: `skipped, since ${creates} exists` } });
    expect(await runModule(here, 'shell', { cmd: 'echo ran', removes: creates }), creates).toMatchObject({ changed: true, values: { stdout: 'ran' } });
  }
  for (const creates of ['two', 'wo*', '']) expect(await runModule(here, 'shell', { cmd: 'echo ran', creates }), creates).toMatchObject({ changed: true, values: { stdout: 'ran' } });
  expect(await runModule(here, 'shell', { cmd: 'echo ran', removes: 'none *' })).toMatchObject({ changed: false, values: { stdout: 'skipped, since none * does not exist' } });
});

test('a child that goes on alone: what it prints within a second is there, and nobody waits longer', async () => {
  const began = Date.now();
  expect(await runModule(here, 'shell', { cmd: 'sleep 30 & echo $! > pid; (sleep 0.2; echo late) & echo first' })).toMatchObject({ changed: true, values: { rc: 0, stdout: 'first\nlate' } });
  process.kill(Number(await readFile(join(here.work, 'pid'), 'utf8')));
  expect(Date.now() - began).toBeLessThan(25_000);
});

test('check mode: nothing runs; creates, removes and chdir are looked at', async () => {
  const look = (params: object) => runModule(here, 'shell', { cmd: 'touch ran', ...params }, { check: true });
  expect(await look({})).toMatchObject({ changed: false, skipped: true });
  expect(await look({ chdir: here.root })).toMatchObject({ changed: false, skipped: true });
  expect(await look({ chdir: '/no/where' })).toMatchObject({ changed: false, failed: true });
  expect(await look({ creates: 'ran' })).toMatchObject({ changed: true });
  expect(await look({ creates: here.root })).toMatchObject({ changed: false });
  expect(await look({ removes: 'ran' })).toMatchObject({ changed: false });
  expect(await readdir(here.work)).toEqual([]);
});

// Right: what python3 -c 'import shlex; print(shlex.split(...))' gives.
test.each<[string, string[] | undefined]>([
  ['a  b\tc\nd', ['a', 'b', 'c', 'd']],
  [`a'b c'd "e f"`, ['ab cd', 'e f']],
  [String.raw`a\ b "c\"d\e\\" 'f\'`, ['a b', 'c"d\\e\\', 'f\\']],
  [`'' ""`, ['', '']],
  ['# no comment', ['#', 'no', 'comment']],
  [`it's`, undefined],
  ['end\\', undefined],
])('the words of %j', (line, words) => {
  if (words === undefined) expect(() => splitWords(line)).toThrow(ParameterError);
  else expect(splitWords(line)).toEqual(words);
});

const mounts = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;
test.runIf(mounts)(`a script runs where folders for temporary files let nothing be run, as on hardened hosts${mounts ? '' : ' (skipped: no mount namespace here)'}`, async () => {
  const [closed, home] = [join(here.root, 'closed'), join(here.root, 'home')];
  for (const folder of [closed, home]) await mkdir(folder);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'noexec', 'none', closed]);
  try {
    const options = { env: { TMPDIR: closed, HOME: home }, file: Buffer.from('#!/bin/sh\necho "$1 $0"\n') };
    expect((await runModule(here, 'script', { cmd: 'who.sh from' }, options)).values?.stdout).toMatch(/^from \/var\/tmp\/\.fleet-tap\.\w+\/who\.sh\n$/);
    await program(here, 'mktemp', 'case "$*" in */var/tmp/*) exit 1 ;; esac\nexec /usr/bin/mktemp "$@"');
    expect((await runModule(here, 'script', { cmd: 'who.sh from' }, options)).values?.stdout).toMatch(new RegExp(`^from ${home}/\\.fleet-tap\\.\\w+/who\\.sh\n$`));
    for (const folder of [closed, home]) expect(await readdir(folder)).toEqual([]);
  } finally {
    execFileSync('umount', [closed]);
  }
});
