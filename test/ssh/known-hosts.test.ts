// known_hosts as OpenSSH reads it: `ssh-keygen -F` says which lines speak of a name, and must agree.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newKeyPair } from '../../src/demo/keys.js';
import { checkHostKey, knownHostName, knownKeyTypes, parseKnownHosts } from '../../src/ssh/known-hosts.js';

const [first, second, third] = [newKeyPair(), newKeyPair(), newKeyPair()];
const LINES = [
  '# a comment',
  '',
  `web1 ${first.publicLine} with a comment`,
  `web2,10.0.0.2 ${first.publicLine}`,
  `[web1]:2222 ${second.publicLine}`,
  `*.example.org,!bad.example.org ${first.publicLine}`,
  `web?.example.net ${second.publicLine}`,
  `2001:db8::1 ${first.publicLine}`,
  `@revoked stolen ${second.publicLine}`,
  `@cert-authority *.example.com ${first.publicLine}`,
  `Upper ${first.publicLine}`,
  'no key at all',
  `@unknown web9 ${first.publicLine}`,
];
/** Lines that OpenSSH passes over or reads in a way of its own. (Broken keys are not here: ssh-keygen -F does not look at them; dial.test.ts asks ssh.) */
const ODD_LINES = [
  `  web1 ${first.publicLine}  \r`,
  `web2\t${first.publicLine.replace(' ', '\t')}\tspaced by tabs`,
  `!web3,* ${second.publicLine}`,
  `WEB*,!web1? ${second.publicLine}`,
  '|1|nohash',
  `|1|AAAA|BBBB ${first.publicLine}`,
  `#web9 ${first.publicLine}`,
  `web1,web2 ${first.publicLine}`,
  `stolen, ${first.publicLine}`,
  `web?\\.example.net ${first.publicLine}`,
  `web1`,
  `@revoked`,
  `@revoked web1 ${second.publicLine}`,
  `web(1|2) ${first.publicLine}`,
  `[web1]:* ${first.publicLine}`,
  'web9 ssh-ed25519',
  `web9 512 65537 ${'1234567890'.repeat(15)}`,
];
const NAMES = [
  'web1', 'WEB1', 'web2', 'web3', '10.0.0.2', '10.0.0.20', '[web1]:2222', '[web1]:22', 'a.example.org', 'bad.example.org', 'a.b.example.org', 'example.org',
  'web7.example.net', 'web77.example.net', '2001:db8::1', 'stolen', 'a.example.com', 'upper', 'no', 'web9',
];
const hasKeygen = spawnSync('ssh-keygen', ['-?']).error === undefined;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleet-tap-known-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The lines that ssh-keygen finds for a name, by number. */
function found(file: string, name: string): number[] {
  const { stdout } = spawnSync('ssh-keygen', ['-F', name, '-f', file], { encoding: 'utf8' });
  return [...stdout.matchAll(/^# Host .* found: line (\d+)/gm)].map((match) => Number(match[1]));
}

describe.skipIf(!hasKeygen)(`as ssh-keygen finds them${hasKeygen ? '' : ' (skipped: ssh-keygen is not installed)'}`, () => {
  it.each(['plain', 'hashed', 'odd'])('%s names', async (kind) => {
    const file = join(folder, kind);
    // ssh-keygen hashes no file that has lines which it cannot read.
    const lines = kind === 'odd' ? ODD_LINES : kind === 'hashed' ? LINES.filter((line) => !line.startsWith('no ') && !line.startsWith('@unknown')) : LINES;
    await writeFile(file, `${lines.join('\n')}\n`);
    if (kind === 'hashed') execFileSync('ssh-keygen', ['-H', '-f', file], { stdio: 'ignore' });
    const entries = parseKnownHosts(await readFile(file, 'utf8'), file);
    let seen = 0;
    // ssh looks for lower-case names only; ssh-keygen compares a hash as it was given.
    for (const name of kind === 'hashed' ? NAMES.filter((one) => one === one.toLowerCase()) : NAMES) {
      const expected = found(file, name);
      seen += expected.length;
      // A key that nobody has: every line that speaks of the name shows in the verdict.
      const ours = entries.filter((entry) => checkHostKey([{ ...entry, marker: '' }], name, third.publicBytes).verdict === 'changed').map((entry) => entry.line);
      expect(ours, name).toEqual(expected);
    }
    expect(seen).toBeGreaterThan(8);
  });
});

describe('the verdict', () => {
  const entries = parseKnownHosts(LINES.join('\n'), 'known_hosts');

  it.each([
    ['web1', first, 'match'],
    ['web1', second, 'changed'],
    ['[web1]:2222', second, 'match'],
    ['web3', first, 'unknown'],
    ['bad.example.org', first, 'unknown'],
    ['stolen', second, 'revoked'],
    ['stolen', first, 'unknown'],
    ['a.example.com', first, 'unknown'],
  ] as const)('%s', (name, key, verdict) => {
    expect(checkHostKey(entries, name, key.publicBytes).verdict).toBe(verdict);
  });

  it('of a key that only a broken line speaks of is unknown, not changed', () => {
    const broken = parseKnownHosts(`web1 ${first.publicLine.slice(0, -12)}\nweb1 ssh-rsa ${first.publicLine.split(' ')[1]}\nweb1 ssh-ed25519 AAAA\n`, 'known_hosts');
    expect(checkHostKey(broken, 'web1', second.publicBytes)).toEqual({ verdict: 'unknown' });
  });

  it('of a line of another host never matters', () => {
    const word = fc.stringMatching(/^[a-z0-9.-]{1,12}$/);
    fc.assert(
      fc.property(fc.uniqueArray(word, { minLength: 2, maxLength: 20 }), ([name = '', ...others]) => {
        const text = others.map((other) => `${other} ${first.publicLine}\n`).join('');
        expect(checkHostKey(parseKnownHosts(text, 'f'), name, first.publicBytes).verdict).toBe('unknown');
        expect(checkHostKey(parseKnownHosts(`${text}${name} ${first.publicLine}`, 'f'), name, first.publicBytes).verdict).toBe('match');
      }),
    );
  });

  it('of a revoked key is revoked, whatever other lines say', () => {
    const both = parseKnownHosts(`web1 ${first.publicLine}\n@revoked * ${first.publicLine}\n`, 'known_hosts');
    expect(checkHostKey(both, 'web1', first.publicBytes)).toMatchObject({ verdict: 'revoked', entry: { line: 2 } });
  });

  it('knows by which types a host is known', () => {
    expect(knownKeyTypes(entries, 'web1')).toEqual(['ssh-ed25519']);
    expect(knownKeyTypes(entries, 'stolen')).toEqual([]);
  });

  it('names a host as known_hosts does', () => {
    expect([knownHostName('web1', 22), knownHostName('web1', 2222), knownHostName('2001:db8::1', 2222)]).toEqual(['web1', '[web1]:2222', '[2001:db8::1]:2222']);
  });
});
