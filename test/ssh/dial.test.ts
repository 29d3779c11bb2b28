// Connections to a real OpenSSH sshd: the login, and each way in which there is none, told apart.
import { execFile } from 'node:child_process';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dial } from '../../src/ssh/dial.js';
import { newKeyPair } from '../../src/demo/keys.js';
import { startAgent } from '../hosts/agent.js';
import { ACCOUNT, accountSkipped, skipAccount, skipSshd, sshdSkipped, startServer, startSilentServer, startSshd } from '../hosts/sshd.js';

describe.skipIf(skipSshd)(`dial${sshdSkipped}`, () => {
  it('logs in with a key, on a host whose key is known', async () => {
    const { connection } = await startSshd();
    const session = await dial(connection);
    expect(session.host).toBe('web1');
    expect(await session.run('id -un; echo "$SSH_CONNECTION" | cut -d" " -f3')).toEqual({ status: 0, stdout: `${connection.user}\n127.0.0.1\n`, stderr: '' });
    await session.close();
  });

  it('refuses an unknown host key, with the command that accepts it; that command works', async () => {
    const { connection, knownHostsFile, port, hostKey } = await startSshd();
    await writeFile(knownHostsFile, '');
    await expect(dial(connection)).rejects.toMatchObject({ kind: 'unreachable', code: 'host-key-unknown', hint: expect.stringContaining(`ssh-keyscan -t ed25519 -p ${port} 127.0.0.1 >> ${knownHostsFile}`) });
    expect(await readFile(knownHostsFile, 'utf8')).toBe('');
    const refused: { hint: string } = await dial(connection).then(() => Promise.reject(new Error('it was taken')), (error) => error);
    await promisify(execFile)('sh', ['-c', /accept it: (.*) \(or let/.exec(refused.hint)?.[1] ?? 'false']);
    await (await dial(connection)).close();
    await writeFile(knownHostsFile, '');
    const session = await dial({ ...connection, hostKeyChecking: 'accept-new' });
    await session.close();
    expect(await readFile(knownHostsFile, 'utf8')).toBe(`[127.0.0.1]:${port} ssh-ed25519 ${hostKey.toString('base64')}\n`);
    await (await dial(connection)).close();
  });

  it('asks a person about an unknown key, and believes only a yes', async () => {
    const { connection, knownHostsFile } = await startSshd();
    await writeFile(knownHostsFile, '');
    const asked: string[] = [];
    const answer = (yes: boolean) => ({
      ask: async (question: string) => {
        asked.push(question);
        return yes;
      },
    });
    await expect(dial({ ...connection, hostKeyChecking: 'ask' }, answer(false))).rejects.toMatchObject({ code: 'host-key-unknown' });
    await (await dial({ ...connection, hostKeyChecking: 'ask' }, answer(true))).close();
    await (await dial({ ...connection, hostKeyChecking: 'ask' }, answer(false))).close();
    expect(asked).toHaveLength(2);
    expect(asked[0]).toMatch(/ssh-ed25519 SHA256:[\w+/]{43}/);
  });

  it.each(['yes', 'ask', 'accept-new'] as const)('refuses a changed host key under %s', async (hostKeyChecking) => {
    const { connection, knownHostsFile, port } = await startSshd();
    await writeFile(knownHostsFile, `[127.0.0.1]:${port} ${newKeyPair().publicLine}\n`);
    await expect(dial({ ...connection, hostKeyChecking }, { ask: async () => true })).rejects.toMatchObject({ kind: 'unreachable', code: 'host-key-changed', message: expect.stringContaining(`${knownHostsFile}:1`) });
  });

  it('says which key the server refused', async () => {
    const { connection, folder } = await startSshd();
    const other = join(folder, 'other_key');
    await writeFile(other, newKeyPair().privateKey, { mode: 0o600 });
    await expect(dial({ ...connection, identityFiles: [other] })).rejects.toMatchObject({ kind: 'unreachable', code: 'login-refused', message: expect.stringContaining(`tried: key ${other}`) });
    await expect(dial({ ...connection, identityFiles: [join(folder, 'none')] })).rejects.toMatchObject({ code: 'login-refused', message: expect.stringContaining('none: no such file') });
  });

  it('tells a closed port, a silent server and an unknown name apart', async () => {
    const { connection } = await startSshd();
    await expect(dial({ ...connection, port: 1 })).rejects.toMatchObject({ code: 'connect-refused', message: 'nothing listens at 127.0.0.1:1' });
    await expect(dial({ ...connection, address: 'host.invalid' })).rejects.toMatchObject({ code: 'name-unknown' });
    const port = await startSilentServer();
    await expect(dial({ ...connection, port, connectTimeoutMs: 300 })).rejects.toMatchObject({ code: 'connect-timeout', message: `127.0.0.1:${port} did not answer within 0.3 s` });
  });

  it('reads known_hosts as ssh itself does, broken keys too', async () => {
    const { connection, knownHostsFile, port, hostKey, folder } = await startSshd();
    const name = `[127.0.0.1]:${port}`;
    const [own, other] = [`ssh-ed25519 ${hostKey.toString('base64')}`, newKeyPair().publicLine];
    const files = [
      `${name} ${own}`,
      `${name} ${other}`,
      `${name} ${other.slice(0, -12)}`, // cut short
      `${name} ${other}!`, // not base64
      `${name} ecdsa-sha2-nistp256 ${other.split(' ')[1]}`, // of another type than it says
      `${name} ${other}\n${name} ${own}`,
      `@revoked ${name} ${own}`,
      `@revoked * ${own}\n${name} ${own}`,
      `!${name},[127.* ${own}`,
      `[127.*]:${port} ${own}`,
      `@cert-authority * ${own}`,
    ];
    const verdicts = new Set<string>();
    for (const file of files) {
      await writeFile(knownHostsFile, `${file}\n`);
      const options = ['-F', 'none', '-o', `UserKnownHostsFile=${knownHostsFile}`, '-o', 'StrictHostKeyChecking=yes', '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes', '-i', join(folder, 'user_key'), '-p', String(port)];
      const ssh = await promisify(execFile)('ssh', [...options, '127.0.0.1', 'true']).then(() => 'logged in', (error: { stderr: string }) => error.stderr);
      const expected = ssh === 'logged in' ? ssh : ssh.includes('REVOKED') ? 'host-key-revoked' : ssh.includes('IDENTIFICATION HAS CHANGED') ? 'host-key-changed' : /No \w+ host key is known/.test(ssh) ? 'host-key-unknown' : ssh;
      const given = await dial(connection).then(async (session) => session.close().then(() => 'logged in'), (error) => error.code);
      expect(given, file).toBe(expected);
      verdicts.add(expected);
    }
    expect(verdicts.size).toBe(4);
  });

  it('does not hurry a person who is asked', async () => {
    const { connection, knownHostsFile } = await startSshd();
    await writeFile(knownHostsFile, '');
    const thinksMs = 4_000;
    const session = await dial({ ...connection, hostKeyChecking: 'ask', connectTimeoutMs: thinksMs / 2 + 100 }, { ask: () => new Promise((resolve) => setTimeout(() => resolve(true), thinksMs)) });
    await session.close();
  });

  it('offers no credential to a host whose key it refuses', async () => {
    const sshd = await startSshd({ config: ['LogLevel DEBUG1'] });
    await writeFile(sshd.knownHostsFile, '');
    await expect(dial(sshd.connection)).rejects.toMatchObject({ code: 'host-key-unknown' });
    // The login of a later connection is in the log: so all that came before it is.
    await (await dial({ ...sshd.connection, hostKeyChecking: 'no', host: 'later' })).close();
    const logins = sshd.log().match(/userauth-request for user/g) ?? [];
    const alone = await startSshd({ config: ['LogLevel DEBUG1'] });
    await (await dial(alone.connection)).close();
    expect(logins.length).toBeGreaterThan(0);
    expect(logins).toHaveLength((alone.log().match(/userauth-request for user/g) ?? []).length);
  });

  it('keeps the key that was verified when sshd changes keys, and asks nobody again', async () => {
    const { connection, knownHostsFile } = await startSshd({ config: ['RekeyLimit 64K'] });
    await writeFile(knownHostsFile, '');
    let questions = 0;
    const session = await dial({ ...connection, hostKeyChecking: 'ask' }, { ask: async () => ++questions === 1 });
    const { stdout } = await session.run('head -c 1000000 /dev/zero | tr "\\0" x');
    expect(stdout).toBe('x'.repeat(1_000_000));
    expect(questions).toBe(1);
    expect((await readFile(knownHostsFile, 'utf8')).trimEnd().split('\n')).toHaveLength(1);
    await session.close();
  });

  it('uses an agent, and goes on without one that is gone', async () => {
    const { connection, folder } = await startSshd();
    const { socket, add } = await startAgent();
    const other = join(folder, 'other_key');
    await writeFile(other, newKeyPair().privateKey, { mode: 0o600 });
    const onlyOther = { ...connection, identityFiles: [other] };
    await add(join(folder, 'user_key'));
    await (await dial(onlyOther, { agentSocket: socket })).close();
    await expect(dial(onlyOther, { agentSocket: join(folder, 'gone') })).rejects.toMatchObject({ code: 'login-refused', message: expect.stringMatching(/could not use ssh-agent: its socket is gone/) });
  });

  it('says what is wrong with a key file', async () => {
    const { connection, folder } = await startSshd();
    const encrypted = join(folder, 'encrypted');
    await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', encrypted]);
    await appendFile(join(folder, 'authorized_keys'), await readFile(`${encrypted}.pub`));
    await writeFile(join(folder, 'nonsense'), 'no key\n', { mode: 0o600 });
    await writeFile(join(folder, 'open'), await readFile(join(folder, 'user_key')), { mode: 0o644 });
    const refusal = (file: string) => dial({ ...connection, identityFiles: [join(folder, file)] }).then(() => 'logged in', (error) => `${error.code}: ${error.message}`);
    expect(await refusal('encrypted')).toMatch(/^login-refused: .*encrypted: is encrypted, and there is no terminal to ask for its passphrase; load it into ssh-agent/);
    expect(await refusal('user_key.pub')).toMatch(/^login-refused: .*user_key\.pub: only its public half is there/);
    expect(await refusal('nonsense')).toMatch(/^login-refused: .*nonsense: Unsupported key format/);
    expect(await refusal('open')).toMatch(/^login-refused: .*open: mode 644 lets others read it: chmod 600 /);
  });

  it('says so when sshd has enough of keys', async () => {
    const { connection, folder } = await startSshd({ config: ['MaxAuthTries 2'] });
    const others = [1, 2, 3, 4].map((number) => join(folder, `other${number}`));
    for (const file of others) await writeFile(file, newKeyPair().privateKey, { mode: 0o600 });
    await expect(dial({ ...connection, identityFiles: [...others, join(folder, 'user_key')] })).rejects.toMatchObject({ kind: 'unreachable', code: 'login-refused', message: expect.stringContaining('too many tries'), hint: expect.stringContaining('--private-key') });
  });

  it('logs in as the user who runs this program when none is named, whatever USER says', async () => {
    const { connection } = await startSshd();
    const before = process.env.USER;
    onTestFinished(() => {
      if (before === undefined) delete process.env.USER;
      else process.env.USER = before;
    });
    process.env.USER = 'nobody-at-all';
    await (await dial({ ...connection, user: undefined })).close();
  });

  it('names a server that speaks and is no sshd, and one that goes away', async () => {
    const { connection } = await startSshd();
    const rude = await startServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const gone = await startServer((socket) => socket.destroy());
    for (const port of [rude, gone]) await expect(dial({ ...connection, port })).rejects.toMatchObject({ name: 'FleetTapError', kind: 'unreachable', code: 'connection-failed', place: { host: 'web1' }, hint: expect.stringContaining('ssh -v') });
  });

  it('finds a key under ~/', async () => {
    const { connection, folder } = await startSshd();
    const before = process.env.HOME;
    onTestFinished(() => {
      process.env.HOME = before;
    });
    process.env.HOME = folder;
    await (await dial({ ...connection, identityFiles: ['~/user_key'], knownHostsFiles: ['~/known_hosts'] })).close();
    await rm(join(folder, 'user_key'));
    await rm(join(folder, 'user_key.pub'));
    await expect(dial({ ...connection, identityFiles: ['~/user_key'] })).rejects.toMatchObject({ code: 'login-refused', message: expect.stringContaining('/user_key: no such file') });
  });
});

describe.skipIf(skipAccount)(`a user with a password${accountSkipped}`, () => {
  it('logs in with it, also when keys and the agent come to nothing first', async () => {
    const { connection, folder } = await startSshd({ account: {}, config: ['PasswordAuthentication yes'] });
    const { identityFiles: _, ...keyless } = connection;
    const session = await dial({ ...keyless, identityFiles: [join(folder, 'none')], password: ACCOUNT.password }, { agentSocket: join(folder, 'gone') });
    expect((await session.run('id -un')).stdout).toBe(`${ACCOUNT.name}\n`);
    await session.close();
    const refused: Error = await dial({ ...keyless, identityFiles: [join(folder, 'none')], password: 'not the word' }).then(() => Promise.reject(new Error('logged in')), (error) => error);
    expect(refused).toMatchObject({ kind: 'unreachable', code: 'login-refused', message: expect.stringContaining('tried: password') });
    expect(JSON.stringify([refused.message, refused])).not.toContain('not the word');
  });
});
