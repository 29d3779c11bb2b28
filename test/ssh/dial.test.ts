// Connections to a real OpenSSH sshd: the login, and each way in which there is none, told apart.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dial } from '../../src/ssh/dial.js';
import { newKeyPair } from '../../src/demo/keys.js';
import { startSilentServer, startSshd, whyNoSshd } from '../hosts/sshd.js';

describe.skipIf(whyNoSshd !== undefined)(`dial${whyNoSshd === undefined ? '' : ` (skipped: ${whyNoSshd})`}`, () => {
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
});
