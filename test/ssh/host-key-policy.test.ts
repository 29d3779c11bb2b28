// The policy on host keys: which keys are taken, which are refused, and that what is written down is what ssh-keygen finds.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newKeyPair } from '../../src/demo/keys.js';
import type { HostKeyChecking } from '../../src/inventory/connection.js';
import { type HostKeyCheck, type HostKeyTrust, knownKeys, verifyHostKey } from '../../src/ssh/host-key-policy.js';
import { KnownHostsFiles } from '../../src/ssh/known-hosts-files.js';
import type { HostKeyRules } from '../../src/ssh/target.js';

const place = { folder: '' };
const [ours, other] = [newKeyPair(), newKeyPair()];
const hasKeygen = spawnSync('ssh-keygen', ['-?']).error === undefined;

beforeEach(async () => {
  place.folder = await mkdtemp(join(tmpdir(), 'fleet-tap-policy-'));
});
afterEach(() => rm(place.folder, { recursive: true, force: true }));

const path = (name: string) => join(place.folder, name);
interface More {
  address?: string;
  port?: number;
  rules?: Partial<HostKeyRules>;
  ask?: HostKeyCheck['ask'];
  remoteAddress?: string;
}
const contextOf = (checking: HostKeyChecking, { address = '10.0.0.1', port = 2222, rules, ask, remoteAddress = '10.0.0.1' }: More = {}): HostKeyCheck => ({
  target: {
    host: 'web1', hostName: address, port,
    hostKey: { checking, userFiles: [path('known')], globalFiles: [path('system')], checkHostIp: false, hashNames: false, requiredRsaBits: 1024, trustLoopback: false, ...rules },
  },
  ask, remoteAddress,
});
function verify(context: HostKeyCheck, key = ours.publicBytes, files = new KnownHostsFiles()): Promise<HostKeyTrust> {
  return verifyHostKey(files, key, context);
}
const refusal = (context: HostKeyCheck, key?: Buffer): Promise<{ code: string; hint: string; message: string }> =>
  verify(context, key).then(
    () => Promise.reject(new Error('the key was taken')),
    (error) => error,
  );

describe('an unknown key', () => {
  it.each(['yes', 'ask'] as const)('is refused under %s, and nothing is written', async (checking) => {
    await expect(verify(contextOf(checking))).rejects.toMatchObject({ kind: 'unreachable', code: 'host-key-unknown', place: { host: 'web1' } });
    await expect(stat(path('known'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is taken under accept-new, written down once, and is a known one from then on', async () => {
    await verify(contextOf('accept-new'));
    await verify(contextOf('accept-new'));
    await verify(contextOf('yes'));
    expect(await readFile(path('known'), 'utf8')).toBe(`[10.0.0.1]:2222 ${ours.publicLine}\n`);
    expect((await stat(path('known'))).mode & 0o777).toBe(0o600);
  });

  it.skipIf(!hasKeygen)(`that was written down is found by ssh-keygen${hasKeygen ? '' : ' (skipped: ssh-keygen is not installed)'}`, async () => {
    const names = [
      [{ address: 'web1.example.org', port: 22 }, 'web1.example.org'],
      [{ address: '2001:db8::1', port: 22 }, '2001:db8::1'],
      [{ address: '2001:db8::1', port: 2222 }, '[2001:db8::1]:2222'],
      [{ rules: { alias: 'the-alias' } }, 'the-alias'],
    ] as const;
    for (const [more, name] of names) {
      await writeFile(path('known'), '');
      await verify(contextOf('accept-new', more));
      expect(execFileSync('ssh-keygen', ['-F', name, '-f', path('known')], { encoding: 'utf8' })).toContain(`${name} ${ours.publicLine}`);
    }
  });

  it('is written into a folder that is not there yet', async () => {
    await verify(contextOf('accept-new', { rules: { userFiles: [path('new/known')] } }));
    expect(await readFile(path('new/known'), 'utf8')).toBe(`[10.0.0.1]:2222 ${ours.publicLine}\n`);
    expect((await stat(path('new'))).mode & 0o777).toBe(0o700);
  });

  it('spoils no last line that has no newline', async () => {
    await writeFile(path('known'), `db1 ${other.publicLine}`);
    await verify(contextOf('accept-new'));
    expect(await readFile(path('known'), 'utf8')).toBe(`db1 ${other.publicLine}\n[10.0.0.1]:2222 ${ours.publicLine}\n`);
  });

  it('that cannot be written down is taken with a warning, as ssh does', async () => {
    await mkdir(path('known'));
    expect(await verify(contextOf('accept-new'))).toEqual({ unsafe: false, warnings: [expect.stringContaining(`could not be written to ${path('known')}: EISDIR`)] });
  });

  it('is written down once by many connections at once; another key for the same name is refused', async () => {
    const files = new KnownHostsFiles();
    const answers = await Promise.allSettled([ours, ours, other, ours, other].map((pair) => verify(contextOf('accept-new'), pair.publicBytes, files)));
    expect(answers.map((answer) => answer.status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'rejected']);
    expect(await readFile(path('known'), 'utf8')).toBe(`[10.0.0.1]:2222 ${ours.publicLine}\n`);
  });

  it('is taken when a person says yes, not when they say no', async () => {
    const questions: string[] = [];
    const answering = (answer: boolean) => contextOf('ask', { ask: async (question) => questions.push(question) > 0 && answer });
    await expect(verify(answering(false))).rejects.toMatchObject({ code: 'host-key-unknown' });
    await verify(answering(true));
    await verify(contextOf('yes'));
    expect(questions).toHaveLength(2);
    await writeFile(path('key.pub'), `${ours.publicLine}\n`);
    if (hasKeygen) expect(questions[0]).toContain(execFileSync('ssh-keygen', ['-l', '-f', path('key.pub')], { encoding: 'utf8' }).split(' ')[1]);
  });

  it.each(['yes', 'accept-new', 'no'] as const)('is not asked about under %s', async (checking) => {
    const ask = vi.fn(async () => true);
    await verify(contextOf(checking, { ask })).catch(() => {});
    expect(ask).not.toHaveBeenCalled();
  });

  it('is taken and written down under no', async () => {
    expect(await verify(contextOf('no'))).toEqual({ unsafe: false, warnings: [] });
    expect(await readFile(path('known'), 'utf8')).toBe(`[10.0.0.1]:2222 ${ours.publicLine}\n`);
  });

  it('by an alias comes with a command that makes the alias known, folder and all', async () => {
    const context = contextOf('yes', { rules: { alias: "the alias's", userFiles: [path("it's new/known")] } });
    const { hint } = await refusal(context);
    const command = /accept it: (.*) \(or let/.exec(hint)?.[1] ?? 'false';
    execFileSync('sh', ['-c', command]);
    expect(await readFile(path("it's new/known"), 'utf8')).toBe(`the alias's ${ours.publicLine}\n`);
  });
});

describe('a key that is not the known one', () => {
  it.each(['yes', 'ask', 'accept-new'] as const)('is refused under %s, whatever a person would say', async (checking) => {
    const before = `# mine\n[10.0.0.1]:2222 ${other.publicLine}\n`;
    await writeFile(path('known'), before);
    const ask = vi.fn(async () => true);
    await expect(verify(contextOf(checking, { ask }))).rejects.toMatchObject({ kind: 'unreachable', code: 'host-key-changed', message: expect.stringContaining(`${path('known')}:2`) });
    expect(ask).not.toHaveBeenCalled();
    expect(await readFile(path('known'), 'utf8')).toBe(before);
  });

  it.skipIf(!hasKeygen)(`comes with the command that forgets the old one${hasKeygen ? '' : ' (skipped: ssh-keygen is not installed)'}`, async () => {
    await writeFile(path('known'), `db1 ${other.publicLine}\n[10.0.0.1]:2222 ${other.publicLine}\n`);
    const { hint } = await refusal(contextOf('yes'));
    execFileSync('sh', ['-c', /(ssh-keygen .*), then/.exec(hint)?.[1] ?? 'false'], { stdio: 'ignore' });
    expect(await readFile(path('known'), 'utf8')).toBe(`db1 ${other.publicLine}\n`);
    expect(await refusal(contextOf('yes'))).toMatchObject({ code: 'host-key-unknown' });
  });

  it('is refused because of a second file too', async () => {
    await writeFile(path('second'), `[10.0.0.1]:2222 ${other.publicLine}\n`);
    await expect(verify(contextOf('accept-new', { rules: { userFiles: [path('known'), path('second')] } }))).rejects.toMatchObject({ code: 'host-key-changed', message: expect.stringContaining(`${path('second')}:1`) });
  });
});

describe('the key that is not believed', () => {
  it('goes without a password under no', async () => {
    await writeFile(path('known'), `[10.0.0.1]:2222 ${other.publicLine}\n`);
    expect(await verify(contextOf('no'))).toEqual({ unsafe: true, warnings: [expect.stringContaining(`is not the known one (${path('known')}:1); no password is sent to it`)] });
  });

  it.each(['yes', 'ask', 'accept-new'] as const)('because the system\'s file revokes it is refused under %s, whatever the user\'s own file says', async (checking) => {
    await writeFile(path('known'), `[10.0.0.1]:2222 ${ours.publicLine}\n`);
    await writeFile(path('system'), `@revoked * ${ours.publicLine}\n`);
    await expect(verify(contextOf(checking))).rejects.toMatchObject({ kind: 'unreachable', code: 'host-key-revoked', message: expect.stringContaining(`${path('system')}:1`) });
    expect(await verify(contextOf('no'))).toMatchObject({ unsafe: true });
  });

  it('because it is too short is refused', async () => {
    execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-b', '1024', '-N', '', '-f', path('rsa')]);
    const key = Buffer.from((await readFile(path('rsa.pub'), 'utf8')).split(' ')[1] ?? '', 'base64');
    await verify(contextOf('accept-new'), key);
    await expect(verify(contextOf('accept-new', { rules: { requiredRsaBits: 1025 } }), key)).rejects.toMatchObject({ code: 'host-key-too-short', message: expect.stringContaining('has 1024 bits') });
  });

  it.each(['lines', 'list', 'sha256 list'])('because RevokedHostKeys names it (%s) is refused, even under no', async (form) => {
    await writeFile(path('ours.pub'), `${ours.publicLine}\n`);
    await writeFile(path('other.pub'), `${other.publicLine}\n`);
    const files = async (name: string, ...pairs: string[]) => {
      if (form === 'lines') await writeFile(path(name), `# stolen\n${(await Promise.all(pairs.map((pair) => readFile(path(pair), 'utf8')))).join('')}`);
      else {
        await writeFile(path('spec'), (await Promise.all(pairs.map(async (pair) => `${form === 'list' ? 'key' : 'sha256'}: ${await readFile(path(pair), 'utf8')}`))).join(''));
        execFileSync('ssh-keygen', ['-q', '-k', '-f', path(name), path('spec')]);
      }
    };
    await files('revoked', 'other.pub', 'ours.pub');
    await expect(verify(contextOf('no', { rules: { revokedFile: path('revoked') } }))).rejects.toMatchObject({ code: 'host-key-revoked', message: expect.stringContaining(path('revoked')) });
    await files('revoked', 'other.pub');
    expect(await verify(contextOf('no', { rules: { revokedFile: path('revoked') } }))).toEqual({ unsafe: false, warnings: [] });
  });

  it('is any key when RevokedHostKeys cannot be read', async () => {
    await expect(verify(contextOf('no', { rules: { revokedFile: path('none') } }))).rejects.toMatchObject({ code: 'host-key-revoked', message: expect.stringContaining('cannot be told') });
    await writeFile(path('cut'), 'SSHKRL\n\x00\x00\x00\x00\x01abc');
    await expect(verify(contextOf('no', { rules: { revokedFile: path('cut') } }))).rejects.toMatchObject({ code: 'host-key-revoked', message: expect.stringContaining('is cut off') });
  });
});

describe('CheckHostIP', () => {
  const both = (checking: HostKeyChecking, more: More = {}) => contextOf(checking, { address: 'web1.example.org', remoteAddress: '192.0.2.1', rules: { checkHostIp: true }, ...more });

  it('writes the address beside the name, and refuses one that leads elsewhere', async () => {
    await verify(both('accept-new'));
    expect(await readFile(path('known'), 'utf8')).toBe(`[web1.example.org]:2222,[192.0.2.1]:2222 ${ours.publicLine}\n`);
    await writeFile(path('known'), `[web1.example.org]:2222 ${ours.publicLine}\n[192.0.2.1]:2222 ${other.publicLine}\n`);
    await expect(verify(both('yes'))).rejects.toMatchObject({ code: 'host-key-changed', message: expect.stringContaining('[192.0.2.1]:2222') });
    await verify(both('no'));
    await verify(both('yes', { rules: { checkHostIp: false } }));
  });

  it('does not look at the loopback address', async () => {
    await verify(both('accept-new', { remoteAddress: '127.0.0.1' }));
    expect(await readFile(path('known'), 'utf8')).toBe(`[web1.example.org]:2222 ${ours.publicLine}\n`);
  });
});

describe('what is known before the key is shown', () => {
  it('is the key types of this name, those of the system\'s file too', async () => {
    const files = new KnownHostsFiles();
    await writeFile(path('known'), `[10.0.0.1]:2222 ${ours.publicLine}\n10.0.0.1 ${ours.publicLine}\n`);
    expect(await knownKeys(files, contextOf('yes'))).toEqual({ types: ['ssh-ed25519'], authority: undefined });
    expect(await knownKeys(files, contextOf('yes', { address: '10.0.0.2' }))).toMatchObject({ types: [] });
    await writeFile(path('system'), `[10.0.0.2]:2222 ${ours.publicLine}\n@cert-authority *,[*]:* ${other.publicLine}\n`);
    expect(await knownKeys(files, contextOf('yes', { address: '10.0.0.2' }))).toMatchObject({ types: ['ssh-ed25519'], authority: { line: 2 } });
  });

  it('is read again when the file has changed', async () => {
    const files = new KnownHostsFiles();
    expect(await knownKeys(files, contextOf('yes'))).toMatchObject({ types: [] });
    await writeFile(path('known'), `[10.0.0.1]:2222 ${ours.publicLine}\n`);
    expect(await knownKeys(files, contextOf('yes'))).toMatchObject({ types: ['ssh-ed25519'] });
  });
});
