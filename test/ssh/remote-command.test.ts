// The command line that carries a script: it leaves nothing of the script in it, works under any login shell, and keeps the script's own input.
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { remoteCommand } from '../../src/ssh/remote-command.js';

const NONCE = '0123456789abcdef';
const shells = [['dash', '-c'], ['bash', '-c'], ['busybox', 'sh', '-c']].filter(([program = '', ...words]) => spawnSync(program, [...words, ':']).error === undefined);
const commandFor = (bytes: number) => remoteCommand(bytes, NONCE);

/** What stands behind the mark that the script has been read. */
const ofScript = (output: string) => output.split(`${NONCE}.`)[1];

describe.each(shells)('under %s', (program, ...words) => {
  it.each([
    ['a script', 'echo "it\'s $((1 + 1))"\n', "it's 2\n"],
    ['a script without a final newline', 'printf %s "<$(pwd | cut -c1)>"', '</>'],
    ['letters beyond ASCII', 'printf %s "größe"', 'größe'],
    ['a script that sees none of our variables', 'echo "<$s>"', '<>\n'],
  ])('runs %s', (_, script, expected) => {
    const bytes = Buffer.from(script);
    const { stdout, stderr } = spawnSync(program, [...words, commandFor(bytes.length)], { input: bytes, encoding: 'utf8' });
    expect(stdout).toMatch(new RegExp(`^${NONCE} \\d+\\n${NONCE}\\.`));
    expect(ofScript(stdout)).toBe(expected);
    expect(stderr).toBe(`${NONCE}.`);
  });

  it('passes the exit status on', () => {
    expect(spawnSync(program, [...words, commandFor(6)], { input: 'exit 7' }).status).toBe(7);
  });
});

describe.each(shells.slice(0, 2))('input that is there already, under %s (busybox reads ahead: it is sent when the script was read)', (program, ...words) => {
  it.each([
    ['cat\n', 'left\nover', 'left\nover'],
    ['read -r line; echo "<$line>"', '  padded \n', '<padded>\n'],
  ])('goes to %j', (script, input, expected) => {
    expect(ofScript(execFileSync(program, [...words, commandFor(script.length)], { input: script + input, stdio: 'pipe' }).toString())).toBe(expected);
  });
});

describe.each(shells)('a script that does not come whole, under %s', (program, ...words) => {
  const script = Buffer.from('echo first\nrm -rf /nonexistent/fleet-tap-test\necho last\n');
  it.each([0, 1, 11, 25, script.length - 1])('does not run at all: %i bytes', (bytes) => {
    const { status, stdout, stderr } = spawnSync(program, [...words, commandFor(script.length)], { input: script.subarray(0, bytes), encoding: 'utf8' });
    expect({ status, stderr, begun: ofScript(stdout) }).toEqual({ status: 126, stderr: 'the script came incomplete\n', begun: undefined });
  });

  it('runs when its last byte is there', () => {
    const { status, stdout } = spawnSync(program, [...words, commandFor(script.length)], { input: script, encoding: 'utf8' });
    expect({ status, said: ofScript(stdout) }).toEqual({ status: 0, said: 'first\nlast\n' });
  });
});
