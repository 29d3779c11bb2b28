// What comes in: a name that a task gives a file of the controller. What goes out: where the file is, or its content as a template or variables.
// Order of folders as Ansible's (parsing/dataloader.py, path_dwim_relative_stack): each folder's own `files/` (`templates/` …) first, then the folder.
// Guaranteed: only what the user wrote is read as a template: the files come from the folders of the playbook and its roles.
import { existsSync, readFileSync } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { FleetTapError } from '../base/errors.js';
import { readText } from '../base/read-text.js';
import { plainBytes, plainText, type Vault } from '../base/vault.js';
import { parseYaml } from '../base/yaml.js';
import { plainValue } from '../base/yaml-value.js';
import type { Names } from './expression/evaluate.js';
import type { TemplateOptions } from '../modules/module.js';
import { renderTemplateFile } from './template-file.js';
import { templateNames } from './template-names.js';

export class LocalFiles {
  /** The role's folder where there is one, the folder of the task's file, the playbook's. */
  readonly #folders: readonly string[];
  readonly #vault: Vault;

  constructor(folders: readonly string[], vault: Vault) {
    this.#folders = folders;
    this.#vault = vault;
  }

  /** Where relative names are looked for, in this order. */
  foldersFor(...kinds: readonly ('files' | 'templates' | 'vars')[]): string[] {
    return this.#folders.flatMap((folder) => [...kinds.map((kind) => join(folder, kind)), folder]);
  }

  async isFile(path: string): Promise<boolean> {
    return stat(path).then((found) => found.isFile(), () => false);
  }

  /** @throws FleetTapError kind `host`, code `file-missing` */
  async find(kind: 'files' | 'templates' | 'vars', path: string): Promise<string> {
    const candidates = this.#candidates(kind, path);
    for (const candidate of candidates) if (await exists(candidate)) return candidate;
    throw missing(path, candidates);
  }

  #candidates(kind: 'files' | 'templates' | 'vars', path: string): string[] {
    const written = path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
    const at = (folder: string) => (kind === 'vars' && !isAbsolute(written) ? `${folder}/${written.replace(/\/+$/, '')}` : resolve(folder, written)); // include_vars tells ./ and ../
    return [...new Set(this.#folders.flatMap((folder) => [...(written.split('/')[0] === kind ? [] : [at(join(folder, kind))]), at(folder)]))];
  }

  /** The whole file, decrypted where Ansible Vault has encrypted it. @throws FleetTapError kind `host` */
  async read(path: string): Promise<Buffer> {
    return plainBytes(await readFile(path), path, this.#vault);
  }

  /** As `find` and `read`, for lookups, which do not wait. @throws FleetTapError kind `host` */
  readNow(kind: 'files', path: string): Buffer {
    const candidates = this.#candidates(kind, path);
    const found = candidates.find((candidate) => existsSync(candidate));
    if (found === undefined) throw missing(path, candidates);
    return plainBytes(readFileSync(found), found, this.#vault);
  }

  /** @throws FleetTapError */
  async render(path: string, names: Names, options?: TemplateOptions): Promise<string> {
    const text = plainText(await readText(path, 'template'), path, this.#vault);
    return renderTemplateFile(text, path, templateNames(names, path, await stat(path)), options);
  }

  /** Variables as they are written, an UnsafeText where a text is no template. @throws FleetTapError kind `input` where it is no mapping */
  async readVars(path: string): Promise<Readonly<Record<string, unknown>>> {
    const text = plainText(await readText(path, 'file of variables'), path, this.#vault);
    const yaml = parseYaml(text, path, { vault: this.#vault });
    const value = plainValue(yaml, yaml.root) ?? {};
    if (typeof value === 'object' && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
    throw new FleetTapError('input', 'playbook-invalid', 'a file of variables is a mapping of names and values', { place: { file: path } });
  }
}

function missing(path: string, candidates: readonly string[]): FleetTapError {
  return new FleetTapError('host', 'file-missing', `there is no file ${path}; looked for ${candidates.join(', ')}`);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}
