import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FleetTapError, formatError } from '../../src/base/errors.js';
import { graphInventory, listInventory } from '../../src/inventory/list.js';
import { loadInventory } from '../../src/inventory/load.js';
import { ansibleGraph, ansibleList, whyNoAnsible } from './oracle.js';

const cases = join(import.meta.dirname, '../cases/inventory');
const good = (await readdir(join(cases, 'good'))).map((name) => [join(cases, 'good', name)]);
const refusals = JSON.parse(await readFile(join(cases, 'refusals.json'), 'utf8')) as Record<string, string>;
const skipReason = whyNoAnsible();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleet-tap-inventory-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function refusal(...sources: string[]): Promise<string> {
  const error = await loadInventory(sources).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof FleetTapError) return formatError(error);
  throw error ?? new Error('it was accepted');
}

/** The parts between `…` stand in the text, in this order. */
function expectParts(text: string, parts: string): void {
  let from = 0;
  for (const part of parts.split('…').map((one) => one.trim())) {
    const at = text.indexOf(part, from);
    expect(at, `"${part}" in:\n${text}`).not.toBe(-1);
    from = at + part.length;
  }
}

describe.skipIf(skipReason !== undefined)(`as ansible-inventory reads it${skipReason === undefined ? '' : ` (skipped: ${skipReason})`}`, () => {
  const sources = [
    ...good,
    ['a,b,'],
    ['web1:2222, 10.0.0.1,2001:db8::1, [2001:db8::2]:22,web1'],
    [join(cases, 'good/ungrouped.yml'), join(cases, 'good/precedence.yml')],
    [join(cases, 'good/fleet.yml'), 'web1,new,'],
  ];
  test.concurrent.each(sources.map((list) => [list.map((one) => one.replace(`${cases}/good/`, '')).join(' + '), list] as const))(
    '%s',
    async (_name, list) => {
      const inventory = await loadInventory(list);
      const [listed, graph] = await Promise.all([ansibleList(list), ansibleGraph(list)]);
      expect(JSON.parse(JSON.stringify(listInventory(inventory)))).toEqual(listed);
      expect(graphInventory(inventory)).toEqual(graph);
    },
    60_000,
  );
});

describe('refused, with the place', () => {
  test.each(Object.entries(refusals))('%s', async (name, expected) => {
    expectParts(await refusal(join(cases, 'bad', `${name}.yml`)), expected);
  });
  test('every bad case has its sentence', async () => {
    expect((await readdir(join(cases, 'bad'))).sort()).toEqual(Object.keys(refusals).map((name) => `${name}.yml`).sort());
  });
});

describe('files', () => {
  const file = async (name: string, content: string | Buffer): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  };
  test('missing, and probably a host', async () => {
    expectParts(await refusal('nowhere'), 'nowhere: there is no such inventory [file-missing] … -i nowhere,');
    expectParts(await refusal('/nowhere/a.yml'), '[file-missing]');
  });
  test('none', async () => expectParts(await refusal(), 'no inventory was given [inventory-missing]'));
  test('a directory', async () => expectParts(await refusal(folder), 'a directory is not supported yet [inventory-unsupported] … ansible-inventory -i'));
  test('binary', async () => {
    expectParts(await refusal(await file('b.yml', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe]))), 'not a text file in UTF-8 [file-not-text]');
    expectParts(await refusal(await file('n.yml', 'all:\n  hosts: {a\0b: }\n')), ':2:12: … U+0000');
  });
  test('programs, INI, TOML', async () => {
    expectParts(await refusal(await file('p.yml', '#!/bin/sh\necho {}')), 'a program is not supported yet [inventory-unsupported]');
    const script = await file('inv.py', 'print()');
    await chmod(script, 0o755);
    expectParts(await refusal(script), 'a program is not supported yet');
    expectParts(await refusal(await file('hosts.ini', 'web1\n')), 'as INI, which is not supported yet');
    expectParts(await refusal(await file('hosts', 'web1\nweb2\n')), 'in the INI form is not supported yet');
    expectParts(await refusal(await file('hosts2', 'web1 ansible_host=1.2.3.4\n')), 'in the INI form is not supported yet');
    expectParts(await refusal(await file('hosts.toml', '[all]')), 'as TOML, which is not supported yet');
  });
  test('group_vars beside it', async () => {
    const inner = join(folder, 'with-vars');
    await mkdir(join(inner, 'group_vars'), { recursive: true });
    await writeFile(join(inner, 'inventory.yml'), 'all: {hosts: {a: }}');
    expect((await loadInventory([join(inner, 'inventory.yml')])).hosts).toHaveLength(1);
    await writeFile(join(inner, 'group_vars/all.yml'), 'x: 1');
    expectParts(await refusal(join(inner, 'inventory.yml')), 'group_vars/ beside the inventory is not supported yet [inventory-unsupported]');
  });
  test('a list with a range in it', async () => expectParts(await refusal('web[1:3],'), '"web[1:3]" is not a host\'s name'));
});

test('10,000 hosts in 100 groups are read in seconds', async () => {
  const groups = Array.from({ length: 100 }, (_, g) => `    g${g}:\n      hosts:\n        g${g}-h[001:100]: {n: ${g}}\n`);
  const path = join(folder, 'big.yml');
  await writeFile(path, `all:\n  children:\n${groups.join('')}`);
  const inventory = await loadInventory([path]);
  expect(inventory.hosts).toHaveLength(10_000);
}, 10_000);
