// The command line that carries a script: it leaves nothing of the script in it, works under any login shell, and keeps the script's own input.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { remoteCommand, sudoRefusal } from '../../src/ssh/remote-command.js';

const shells = [['dash', '-c'], ['bash', '-c'], ['busybox', 'sh', '-c']].filter(([program = '', ...words]) => spawnSync(program, [...words, ':']).error === undefined);

describe.each(shells)('under %s', (program, ...words) => {
  it.each([
    ['a script', 'echo "it\'s $((1 + 1))"\n', '', "it's 2\n"],
    ['its input', 'cat\n', 'left\nover', 'left\nover'],
    ['input without a newline between', 'read -r line; echo "<$line>"', '  padded \n', '<padded>\n'],
    ['letters beyond ASCII', 'printf %s "größe"', '', 'größe'],
  ])('runs %s', (_, script, input, expected) => {
    const bytes = Buffer.from(script);
    const output = execFileSync(program, [...words, remoteCommand(bytes.length, false)], { input: Buffer.concat([bytes, Buffer.from(input)]) });
    expect(output.toString()).toBe(expected);
  });

  it('passes the exit status on', () => {
    expect(spawnSync(program, [...words, remoteCommand(6, false)], { input: 'exit 7' }).status).toBe(7);
  });
});

describe.each(shells)('a script that does not come whole, under %s', (program, ...words) => {
  const script = Buffer.from('echo first\nrm -rf /nonexistent/fleet-tap-test\necho last\n');
  it.each([0, 1, 11, 25, script.length - 1])('does not run at all: %i bytes', (bytes) => {
    const { status, stdout, stderr } = spawnSync(program, [...words, remoteCommand(script.length, false)], { input: script.subarray(0, bytes), encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 126, stdout: '', stderr: 'the script came incomplete\n' });
  });

  it('runs when its last byte is there', () => {
    expect(spawnSync(program, [...words, remoteCommand(script.length, false)], { input: script, encoding: 'utf8' })).toMatchObject({ status: 0, stdout: 'first\nlast\n' });
  });
});

describe('becoming root', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleet-tap-sudo-'));
    await writeFile(join(folder, 'sudo'), '#!/bin/sh\necho "sudo in $LC_ALL: $1 $2 $3 $4 $5" >&2\nshift 2; exec "$@"\n', { mode: 0o755 });
    await writeFile(join(folder, 'id'), '#!/bin/sh\necho "$USERID"\n', { mode: 0o755 });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const become = (env: Record<string, string>) => {
    const script = 'echo "$SSH_CONNECTION|$LC_ALL|$(cat)"';
    const { stdout, stderr } = spawnSync('sh', ['-c', remoteCommand(script.length, true)], { input: `${script}input`, env: { PATH: `${folder}:${process.env.PATH}`, SSH_CONNECTION: '10.0.0.9 1 10.0.0.1 22', ...env }, encoding: 'utf8' });
    return { stdout, stderr };
  };

  it('calls sudo, in English; the script has its own locale, its input and the connection', () => {
    expect(become({ USERID: '1000', LC_ALL: 'C.UTF-8' })).toEqual({ stdout: '10.0.0.9 1 10.0.0.1 22|C.UTF-8|input\n', stderr: 'sudo in C: -n -- env LC_ALL=C.UTF-8 SSH_CONNECTION=10.0.0.9 1 10.0.0.1 22\n' });
    expect(become({ USERID: '1000' }).stdout).toBe('10.0.0.9 1 10.0.0.1 22||input\n');
  });

  it('calls no sudo when the login is root', () => {
    expect(become({ USERID: '0' })).toEqual({ stdout: '10.0.0.9 1 10.0.0.1 22||input\n', stderr: '' });
  });
});

describe('sudo', () => {
  it.each([
    ['sudo: a password is required\n', 'sudo-password-needed'],
    ['sudo: a terminal is required to read the password; either use the -S option…\nsudo: a password is required\n', 'sudo-password-needed'],
    ['sudo: sorry, you must have a tty to run sudo\n', 'sudo-needs-terminal'],
    ['bob is not in the sudoers file.\n', 'sudo-not-allowed'],
    ['Sorry, user bob may not run sudo on web1.\n', 'sudo-not-allowed'],
    ['sh: 1: exec: sudo: not found\n', 'sudo-missing'],
  ])('%j', (stderr, code) => {
    expect(sudoRefusal('web1', 1, stderr)).toMatchObject({ kind: 'host', code, place: { host: 'web1' } });
    expect(sudoRefusal('web1', 0, stderr)).toBeUndefined();
  });

  it('is not blamed for what the script itself did wrong', () => {
    expect(sudoRefusal('web1', 1, 'cat: /nothing: No such file or directory\n')).toBeUndefined();
  });
});
