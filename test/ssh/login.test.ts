// Logins at a real sshd by every method that ssh_config can ask for: what is offered, in which order, how often; over both transports where it matters.
import { execFile } from 'node:child_process';
import { appendFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { SshOption } from '../../src/inventory/ssh-args.js';
import { dial } from '../../src/ssh/dial.js';
import { ACCOUNT, accountSkipped, type Sshd, type SshdOptions, skipAccount, skipSshd, sshdSkipped, startSshd } from '../hosts/sshd.js';

const run = promisify(execFile);
const POST_QUANTUM = 'KexAlgorithms sntrup761x25519-sha512@openssh.com';
const PAM_QUESTION = ['UsePAM yes', 'KbdInteractiveAuthentication yes', 'PasswordAuthentication no'];
const PASSWORD = ['PasswordAuthentication yes'];

function options(text: Readonly<Record<string, string>>): SshOption[] {
  return Object.entries(text).map(([keyword, value]) => ({ keyword, value, from: 'the test' }));
}

/** How the login ended: sshd's own words for it, or our code. */
async function login(sshd: Sshd, how: { password?: string; keys?: readonly string[]; ssh?: Readonly<Record<string, string>> }): Promise<string> {
  const before = sshd.log().length;
  const { identityFiles: _, ...connection } = sshd.connection;
  const identityFiles = (how.keys ?? []).map((name) => join(sshd.folder, name));
  const password = how.password === undefined ? {} : { password: how.password };
  const lines: string[] = [];
  try {
    const session = await dial({ ...connection, ...password, identityFiles: identityFiles.length > 0 ? identityFiles : [join(sshd.folder, 'none')], sshArgsBefore: options(how.ssh ?? {}) }, { say: (line) => lines.push(line) });
    expect((await session.run('id -un')).stdout).toBe(`${connection.user}\n`);
    await session.close();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  const accepted = sshd.log().slice(before).match(/Accepted (\S+) for|Partial (\S+) for/g) ?? [];
  return accepted.map((text) => text.replace(/ for$/, '')).join(', ');
}

const failures = (sshd: Sshd) => sshd.log().match(/Failed password for|PAM: Authentication failure for/g)?.length ?? 0;
const withAccount = (config: readonly string[]): SshdOptions => ({ account: {}, config: ['LogLevel VERBOSE', ...config] });

describe.skipIf(skipAccount)(`a password${accountSkipped}`, () => {
  it.each([
    ['ssh2', []],
    ["the system's ssh", [POST_QUANTUM]],
  ])('is the answer to the question that PAM asks, once, over %s', async (_name, kex) => {
    const sshd = await startSshd(withAccount([...kex, ...PAM_QUESTION]));
    expect(await login(sshd, { password: ACCOUNT.password })).toBe('Accepted keyboard-interactive/pam');
    expect(failures(sshd)).toBe(0);
    expect(await login(sshd, { password: 'not the word' })).toBe('login-refused');
    await sshd.heard(/PAM: Authentication failure/);
    expect(failures(sshd)).toBe(1);
  });

  it('goes with a key where sshd wants both', async () => {
    const sshd = await startSshd(withAccount([...PAM_QUESTION, 'AuthenticationMethods publickey,keyboard-interactive']));
    expect(await login(sshd, { keys: ['user_key'], password: ACCOUNT.password })).toBe('Partial publickey, Accepted keyboard-interactive/pam');
    expect(await login(sshd, { keys: ['user_key'] })).toBe('login-refused');
    const other = await startSshd(withAccount([...PASSWORD, 'AuthenticationMethods password,publickey']));
    expect(await login(other, { keys: ['user_key'], password: ACCOUNT.password })).toBe('Partial password, Accepted publickey');
  });

  it('is sent in the order of PreferredAuthentications, and not at all where that or another keyword says so', async () => {
    const sshd = await startSshd(withAccount([...PASSWORD, 'UsePAM yes', 'KbdInteractiveAuthentication yes']));
    const { password } = ACCOUNT;
    const keys = ['user_key'];
    expect(await login(sshd, { keys, password })).toBe('Accepted publickey');
    expect(await login(sshd, { keys, password, ssh: { PreferredAuthentications: 'password,publickey' } })).toBe('Accepted password');
    expect(await login(sshd, { keys, password, ssh: { PreferredAuthentications: 'keyboard-interactive,password' } })).toBe('Accepted keyboard-interactive/pam');
    expect(await login(sshd, { keys, password, ssh: { PubkeyAuthentication: 'no' } })).toBe('Accepted keyboard-interactive/pam');
    expect(await login(sshd, { keys, password, ssh: { PubkeyAuthentication: 'no', KbdInteractiveAuthentication: 'no' } })).toBe('Accepted password');
    for (const ssh of [{ PreferredAuthentications: 'publickey' }, { NumberOfPasswordPrompts: '0' }, { PasswordAuthentication: 'no', KbdInteractiveAuthentication: 'no' }] as const) {
      expect(await login(sshd, { password: 'not the word', ssh }), JSON.stringify(ssh)).toBe('login-refused');
    }
    expect(failures(sshd)).toBe(0);
  });
});

describe.skipIf(skipSshd)(`a key${sshdSkipped}`, () => {
  async function withRsa(config: readonly string[] = []): Promise<Sshd> {
    const sshd = await startSshd({ config: ['LogLevel DEBUG1', ...config] });
    await run('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-N', '', '-f', join(sshd.folder, 'rsa')]);
    await appendFile(join(sshd.folder, 'authorized_keys'), await readFile(join(sshd.folder, 'rsa.pub')));
    return sshd;
  }
  /** The key that ssh itself logs in with. */
  async function bySsh(sshd: Sshd, keys: readonly string[], algorithms: string): Promise<string> {
    const words = ['-F', 'none', '-o', `UserKnownHostsFile=${sshd.knownHostsFile}`, '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes', '-o', `PubkeyAcceptedAlgorithms=${algorithms}`];
    const result = await run('ssh', [...words, ...keys.flatMap((key) => ['-i', join(sshd.folder, key)]), '-p', String(sshd.port), '127.0.0.1', 'true'], { env: { ...process.env, SSH_AUTH_SOCK: '' } }).then(() => true, () => false);
    return result ? lastKey(sshd) : 'login-refused';
  }
  const lastKey = (sshd: Sshd) => sshd.log().match(/Accepted publickey for \S+ from \S+ port \d+ ssh2: (\S+)/g)?.at(-1)?.split(' ').at(-1) ?? 'none';

  it('that PubkeyAcceptedAlgorithms lets pass is the one that ssh logs in with', async () => {
    const sshd = await withRsa();
    const keys = ['rsa', 'user_key'];
    for (const algorithms of ['ssh-ed25519', 'rsa-sha2-512', 'rsa-sha2-256', '-rsa-*', 'ssh-rsa,ssh-ed25519', 'ecdsa-sha2-nistp256', '^rsa-sha2-256']) {
      const expected = await bySsh(sshd, keys, algorithms);
      const outcome = await login(sshd, { keys, ssh: { PubkeyAcceptedAlgorithms: algorithms } });
      expect(outcome === 'Accepted publickey' ? lastKey(sshd) : outcome, algorithms).toBe(expected);
    }
  });

  it('is signed with at once, so that sshd looks for it once; the next one after one that it does not take', async () => {
    const sshd = await startSshd({ config: ['LogLevel DEBUG1'] });
    await run('ssh-keygen', ['-q', '-t', 'ecdsa', '-N', '', '-f', join(sshd.folder, 'unknown')]);
    const asked = () => sshd.log().match(/userauth-request for user \S+ service ssh-connection method (\S+)/g)?.length ?? 0;
    expect(await login(sshd, { keys: ['user_key'] })).toBe('Accepted publickey');
    expect(asked()).toBe(1);
    expect(await login(sshd, { keys: ['unknown', 'user_key'] })).toBe('Accepted publickey');
    expect(asked()).toBe(3);
    expect(sshd.log()).not.toContain('Postponed publickey');
  });

  it('of RSA signs with SHA-1 for a server that takes nothing else, where the user names that', async () => {
    const sshd = await withRsa(['PubkeyAcceptedAlgorithms ssh-rsa']);
    expect(await login(sshd, { keys: ['rsa'] })).toBe('login-refused');
    expect(await bySsh(sshd, ['rsa'], 'ssh-rsa')).toBe('RSA');
    expect(await login(sshd, { keys: ['rsa'], ssh: { PubkeyAcceptedAlgorithms: 'ssh-rsa' } })).toBe('Accepted publickey');
  });

  it('logs in with compression where that is wanted, and without where not', async () => {
    const sshd = await withRsa();
    const compressed = () => sshd.log().match(/kex: server->client \S.* compression: zlib@openssh.com/g)?.length ?? 0;
    expect(await login(sshd, { keys: ['rsa'] })).toBe('Accepted publickey');
    expect(compressed()).toBe(0);
    expect(await login(sshd, { keys: ['rsa'], ssh: { Compression: 'yes' } })).toBe('Accepted publickey');
    expect(compressed()).toBe(1);
  });

  it('that is refused is not the end where the server takes what only the system\'s ssh can do', async () => {
    const sshd = await startSshd({ config: ['GSSAPIAuthentication yes', 'LogLevel DEBUG1'] });
    await rm(join(sshd.folder, 'authorized_keys'));
    const lines: string[] = [];
    const connection = { ...sshd.connection, sshArgsBefore: options({ GSSAPIAuthentication: 'yes' }) };
    await expect(dial(connection, { say: (line) => lines.push(line) })).rejects.toMatchObject({ code: 'login-refused', message: expect.stringMatching(/tried: key .*user_key, what the system's ssh has to offer/) });
    expect(lines).toEqual(["web1: connected by the system's ssh, since the server takes gssapi-with-mic"]);
    lines.length = 0;
    await expect(dial(sshd.connection, { say: (line) => lines.push(line) })).rejects.toMatchObject({ code: 'login-refused' });
    expect(lines).toEqual([]);
  });
});
