import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FleetTapError, formatError } from '../../src/base/errors.js';
import { graphInventory, listInventory } from '../../src/inventory/list.js';
import type { Vault } from '../../src/base/vault.js';
import { loadInventory } from '../../src/inventory/load.js';
import { ansibleGraph, ansibleList, whyNoAnsible } from './oracle.js';

const cases = join(import.meta.dirname, '../cases/inventory');
const good = (await readdir(join(cases, 'good'))).map((name) => [join(cases, 'good', name)]);
const refusals = JSON.parse(await readFile(join(cases, 'refusals.json'), 'utf8')) as Record<string, string>;
const warned = JSON.parse(await readFile(join(cases, 'warned.json'), 'utf8')) as Record<string, string>;
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

describe('used as Ansible uses it, with a warning that has a place', () => {
  test.each(Object.entries(warned))('%s', async (name, expected) => {
    const { warnings } = await loadInventory([join(cases, 'warned', `${name}.yml`)]);
    expectParts(warnings.join('\n'), `warned/${name}.yml:${expected}`);
  });
  test('names, and what a program says', async () => {
    const path = join(folder, 'names');
    await writeFile(path, '#!/bin/sh\necho careful >&2\necho \'{"a-b": ["x"], "x": [], "_meta": {"hostvars": {}}}\'\n');
    await chmod(path, 0o755);
    expect((await loadInventory([path])).warnings).toEqual([
      `${path} says: careful`,
      'group names with characters other than letters, digits and _, or with a digit first, are used as they are: a-b',
      '"x" is both a host and a group',
    ]);
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
  test('binary', async () => {
    expectParts(await refusal(await file('b.yml', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe]))), 'not a text file in UTF-8 [file-not-text]');
    expectParts(await refusal(await file('n.yml', 'all:\n  hosts: {a\0b: }\n')), ':2:12: … U+0000');
  });
  test('INI mistakes have line and column', async () => {
    expectParts(await refusal(await file('a.ini', '[web]\n  web1 x="a\n')), 'a.ini:2:10: the quote " is not closed [inventory-structure]');
    expectParts(await refusal(await file('b.ini', 'web1 x=1 web2\n')), 'b.ini:1:10: "web2" after a host\'s name must be a variable');
    expectParts(await refusal(await file('c.ini', '[a:children]\n\n b\n')), 'c.ini:3:2: [a:children] names the group "b", which is not declared');
    expectParts(await refusal(await file('d.ini', '\n h[1-3,5]\n')), 'd.ini:2:2: the range [1-3,5] must be begin:end … h[1:3] and h5');
    expectParts(await refusal(await file('e.ini', '[a]\nh\n[a:vars]\nx=99999999999999999999\n')), 'e.ini:4:1: the number 99999999999999999999 is too big to be kept exactly');
    expectParts(await refusal(await file('f', '[a]\nh\n[a:vars]\nx\n')), 'f:4:1: "x" must be a variable');
    expectParts(await refusal(await file('g', 'all:\n  hosts: {\n')), 'g:3:1:');
  });
  test('programs that fail', async () => {
    const program = async (name: string, text: string): Promise<string> => {
      const path = await file(name, text);
      await chmod(path, 0o755);
      return path;
    };
    expectParts(await refusal(await program('p1', '#!/bin/sh\necho why >&2\nexit 3\n')), 'p1: the inventory program failed with --list: it ended with exit status 3; it says: why [inventory-program] … run it yourself');
    expectParts(await refusal(await program('p2', '#!/bin/sh\necho [1,\n')), 'this is not JSON (line 1, column 4 of the output)');
    expectParts(await refusal(await program('p3', '#!/bin/sh\nprintf \'\\377\'\n')), 'not text in UTF-8');
    expectParts(await refusal(await program('p4', '#!/no/such/program\n')), 'the interpreter that its first line names is not there');
    const slow = await program('p5', '#!/bin/sh\nexec sleep 600\n');
    await expect(loadInventory([slow], { scriptTimeoutMs: 300 })).rejects.toThrow('it did not end within 0.3 s');
  });
  test('TOML, and a plugin among other sources, with the command that makes it a file', async () => {
    expectParts(await refusal(await file('hosts.toml', '[web.hosts]\na = { x = 1 }\n')), 'TOML is not supported [inventory-plugin] … ansible-inventory -i');
    const plugin = await file('it\'s.yml', 'plugin: constructed\n');
    expectParts(await refusal('a,', plugin), `-i a, -i '${plugin.replace("'", "'\\''")}' --list --export --yaml > inventory.yml`);
  });
  test.skipIf(skipReason !== undefined)('that command works', async () => {
    const inner = join(folder, 'plugin');
    await mkdir(inner);
    await writeFile(join(inner, 'hosts'), '[web]\nw1 tier=front\nw2 tier=back n=1.5\n[web:vars]\nansible_group_priority=3\nx=[1, "a"]\n');
    await writeFile(join(inner, 'constructed.yml'), 'plugin: constructed\nstrict: true\nkeyed_groups: [{key: tier, prefix: tier}]\ncompose: {twice: n | default(0)}\n');
    const sources = [join(inner, 'hosts'), join(inner, 'constructed.yml')];
    const command = /`(.*)`/.exec(await refusal(...sources))?.[1] ?? '';
    const made = spawnSync('sh', ['-c', command], { cwd: inner, encoding: 'utf8', env: { ...process.env, ANSIBLE_NOCOLOR: '1', LC_ALL: 'C.UTF-8' } });
    expect([made.status, command]).toEqual([0, expect.stringMatching(/^ansible-inventory -i /)]);
    const [ours, theirs] = [await loadInventory([join(inner, 'inventory.yml')]), await ansibleList(sources)];
    expect(Object.fromEntries(ours.hosts.map((host) => [host.name, host.vars]))).toEqual((theirs._meta as { hostvars: unknown }).hostvars);
    expect(ours.groups.get('tier_back')?.hosts).toEqual(['w2']);
  });
  test('a list with a range in it is one odd name', async () => {
    const { hosts, warnings } = await loadInventory(['web[1:3],']);
    expect(hosts.map((host) => host.name)).toEqual(['web[1:3]']);
    expectParts(warnings.join(), '"web[1:3]" in -i "web[1:3]," is one host of that name');
  });
  test('an encrypted inventory and encrypted variables go through the vault', async () => {
    const inner = join(folder, 'vaulted');
    await mkdir(join(inner, 'group_vars'), { recursive: true });
    await writeFile(join(inner, 'hosts'), '$ANSIBLE_VAULT;1.1;AES256\n33\n');
    await writeFile(join(inner, 'group_vars/all.yml'), '$ANSIBLE_VAULT;1.1;AES256\n34\n');
    const vault: Vault = { value: (text) => `plain ${text}`, text: (_text, { file: path = '' }) => (path.endsWith('hosts') ? 'h x=1\n' : 'y: 2\nz: !vault abc'), bytes: () => Buffer.alloc(0) };
    expect((await loadInventory([join(inner, 'hosts')], { vault })).hosts[0]?.vars).toEqual({ x: 1, y: 2, z: 'plain abc' });
    expectParts(await refusal(join(inner, 'hosts')), '[vault-unsupported]');
  });
});

test('10,000 hosts in 100 groups are read in seconds', async () => {
  const groups = Array.from({ length: 100 }, (_, g) => `    g${g}:\n      hosts:\n        g${g}-h[001:100]: {n: ${g}}\n`);
  const path = join(folder, 'big.yml');
  await writeFile(path, `all:\n  children:\n${groups.join('')}`);
  const inventory = await loadInventory([path]);
  expect(inventory.hosts).toHaveLength(10_000);
}, 10_000);
