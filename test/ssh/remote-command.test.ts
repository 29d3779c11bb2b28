// The command line that carries a script: it leaves nothing of the script in it, works under any login shell, and keeps the script's own input.
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
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

describe('sudo', () => {
  it.each([
    ['sudo: a password is required\n', 'sudo-password-needed'],
    ['sudo: a terminal is required to read the password; either use the -S option…\nsudo: a password is required\n', 'sudo-password-needed'],
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
