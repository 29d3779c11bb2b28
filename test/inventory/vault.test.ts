import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inventory as inventoryCommand } from '../../src/commands/inventory.js';
import { FleetTapError, formatError } from '../../src/base/errors.js';
import type { Inventory } from '../../src/inventory/host.js';
import { loadInventory } from '../../src/inventory/load.js';
import { readVaultPasswords, type VaultSources } from '../../src/inventory/vault-passwords.js';
import { openVaults, vaultOf } from '../../src/inventory/vault.js';
import { newPerson } from '../commands/person.js';
import { ansibleInventory, whyNoAnsible } from './oracle.js';

const skipReason = whyNoAnsible();
let folder: string;
let source: string;
const nobody: VaultSources = { files: [], ids: [], ask: false, askSecret: undefined };
const at = (name: string): string => join(folder, name);

async function opened(sources: Partial<VaultSources>, hosts: readonly string[] = ['a', 'b']): Promise<Inventory> {
  const passwords = await readVaultPasswords({ ...nobody, ...sources });
  const read = await loadInventory([source], { vault: vaultOf(passwords) });
  return openVaults(read, new Set(read.hosts.filter((host) => hosts.includes(host.name))), passwords);
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown);
  if (error instanceof FleetTapError) return formatError(error);
  throw error ?? new Error('it was accepted');
}

describe.skipIf(skipReason !== undefined)(`vaults that ansible-vault made${skipReason === undefined ? '' : ` (skipped: ${skipReason})`}`, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleet-tap-vault-'));
    source = at('hosts.yml');
    await mkdir(at('group_vars'));
    await writeFile(at('one'), ' opensesame\n');
    await writeFile(at('two'), 'zweites Wort ü\n');
    await writeFile(at('wrong'), 'wrong\n');
    await writeFile(at('empty'), '\n');
    await writeFile(at('program'), '#!/bin/sh\necho opensesame\n');
    await writeFile(at('my-client.sh'), '#!/bin/sh\n[ "$1 $2" = "--vault-id prod" ] && echo "zweites Wort ü"\n');
    await writeFile(at('fails'), '#!/bin/sh\necho secret-of-the-program >&2; exit 3\n');
    for (const name of ['program', 'my-client.sh', 'fails']) await chmod(at(name), 0o755);
    const vault = (...words: string[]): string => execFileSync('ansible-vault', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const plain = vault('encrypt_string', '--vault-password-file', at('one'), '--name', 'token', 'canary\nwith ünicode');
    const labelled = vault('encrypt_string', '--vault-id', `prod@${at('two')}`, '--encrypt-vault-id', 'prod', '--name', 'deep', 'second');
    const indent = (text: string, by: number): string => text.replace(/^/gm, ' '.repeat(by)).trimEnd();
    await writeFile(source, `all:\n  hosts:\n    a:\n${indent(plain, 6)}\n    b:\n      list:\n        -\n${indent(labelled, 10)}\n  vars: {x: 1}\n`);
    await writeFile(at('group_vars/all.yml'), 'whole: file\nnested: {k: [1]}\n');
    vault('encrypt', '--vault-password-file', at('one'), at('group_vars/all.yml'));
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true }));

  test('values and whole files, with two passwords in either order', async () => {
    for (const sources of [{ files: [at('one')], ids: [`prod@${at('two')}`] }, { files: [at('two'), at('one')] }, { files: [at('program')], ids: [`prod@${at('my-client.sh')}`] }]) {
      const [a, b] = (await opened(sources)).hosts;
      expect(a?.vars).toMatchObject({ token: 'canary\nwith ünicode', whole: 'file', nested: { k: [1] }, x: 1 });
      expect(b?.vars).toMatchObject({ list: [{ deep: 'second' }], whole: 'file' });
    }
  });

  test('asked for', async () => {
    const prompts: string[] = [];
    const askSecret = async (prompt: string): Promise<string> => (prompts.push(prompt) === 1 ? 'zweites Wort ü' : 'opensesame');
    expect((await opened({ ids: ['prod@prompt'], ask: true, askSecret })).hosts[0]?.vars.whole).toBe('file');
    expect(prompts).toEqual(['Vault password (prod): ', 'Vault password: ']);
  });

  test('a value of a host that is not used needs no password', async () => {
    const inventory = await opened({ files: [at('one')] }, ['a']);
    expect(inventory.hosts[0]?.vars.token).toContain('canary');
    expect(JSON.stringify(inventory.hosts[1]?.vars.list)).toContain('ANSIBLE_VAULT');
  });

  test('listed as ansible-inventory lists them', async () => {
    const person = await newPerson();
    await inventoryCommand({ inventory: [source], list: true, vaultPasswordFile: [at('one')] }, person.context);
    expect(person.stdout()).toBe((await ansibleInventory([['-i', source, '--list', '--vault-password-file', at('one')]]))[0]);
    expect(person.stdout()).not.toContain('canary');
  }, 60_000);

  test('missing, wrong and damaged are three sentences, with their places', async () => {
    expect(await refusal(opened({}))).toMatch(/group_vars\/all\.yml: .*there is no vault password \[vault-password-missing\]\n {2}hint: .*--vault-password-file/);
    expect(await refusal(opened({ files: [at('wrong')] }))).toMatch(/all\.yml: the vault password is wrong for this \[vault-password-wrong\]/);
    expect(await refusal(opened({ files: [at('one')] }))).toMatch(/hosts\.yml:\d+:\d+: the vault password is wrong for this \[vault-password-wrong\]\n {2}hint: its label is "prod"/);
    const broken = at('broken.yml');
    await writeFile(broken, '$ANSIBLE_VAULT;1.1;AES256\n6162zz\n');
    expect(await refusal(loadInventory([broken], { vault: vaultOf(await readVaultPasswords({ ...nobody, files: [at('one')] })) }))).toMatch(/broken\.yml: this vault is damaged.*\[vault-damaged\]/);
    await writeFile(broken, '$ANSIBLE_VAULT;2.0;AES512\n6162\n');
    expect(await refusal(loadInventory([broken], { vault: vaultOf([]) }))).toContain('is not one of AES256 in version 1.1 or 1.2 [vault-unsupported]');
  });

  test('sources of passwords that cannot be used, without what they said', async () => {
    expect(await refusal(opened({ files: [at('nowhere')] }))).toContain('there is no such vault password file [vault-password-source]');
    expect(await refusal(opened({ files: [at('empty')] }))).toContain('the vault password is empty');
    const failed = await refusal(opened({ files: [at('fails')] }));
    expect(failed).toContain('the vault password program failed (exit status 3)');
    expect(failed).not.toContain('secret-of-the-program');
    expect(await refusal(opened({ ask: true }))).toContain('cannot be asked for without a terminal');
  });
});
