// 10,000 random strings through a session, a real sshd and a real sudo to sh, as words and as inputs: they arrive as they were, under each shell.
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { quote } from '../../src/base/quote.js';
import type { Session } from '../../src/ssh/session.js';
import { ShellSession } from '../../src/ssh/shell-session.js';
import { ACCOUNT, accountSkipped, skipAccount, startSshd } from '../hosts/sshd.js';
import { transportTo } from '../hosts/transport.js';

const STRINGS = 10_000;
const WORDS_AT_ONCE = 200;
const shells = ['dash', 'bash', 'busybox'].filter((shell) => spawnSync(shell, ['true']).error === undefined);

/** What shells make something of. */
const AWKWARD = ["'", '"', '`', '$(id)', '$HOME', `$${'{x}'}`, '\\', '\\n', '\n', '\r', '\t', '!', '!!', '*', '?', '[a]', '~', '#', ' ', '  ', '-n', '-e', '--', '%s', '%d', '\\c', ';', '&', '|', '>', '<', '(', ')', '{', '}', '{a,b}', '=', '\u0001', '\u007f', '\u0081', '\u0088', 'ä', '€', '🦊', '\ufeff', 'EOF', '$ft_l', "'\\''"];
const anyWord = (): string => {
  const parts = Array.from({ length: randomInt(0, 8) }, () => (randomInt(3) === 0 ? String.fromCharCode(randomInt(1, 0xd800)) : (AWKWARD[randomInt(AWKWARD.length)] ?? '')));
  return parts.join('');
};
const anyBytes = (): Buffer => (randomInt(2) === 0 ? randomBytes(randomInt(0, 60)) : Buffer.concat([Buffer.from(anyWord()), Buffer.from([0, randomInt(256)])]));

/** A session as root by sudo with a password; `sh` is this shell, before sudo and after it. */
async function open(shell: string): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-tap-sh-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  const applets = shell === 'busybox' ? execFileSync('busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n') : ['sh'];
  const program = execFileSync('sh', ['-c', `command -v ${shell}`], { encoding: 'utf8' }).trim();
  for (const applet of applets) symlinkSync(program, join(folder, applet));
  const path = `${folder}:/usr/bin:/bin`;
  const sshd = await startSshd({ config: [`SetEnv PATH=${path}`], account: { sudoers: `Defaults secure_path=${path}\n%u ALL=(ALL:ALL) ALL`, shell: join(folder, 'sh') } });
  const session = new ShellSession(await transportTo(sshd), { always: true, method: 'sudo', user: 'root', password: ACCOUNT.password });
  const { stdout } = await session.run('readlink /proc/$$/exe', { become: true });
  expect(stdout.trim()).toMatch(new RegExp(`/${shell}$`));
  return session;
}

describe.skipIf(skipAccount)(`any bytes${accountSkipped}`, () => {
  it.each(shells)('as words, under %s', async (shell) => {
    const session = await open(shell);
    for (let done = 0; done < STRINGS; done += WORDS_AT_ONCE) {
      const words = Array.from({ length: WORDS_AT_ONCE }, anyWord);
      const { stdout, stderr, status } = await session.run(`printf '%s\\000' ${words.map(quote).join(' ')}`, { become: true });
      expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
      const came = stdout.split('\0');
      expect(came.length).toBe(WORDS_AT_ONCE + 1);
      words.forEach((word, index) => {
        if (came[index] !== word) expect(came[index]).toBe(word);
      });
    }
  }, 120_000);

  it.each(shells)('as inputs, each of a command of its own, under %s', async (shell) => {
    const session = await open(shell);
    const one = async () => {
      const bytes = anyBytes();
      const chunks: Buffer[] = [];
      const { status } = await session.run('cat', { input: bytes, become: true, onStdout: (chunk) => void chunks.push(chunk) });
      expect(status).toBe(0);
      const came = Buffer.concat(chunks).toString('hex');
      if (came !== bytes.toString('hex')) expect(came).toBe(bytes.toString('hex'));
    };
    const each = Math.ceil(STRINGS / shells.length);
    for (let done = 0; done < each; done += 100) await Promise.all(Array.from({ length: 100 }, one));
  }, 120_000);
});
