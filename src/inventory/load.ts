// What comes in: what stands after each `-i`: YAML files and comma lists of hosts. What goes out: one Inventory.
// Guaranteed: every source is read whole or the run stops with one sentence; nothing is skipped (Ansible warns and goes on with localhost).
// Not here yet, and refused with the way round: INI and TOML files, directories, executables, plugins, group_vars and host_vars.
import { constants } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { FleetTapError } from '../base/errors.js';
import { readText } from '../base/read-text.js';
import { noVault, plainText, type Vault } from '../base/vault.js';
import { parseYaml, type YamlFile } from '../base/yaml.js';
import { InventoryBuilder } from './builder.js';
import type { Inventory } from './host.js';
import { splitPort } from './host-range.js';
import { readYamlInventory } from './yaml-source.js';

/** Ansible's yaml_extensions, and none at all. */
const YAML_EXTENSIONS = new Set(['', '.yaml', '.yml', '.json']);

export interface LoadOptions {
  /** Default: what is encrypted is refused. */
  readonly vault?: Vault | undefined;
}

/**
 * Reads sources in order; for the same variable of the same host or group the later source wins.
 * @param sources paths, or texts with a comma that are no path: `web1,web2,`
 * @throws FleetTapError kind `input`: `inventory-missing`, `inventory-structure`, `inventory-unsupported`, `yaml-syntax`, `file-…`
 */
export async function loadInventory(sources: readonly string[], { vault = noVault }: LoadOptions = {}): Promise<Inventory> {
  if (sources.length === 0) {
    throw new FleetTapError('input', 'inventory-missing', 'no inventory was given', { hint: 'name one: `-i inventory.yml`, or hosts: `-i web1,web2,`' });
  }
  const builder = new InventoryBuilder();
  for (const source of sources) {
    const info = await stat(source).catch(() => undefined);
    if (info === undefined && source.includes(',')) readHostList(source, builder);
    else if (info?.isDirectory() === true) throw unsupported(source, 'an inventory that is a directory is not supported yet');
    else await readFile(source, builder, vault);
  }
  const inventory = builder.finish(sources);
  if (inventory.hosts.length === 0) {
    const hint = 'name hosts below `hosts:` of a group';
    throw new FleetTapError('input', 'inventory-structure', 'the inventory names no host', { place: { file: sources.join(', ') }, hint });
  }
  return inventory;
}

/** plugins/inventory/host_list.py: names without ranges, all ungrouped. */
function readHostList(source: string, builder: InventoryBuilder): void {
  for (const item of source.split(',').map((part) => part.trim())) {
    if (item === '') continue;
    if (/[[\]\s]/.test(item) && !/^\[[0-9a-f:.]+\](?::\d+)?$/i.test(item)) {
      const hint = 'write every name, or use a YAML file, which knows ranges: web[01:10]';
      throw new FleetTapError('input', 'inventory-structure', `"${item}" is not a host's name in the list -i "${source}"`, { hint });
    }
    const { name, port } = splitPort(item);
    if (!builder.hasHost(name)) builder.addHost(name, 'ungrouped', port);
  }
}

async function readFile(path: string, builder: InventoryBuilder, vault: Vault): Promise<void> {
  const written = await readText(path, 'inventory').catch((error: unknown) => {
    throw withListHint(error, path);
  });
  const text = plainText(written, path, vault);
  const isExecutable = await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
  const extension = extname(path);
  if (text.startsWith('#!') || (isExecutable && !YAML_EXTENSIONS.has(extension))) {
    throw unsupported(path, 'an inventory that is a program is not supported yet');
  }
  if (!YAML_EXTENSIONS.has(extension)) {
    const what = extension === '.toml' ? 'TOML' : 'INI';
    throw unsupported(path, `Ansible reads a file that ends in "${extension}" as ${what}, which is not supported yet`);
  }
  await refuseVarsFolders(path);
  readYamlInventory(parseUnlessIni(text, path, vault), builder);
}

/** Ansible tries INI where YAML fails; so a file that is plainly INI gets the sentence for INI, not a YAML error. */
function parseUnlessIni(text: string, path: string, vault: Vault): YamlFile {
  const lines = text.split('\n').map((line) => line.trim());
  const first = lines.find((line) => line !== '' && !/^[#;]/.test(line)) ?? '';
  const ini = () => unsupported(path, 'an inventory in the INI form is not supported yet');
  if (/^\[[^\]"',]+\]\s*(?:#.*)?$/.test(first)) throw ini();
  let yaml: YamlFile;
  try {
    yaml = parseYaml(text, path, { vault });
  } catch (error) {
    if (/^[^\s:]+\s+[a-z_]+=\S/.test(first)) throw ini();
    throw error;
  }
  const isBareWords = yaml.root !== null && 'type' in yaml.root && yaml.root.type === 'PLAIN' && first !== '';
  if (isBareWords && extname(path) === '') throw ini();
  return yaml;
}

async function refuseVarsFolders(path: string): Promise<void> {
  for (const name of ['group_vars', 'host_vars']) {
    const entries = await readdir(join(dirname(path), name)).catch(() => []);
    if (entries.some((entry) => !entry.startsWith('.'))) {
      throw unsupported(path, `${name}/ beside the inventory is not supported yet`, ' in another folder');
    }
  }
}

function unsupported(path: string, message: string, where = ''): FleetTapError {
  const hint = `write one YAML file with \`ansible-inventory -i ${path} --list --yaml > inventory.yml\`${where} and use that`;
  return new FleetTapError('input', 'inventory-unsupported', message, { place: { file: path }, hint });
}

/** `-i web1` was probably meant as `-i web1,`. */
function withListHint(error: unknown, path: string): unknown {
  if (!(error instanceof FleetTapError) || error.code !== 'file-missing' || path.includes('/')) return error;
  const hint = `check the spelling and the folder that you are in; if it is a host's name, end it with a comma: -i ${path},`;
  return new FleetTapError('input', error.code, error.message, { place: error.place, hint, cause: error.cause });
}
