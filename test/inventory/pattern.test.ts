import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FleetTapError, formatError } from '../../src/base/errors.js';
import type { Inventory } from '../../src/inventory/host.js';
import { readLimit } from '../../src/inventory/limit.js';
import { loadInventory } from '../../src/inventory/load.js';
import { selectHosts } from '../../src/inventory/pattern.js';
import { type Answer, ansibleSelect, type SelectTask, whyNoAnsible } from './oracle.js';

const cases = join(import.meta.dirname, '../cases/inventory');
const files = (await readdir(join(cases, 'patterns'))).map((file) => basename(file, '.json'));
const skipReason = whyNoAnsible();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleet-tap-pattern-'));
});
afterAll(() => rm(folder, { recursive: true }));

function select(inventory: Inventory, pattern: string, limit?: string | null): Answer {
  try {
    return { hosts: selectHosts(inventory, pattern, limit ?? undefined).map((host) => host.name) };
  } catch (error) {
    if (error instanceof FleetTapError) return { error: formatError(error) };
    throw error;
  }
}

/**
 * How our answer may not differ from Ansible's. Where it finds nothing for a plain name it warns and goes on, we refuse; `localhost` it makes up:
 * docs/ansible-differences.md.
 */
function difference(pattern: string, ours: Answer, theirs: Answer, warned: readonly string[]): string | undefined {
  if ('error' in theirs) return 'error' in ours ? undefined : `they refuse (${theirs.error}), we answer ${ours.hosts.join(' ')}`;
  if ('hosts' in ours) return ours.hosts.join('\n') === theirs.hosts.join('\n') ? undefined : `they answer ${theirs.hosts.join(' ')}, we ${ours.hosts.join(' ')}`;
  if (ours.error.includes('a possessive quantifier (*+, ++, ?+) is not supported') || ours.error.includes('the host pattern is empty')) return undefined;
  if (/the "[[\]]" in column \d+ of the host pattern .* \[pattern-invalid\]/s.test(ours.error)) return undefined;
  if (/no host ".*" of ".*\[\d-\d\].*" \[pattern-unknown\]/s.test(ours.error)) return undefined; // a folded name, of which some hosts exist
  const name = /no host and no group "(.*)" \[pattern-unknown\]/s.exec(ours.error)?.[1];
  if (name !== undefined && isIPv6(name) && pattern.includes(`[${name}]`)) return undefined; // a set of characters for Ansible
  return name !== undefined && [...warned, 'localhost', '127.0.0.1', '::1'].includes(name) ? undefined : `they answer ${theirs.hosts.join(' ')}, we refuse: ${ours.error}`;
}

/** Words from the letters of these inventories: names, globs, sets, subscripts, expressions, with `!` and `&`, joined at random. */
function randomPatterns(count: number): string[] {
  const of = fc.constantFrom;
  const piece = of('web', 'w', 'eb', 'db', 'd', 'r', 'a', 'A', '1', '2', '0', '01', '1a', '.', '-', 'hook', 'prod', 'all', 'deep', 'low', 'l', 'example.com', '2001:db8::', '192.0.2.');
  const glob = of('*', '?', '[a-d]', '[!w]', '[12]', '[]r]', '[0-1]', '[!a-z]', '[', ']', '**');
  const subscript = of('', '', '', '[0]', '[-1]', '[1:]', '[0:1]', '[2:0]', '[7]', '[-9]', '[1:99]', '[0-1]');
  const expression = of('.', '.*', '\\d', '[a-c]', '(a|b)', '+', '$', '\\w', '{2}', '?', '^', '[^w]');
  const name = fc.array(piece, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));
  const word = fc.oneof(
    { weight: 2, arbitrary: of('web', 'db', 'all', 'prod', 'web1', 'db01', 'v6', 'racks', 'deep', 'low', 'w2', 'a.b', 'names', 'ungrouped', '2001:db8::1') },
    name,
    fc.array(fc.oneof(piece, glob), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
    fc.array(fc.oneof(piece, expression), { minLength: 1, maxLength: 4 }).map((parts) => `~${parts.join('')}`),
  );
  const marked = fc.tuple(of('', '', '', '!', '&'), word, subscript).map((parts) => parts.join(''));
  const pattern = fc.tuple(fc.array(marked, { minLength: 1, maxLength: 4 }), of(':', ',', ', ', ' ')).map(([words, separator]) => words.join(separator));
  return fc.sample(pattern, count);
}

describe.skipIf(skipReason !== undefined)(`as Ansible selects${skipReason === undefined ? '' : ` (skipped: ${skipReason})`}`, () => {
  const compare = async (asked: readonly SelectTask[]): Promise<string[]> => {
    const answers = await ansibleSelect(asked);
    const differences: string[] = [];
    for (const [index, { sources, questions }] of asked.entries()) {
      const inventory = await loadInventory(sources);
      for (const [at, [pattern, limit]] of questions.entries()) {
        const { answer, warned } = answers[index]?.[at] ?? { answer: { error: 'no answer' }, warned: [] };
        const found = difference(pattern, select(inventory, pattern, limit), answer, warned);
        if (found !== undefined) differences.push(`${basename(sources[0] ?? '')}: ${JSON.stringify(pattern)} limit ${limit}: ${found}`);
      }
    }
    return differences;
  };
  const source = (file: string): string => join(cases, 'good', `${file}.yml`);

  test('hundreds of patterns and limits', async () => {
    const limits: Record<string, (string | null)[]> = { fleet: [null, 'web', 'all:!db', 'web1,db01', '!web1', '', ',', 'prod[0:2]'], letters: [null, 'deep'] };
    const asked = await Promise.all(
      files.map(async (file) => {
        const patterns = JSON.parse(await readFile(join(cases, 'patterns', `${file}.json`), 'utf8')) as string[];
        return { sources: [source(file)], questions: patterns.flatMap((pattern) => (limits[file] ?? [null]).map((limit) => [pattern, limit] as const)) };
      }),
    );
    expect(new Set(asked.flatMap(({ questions }) => questions.map(([pattern]) => pattern))).size).toBeGreaterThan(250);
    expect(await compare(asked)).toEqual([]);
  }, 120_000);

  test('random patterns', async () => {
    const asked = files.map((file) => ({ sources: [source(file)], questions: randomPatterns(700).map((pattern) => [pattern, null] as const) }));
    expect(await compare(asked)).toEqual([]);
  }, 120_000);
});

const fleet = await loadInventory([join(cases, 'good/fleet.yml')]);
const letters = await loadInventory([join(cases, 'good/letters.yml')]);
const addresses = await loadInventory([join(cases, 'good/addresses.yml')]);
const names = (inventory: Inventory, pattern: string, limit?: string): string => {
  const answer = select(inventory, pattern, limit);
  return 'error' in answer ? answer.error : answer.hosts.join(' ');
};

describe('folded names', () => {
  test.each([
    ['web[1-3]', 'web1 web2 web3'],
    ['db[01-02],web[1,4-5]', 'db01 db02 web1 web4 web5'],
    ['web[1,4-5]', 'web1 web4 web5'],
    ['web[1,4-5]:!web[4-5]', 'web1'],
    ['web:!web[1-3]', 'web4 web5'],
    ['web:&web[2-3]', 'web2 web3'],
  ])('%s', (pattern, expected) => expect(names(fleet, pattern)).toBe(expected));
  test('a set of single digits inside of a name stays the glob that it is for Ansible', () => {
    expect(names(letters, 'r[1-5]a')).toBe('r1a r2a r3a');
    expect(names(letters, 'r[10,11]a')).toContain('no host "r11a" of "r[10,11]a"');
    expect(names(letters, 'r[11-12]b')).toBe('r11b r12b');
  });
  test('where none of the names exists, the end stays the subscript that it is for Ansible', () => {
    expect(names(fleet, 'prod[0-1]')).toBe('web1 web3');
    expect(names(fleet, 'prod[0,1]')).toContain('no host "prod0"');
  });
});

test('IPv6 addresses in brackets', () => {
  expect(names(addresses, '[2001:db8::1]')).toBe('2001:db8::1');
  expect(names(addresses, '[2001:db8::1]:22')).toBe('2001:db8::1');
  expect(names(addresses, 'v6,!2001:db8::1,![2001:db8::2]')).toBe('fe80::1 ::1');
  expect(names(addresses, '[2001:db8::9]')).toContain('no host and no group "2001:db8::9"');
});

describe('refused', () => {
  test.each([
    ['wbe', 'the inventory has no host and no group "wbe" [pattern-unknown]', 'did you mean web'],
    ['all:!prdo', 'no group "prdo" [pattern-unknown]', 'did you mean prod?'],
    ['localhost', 'no group "localhost"', 'Ansible makes this one up'],
    ['web1:22', 'no group "web1:22"', 'a pattern takes no port: write web1'],
    ['web[9]', '"web[9]" is out of range: "web" has 5 hosts', 'web[-1]'],
    ['web[4-9]', 'no host "web6" of "web[4-9]"', 'write web[0:2]'],
    ['', 'the host pattern is empty [pattern-invalid]', '`all`'],
    ['all:!', 'a "!" or "&" stands alone [pattern-invalid]', 'all:!web1'],
    ['web[0', 'the "[" in column 4 of the host pattern "web[0" is not closed [pattern-invalid]', 'web[0:2]'],
    ['db:web]', 'the "]" in column 7 of the host pattern "db:web]" has no "[" before it [pattern-invalid]', 'in quotes'],
    ['db,web[01-', 'the "[" in column 4 of the host pattern "web[01-" is not closed', 'in quotes'],
    ['~web[', 'the "[" in column 5', 'in quotes'],
    ['~(', 'is no regular expression that can be used here', 'quote it'],
    ['~web(?>1)', 'an atomic group (?>…) is not supported', 'quote it'],
    ['~web1++', 'a possessive quantifier', 'quote it'],
    ['~(w)(?(1)e|x)b', 'a conditional group', 'quote it'],
    ['~w(?i:E)b,', 'flags for a part of the expression', 'quote it'],
    ['~web(?i)', 'flags that do not stand at the beginning', 'quote it'],
    ['~(?x) web', 'the flag (?x) is not supported', 'quote it'],
    ['~web\\q', 'bad escape \\q', 'quote it'],
    ['~web[1,', 'a set [ is not closed', 'quote it'],
    ['@file', 'is a file of names, which only --limit takes', '--limit @file'],
  ])('%s', (pattern, message, hint) => {
    expect(names(fleet, pattern)).toContain(message);
    expect(names(fleet, pattern)).toContain(hint);
  });
});

describe('--limit @file', () => {
  const limited = async (content: string, limit = '@FILE'): Promise<string> => {
    const file = join(folder, 'limit.txt');
    await writeFile(file, content);
    return names(fleet, 'all', await readLimit(limit.replace('FILE', file)));
  };
  test.each([
    ['one name a line', 'web1\n  db01  \r\n\n', '@FILE', 'web1 db01'],
    ['with other words', 'web1\n', 'db:@FILE', 'web1 db01 db02 db03'],
    ['patterns', 'web\n!web1\n&prod\n', '@FILE', 'web3'],
    ['an empty file limits nothing', '\n', '@FILE,', names(fleet, 'all')],
  ])('%s', async (_name, content, limit, expected) => {
    expect((await limited(content, limit)).split(' ').sort()).toEqual(expected.split(' ').sort());
  });
  test('a line is one word, colons or not', async () => expect(await limited('web1:web2\n')).toContain('no host and no group "web1:web2"'));
  test('missing, or a directory', async () => {
    await expect(readLimit('@/nowhere/limit')).rejects.toThrow('there is no such limit file');
    await expect(readLimit(`@${folder}`)).rejects.toThrow('the limit file is a directory');
  });
});
