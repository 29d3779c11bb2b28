// What comes in: the path of a YAML file of tasks, variables or a role. What goes out: its tree with positions, or where it is.
import { access, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readText } from '../base/read-text.js';
import { parseYaml, resolveAlias, type YamlFile, yamlError } from '../base/yaml.js';
import { plainText, type Vault } from '../base/vault.js';
import { isMap } from 'yaml';
import { loadVars } from './directives.js';
import type { WrittenVars } from './playbook.js';
import { INVALID, isNothing } from './read-keys.js';

/** @throws FleetTapError kind `input` */
export async function readYaml(path: string, what: string, vault: Vault): Promise<YamlFile> {
  return parseYaml(plainText(await readText(path, what), path, vault), path, { vault });
}

/** A file of variables. @throws FleetTapError kind `input` */
export async function readVarsFile(path: string, vault: Vault): Promise<WrittenVars> {
  const yaml = await readYaml(path, 'file of variables', vault);
  const root = resolveAlias(yaml, yaml.root);
  if (isNothing(yaml, root)) return {};
  if (!isMap(root)) throw yamlError(yaml, root, 'a file of variables is a mapping of names and values', { code: INVALID });
  return loadVars(yaml, { key: 'vars', keyNode: root, value: root });
}

/** The first that is there. */
export async function firstFile(candidates: readonly string[]): Promise<string | undefined> {
  for (const path of candidates) if (await isThere(path)) return path;
  return undefined;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}

/** The files of a role's folder: `main.yml` and its like, or all files of a folder `main/`, as Ansible takes them for defaults and vars. */
export async function roleFiles(folder: string, main: string, mayBeFolder: boolean): Promise<string[]> {
  const path = join(folder, main);
  const named = ['', '.yml', '.yaml', '.json'].map((ending) => `${path}${ending}`);
  for (const one of main === 'main' ? [...named.slice(1), path] : named) {
    const found = await stat(one).catch(() => undefined);
    if (found?.isFile() === true) return [one];
    if (found?.isDirectory() === true && mayBeFolder) return yamlFiles(one);
  }
  return [];
}

async function yamlFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const entry of (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.') || entry.name.endsWith('~')) continue;
    if (entry.isDirectory()) files.push(...(await yamlFiles(join(folder, entry.name))));
    else if (/\.(yml|yaml|json)$/.test(entry.name)) files.push(join(folder, entry.name));
  }
  return files;
}
