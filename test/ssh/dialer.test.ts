// Servers of many minds, all real OpenSSH: each is reached, by ssh2 or by the system's ssh, and what comes back is the same over both.
import { execFile } from 'node:child_process';
import { appendFile, copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Dialer } from '../../src/ssh/dialer.js';
import { KeyRing } from '../../src/ssh/key-ring.js';
import { OpenSshTransport } from '../../src/ssh/openssh-transport.js';
import type { DialTarget } from '../../src/ssh/target.js';
import type { RemoteStream, Transport } from '../../src/ssh/transport.js';
import { startAgent } from '../hosts/agent.js';
import { ACCOUNT, accountSkipped, type Sshd, type SshdOptions, skipAccount, skipSshd, sshdSkipped, startSshd } from '../hosts/sshd.js';
import { targetOf } from '../hosts/target.js';

const run = promisify(execFile);
const POST_QUANTUM = 'KexAlgorithms sntrup761x25519-sha512@openssh.com';

interface Outcome {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

function outcomeOf(stream: RemoteStream): Promise<Outcome> {
  const stdout: Buffer[] = [];
  let stderr = '';
  stream.onStdout((chunk) => stdout.push(chunk));
  stream.onStderr((chunk) => {
    stderr += chunk.toString();
  });
  return new Promise((resolve) => stream.onEnd((status) => resolve({ status, stdout: Buffer.concat(stdout), stderr })));
}

/** Runs a command that reads no input. */
async function ask(transport: Transport, command: string): Promise<Outcome> {
  const stream = await transport.exec(command);
  stream.endInput();
  return outcomeOf(stream);
}

interface Dialed {
  readonly transport: Transport;
  readonly lines: string[];
}

async function dialed(target: DialTarget, keyRing?: KeyRing): Promise<Dialed> {
  const lines: string[] = [];
  const dialer = new Dialer({ keyRing, say: (line) => lines.push(line) });
  onTestFinished(() => dialer.close());
  const transport = await dialer.dial(target);
  onTestFinished(() => transport.close());
  return { transport, lines };
}

/** A certificate authority's key beside the host's. */
const withAuthority: Pick<SshdOptions, 'prepare'> = { prepare: async (folder) => void (await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'authority')])) };

describe.skipIf(skipSshd)(`a server${sshdSkipped}`, () => {
  it('of the default kind is reached without another program', async () => {
    const { transport, lines } = await dialed(targetOf(await startSshd()));
    expect(transport).not.toBeInstanceOf(OpenSshTransport);
    expect(await ask(transport, 'echo there')).toMatchObject({ status: 0, stdout: Buffer.from('there\n') });
    expect(lines).toEqual([]);
  });

  it.each([
    ['post-quantum key exchange only', [POST_QUANTUM], /no key exchange algorithm in common/],
    ['umac only', ['Ciphers aes256-ctr', 'MACs umac-128-etm@openssh.com,umac-64-etm@openssh.com'], /no C->S MAC in common/],
  ])('with %s is reached by the system\'s ssh, said in one line', async (_name, config, reason) => {
    const { transport, lines } = await dialed(targetOf(await startSshd({ config })));
    expect(transport).toBeInstanceOf(OpenSshTransport);
    expect(await ask(transport, 'echo there')).toMatchObject({ status: 0, stdout: Buffer.from('there\n') });
    expect(lines).toEqual([expect.stringMatching(reason)]);
    expect(lines[0]).toMatch(/^web1: connected by the system's ssh, since /);
  });

  it('that takes a certificate of ours only is reached with it', async () => {
    const sshd = await startSshd({ ...withAuthority, config: ['TrustedUserCAKeys %f/authority.pub', 'AuthorizedKeysFile none'] });
    const target = targetOf(sshd);
    await expect(new Dialer().dial(target)).rejects.toMatchObject({ code: 'login-refused' });
    await run('ssh-keygen', ['-q', '-s', join(sshd.folder, 'authority'), '-I', 'somebody', '-n', target.user, join(sshd.folder, 'user_key.pub')]);
    const { transport, lines } = await dialed(target);
    expect(await ask(transport, 'echo there')).toMatchObject({ status: 0, stdout: Buffer.from('there\n') });
    expect(lines).toEqual([`web1: connected by the system's ssh, since there is a certificate (${sshd.folder}/user_key-cert.pub)`]);
    await copyFile(join(sshd.folder, 'user_key-cert.pub'), join(sshd.folder, 'elsewhere.pub'));
    await rm(join(sshd.folder, 'user_key-cert.pub'));
    const elsewhere = await dialed({ ...target, login: { ...target.login, certificateFiles: [join(sshd.folder, 'elsewhere.pub')] } });
    expect(elsewhere.transport).toBeInstanceOf(OpenSshTransport);
  });

  it.each([
    ['offers it besides', []],
    ['offers nothing else', ['HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com']],
  ])('whose key a certificate authority vouches for, and that %s, is reached and verified', async (_name, config) => {
    const sshd = await startSshd({ config: [...config, 'HostCertificate %f/host_key-cert.pub'], prepare: async (folder) => {
      await withAuthority.prepare?.(folder);
      await run('ssh-keygen', ['-q', '-h', '-s', join(folder, 'authority'), '-I', 'host', '-n', '127.0.0.1', join(folder, 'host_key.pub')]);
    } });
    const authority = await readFile(join(sshd.folder, 'authority.pub'), 'utf8');
    await writeFile(sshd.knownHostsFile, `@cert-authority [127.0.0.1]:* ${authority}`);
    const { transport, lines } = await dialed(targetOf(sshd));
    expect(await ask(transport, 'echo there')).toMatchObject({ status: 0, stdout: Buffer.from('there\n') });
    expect(lines).toHaveLength(1);
    await writeFile(sshd.knownHostsFile, `@cert-authority [127.0.0.1]:* ${await readFile(join(sshd.folder, 'user_key.pub'), 'utf8')}`);
    await expect(new Dialer().dial(targetOf(sshd))).rejects.toMatchObject({ kind: 'unreachable', code: 'host-key-unknown' });
  });

  it('is reached with a key that only the agent holds', async () => {
    const sshd = await startSshd();
    const agent = await startAgent();
    await agent.add(join(sshd.folder, 'user_key'));
    await rm(join(sshd.folder, 'user_key'));
    const target = targetOf(sshd);
    const login = { ...target.login, agentSocket: agent.socket };
    await dialed({ ...target, login });
    await dialed({ ...target, login: { ...login, identitiesOnly: true } });
    await rm(join(sshd.folder, 'user_key.pub'));
    await expect(new Dialer().dial({ ...target, login: { ...login, identitiesOnly: true } })).rejects.toMatchObject({ code: 'login-refused' });
  });

  it('that only the system\'s ssh may be used for is not tried otherwise; a missing program is said', async () => {
    const sshd = await startSshd();
    const { transport, lines } = await dialed(targetOf(sshd, { onlySystemSsh: 'KnownHostsCommand is set' }));
    expect(transport).toBeInstanceOf(OpenSshTransport);
    expect(lines).toEqual(["web1: connected by the system's ssh, since KnownHostsCommand is set"]);
    expect(sshd.log().match(/Accepted publickey/g)).toHaveLength(1);
    const before = process.env.PATH;
    onTestFinished(() => {
      process.env.PATH = before;
    });
    process.env.PATH = sshd.folder;
    await expect(new Dialer().dial(targetOf(sshd, { onlySystemSsh: 'a reason' }))).rejects.toMatchObject({ kind: 'unreachable', message: expect.stringContaining('there is no ssh program here') });
  });
});

describe.skipIf(skipSshd)(`over both transports alike${sshdSkipped}`, () => {
  describe.each([['ssh2', []], ["the system's ssh", [POST_QUANTUM]]])('%s', (_name, config) => {
    it('gives status, both outputs, any bytes, and input as they are', async () => {
      const { transport } = await dialed(targetOf(await startSshd({ config })));
      expect(await ask(transport, 'echo out; echo err >&2; exit 3')).toMatchObject({ status: 3, stdout: Buffer.from('out\n'), stderr: 'err\n' });
      for (const status of [0, 1, 126, 255]) expect(await ask(transport, `exit ${status}`)).toMatchObject({ status });
      for (const [signal, status] of [['KILL', 137], ['TERM', 143], ['SEGV', 139]] as const) expect(await ask(transport, `sh -c 'kill -${signal} $$'`)).toMatchObject({ status });
      const bytes = Buffer.from(Uint8Array.from({ length: 3_000_000 }, (_, index) => (index * 31 + (index >> 8)) % 256));
      const stream = await transport.exec('cat');
      const outcome = outcomeOf(stream);
      await stream.write(bytes);
      stream.endInput();
      const { status, stdout } = await outcome;
      expect(status).toBe(0);
      expect(stdout.equals(bytes)).toBe(true);
      const ended = await Promise.all(Array.from({ length: 6 }, (_, index) => ask(transport, `echo ${index}`)));
      expect(ended.map(({ stdout: text }) => text.toString())).toEqual(ended.map((_, index) => `${index}\n`));
    });

    it('tells a connection that is lost from a command that failed, and its end is clean', async () => {
      const sshd = await startSshd({ config });
      const before = process.env.TMPDIR;
      onTestFinished(() => {
        if (before === undefined) delete process.env.TMPDIR;
        else process.env.TMPDIR = before;
      });
      process.env.TMPDIR = sshd.folder;
      const { transport } = await dialed(targetOf(sshd));
      const stream = await transport.exec(`echo there; ${await sshd.waitingScript()}`);
      await new Promise<void>((resolve) => stream.onStdout(() => resolve()));
      const ended = new Promise((resolve) => stream.onEnd(resolve));
      const lost = new Promise((resolve) => transport.onLost(resolve));
      sshd.kill();
      expect(await ended).toBe(null);
      expect(await lost).toMatchObject({ kind: 'unreachable', code: 'connection-lost', place: { host: 'web1' } });
      await expect(transport.exec('true')).rejects.toMatchObject({ code: 'connection-lost' });
      await transport.close();
      expect((await readdir(sshd.folder)).filter((name) => name.startsWith('fleet-tap-ssh-'))).toEqual([]);
    });

    it('names what went wrong in the same words', async () => {
      const sshd = await startSshd({ config });
      const refused = targetOf(sshd, { login: { ...targetOf(sshd).login, identityFiles: [{ path: join(sshd.folder, 'none'), named: true }] } });
      await expect(new Dialer().dial(refused)).rejects.toMatchObject({ kind: 'unreachable', code: 'login-refused', message: expect.stringContaining('it takes: publickey') });
      await writeFile(sshd.knownHostsFile, '');
      await expect(new Dialer().dial(targetOf(sshd))).rejects.toMatchObject({ kind: 'unreachable', code: 'host-key-unknown' });
      await writeFile(sshd.knownHostsFile, `[127.0.0.1]:${sshd.port} ${await readFile(join(sshd.folder, 'user_key.pub'), 'utf8')}`);
      await expect(new Dialer().dial(targetOf(sshd))).rejects.toMatchObject({ kind: 'unreachable', code: 'host-key-changed' });
      expect(sshd.log()).not.toContain('Accepted');
    });
  });

  it('an encrypted key is asked for once, also when the system\'s ssh unlocks it', async () => {
    const sshd = await startSshd({ config: [POST_QUANTUM] });
    const file = join(sshd.folder, 'locked');
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'a \\phrase $x', '-f', file]);
    await appendFile(join(sshd.folder, 'authorized_keys'), await readFile(`${file}.pub`));
    const asked: string[] = [];
    const keyRing = new KeyRing(async (prompt) => {
      asked.push(prompt);
      return 'a \\phrase $x';
    });
    const target = targetOf(sshd);
    const { transport } = await dialed({ ...target, login: { ...target.login, identityFiles: [{ path: file, named: true }] } }, keyRing);
    expect(await ask(transport, 'echo there')).toMatchObject({ status: 0 });
    expect(asked).toEqual([`passphrase of ${file}: `]);
  });
});

describe.skipIf(skipAccount)(`a password${accountSkipped}`, () => {
  const attempts = (sshd: Sshd) => sshd.log().match(/Failed (?:password|keyboard-interactive\S*) for/g)?.length ?? 0;

  it.each([
    ['ssh2', []],
    ["the system's ssh", [POST_QUANTUM]],
  ])('is tried once, over %s, and is in no argument and no environment', async (_name, config) => {
    const sshd = await startSshd({ account: {}, config: [...config, 'PasswordAuthentication yes'] });
    const target = targetOf(sshd);
    const withPassword = (password: string) => ({ ...target, login: { ...target.login, identityFiles: [], password } });
    const { transport } = await dialed(withPassword(ACCOUNT.password));
    expect((await ask(transport, 'id -un')).stdout.toString()).toBe(`${ACCOUNT.name}\n`);
    const { stdout } = await run('ps', ['-eo', 'args', 'e', '-ww'], { maxBuffer: 2 ** 26 });
    expect(stdout).not.toContain(ACCOUNT.password);
    expect(attempts(sshd)).toBe(0);
    await expect(new Dialer().dial(withPassword('not the word'))).rejects.toMatchObject({ kind: 'unreachable', code: 'login-refused' });
    expect(attempts(sshd)).toBe(1);
  });
});
