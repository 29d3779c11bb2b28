// Keys of every kind and format against a real sshd and a real agent: what is offered, in which order, and how often a person is asked.
import { execFile } from 'node:child_process';
import { appendFile, cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { newKeyPair } from '../../src/demo/keys.js';
import { dial } from '../../src/ssh/dial.js';
import { KeyRing } from '../../src/ssh/key-ring.js';
import { startAgent } from '../hosts/agent.js';
import { type Sshd, skipSshd, sshdSkipped, startSshd } from '../hosts/sshd.js';

const run = promisify(execFile);

/** A new key that sshd takes. */
async function newKey(sshd: Sshd, name: string, words: readonly string[], passphrase = ''): Promise<string> {
  const file = join(sshd.folder, name);
  await run('ssh-keygen', ['-q', '-N', passphrase, '-f', file, ...words]);
  await appendFile(join(sshd.folder, 'authorized_keys'), await readFile(`${file}.pub`));
  return file;
}

describe.skipIf(skipSshd)(`keys${sshdSkipped}`, () => {
  it.each([
    ['ed25519', ['-t', 'ed25519']],
    ['rsa', ['-t', 'rsa', '-b', '2048']],
    ['rsa in PEM', ['-t', 'rsa', '-b', '2048', '-m', 'PEM']],
    ['rsa in PKCS8', ['-t', 'rsa', '-b', '2048', '-m', 'PKCS8']],
    ['ecdsa 256', ['-t', 'ecdsa', '-b', '256']],
    ['ecdsa 384 in PEM', ['-t', 'ecdsa', '-b', '384', '-m', 'PEM']],
    ['ecdsa 521 in PKCS8', ['-t', 'ecdsa', '-b', '521', '-m', 'PKCS8']],
  ])('logs in with %s, open and encrypted, its public half beside it or not', async (_name, words) => {
    const sshd = await startSshd({ config: ['PubkeyAcceptedAlgorithms ssh-ed25519,ecdsa-sha2-*,rsa-sha2-*'] });
    const open = await newKey(sshd, 'open', words);
    const locked = join(sshd.folder, 'locked');
    await cp(open, locked);
    await cp(`${open}.pub`, `${locked}.pub`);
    await run('ssh-keygen', ['-q', '-p', '-N', 'a phrase', '-f', locked, ...words.slice(4)]);
    for (const removed of [undefined, '.pub']) {
      if (removed !== undefined) for (const file of [open, locked]) await rm(`${file}${removed}`);
      const asked: string[] = [];
      const keyRing = new KeyRing(async (prompt) => {
        asked.push(prompt);
        return 'a phrase';
      });
      for (const file of [open, locked]) await (await dial({ ...sshd.connection, identityFiles: [file] }, { keyRing })).close();
      expect(asked).toEqual([`passphrase of ${locked}: `]);
    }
  });

  it('asks once for all hosts, lets a person correct a slip, and asks nothing where the server does not take the key', async () => {
    const sshd = await startSshd();
    const stranger = await startSshd();
    const file = await newKey(sshd, 'locked', ['-t', 'ed25519'], 'a phrase');
    const answers = ['a phrsae', 'a phrase'];
    const keyRing = new KeyRing(async () => answers.shift() ?? 'asked too often');
    const connection = { ...sshd.connection, identityFiles: [file] };
    await expect(dial({ ...stranger.connection, identityFiles: [file] }, { keyRing })).rejects.toMatchObject({ code: 'login-refused' });
    expect(answers).toHaveLength(2);
    const sessions = await Promise.all(Array.from({ length: 8 }, () => dial(connection, { keyRing })));
    await Promise.all(sessions.map((session) => session.close()));
    expect(answers).toEqual([]);
  });

  it.each([
    ['three wrong ones', 'wrong', 3, 'the passphrase is wrong'],
    ['none', '', 1, 'no passphrase was given'],
  ])('goes on with the next key after %s', async (_name, typed, times, reason) => {
    const sshd = await startSshd();
    const file = await newKey(sshd, 'locked', ['-t', 'ed25519'], 'a phrase');
    let asked = 0;
    const askSecret = async () => {
      asked += 1;
      return typed;
    };
    await (await dial({ ...sshd.connection, identityFiles: [file, join(sshd.folder, 'user_key')] }, { keyRing: new KeyRing(askSecret) })).close();
    expect(asked).toBe(times);
    await expect(dial({ ...sshd.connection, identityFiles: [file] }, { keyRing: new KeyRing(askSecret) })).rejects.toMatchObject({ code: 'login-refused', message: expect.stringContaining(`${file}: ${reason}`) });
  });

  it('orders as ssh does: named keys of the agent, its others, files; with IdentitiesOnly no others', async () => {
    const sshd = await startSshd();
    const agent = await startAgent();
    const [first, second, third] = await Promise.all(['first', 'second', 'third'].map((name) => newKey(sshd, name, ['-t', 'ed25519', '-C', name])));
    for (const file of [first, second]) await agent.add(file ?? '');
    await writeFile(second ?? '', '', { mode: 0o600 });
    await rm(second ?? '');
    const files = [third ?? '', second ?? ''];
    const labels = async (onlyFiles: boolean) => (await new KeyRing(undefined).identities({ files: files.map((path) => ({ path, named: true })), certificates: [], onlyFiles, agentSocket: agent.socket })).keys.map((key) => key.label);
    expect(await labels(false)).toEqual([`key ${second} in ssh-agent`, "ssh-agent's key first", `key ${third}`]);
    expect(await labels(true)).toEqual([`key ${second} in ssh-agent`, `key ${third}`]);
    await writeFile(join(sshd.folder, 'authorized_keys'), await readFile(`${second}.pub`));
    await (await dial({ ...sshd.connection, identityFiles: files }, { agentSocket: agent.socket })).close();
  });

  it('signs with rsa, ecdsa and ed25519 keys that only an agent holds', async () => {
    const sshd = await startSshd({ config: ['PubkeyAcceptedAlgorithms ssh-ed25519,ecdsa-sha2-*,rsa-sha2-512'] });
    for (const words of [['-t', 'rsa', '-b', '2048'], ['-t', 'ecdsa', '-b', '521'], ['-t', 'ed25519']]) {
      const agent = await startAgent();
      const file = await newKey(sshd, `key ${words[1]}`, words);
      await agent.add(file);
      await rm(file);
      await (await dial({ ...sshd.connection, identityFiles: [join(sshd.folder, 'none')] }, { agentSocket: agent.socket })).close();
    }
  });

  it('names what only the system\'s ssh can use: certificates in the agent', async () => {
    const sshd = await startSshd();
    const agent = await startAgent();
    const file = await newKey(sshd, 'key', ['-t', 'ed25519']);
    await run('ssh-keygen', ['-q', '-s', join(sshd.folder, 'host_key'), '-I', 'somebody', '-n', 'root', `${file}.pub`]);
    await agent.add(file);
    const { keys, beyondUs } = await new KeyRing(undefined).identities({ files: [{ path: join(sshd.folder, 'none'), named: true }], certificates: [], onlyFiles: false, agentSocket: agent.socket });
    expect(keys).toHaveLength(1);
    expect(beyondUs).toEqual(['a certificate in ssh-agent (ssh-ed25519-cert-v01@openssh.com)']);
  });

  it('refuses an rsa key to a server that takes SHA-1 only', async () => {
    const sshd = await startSshd({ config: ['PubkeyAcceptedAlgorithms ssh-rsa'] });
    const file = await newKey(sshd, 'rsa', ['-t', 'rsa', '-b', '2048']);
    await expect(dial({ ...sshd.connection, identityFiles: [file] })).rejects.toMatchObject({ code: 'login-refused', message: expect.stringMatching(/SHA-1|tried: key/) });
    expect(sshd.log()).not.toContain('Accepted publickey');
  });

  it('does not read a key from something that is none', async () => {
    const sshd = await startSshd();
    const broken = join(sshd.folder, 'broken');
    const good = newKeyPair().privateKey;
    for (const text of ['', 'x', good.slice(0, 120), good.replace(/[A-Z]{4}/, '////'), '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n']) {
      await writeFile(broken, text, { mode: 0o600 });
      const { keys, problems } = await new KeyRing(undefined).identities({ files: [{ path: broken, named: true }], certificates: [], onlyFiles: true, agentSocket: undefined });
      if (keys.length === 0) expect(problems).toEqual([expect.stringContaining(broken)]);
      await (await dial({ ...sshd.connection, identityFiles: [broken, join(sshd.folder, 'user_key')] })).close();
    }
  });
});
