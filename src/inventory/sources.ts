// What comes in: what stands after each `-i`. What goes out: host lists and files, in the order in which Ansible reads them.
// Guaranteed: Ansible's rules (inventory/manager.py): a text with a comma that is no path is a list; a directory is read whole, sorted by
// bytes, folders in it included, but for the names and endings that Ansible ignores (`.ini` and `.cfg` among them: inside a directory only).
import { readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FleetTapError } from '../base/errors.js';
import { pythonRegExp, RegexMistake } from './python-regex.js';
import { expandPath } from './written-path.js';

export type Source = { readonly kind: 'list'; readonly text: string } | { readonly kind: 'file'; readonly path: string };

/** What is always ignored in a directory. */
const IGNORED = /^\.|^(?:host_vars|group_vars|vars_plugins)$/;
/** INVENTORY_IGNORE_EXTS */
const IGNORED_ENDINGS = ['.pyc', '.pyo', '.swp', '.bak', '~', '.rpm', '.md', '.txt', '.rst', '.orig', '.ini', '.cfg', '.retry'];

export type Ignored = (name: string) => boolean;

/** @param endings in place of Ansible's own. @throws FleetTapError kind `input`, code `ansible-config`, for a name that is no regular expression */
export function ignoredIn(endings: readonly string[] = IGNORED_ENDINGS, names: readonly string[] = []): Ignored {
  const patterns = names.map((name) => {
    try {
      return pythonRegExp(`.*?(?:${name})`);
    } catch (error) {
      if (!(error instanceof RegexMistake)) throw error;
      throw new FleetTapError('input', 'ansible-config', `"${name}" of inventory.ignore_patterns is no regular expression that can be used here: ${error.message}`);
    }
  });
  return (name) => IGNORED.test(name) || endings.some((ending) => name.endsWith(ending)) || patterns.some((pattern) => pattern.test(name));
}

/** A path as a person writes it: `~` and `$NAME` stand for what they stand for in a shell. A comma keeps it as it is, as in Ansible. */
function writtenPath(source: string): string {
  return source.includes(',') ? source : expandPath(source);
}

/** The files of one source. A path that is not there comes back as it is: who reads it says so. */
export async function filesOfSource(source: string, ignored: Ignored): Promise<Source[]> {
  const path = writtenPath(source);
  const info = await stat(path).catch(() => undefined);
  if (info === undefined && source.includes(',')) return [{ kind: 'list', text: source }];
  if (info?.isDirectory() !== true) return [{ kind: 'file', path }];
  const entries = (await readdir(path)).filter((name) => !ignored(name));
  const sorted = entries.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const files: Source[] = [];
  for (const name of sorted) files.push(...(await filesOfEntry(join(path, name), ignored)));
  return files;
}

async function filesOfEntry(path: string, ignored: Ignored): Promise<Source[]> {
  const info = await stat(path).catch(() => undefined);
  return info?.isDirectory() === true ? filesOfSource(path, ignored) : [{ kind: 'file', path }];
}

/** Where group_vars/ and host_vars/ of a source are looked for: the directory itself, or the file's folder. undefined for a host list. */
export async function varsFolderOf(source: string): Promise<string | undefined> {
  const path = writtenPath(source);
  const info = await stat(path).catch(() => undefined);
  if (info === undefined && source.includes(',')) return undefined;
  return info?.isDirectory() === true ? path : dirname(resolve(path));
}
