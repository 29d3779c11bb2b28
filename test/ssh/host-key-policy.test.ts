// The policy on host keys: which keys are taken, which are refused, and that what is written down is what ssh-keygen finds.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newKeyPair } from '../../src/demo/keys.js';
import { type HostKeyChecking, type HostKeyContext, preferredKeyTypes, readKnownHosts, verifyHostKey } from '../../src/ssh/host-key-policy.js';

const place = vi.hoisted(() => ({ folder: '' }));
// The system's file is not ours to write: it is read from the test's folder.
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return { ...real, readFile: (file: string, ...rest: never[]) => real.readFile(file === '/etc/ssh/ssh_known_hosts' ? join(place.folder, 'system') : file, ...rest) };
});

const [ours, other] = [newKeyPair(), newKeyPair()];
const home = process.env.HOME;
const hasKeygen = spawnSync('ssh-keygen', ['-?']).error === undefined;

beforeEach(async () => {
  place.folder = await mkdtemp(join(tmpdir(), 'fleet-tap-policy-'));
  process.env.HOME = place.folder;
});
afterEach(async () => {
  process.env.HOME = home;
  await rm(place.folder, { recursive: true, force: true });
});

const path = (name: string) => join(place.folder, name);
const contextOf = (checking: HostKeyChecking, more: Partial<HostKeyContext> = {}): HostKeyContext => ({ host: 'web1', address: '10.0.0.1', port: 2222, checking, files: [path('known')], ...more });
async function verify(context: HostKeyContext, key = ours.publicBytes): Promise<void> {
  await verifyHostKey(await readKnownHosts(context.files), key, context);
}
const refusal = (context: HostKeyContext, key?: Buffer): Promise<{ code: string; hint: string; message: string }> =>
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
      [{ alias: 'the-alias' }, 'the-alias'],
    ] as const;
    for (const [more, name] of names) {
      await verify(contextOf('accept-new', more));
      expect(execFileSync('ssh-keygen', ['-F', name, '-f', path('known')], { encoding: 'utf8' })).toContain(`${name} ${ours.publicLine}`);
    }
  });

  it('is written into a folder that is not there yet, and under ~/ as well', async () => {
    await verify(contextOf('accept-new', { files: ['~/new/known'] }));
    expect(await readFile(path('new/known'), 'utf8')).toBe(`[10.0.0.1]:2222 ${ours.publicLine}\n`);
    await verify(contextOf('yes', { files: ['~/new/known'] }));
    await verify(contextOf('accept-new', { files: undefined }));
    expect(await readFile(path('.ssh/known_hosts'), 'utf8')).toBe(`[10.0.0.1]:2222 ${ours.publicLine}\n`);
    expect((await stat(path('.ssh'))).mode & 0o777).toBe(0o700);
  });

  it('spoils no last line that has no newline', async () => {
    await writeFile(path('known'), `db1 ${other.publicLine}`);
    await verify(contextOf('accept-new'));
    expect(await readFile(path('known'), 'utf8')).toBe(`db1 ${other.publicLine}\n[10.0.0.1]:2222 ${ours.publicLine}\n`);
  });

  it('is not taken when it cannot be written down', async () => {
    await mkdir(path('known'));
    await expect(verify(contextOf('accept-new'))).rejects.toMatchObject({ kind: 'unreachable', code: 'host-key-not-written', message: expect.stringContaining(path('known')) });
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

  it('is taken under no, and not written down', async () => {
    await verify(contextOf('no'));
    await expect(stat(path('known'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('by an alias comes with a command that makes the alias known, folder and all', async () => {
    const context = contextOf('yes', { alias: "the alias's", files: [path("it's new/known")] });
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
    await expect(verify(contextOf('accept-new', { files: [path('known'), path('second')] }))).rejects.toMatchObject({ code: 'host-key-changed', message: expect.stringContaining(`${path('second')}:1`) });
  });
});

describe('the system\'s file', () => {
  it('counts besides the user\'s own, named or not', async () => {
    await writeFile(path('system'), `[10.0.0.1]:2222 ${ours.publicLine}\n`);
    await verify(contextOf('yes'));
    await verify(contextOf('yes', { files: undefined }));
  });

  it.each(['yes', 'ask', 'accept-new', 'no'] as const)('revokes a key that the user\'s file knows, under %s', async (checking) => {
    await writeFile(path('known'), `[10.0.0.1]:2222 ${ours.publicLine}\n`);
    await writeFile(path('system'), `@revoked * ${ours.publicLine}\n`);
    await expect(verify(contextOf(checking))).rejects.toMatchObject({ kind: 'unreachable', code: 'host-key-revoked', message: expect.stringContaining('/etc/ssh/ssh_known_hosts:1') });
  });
});

it('asks for the key types that are known of this name, and only those', async () => {
  await writeFile(path('known'), `[10.0.0.1]:2222 ${ours.publicLine}\n`);
  const entries = await readKnownHosts([path('known')]);
  expect(preferredKeyTypes(entries, contextOf('yes'))).toEqual(['ssh-ed25519']);
  expect(preferredKeyTypes(entries, contextOf('yes', { alias: 'other' }))).toEqual([]);
});

it('takes a file that cannot be read for an empty one, as OpenSSH does', async () => {
  await mkdir(path('known'));
  await expect(verify(contextOf('yes'))).rejects.toMatchObject({ code: 'host-key-unknown' });
});
