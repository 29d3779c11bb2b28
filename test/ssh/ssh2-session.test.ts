// A session on a real sshd: every byte and every exit status as the host gave it, limits that name themselves, and a cut that is noticed.
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dial } from '../../src/ssh/dial.js';
import { quote } from '../../src/ssh/quote.js';
import type { Session } from '../../src/ssh/session.js';
import { startProxy } from '../hosts/proxy.js';
import { type Sshd, startSshd, whyNoSshd } from '../hosts/sshd.js';

async function open(): Promise<{ session: Session; sshd: Sshd }> {
  const sshd = await startSshd();
  const session = await dial(sshd.connection);
  onTestFinished(() => session.close());
  return { session, sshd };
}

describe.skipIf(whyNoSshd !== undefined)(`a session${whyNoSshd === undefined ? '' : ` (skipped: ${whyNoSshd})`}`, () => {
  it('gives exit status and both outputs apart', async () => {
    const { session } = await open();
    expect(await session.run('echo out; echo err >&2; exit 3')).toEqual({ status: 3, stdout: 'out\n', stderr: 'err\n' });
    expect(await session.run('kill -TERM $$')).toMatchObject({ status: 143 });
    expect(await session.run('no-such-program')).toMatchObject({ status: 127 });
    expect(await session.run("printf 'no newline'")).toMatchObject({ stdout: 'no newline' });
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
    const { session } = await open();
    await expect(session.run('yes', { limitBytes: 1000 })).rejects.toMatchObject({ kind: 'host', code: 'output-limit', message: expect.stringContaining('stdout was larger than 1000 bytes') });
    await expect(session.run(': fleet-tap wait\nexec sleep 60', { timeoutMs: 300 })).rejects.toMatchObject({ kind: 'host', code: 'command-timeout', message: 'a command did not end within 0.3 s: fleet-tap wait' });
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
    await expect(session.writeFile(join(sshd.folder, 'none', 'file'), content, { mode: 0o600 })).rejects.toMatchObject({ kind: 'host', code: 'write-file' });
  });

  it('streams both ways until the input ends', async () => {
    const { session } = await open();
    const stream = await session.stream('while read -r line; do echo "got $line"; done; echo over; exit 5');
    let output = '';
    const said = (text: string) => new Promise<void>((resolve) => stream.onStdout((chunk) => ((output += chunk.toString()), output.includes(text) && resolve())));
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
    const session = await dial({ ...sshd.connection, port: wire.port, hostKeyAlias: `[127.0.0.1]:${sshd.port}` });
    const stream = await session.stream('echo there; exec cat');
    await new Promise<void>((resolve) => stream.onStdout(() => resolve()));
    const ended = new Promise<number | null>((resolve) => stream.onEnd(resolve));
    const running = session.run('exec sleep 60');
    const outcome = expect(running).rejects.toMatchObject({ kind: 'unreachable', code: 'connection-lost' });
    await session.run('true');
    wire.cut();
    expect(await ended).toBe(null);
    await outcome;
    await expect(session.run('true')).rejects.toMatchObject({ kind: 'unreachable', code: 'connection-lost' });
    await session.close();
  });
});
