// facts against a real sshd, and its text form.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { factTexts, filterFacts, formatFacts } from '../../src/commands/facts-report.js';
import { failedHosts } from '../../src/commands/rerun-failed.js';
import { facts, type FactsOptions } from '../../src/commands/facts.js';
import { skipSshd, sshdSkipped } from '../hosts/sshd.js';
import { startExecFleet } from './exec-fleet.js';
import { newPerson } from './person.js';

vi.setConfig({ testTimeout: 180_000 });

it('shows each fact once, and each value with its hosts where they differ', () => {
  const byHost = new Map([
    ['web1', factTexts({ ansible_a: 1, ansible_b: 'x\u001b[2J', ansible_c: ['l'] })],
    ['web2', factTexts({ ansible_a: 1, ansible_b: 'y' })],
    ['web3', factTexts({ ansible_a: 1, ansible_b: 'y' })],
  ]);
  expect(formatFacts(byHost)).toBe('ansible_a: 1\nansible_b:\n  web[2-3]: "y"\n  web1: "x\\u001b[2J"\nansible_c:\n  web[2-3]: (not there)\n  web1: ["l"]\n');
});

it.each([
  [['ansible_mem*'], ['ansible_memtotal_mb']],
  [['memtotal_mb', 'ansible_k?rnel'], ['ansible_kernel', 'ansible_memtotal_mb']],
  [['ansible_[k]*'], ['ansible_kernel']],
  [['ansible_[!k]*'], ['ansible_memtotal_mb']],
  [['a.*'], []],
  [[], ['ansible_kernel', 'ansible_memtotal_mb']],
])('--filter %j keeps %j', (filters, names) => expect(Object.keys(filterFacts({ ansible_kernel: '6', ansible_memtotal_mb: 1 }, filters)).sort()).toEqual(names));

describe.skipIf(skipSshd)(`on a real sshd${sshdSkipped}`, () => {
  it('Ctrl-C: hosts without an answer are those that --rerun-failed goes on with', async () => {
    const fleet = await startExecFleet(['web01', 'web02']);
    const person = await newPerson();
    person.interrupt();
    const options: FactsOptions = { inventory: [fleet.inventoryFile], forks: 10, hostKeyChecking: 'yes', timeout: 120, pattern: 'all', filter: [], json: false };
    expect(await facts(options, person.context)).toBe(130);
    expect(person.stderr()).toContain('web02: the facts were not waited for [interrupted]');
    expect(await failedHosts('last', person.context.stateDirectory)).toEqual(new Set(['web01', 'web02']));
  });

  it('gives one JSON document, a tree of files, and failures beside', async () => {
    const fleet = await startExecFleet(['web01', 'web02', 'gone1']);
    const person = await newPerson();
    const tree = join(person.folder, 'tree');
    const options: FactsOptions = { inventory: [fleet.inventoryFile], forks: 10, hostKeyChecking: 'yes', timeout: 120, pattern: 'web*', filter: ['ansible_kernel,distribution'], json: true, tree };
    expect(await facts(options, person.context), person.stderr()).toBe(0);
    const document = JSON.parse(person.stdout());
    const release = execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim();
    expect(Object.keys(document)).toEqual(['web01', 'web02']);
    expect(document.web01).toEqual({ ansible_facts: { ansible_kernel: release, ansible_distribution: expect.any(String) }, changed: false });
    expect(JSON.parse(readFileSync(join(tree, 'web02'), 'utf8'))).toEqual(document.web02);
  });

  it('says which host it could not ask, in JSON too', async () => {
    const fleet = await startExecFleet(['web01'], { config: ['ForceCommand echo no; exit 1'] });
    const person = await newPerson();
    const options: FactsOptions = { inventory: [fleet.inventoryFile], forks: 10, hostKeyChecking: 'yes', timeout: 120, pattern: 'all', filter: [], json: true };
    expect(await facts(options, person.context)).toBe(2);
    expect(JSON.parse(person.stdout())).toMatchObject({ web01: { failed: true, code: 'no-shell' } });
    expect(person.stderr()).toMatch(/^web01: the login ended with status 1 and gave no POSIX shell; it said: no/);
  });
});
