import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FleetTapError, formatError } from '../../src/base/errors.js';
import { loadInventory } from '../../src/inventory/load.js';
import { selectHosts } from '../../src/inventory/pattern.js';
import { ansibleSelect, whyNoAnsible } from './oracle.js';

const cases = join(import.meta.dirname, '../cases/inventory');
const path = join(cases, 'good/patterns.yml');
const inventory = await loadInventory([path]);
const patterns = JSON.parse(await readFile(join(cases, 'patterns.json'), 'utf8')) as string[];
const skipReason = whyNoAnsible();

const names = (pattern: string, limit?: string): string[] => selectHosts(inventory, pattern, limit).map((host) => host.name);
const refusal = (pattern: string): string => {
  try {
    names(pattern);
  } catch (error) {
    if (error instanceof FleetTapError) return formatError(error);
    throw error;
  }
  throw new Error('it was accepted');
};

test.skipIf(skipReason !== undefined)(
  `as Ansible selects${skipReason === undefined ? '' : ` (skipped: ${skipReason})`}`,
  async () => {
    const limits = [null, 'web', 'all:!db', 'web1,db01', '!web1', '', ','];
    const asked = patterns.flatMap((pattern) => limits.map((limit) => [pattern, limit] as const));
    const answers = await ansibleSelect(path, asked);
    const ours = asked.map(([pattern, limit]) => `${pattern} limit ${limit}: ${names(pattern, limit ?? undefined).join(' ')}`);
    expect(ours).toEqual(asked.map(([pattern, limit], index) => `${pattern} limit ${limit}: ${[answers[index]].flat().join(' ')}`));
  },
  60_000,
);

test.each([
  ['web[1-3]', 'web1 web2 web3'],
  ['db[01-02],web[1,4-5]', 'db01 db02 web1 web4 web5'],
])('the folded name %s', (pattern, expected) => expect(names(pattern).join(' ')).toBe(expected));

describe('refused', () => {
  test.each([
    ['wbe', 'the inventory has no host and no group "wbe" [pattern-unknown]', 'did you mean web'],
    ['all:!prdo', 'no group "prdo" [pattern-unknown]', 'did you mean prod?'],
    ['localhost', 'no group "localhost"', 'fleet-tap inventory --graph'],
    ['web[9]', '"web[9]" is out of range: "web" has 5 hosts', 'web[-1]'],
    ['web[4-9]', 'no host "web6" of "web[4-9]"', 'write web[0:2]'],
    ['', 'the host pattern is empty [pattern-invalid]', '`all`'],
    ['~(', 'is not a regular expression', 'quote it'],
    ['@file', 'is not supported yet', 'write the names'],
  ])('%s', (pattern, message, hint) => {
    expect(refusal(pattern)).toContain(message);
    expect(refusal(pattern)).toContain(hint);
  });
});
