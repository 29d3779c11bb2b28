// What comes in: a folder and names of groups and hosts. What goes out: what its group_vars/ and host_vars/ hold for them.
// Guaranteed: Ansible's files (plugins/vars/host_group_vars.py, parsing/dataloader.py find_vars_files): for a name the first of NAME, NAME.yml,
// NAME.yaml, NAME.json that is there, or all files of the folder NAME, sorted, folders in it included; a file that holds no mapping is refused.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FleetTapError } from '../base/errors.js';
import { readText } from '../base/read-text.js';
import { plainText, type Vault } from '../base/vault.js';
import { describeNode, mapEntries, parseYaml, type RepeatedKeys, resolveAlias, type YamlFile, yamlError } from '../base/yaml.js';
import { plainValue } from '../base/yaml-value.js';
import { isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import type { VarsFolder } from './precedence.js';
import { compareNames } from './python-text.js';

type NamedVars = Map<string, Map<string, unknown>>;

export interface VarsReading {
  readonly vault: Vault;
  /** Told what is used, or passed over, as Ansible does with a warning. */
  readonly warn: (message: string) => void;
  readonly repeatedKeys?: RepeatedKeys | undefined;
}

const EXTENSIONS = ['', '.yml', '.yaml', '.json'];

/** @throws FleetTapError kind `input`: `yaml-syntax`, `vars-structure`, `file-…` */
export async function readVarsFolder(folder: string, names: { readonly groups: readonly string[]; readonly hosts: readonly string[] }, reading: VarsReading): Promise<VarsFolder> {
  const broken = new Map<string, Error>();
  const read = async (below: string, known: readonly string[]): Promise<NamedVars> => {
    const found = await readNamed(join(folder, below), known, reading);
    // Names that add_host and group_by may bring.
    for (const name of await otherNames(join(folder, below), known)) {
      try {
        for (const [one, vars] of await readNamed(join(folder, below), [name], { ...reading, warn: () => {} })) found.set(one, vars);
      } catch (error) {
        broken.set(name, error as Error);
      }
    }
    return found;
  };
  return { groups: await read('group_vars', names.groups), hosts: await read('host_vars', names.hosts), broken };
}

async function otherNames(folder: string, known: readonly string[]): Promise<string[]> {
  const entries = await readdir(folder).catch(() => []);
  const names = entries.filter((entry) => !entry.startsWith('.') && !entry.endsWith('~')).map((entry) => EXTENSIONS.reduce((name, end) => (end !== '' && name.endsWith(end) ? name.slice(0, -end.length) : name), entry));
  return [...new Set(names)].filter((name) => !known.includes(name));
}

async function readNamed(folder: string, names: readonly string[], reading: VarsReading): Promise<NamedVars> {
  const found: NamedVars = new Map();
  const info = await stat(folder).catch(() => undefined);
  if (info === undefined) return found;
  if (!info.isDirectory()) {
    reading.warn(`${folder} is not a folder, so it is passed over`);
    return found;
  }
  const entries = new Set(await readdir(folder));
  for (const name of names) {
    // A name with a slash is a path below; one that begins with it is none of ours (a chroot's name).
    if (name.startsWith('/')) continue;
    const extension = EXTENSIONS.find((end) => entries.has((name + end).split('/')[0] ?? ''));
    if (extension === undefined && !name.includes('/')) continue;
    const vars = new Map<string, unknown>();
    for (const file of await filesOf(join(folder, name), entries, name)) await readVarsFile(file, vars, reading);
    if (vars.size > 0) found.set(name, vars);
  }
  return found;
}

/** The first form of the name that is there. */
async function filesOf(path: string, entries: ReadonlySet<string>, name: string): Promise<string[]> {
  for (const extension of EXTENSIONS) {
    if (!name.includes('/') && !entries.has(name + extension)) continue;
    const info = await stat(path + extension).catch(() => undefined);
    if (info?.isDirectory() === true) return filesBelow(path + extension);
    if (info !== undefined) return [path + extension];
  }
  return [];
}

async function filesBelow(folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const entry of (await readdir(folder)).sort(compareNames)) {
    if (entry.startsWith('.') || entry.endsWith('~')) continue;
    const path = join(folder, entry);
    // Leading dots aside, as Python's splitext.
    const extension = /[^.](\.[^.]*)$/.exec(entry)?.[1] ?? '';
    const info = await stat(path).catch(() => undefined);
    if (info?.isDirectory() === true && extension === '') files.push(...(await filesBelow(path)));
    else if (info?.isFile() === true && EXTENSIONS.includes(extension)) files.push(path);
  }
  return files;
}

async function readVarsFile(file: string, vars: Map<string, unknown>, { vault, ...reading }: VarsReading): Promise<void> {
  const text = plainText(await readText(file, 'file of variables'), file, vault);
  const yaml = parseYaml(text, file, { vault, ...reading });
  const root = resolveAlias(yaml, yaml.root);
  if (isEmpty(root)) return;
  if (!isMap(root)) throw notMapping(yaml, describeNode(yaml, root));
  for (const { key, value } of mapEntries(yaml, root as YAMLMap)) vars.set(String(key), plainValue(yaml, value));
}

/** What Python counts as false is passed over without a word. */
function isEmpty(root: ReturnType<typeof resolveAlias>): boolean {
  if (root === null || (isSeq(root) && root.items.length === 0)) return true;
  return isScalar(root) && [null, '', 0, false].includes(root.value as null);
}

function notMapping(yaml: YamlFile, what: string): FleetTapError {
  return yamlError(yaml, yaml.root, `variables are a mapping of names and values, not ${what}`, { code: 'vars-structure', hint: 'write one `name: value` a line' });
}
