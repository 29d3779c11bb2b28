import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inventory, type InventoryOptions } from '../../src/commands/inventory.js';
import { layOut, readCases } from '../inventory/cases.js';
import { ansibleInventory, whyNoAnsible } from '../inventory/oracle.js';
import { newPerson } from './person.js';

const good = join(import.meta.dirname, '../cases/inventory/good');
const files = (await readdir(good)).map((file) => join(good, file));
const skipReason = whyNoAnsible();

async function printed(options: InventoryOptions): Promise<string> {
  const person = await newPerson();
  expect(await inventory(options, person.context)).toBe(0);
  return person.stdout();
}

/** Tuples, dates, keys that are no texts, and what 2.14 loses below !unsafe: docs/ansible-differences.md. */
const DIFFERS = ["ini: types on a host's line", 'yaml: dates are what Python prints of them', 'yaml: keys that are no texts', 'yaml: texts that are no templates, nested'];

/** The first line that differs, of both. */
function firstOther(theirs: string, ours: string): string {
  const [left, right] = [theirs.split('\n'), ours.split('\n')];
  const at = left.findIndex((line, index) => line !== right[index]);
  return `Ansible ${JSON.stringify(left.slice(at, at + 2))}, fleet-tap ${JSON.stringify(right.slice(at, at + 2))}`;
}

describe.skipIf(skipReason !== undefined)(`prints what ansible-inventory prints${skipReason === undefined ? '' : ` (skipped: ${skipReason})`}`, () => {
  const forms: readonly (readonly [string[], Partial<InventoryOptions>])[] = [
    [['--list'], { list: true }],
    [['--list', '--export'], { list: true, export: true }],
    [['--list', '--yaml'], { list: true, yaml: true }],
    [['--list', '-y', '--export'], { list: true, yaml: true, export: true }],
    [['--graph'], { graph: true }],
    [['--graph', '--vars'], { graph: true, vars: true }],
    [['--graph', '--vars', '--export', 'ungrouped'], { graph: true, vars: true, export: true, group: 'ungrouped' }],
  ];
  test('every good inventory, byte for byte', async () => {
    // Keys that look like whole numbers stand first in a mapping of JavaScript, which --vars shows: docs/ansible-differences.md.
    const asked = files.flatMap((file) => forms.filter(([words]) => !(file.endsWith('scalars.yml') && words.includes('--vars'))).map(([words, options]) => ({ words: ['-i', file, ...words], options: { ...options, inventory: [file] } })));
    const theirs = await ansibleInventory(asked.map(({ words }) => words));
    expect(theirs.length).toBeGreaterThan(40);
    for (const [index, { words, options }] of asked.entries()) expect(await printed(options), words.join(' ')).toBe(theirs[index]);
  }, 120_000);

  test('--host, floats, escapes and lists of hosts', async () => {
    const scalars = join(good, 'scalars.yml');
    const commands: readonly (readonly [string[], InventoryOptions])[] = [
      [['-i', 'a,b:22,', '--list'], { inventory: ['a,b:22,'], list: true }],
      [['-i', 'a,b:22,', '--host', 'b'], { inventory: ['a,b:22,'], host: 'b' }],
      [['-i', 'a,b:22,', '--host', 'a'], { inventory: ['a,b:22,'], host: 'a' }],
      [['-i', 'a,b:22,', '--list', '-e', 'x=1 y=two', '-e', '{"z": [1, {"k": null}]}'], { inventory: ['a,b:22,'], list: true, extraVars: ['x=1 y=two', '{"z": [1, {"k": null}]}'] }],
      [['-i', 'a,b:22,', '--host', 'b', '-e', 'ansible_port=23'], { inventory: ['a,b:22,'], host: 'b', extraVars: ['ansible_port=23'] }],
      [['-i', 'a,b:22,', '--list', '--export', '-e', 'x=1'], { inventory: ['a,b:22,'], list: true, export: true, extraVars: ['x=1'] }],
      [['-i', scalars, '-i', files[0] ?? '', '--list'], { inventory: [scalars, files[0] ?? ''], list: true }],
    ];
    const theirs = await ansibleInventory(commands.map(([words]) => words));
    for (const [index, [words, options]] of commands.entries()) expect(await printed(options), words.join(' ')).toBe(theirs[index]);
  }, 60_000);

  test('every case of the conformance test, as YAML and as a tree with variables, byte for byte', async () => {
    const { folder } = await newPerson();
    const asked: { name: string; words: string[]; options: InventoryOptions }[] = [];
    for (const [index, one] of (await readCases()).entries()) {
      const { sources, play } = await layOut(one, join(folder, String(index)));
      await mkdir(play, { recursive: true });
      const words = [...sources.flatMap((source) => ['-i', source]), '--playbook-dir', play];
      const options = { inventory: sources, playbookDir: play };
      asked.push({ name: one.name, words: [...words, '--list', '--yaml', '--export'], options: { ...options, list: true, yaml: true, export: true } });
      asked.push({ name: one.name, words: [...words, '--list', '--yaml'], options: { ...options, list: true, yaml: true } });
      asked.push({ name: one.name, words: [...words, '--graph', '--vars'], options: { ...options, graph: true, vars: true } });
    }
    const theirs = await ansibleInventory(asked.map(({ words }) => words));
    const differences: string[] = [];
    let compared = 0;
    for (const [index, { name, words, options }] of asked.entries()) {
      const ours = await printed(options).catch((error: Error) => error);
      // Whether it is refused at all is the conformance test's question.
      if (ours instanceof Error || theirs[index] === null) continue;
      compared += 1;
      if (ours !== theirs[index] && !DIFFERS.includes(name)) differences.push(`${name}: ${words.slice(-3).join(' ')}\n${firstOther(theirs[index] ?? '', ours)}`);
    }
    expect(differences).toEqual([]);
    expect(compared).toBeGreaterThan(250);
  }, 600_000);
});

const fleet = [join(good, 'fleet.yml')];

test('--limit leaves other hosts out, in both forms', async () => {
  const listing = JSON.parse(await printed({ inventory: fleet, list: true, limit: 'db' })) as Record<string, { hosts?: string[] }>;
  expect(listing.db?.hosts).toEqual(['db01', 'db02', 'db03']);
  expect(listing.prod?.hosts).toEqual(['db02']);
  expect(listing.web).toBeUndefined();
  expect(await printed({ inventory: fleet, graph: true, limit: 'web[0]' })).toBe('@all:\n  |--@ungrouped:\n  |--@web:\n  |  |--web1\n  |--@db:\n  |--@prod:\n  |  |--web1\n  |--@webhooks:\n');
});

test('--output writes to a file, without a line break at the end, as Ansible does', async () => {
  const person = await newPerson();
  const output = join(person.folder, 'out.json');
  expect(await inventory({ inventory: ['a,'], list: true, output }, person.context)).toBe(0);
  expect(person.stdout()).toBe('');
  expect(await readFile(output, 'utf8')).toMatch(/^\{\n {4}"_meta": [\s\S]*\}$/);
});

test('what it refuses', async () => {
  await expect(printed({ inventory: fleet })).rejects.toThrow('one of --list, --graph and --host NAME');
  await expect(printed({ inventory: fleet, list: true, toml: true })).rejects.toThrow('TOML is not printed here');
  await expect(printed({ inventory: fleet, list: true, graph: true })).rejects.toThrow('one of --list');
  await expect(printed({ inventory: fleet, graph: true, group: 'nope' })).rejects.toThrow('no group "nope"');
  await expect(printed({ inventory: fleet, host: 'web' })).rejects.toThrow('--host takes one host; "web" is 5 hosts');
});
