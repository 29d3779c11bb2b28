// The same key, the same files, the same rules: real ssh against a real sshd, and our policy. The decision and the file afterwards must be the same.
// ssh reaches the sshd by a ProxyCommand, so that any name and port can be asked for; it is not let in, since only the host key matters here.
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newKeyPair } from '../../src/demo/keys.js';
import type { HostKeyChecking } from '../../src/inventory/connection.js';
import { algorithmsFor } from '../../src/ssh/algorithms.js';
import { ConfigFiles } from '../../src/ssh/config/files.js';
import { thisMachine } from '../../src/ssh/config/machine.js';
import { type HostKeyCheck, knownKeys, verifyHostKey } from '../../src/ssh/host-key-policy.js';
import { hashedName } from '../../src/ssh/known-hosts.js';
import { KnownHostsFiles } from '../../src/ssh/known-hosts-files.js';
import { resolveTarget } from '../../src/ssh/resolve-target.js';
import { KNOWN_HOSTS, type KnownHostsCase } from '../cases/ssh/known-hosts.js';
import { skipSshd, sshdSkipped, startSshd } from '../hosts/sshd.js';

const MODES: readonly HostKeyChecking[] = ['yes', 'accept-new', 'ask', 'no'];
const AT_ONCE = 6;
const SERVER_KEYS = ['ed25519', 'ecdsa', 'rsa'] as const;
const hasBusybox = spawnSync('busybox', ['true']).status === 0;

interface Outcome {
  /** unsafe: taken, but no password for it. */
  readonly decision: 'taken' | 'unsafe' | 'refused';
  /** The user's file afterwards; names that were hashed anew stand as <hashed>. */
  readonly file: string;
}

describe.skipIf(skipSshd || !hasBusybox)(`known_hosts as ssh decides${sshdSkipped}${hasBusybox ? '' : ' (skipped: busybox is not installed)'}`, () => {
  it('in every mode', { timeout: 600_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-oracle-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const keys = new Map<string, string>();
    for (const type of SERVER_KEYS) {
      execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', join(folder, type)]);
      keys.set(type, (await readFile(join(folder, `${type}.pub`), 'utf8')).split(' ').slice(0, 2).join(' '));
    }
    for (const name of ['other', 'another']) keys.set(name, newKeyPair().publicLine.split(' ').slice(0, 2).join(' '));
    execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-N', '', '-f', join(folder, 'otherRsa')]);
    keys.set('otherRsa', (await readFile(join(folder, 'otherRsa.pub'), 'utf8')).split(' ').slice(0, 2).join(' '));
    const config = ['MaxStartups 100', ...['ecdsa', 'rsa', 'ed25519'].map((type) => `HostKey ${join(folder, type)}`)];
    const servers = { all: (await startSshd({ config })).port, withoutEd25519: await onlyWith(['ecdsa', 'rsa'], folder) };
    const limit = pLimit(AT_ONCE);
    const differences: string[] = [];
    const seen = new Map<string, number>();
    const all = MODES.flatMap((checking) => Object.entries(KNOWN_HOSTS).map(([name, oneCase]) => ({ checking, name, oneCase })));
    await Promise.all(
      all.map(({ checking, name, oneCase }, index) =>
        limit(async () => {
          const place = join(folder, String(index));
          const question = { oneCase, checking, place, keys, port: oneCase.server === 'withoutEd25519' ? servers.withoutEd25519 : servers.all };
          const [theirs, mine] = [await bySsh(question), await ours(question)];
          seen.set(`${checking} ${theirs.decision}`, (seen.get(`${checking} ${theirs.decision}`) ?? 0) + 1);
          if (JSON.stringify(theirs) !== JSON.stringify(mine)) differences.push(`${name}, ${checking}\n  ssh:  ${JSON.stringify(theirs)}\n  ours: ${JSON.stringify(mine)}`);
        }),
      ),
    );
    expect(differences).toEqual([]);
    // The cases tell the modes apart.
    for (const outcome of ['yes taken', 'yes refused', 'accept-new taken', 'accept-new refused', 'ask refused', 'no unsafe', 'no taken', 'no refused']) expect(seen.get(outcome), outcome).toBeGreaterThan(2);
    expect(Object.keys(KNOWN_HOSTS).length).toBeGreaterThanOrEqual(60);
  });
});

/** sshd with these host keys alone: the line of the helper's own ed25519 key comes too late, since HostKeyAlgorithms leaves it out. */
async function onlyWith(types: readonly string[], folder: string): Promise<number> {
  const config = ['MaxStartups 100', 'HostKeyAlgorithms ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256', ...types.map((type) => `HostKey ${join(folder, type)}`)];
  return (await startSshd({ config })).port;
}

interface Question {
  readonly oneCase: KnownHostsCase;
  readonly checking: HostKeyChecking;
  readonly place: string;
  readonly keys: ReadonlyMap<string, string>;
  readonly port: number;
}

/** <ed25519> stands for a key, <hash NAME> for a hashed name. */
function fill(text: string, keys: ReadonlyMap<string, string>): string {
  return text.replace(/<hash ([^>]+)>/g, (_all, name: string) => hashedName(name, Buffer.alloc(20, 7))).replace(/<(\w+)>/g, (all, name: string) => keys.get(name) ?? all);
}

async function files({ oneCase, place, keys }: Question, who: string): Promise<Record<'user' | 'second' | 'global' | 'revoked', string>> {
  const paths = { user: `${place}.${who}.user`, second: `${place}.second`, global: `${place}.global`, revoked: `${place}.revoked` };
  if (oneCase.user !== null) await writeFile(paths.user, fill(oneCase.user ?? '', keys));
  await writeFile(paths.second, fill(oneCase.second ?? '', keys));
  await writeFile(paths.global, fill(oneCase.global ?? '', keys));
  await writeFile(paths.revoked, fill(oneCase.revoked ?? '', keys));
  return paths;
}

/** `-o` words that both sides get. */
function optionsOf({ oneCase, checking }: Question, paths: Readonly<Record<string, string>>): [string, string][] {
  const options = (oneCase.options ?? []).map((option): [string, string] => [option.split('=')[0] ?? '', option.replace(/^[^=]*=/, '').replace('@REVOKED@', paths.revoked ?? '').replace('@USER@', paths.user ?? '')]);
  return [...options, ['StrictHostKeyChecking', checking], ['UserKnownHostsFile', `${paths.user} ${paths.second}`], ['GlobalKnownHostsFile', paths.global ?? ''], ['Port', String(oneCase.port ?? 22)]];
}

async function bySsh(question: Question): Promise<Outcome> {
  const paths = await files(question, 'ssh');
  const words = optionsOf(question, paths).flatMap(([keyword, value]) => ['-o', `${keyword}=${value}`]);
  const stderr = await new Promise<string>((resolve) => {
    const all = ['-F', 'none', ...words, '-o', `ProxyCommand=busybox nc 127.0.0.1 ${question.port}`, '-o', 'BatchMode=yes', '-o', 'PreferredAuthentications=password', '-o', 'IdentityAgent=none', question.oneCase.host, 'true'];
    execFile('ssh', all, (_error, _stdout, text) => resolve(text));
  });
  const isTaken = stderr.includes('Permission denied');
  if (!isTaken && !/Host key verification failed|revoked by file|Error checking host key/.test(stderr)) throw new Error(`ssh said: ${stderr}`);
  const decision = isTaken ? (stderr.includes('Password authentication is disabled') ? 'unsafe' : 'taken') : 'refused';
  return { decision, file: await after(question, paths.user) };
}

async function ours(question: Question): Promise<Outcome> {
  const paths = await files(question, 'ours');
  const sshArgsBefore = optionsOf(question, paths).map(([keyword, value]) => ({ keyword, value, from: 'the test' }));
  const connection = { host: 'h', address: question.oneCase.host, identityFiles: [], sshArgsBefore, configFile: 'none', become: { always: false, method: 'sudo', user: 'root' } as const };
  const target = resolveTarget(connection, thisMachine({ ...process.env, CI: '' }), new ConfigFiles());
  const known = new KnownHostsFiles();
  const check: HostKeyCheck = { target };
  const { hostKey, hostKeyByKnownKeys } = target.algorithms;
  const offered = algorithmsFor({ hostKeys: hostKey, hostKeysByKnown: hostKeyByKnownKeys }, (await knownKeys(known, check)).types).serverHostKey;
  const has = question.oneCase.server === 'withoutEd25519' ? ['ecdsa', 'rsa'] : ['ed25519', 'ecdsa', 'rsa'];
  // The server shows the first of what we ask for that it has (RFC 4253, 7.1).
  const shown = (Array.isArray(offered) ? offered : []).map((name) => ({ 'ssh-ed25519': 'ed25519', 'ecdsa-sha2-nistp256': 'ecdsa', 'rsa-sha2-512': 'rsa', 'rsa-sha2-256': 'rsa' })[name as string]).find((type) => type !== undefined && has.includes(type));
  const key = Buffer.from(question.keys.get(shown ?? '')?.split(' ')[1] ?? '', 'base64');
  const decision = await verifyHostKey(known, key, check).then(
    ({ unsafe }) => (unsafe ? ('unsafe' as const) : ('taken' as const)),
    () => 'refused' as const,
  );
  return { decision, file: await after(question, paths.user) };
}

/** The file, with keys by their names; a hashed name must be one that ssh-keygen finds. */
async function after({ oneCase, keys }: Question, path: string): Promise<string> {
  let text = await readFile(path, 'utf8').catch(() => '(none)');
  for (const [name, key] of keys) text = text.replaceAll(key, `<${name}>`);
  const before = fill(oneCase.user ?? '', keys);
  return text.replace(/\|1\|[^ ]+/g, (hash) => {
    if (before.includes(hash)) return '<hashed before>';
    const name = oneCase.port === undefined ? oneCase.host : `[${oneCase.host}]:${oneCase.port}`;
    return spawnSync('ssh-keygen', ['-F', name.toLowerCase(), '-f', path]).status === 0 ? '<hashed>' : '<hashed wrongly>';
  });
}
