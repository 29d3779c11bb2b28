// known_hosts as OpenSSH reads it: `ssh-keygen -F` says which lines speak of a name, and must agree.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newKeyPair } from '../../src/demo/keys.js';
import { decideHostKey, hostKeyNames } from '../../src/ssh/host-key-decision.js';
import { hashedName, KnownHostsIndex, knownHostName, parseKnownHosts } from '../../src/ssh/known-hosts.js';

const [first, second] = [newKeyPair(), newKeyPair()];
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
    const index = new KnownHostsIndex(parseKnownHosts(await readFile(file, 'utf8'), file));
    let seen = 0;
    // ssh looks for lower-case names only; ssh-keygen compares a hash as it was given.
    for (const name of kind === 'hashed' ? NAMES.filter((one) => one === one.toLowerCase()) : NAMES) {
      const expected = found(file, name);
      seen += expected.length;
      expect(index.about(name).map((entry) => entry.line), name).toEqual(expected);
    }
    expect(seen).toBeGreaterThan(8);
  });
});

describe('the decision', () => {
  const decide = (text: string, name: string, key: Buffer, checking: 'yes' | 'no' | 'accept-new' | 'ask' = 'yes') => {
    const index = new KnownHostsIndex(parseKnownHosts(text, 'known_hosts'));
    const [, bracketed = name, port = '22'] = /^\[(.*)\]:(\d+)$/.exec(name) ?? [];
    const names = hostKeyNames({ hostName: bracketed, port: Number(port), checkHostIp: false, hasUserFile: true });
    const decision = decideHostKey((one) => index.about(one), names, key, checking);
    return 'because' in decision ? `${decision.decision} ${decision.because}` : decision.decision;
  };
  const text = LINES.join('\n');

  it.each([
    ['web1', first, 'known'],
    ['web1', second, 'refuse changed'],
    ['[web1]:2222', second, 'known'],
    ['[web1]:2223', first, 'known'],
    ['[web1]:2223', second, 'refuse unknown'],
    ['web3', first, 'refuse unknown'],
    ['bad.example.org', first, 'refuse unknown'],
    ['stolen', second, 'refuse revoked'],
    ['stolen', first, 'refuse unknown'],
    ['a.example.com', first, 'refuse unknown'],
    ['2001:db8::1', first, 'known'],
    ['a*b', first, 'refuse unwritable'],
  ] as const)('on %s', (name, key, decision) => {
    expect(decide(text, name, key.publicBytes)).toBe(decision);
  });

  it('on a key that only a broken line speaks of: unknown, not changed', () => {
    const broken = `web1 ${first.publicLine.slice(0, -12)}\nweb1 ssh-rsa ${first.publicLine.split(' ')[1]}\nweb1 ssh-ed25519 AAAA\n`;
    expect(decide(broken, 'web1', second.publicBytes)).toBe('refuse unknown');
  });

  it('never depends on a line of another host', () => {
    const word = fc.stringMatching(/^[a-z0-9.-]{1,12}$/);
    fc.assert(
      fc.property(fc.uniqueArray(word, { minLength: 2, maxLength: 20 }), ([name = '', ...others]) => {
        const lines = others.map((other) => `${other} ${first.publicLine}\n`).join('');
        expect(decide(lines, name, first.publicBytes)).toBe('refuse unknown');
        expect(decide(`${lines}${name} ${first.publicLine}`, name, first.publicBytes)).toBe('known');
        expect(decide(`${lines}${hashedName(name)} ${first.publicLine}`, name, first.publicBytes)).toBe('known');
      }),
    );
  });

  it('on a revoked key is that, whatever other lines say', () => {
    const both = `web1 ${first.publicLine}\n@revoked * ${first.publicLine}\n`;
    expect(decide(both, 'web1', first.publicBytes)).toBe('refuse revoked');
    expect(decide(both, 'web1', first.publicBytes, 'no')).toBe('unsafe revoked');
  });

  it('is about the host as known_hosts names it', () => {
    expect([knownHostName('web1', 22), knownHostName('web1', 2222), knownHostName('2001:db8::1', 2222)]).toEqual(['web1', '[web1]:2222', '[2001:db8::1]:2222']);
  });
});
