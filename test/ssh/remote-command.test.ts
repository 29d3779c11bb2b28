// The command line that carries a script: it leaves nothing of the script in it, works under any login shell, and keeps the script's own input.
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { remoteCommand } from '../../src/ssh/remote-command.js';

const NONCE = '0123456789abcdef';
const shells = [['dash', '-c'], ['bash', '-c'], ['busybox', 'sh', '-c']].filter(([program = '', ...words]) => spawnSync(program, [...words, ':']).error === undefined);
/** Short ones are a line of sh, long ones come as they are. */
const LENGTHS = [['short', ''], ['long', `\n: ${'x'.repeat(5_000)}`]] as const;
const carried = (script: string) => remoteCommand(script, NONCE);

/** What stands behind the mark that the script has been read. */
const ofScript = (output: string) => output.split(`${NONCE}.`)[1];

describe.each(shells)('under %s', (program, ...words) => {
  describe.each(LENGTHS)('%s ones', (_, end) => it.each([
    ['a script', 'echo "it\'s $((1 + 1))"\n', "it's 2\n"],
    ['a script without a final newline', 'printf %s "<$(pwd | cut -c1)>"', '</>'],
    ['letters beyond ASCII', 'printf %s "größe"', 'größe'],
    ['characters that shells keep for themselves', "printf '%s|' '\u0001' '\u007f' '\u0081' '\\' '\\n' '\t' '  '", '\u0001|\u007f|\u0081|\\|\\n|\t|  |'],
    ['a script that sees none of our variables', 'echo "<$s$ft_s$ft_l>"', '<>\n'],
  ])('runs %s', (_, script, expected) => {
    const { command, bytes } = carried(script + end);
    const { stdout, stderr } = spawnSync(program, [...words, command], { input: bytes, encoding: 'utf8' });
    expect(stdout).toMatch(new RegExp(`^${NONCE} \\d+\\n${NONCE}\\.`));
    expect(ofScript(stdout)).toBe(expected);
    expect(stderr).toBe(`${NONCE}.`);
  }));

  it('passes the exit status on', () => {
    const { command, bytes } = carried('exit 7');
    expect(spawnSync(program, [...words, command], { input: bytes }).status).toBe(7);
  });
});

describe.each(shells.slice(0, 2))('input that is there already, under %s (busybox reads ahead: it is sent when the script was read)', (program, ...words) => {
  it.each([
    ['cat\n', 'left\nover', 'left\nover'],
    ['read -r line; echo "<$line>"', '  padded \n', '<padded>\n'],
  ])('goes to %j', (script, input, expected) => {
    for (const [, end] of LENGTHS) {
      const { command, bytes } = carried(script + end);
      expect(ofScript(execFileSync(program, [...words, command], { input: Buffer.concat([bytes, Buffer.from(input)]), stdio: 'pipe' }).toString())).toBe(expected);
    }
  });
});

describe.each(shells)('a script that does not come whole, under %s', (program, ...words) => {
  const script = 'echo first\nrm -rf /nonexistent/fleet-tap-test\necho last\n';
  describe.each(LENGTHS)('a %s one', (_, end) => {
    const { command, bytes } = carried(script + end);
    it.each([0, 1, 11, 25, bytes.length - 1])('does not run at all: %i bytes', (some) => {
      const { status, stdout, stderr } = spawnSync(program, [...words, command], { input: bytes.subarray(0, some), encoding: 'utf8' });
      expect({ status, stderr, begun: ofScript(stdout) }).toEqual({ status: 126, stderr: 'the script came incomplete\n', begun: undefined });
    });

    it('runs when its last byte is there', () => {
      const { status, stdout } = spawnSync(program, [...words, command], { input: bytes, encoding: 'utf8' });
      expect({ status, said: ofScript(stdout) }).toEqual({ status: 0, said: 'first\nlast\n' });
    });

    it('does not run without its NULs, which no shell can hold', () => {
      const { command: withNul, bytes: all } = carried(`echo a\0b${end}`);
      const { status, stdout } = spawnSync(program, [...words, withNul], { input: all, encoding: 'utf8' });
      expect({ status, begun: ofScript(stdout) }).toEqual({ status: 126, begun: undefined });
    });
  });
});
