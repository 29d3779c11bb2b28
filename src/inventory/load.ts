// What comes in: what stands after each `-i`: files (YAML, INI, programs that print JSON), directories, comma lists, ssh_config:, vagrant:.
// What goes out: one Inventory, with what group_vars/ and host_vars/ beside them hold.
// Guaranteed: every source is read whole or the run stops with one sentence; what Ansible skips or uses with a warning is in `warnings`
// (what it cannot parse at all it passes over, and goes on with localhost: that is an error here).
// Refused with the way round: TOML, and the configurations of inventory plugins.
import { constants } from 'node:fs';
import { access, open } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { FleetTapError } from '../base/errors.js';
import { readText } from '../base/read-text.js';
import { noVault, plainText, type Vault } from '../base/vault.js';
import { type MapEntry, parseYaml, type RepeatedKeys, yamlError, type YamlFile } from '../base/yaml.js';
import { parseAddress } from './address.js';
import { InventoryBuilder } from './builder.js';
import type { Inventory } from './host.js';
import { readIniInventory } from './ini-source.js';
import { readIniText } from './ini-text.js';
import { Mistake } from './mistake.js';
import { readOtherSource } from './other-sources.js';
import type { VarsFolder } from './precedence.js';
import { readScriptInventory } from './script-source.js';
import { filesOfSource, ignoredIn, varsFolderOf } from './sources.js';
import { readVarsFolder } from './vars-folder.js';
import { pluginEntry, readYamlInventory, yamlGroups } from './yaml-source.js';

/** Ansible's yaml_extensions, and none at all: what is read as YAML first, and as INI if it is none. */
const YAML_EXTENSIONS = ['', '.yaml', '.yml', '.json'];
const SCRIPT_TIMEOUT_MS = 300_000;

export interface InventoryRules {
  /** What a directory of inventories may hold besides: endings of names, and regular expressions (Python's). Default: Ansible's. */
  readonly ignoredEndings?: readonly string[];
  readonly ignoredNames?: readonly string[];
  readonly repeatedKeys?: RepeatedKeys;
}

export interface LoadOptions {
  /** Default: what is encrypted is refused. */
  readonly vault?: Vault | undefined;
  /** Whose group_vars/ and host_vars/ go over those beside the inventory: the playbook's folder. Default: the folder we are in, as ansible's. */
  readonly playFolder?: string | undefined;
  /** What stands there counts as set at its group or host, for --export. Default: false. */
  readonly isPlayExported?: boolean | undefined;
  /** What ansible.cfg says of reading inventories. */
  readonly rules?: InventoryRules | undefined;
  /** Only which groups and hosts there are, at once: programs are passed over, group_vars/ and host_vars/ are not read. Default: false. */
  readonly isForNames?: boolean | undefined;
  /** Without a source there are no hosts; default: an error. */
  readonly mayBeMissing?: boolean | undefined;
  /** Time that one call of an inventory program may take. Default: 300 s. */
  readonly scriptTimeoutMs?: number | undefined;
}

/**
 * Reads sources in order; for the same variable of the same host or group the later source wins.
 * @param sources paths, or texts with a comma that are no path: `web1,web2,`
 * @throws FleetTapError kind `input`: `inventory-missing`, `inventory-structure`, `inventory-program`, `inventory-plugin`, `vars-structure`,
 * `yaml-syntax`, `file-…`
 */
export async function loadInventory(sources: readonly string[], options: LoadOptions = {}): Promise<Inventory> {
  if (sources.length === 0 && options.mayBeMissing !== true) {
    throw new FleetTapError('input', 'inventory-missing', 'no inventory was given', { hint: 'name one: `-i inventory.yml`, or hosts: `-i web1,web2,`' });
  }
  const { vault = noVault, playFolder = process.cwd(), scriptTimeoutMs = SCRIPT_TIMEOUT_MS, rules = {} } = options;
  const { repeatedKeys } = rules;
  const ignored = ignoredIn(rules.ignoredEndings, rules.ignoredNames);
  const builder = new InventoryBuilder();
  const reading: Reading = { builder, vault, scriptTimeoutMs, sources, repeatedKeys };
  for (const source of sources) {
    if (await readOtherSource(source, builder)) continue;
    for (const one of await filesOfSource(source, ignored)) {
      if (one.kind === 'list') readHostList(one.text, builder);
      else if (options.isForNames !== true || !(await isProgram(one.path))) await readSourceFile(one.path, reading);
    }
  }
  const names = { groups: builder.groupNames(), hosts: builder.hostNames() };
  const known = new Map<string, Promise<VarsFolder>>();
  const folder = (path: string): Promise<VarsFolder> => {
    const found = known.get(path) ?? readVarsFolder(path, names, { vault, repeatedKeys, warn: (message) => builder.warn(message) });
    known.set(path, found);
    return found;
  };
  const inventory: VarsFolder[] = [];
  if (options.isForNames === true) return builder.finish(sources, { inventory, play: [], exported: [] });
  for (const source of sources) {
    const path = await varsFolderOf(source);
    if (path !== undefined) inventory.push(await folder(resolve(path)));
  }
  const play = [await folder(resolve(playFolder))];
  const layers = { inventory, play, exported: options.isPlayExported === true ? [...inventory, ...play] : inventory };
  try {
    return builder.finish(sources, layers);
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    throw new FleetTapError('input', 'inventory-structure', error.message, { place: { file: sources.join(', ') }, ...hint });
  }
}

interface Reading {
  readonly builder: InventoryBuilder;
  readonly vault: Vault;
  readonly scriptTimeoutMs: number;
  readonly sources: readonly string[];
  readonly repeatedKeys: RepeatedKeys | undefined;
}

/** plugins/inventory/host_list.py: names without ranges, all ungrouped; what is no address stays as it is written. */
function readHostList(source: string, builder: InventoryBuilder): void {
  for (const item of source.split(',').map((part) => part.trim())) {
    if (item === '') continue;
    const address = parseAddress(item);
    const { name, port } = address === undefined || address.name.includes('[') ? { name: item, port: undefined } : address;
    if (/[[\s]/.test(name)) builder.warn(`"${name}" in -i "${source}" is one host of that name: ranges are for files`);
    if (!builder.hasHost(name)) builder.addHost(name, 'ungrouped', port);
  }
}

/** manager.py, parse_source: a program first, then YAML where the name allows it, then INI. */
async function readSourceFile(path: string, reading: Reading): Promise<void> {
  const { builder, vault } = reading;
  if ((await isProgram(path)) && (await readScriptInventory(resolve(path), { builder, vault, timeoutMs: reading.scriptTimeoutMs }))) return;
  const written = await readText(path, 'inventory').catch((error: unknown) => {
    const mayBeIni = error instanceof FleetTapError && error.code === 'file-not-text' && !['.yaml', '.yml', '.json'].includes(extname(path));
    if (mayBeIni) return readIniText(path);
    throw withListHint(error, path);
  });
  const text = plainText(written, path, vault);
  const yaml = YAML_EXTENSIONS.includes(extname(path)) ? yamlOf(text, path, reading) : undefined;
  if (yaml !== undefined && !(yaml instanceof FleetTapError)) readYamlInventory(yaml.file, yaml.groups, builder);
  else readIni(text, path, reading, yaml);
}

/** Without one of these beginnings the system cannot run a file itself, and a shell would run an executable list of hosts as commands. */
async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
      return ['#!', '\x7fELF'].some((beginning) => buffer.subarray(0, bytesRead).toString('latin1').startsWith(beginning));
    } finally {
      await handle.close();
    }
  } catch {
    return false; // a folder, or not readable: whoever reads it as a text says so
  }
}

/** @returns the groups, or why it is no YAML inventory and may be INI */
function yamlOf(text: string, path: string, { vault, builder, sources, repeatedKeys }: Reading): { file: YamlFile; groups: readonly MapEntry[] } | FleetTapError {
  const warnings: string[] = [];
  let file: YamlFile;
  try {
    file = parseYaml(text, path, { vault, repeatedKeys, warn: (message) => warnings.push(message) });
  } catch (error) {
    if (error instanceof FleetTapError) return error;
    throw error;
  }
  const groups = yamlGroups(file);
  if (groups instanceof FleetTapError) return groups;
  const plugin = pluginEntry(file, groups);
  if (plugin !== undefined) {
    const hint = staticFileHint(sources);
    throw yamlError(file, plugin.keyNode, 'this is the configuration of an inventory plugin, which fleet-tap does not run', { code: 'inventory-plugin', hint });
  }
  for (const warning of warnings) builder.warn(warning);
  return { file, groups };
}

function readIni(text: string, path: string, { builder, sources }: Reading, yamlMistake: FleetTapError | undefined): void {
  try {
    readIniInventory(text, path, builder);
  } catch (error) {
    if (!(error instanceof FleetTapError)) throw error;
    if (extname(path) === '.toml') {
      throw new FleetTapError('input', 'inventory-plugin', 'an inventory in TOML is not supported', { place: { file: path }, hint: staticFileHint(sources), cause: error });
    }
    throw yamlMistake !== undefined && looksLikeYaml(text, path) ? yamlMistake : error;
  }
}

/** Of a file that is neither, which mistake to tell. */
function looksLikeYaml(text: string, path: string): boolean {
  if (extname(path) !== '') return true;
  const first = text.split('\n').find((line) => /^\s*[^\s#;]/.test(line)) ?? '';
  return /^\s*(?:---|[{"]|[^\s=[\]]+:(?:\s|$))/.test(first);
}

function staticFileHint(sources: readonly string[]): string {
  const quote = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  return `write what it finds to a file, and use that: \`ansible-inventory ${sources.map((source) => `-i ${quote(source)}`).join(' ')} --list --export --yaml > inventory.yml\``;
}

/** `-i web1` was probably meant as `-i web1,`. */
function withListHint(error: unknown, path: string): unknown {
  if (!(error instanceof FleetTapError) || error.code !== 'file-missing' || path.includes('/')) return error;
  const hint = `check the spelling and the folder that you are in; if it is a host's name, end it with a comma: -i ${path},`;
  return new FleetTapError('input', error.code, error.message, { place: error.place, hint, cause: error });
}
