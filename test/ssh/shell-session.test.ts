// A session on a real sshd: every byte and every exit status as the host gave it, limits that name themselves, and a cut that is noticed.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dial } from '../../src/ssh/dial.js';
import { quote } from '../../src/base/quote.js';
import type { Session } from '../../src/ssh/session.js';
import { startProxy } from '../hosts/proxy.js';
import { ACCOUNT, accountSkipped, type Sshd, type SshdOptions, skipAccount, skipSshd, sshdSkipped, startSshd } from '../hosts/sshd.js';

async function open(options: SshdOptions = {}): Promise<{ session: Session; sshd: Sshd }> {
  const sshd = await startSshd(options);
  const session = await dial(sshd.connection);
  onTestFinished(() => session.close());
  return { session, sshd };
}

describe.skipIf(skipSshd)(`a session${sshdSkipped}`, () => {
  it('gives exit status and both outputs apart', async () => {
    const { session } = await open();
    expect(await session.run('echo out; echo err >&2; exit 3')).toEqual({ status: 3, stdout: 'out\n', stderr: 'err\n' });
    for (const status of [0, 1, 126, 255]) expect(await session.run(`exit ${status}`)).toMatchObject({ status });
    for (const [signal, status] of [['HUP', 129], ['INT', 130], ['QUIT', 131], ['ILL', 132], ['ABRT', 134], ['FPE', 136], ['KILL', 137], ['USR1', 138], ['SEGV', 139], ['USR2', 140], ['PIPE', 141], ['ALRM', 142], ['TERM', 143]] as const) {
      expect(await session.run(`kill -${signal} $$`), signal).toMatchObject({ status });
    }
    expect(await session.run('no-such-program')).toMatchObject({ status: 127 });
    expect(await session.run("printf 'no newline'")).toMatchObject({ stdout: 'no newline' });
  });

  it('gives every byte: NUL, bytes that are no text, a MiB of both outputs at once', async () => {
    const { session, sshd } = await open();
    expect(await session.run("printf 'a\\000b\\r\\n\\033[0m\\n'")).toEqual({ status: 0, stdout: 'a\0b\r\n\u001b[0m\n', stderr: '' });
    const bytes = Buffer.from(Uint8Array.from({ length: 2 ** 20 }, (_, index) => (index * 31 + (index >> 8)) % 256));
    await writeFile(join(sshd.folder, 'bytes'), bytes);
    expect((await session.readFile(join(sshd.folder, 'bytes'))).equals(bytes)).toBe(true);
    const text = `${'größe\0'.repeat(2 ** 17)}end`;
    await writeFile(join(sshd.folder, 'text'), text);
    const { stdout, stderr } = await session.run(`cat ${join(sshd.folder, 'text')} >&2 & cat ${join(sshd.folder, 'text')}; wait`);
    expect(stdout === text).toBe(true);
    expect(stderr === text).toBe(true);
  });

  it('says what a login said that gives no shell', async () => {
    const { session } = await open({ config: ['ForceCommand echo "no shell here" >&2; exit 7'] });
    const results = await Promise.allSettled(Array.from({ length: 12 }, () => session.run('echo never')));
    for (const result of results) expect(result).toMatchObject({ reason: { kind: 'host', code: 'no-shell', message: 'the login ended with status 7 and gave no POSIX shell; it said: no shell here' } });
  });

  it('takes as much output as the limit says, and not a byte more', async () => {
    const { session } = await open();
    const script = 'head -c 5000 /dev/zero | tr "\\0" x';
    expect((await session.run(script, { limitBytes: 5000 })).stdout).toBe('x'.repeat(5000));
    await expect(session.run(script, { limitBytes: 4999 })).rejects.toMatchObject({ kind: 'host', code: 'output-limit' });
    await expect(session.run(`{ ${script}; } >&2`, { limitBytes: 4999 })).rejects.toMatchObject({ code: 'output-limit', message: expect.stringContaining('stderr was larger than 4999 bytes') });
  });

  it('brings any words to the script as they are', async () => {
    const { session } = await open();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' }).map((word) => word.replaceAll('\0', '')), { minLength: 1, maxLength: 4 }), async (words) => {
        const { stdout } = await session.run(`printf '%s\\001' ${words.map(quote).join(' ')}`);
        expect(stdout).toBe(words.map((word) => `${word}\u0001`).join(''));
      }),
      { numRuns: 25 },
    );
  });

  it('sends input of any bytes, and closes it', async () => {
    const { session } = await open();
    const input = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256));
    const { stdout } = await session.run('sha256sum | cut -c1-64; wc -c', { input });
    expect(stdout).toBe(`${createHash('sha256').update(input).digest('hex')}\n0\n`);
    expect(await session.run('cat')).toMatchObject({ status: 0, stdout: '' });
  });

  it('runs several scripts at once, more than sshd has channels', async () => {
    const { session } = await open();
    const results = await Promise.all(Array.from({ length: 30 }, (_, index) => session.run(`echo ${index}`)));
    expect(results.map(({ stdout }) => stdout)).toEqual(results.map((_, index) => `${index}\n`));
  });

  it('ends a command that says too much or takes too long, and stays usable', async () => {
    const { session, sshd } = await open();
    await expect(session.run('yes', { limitBytes: 1000 })).rejects.toMatchObject({ kind: 'host', code: 'output-limit', message: expect.stringContaining('stdout was larger than 1000 bytes') });
    await expect(session.run(`: fleet-tap wait\n${await sshd.waitingScript()}`, { timeoutMs: 300 })).rejects.toMatchObject({ kind: 'host', code: 'command-timeout', message: 'a command did not end within 0.3 s: fleet-tap wait' });
    expect(await session.run('echo on')).toMatchObject({ stdout: 'on\n' });
  });

  it('writes files whole, with their mode, and reads them back', async () => {
    const { session, sshd } = await open();
    const path = join(sshd.folder, "it's a file");
    const content = Buffer.from(Uint8Array.from({ length: 70_000 }, (_, index) => (index * 13) % 256));
    await session.writeFile(path, content, { mode: 0o640 });
    expect((await readFile(path)).equals(content)).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect((await session.readFile(path)).equals(content)).toBe(true);
    await expect(session.readFile(path, { limitBytes: 100 })).rejects.toMatchObject({ code: 'output-limit' });
    await expect(session.readFile(join(sshd.folder, 'none'))).rejects.toMatchObject({ kind: 'host', code: 'read-file' });
    await session.writeFile(path, Buffer.alloc(0), { mode: 0o4755 });
    expect(await stat(path)).toMatchObject({ size: 0, mode: 0o104755 });
    await mkdir(join(sshd.folder, 'folder'));
    await expect(session.writeFile(join(sshd.folder, 'folder'), content, { mode: 0o600 })).rejects.toMatchObject({ code: 'write-file', message: expect.stringContaining('it is a directory') });
    expect(await readdir(join(sshd.folder, 'folder'))).toEqual([]);
    expect((await readdir(sshd.folder)).filter((name) => /\.[0-9a-f]{8}$/.test(name))).toEqual([]);
    await expect(session.writeFile(join(sshd.folder, 'none', 'file'), content, { mode: 0o600 })).rejects.toMatchObject({ kind: 'host', code: 'write-file' });
  });

  it('streams both ways until the input ends', async () => {
    const { session } = await open();
    const stream = await session.stream('while read -r line; do echo "got $line"; done; echo over; exit 5');
    let output = '';
    const said = (text: string) => new Promise<void>((resolve) => stream.onStdout((chunk) => {
      output += chunk.toString();
      if (output.includes(text)) resolve();
    }));
    const first = said('got one\n');
    stream.write('one\n');
    await first;
    const ended = new Promise<number | null>((resolve) => stream.onEnd(resolve));
    stream.endInput();
    expect(await ended).toBe(5);
    expect(output).toContain('over\n');
  });

  it('notices when the connection is cut: nothing is answered by guesswork', async () => {
    const sshd = await startSshd();
    const wire = await startProxy(sshd.port);
    const session = await dial({ ...sshd.connection, port: wire.port, sshArgsBefore: [{ keyword: 'HostKeyAlias', value: `[127.0.0.1]:${sshd.port}`, from: 'the test' }] });
    const stream = await session.stream('echo there; exec cat');
    await new Promise<void>((resolve) => stream.onStdout(() => resolve()));
    const ended = new Promise<number | null>((resolve) => stream.onEnd(resolve));
    const running = session.run(await sshd.waitingScript());
    const outcome = expect(running).rejects.toMatchObject({ kind: 'unreachable', code: 'connection-lost' });
    await session.run('true');
    wire.cut();
    expect(await ended).toBe(null);
    await outcome;
    await expect(session.run('true')).rejects.toMatchObject({ kind: 'unreachable', code: 'connection-lost' });
    await session.close();
  });

  it.each(['run', 'stream'] as const)('is unreachable when sshd is killed in the middle of a %s', async (how) => {
    const { session, sshd } = await open();
    const stream = await session.stream(`echo there; ${await sshd.waitingScript()}`);
    await new Promise<void>((resolve) => stream.onStdout(() => resolve()));
    const ended = how === 'stream' ? new Promise((resolve) => stream.onEnd(resolve)) : session.run(await sshd.waitingScript()).then(() => 'ended', (error) => `${error.kind} ${error.code}`);
    sshd.kill();
    expect(await ended).toBe(how === 'stream' ? null : 'unreachable connection-lost');
    await expect(session.run('true')).rejects.toMatchObject({ kind: 'unreachable', code: 'connection-lost', place: { host: 'web1' } });
    await expect(session.stream('true')).rejects.toMatchObject({ kind: 'unreachable' });
    await expect(session.writeFile('/tmp/never', Buffer.from('x'), { mode: 0o600 })).rejects.toMatchObject({ kind: 'unreachable' });
  });

  it('says unreachable, not something raw, from the moment it is being closed', async () => {
    const { session, sshd } = await open();
    const running = expect(session.run(await sshd.waitingScript())).rejects.toMatchObject({ kind: 'unreachable', code: 'connection-lost' });
    const closing = session.close();
    const afterwards = expect(session.run('true')).rejects.toMatchObject({ name: 'FleetTapError', kind: 'unreachable', code: 'connection-lost' });
    await Promise.all([closing, running, afterwards]);
    await session.close();
  });

  it('is closed soon, also when the host hangs', async () => {
    const { session, sshd } = await open();
    const hanging = sshd.descendants();
    expect(hanging).not.toEqual([]);
    for (const pid of hanging) {
      try {
        process.kill(pid, 'SIGSTOP');
      } catch {
        // It has ended meanwhile.
      }
    }
    await session.close();
  });

  it('tells late what a stream ended with, and lets unread errors stop nothing', async () => {
    const { session } = await open();
    const stream = await session.stream('head -c 5000000 /dev/zero >&2; echo done; exit 4');
    const said = await new Promise<string>((resolve) => stream.onStdout((chunk) => resolve(chunk.toString())));
    expect(said).toBe('done\n');
    const first = await new Promise((resolve) => stream.onEnd(resolve));
    expect([first, await new Promise((resolve) => stream.onEnd(resolve))]).toEqual([4, 4]);
  });
});

describe.skipIf(skipAccount)(`becoming root with sudo${accountSkipped}`, () => {
  it('works without a password where sudoers says so: input, status, files and SSH_CONNECTION as without it', async () => {
    const { session, sshd } = await open({ account: { sudoers: '%u ALL=(ALL:ALL) NOPASSWD: ALL' } });
    expect((await session.run('id -un')).stdout).toBe(`${ACCOUNT.name}\n`);
    expect(await session.run('id -un; cat; exit 3', { become: true, input: 'a\0b' })).toMatchObject({ status: 3, stdout: 'root\na\0b' });
    expect((await session.run('echo "$SSH_CONNECTION"', { become: true })).stdout).toMatch(new RegExp(`^127.0.0.1 \\d+ 127.0.0.1 ${sshd.port}\\n$`));
    const path = join(sshd.folder, 'of root');
    await expect(session.writeFile(path, Buffer.from('x'), { mode: 0o600 })).rejects.toMatchObject({ kind: 'host', code: 'write-file' });
    await session.writeFile(path, Buffer.from('x'), { mode: 0o600, become: true });
    expect(await stat(path)).toMatchObject({ uid: 0, size: 1 });
    await expect(session.readFile(path)).rejects.toMatchObject({ code: 'read-file' });
    expect((await session.readFile(path, { become: true })).toString()).toBe('x');
    const stream = await session.stream('id -un; cat', { become: true });
    let output = '';
    stream.onStdout((chunk) => {
      output += chunk.toString();
    });
    stream.write('more\n');
    stream.endInput();
    expect(await new Promise((resolve) => stream.onEnd(resolve))).toBe(0);
    expect(output).toBe('root\nmore\n');
  });

  it.each([
    ['%u ALL=(ALL:ALL) ALL', 'become-password-needed'],
    ['', 'become-password-needed'],
    ['%u ALL=(ALL:ALL) NOPASSWD: /bin/true', 'become-password-needed'],
  ])('names the refusal where sudoers says %j', async (sudoers, code) => {
    const { session, sshd } = await open({ account: { sudoers } });
    await expect(session.run('echo never', { become: true })).rejects.toMatchObject({ kind: 'host', code, place: { host: 'web1' } });
    await expect(session.readFile('/etc/shadow', { become: true })).rejects.toMatchObject({ kind: 'host', code });
    await expect(session.writeFile(join(sshd.folder, 'never'), Buffer.from('x'), { mode: 0o600, become: true })).rejects.toMatchObject({ kind: 'host', code });
    expect((await session.run('echo on')).stdout).toBe('on\n');
  });
});
