// What comes in: what the host listed below each folder, and which entries are wanted. What goes out: the found ones, how many were looked at, and why
// folders were left out, as find counts it: by Python's os.walk, a folder at a time. Pure.
import { posix } from 'node:path';
import { reprString } from '../base/python-repr.js';
import type { StatInfo } from './stat-line.js';

export interface Entry {
  /** As `find` printed it. */
  readonly path: string;
  readonly info: StatInfo;
}

export interface Root {
  /** As it was written, expanded. */
  readonly path: string;
  readonly isFolder: boolean;
  /** In the order of the file system, one level more than `depth`. */
  readonly entries: readonly Entry[];
  /** Links to folders. */
  readonly linked: ReadonlySet<string>;
  /** Folders that may not be read. */
  readonly closed: ReadonlySet<string>;
}

export interface WalkRules {
  readonly recurse: boolean;
  readonly depth: number | undefined;
  readonly hidden: boolean;
  readonly follow: boolean;
  readonly limit: number | undefined;
  /** @throws Unexamined: the rest of this path is left out */
  readonly matches: (entry: Entry) => boolean;
}

export interface Walked {
  readonly found: readonly Entry[];
  readonly examined: number;
  readonly skipped: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
  readonly msg: string;
}

/** Why a path is looked at no further. */
export class Unexamined extends Error {}

/** How deep `find` has to list: entries of folders that are too deep are counted. undefined: to the end */
export function listedDepth({ recurse, depth = 0 }: { readonly recurse: boolean; readonly depth: number | undefined }): number | undefined {
  if (!recurse || depth < 0) return 1;
  return depth === 0 ? undefined : depth + 1;
}

export function walk(roots: readonly Root[], rules: WalkRules): Walked {
  const found: Entry[] = [];
  const skipped: Record<string, string> = {};
  const warnings: string[] = [];
  const counts = { examined: 0, isFull: false };
  for (const root of roots) {
    try {
      if (!root.isFolder) throw new Unexamined(`'${root.path}' is not a directory`);
      walkRoot(root, rules, found, skipped, counts);
    } catch (error) {
      if (!(error instanceof Unexamined)) throw error;
      skipped[root.path] = error.message;
      warnings.push(`Skipped '${root.path}' path due to this access issue: ${error.message}\n`);
    }
  }
  const msg = warnings.length > 0 ? 'Not all paths examined, check warnings for details' : counts.isFull ? 'Limit of matches reached' : 'All paths examined';
  return { found, examined: counts.examined, skipped, warnings, msg };
}

function walkRoot(root: Root, rules: WalkRules, found: Entry[], skipped: Record<string, string>, counts: { examined: number; isFull: boolean }): void {
  const within = byFolder(root);
  // The limit is compared with what was found in all paths, and only where it is met exactly.
  const isFull = () => found.length === rules.limit;
  const ahead = [{ folder: bare(root.path), level: 1 }];
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    const { folder, level } = next;
    if (root.closed.has(folder)) {
      const name = level === 1 ? root.path : folder;
      skipped[name] = `[Errno 13] Permission denied: ${reprString(name)}`;
      continue;
    }
    const { files, folders } = within.get(folder) ?? NONE;
    counts.examined += files.length + folders.length;
    const isTooDeep = rules.depth !== undefined && rules.depth !== 0 && level > rules.depth;
    for (const entry of isTooDeep ? [] : [...files, ...folders]) {
      if (!rules.hidden && nameOf(entry).startsWith('.')) continue;
      if (rules.matches(entry)) found.push(entry);
      if (!isFull()) continue;
      counts.isFull = true;
      break;
    }
    if (!rules.recurse || isFull()) return;
    if (isTooDeep) continue;
    for (const { path } of folders.toReversed()) if (rules.follow || !root.linked.has(path)) ahead.push({ folder: path, level: level + 1 });
  }
}

interface Within {
  readonly files: Entry[];
  readonly folders: Entry[];
}

const NONE: Within = { files: [], folders: [] };

/** A link to a folder stands among the folders. */
function byFolder({ entries, linked }: Root): ReadonlyMap<string, Within> {
  const within = new Map<string, Within>();
  for (const entry of entries) {
    const folder = entry.path.slice(0, entry.path.lastIndexOf('/'));
    const known = within.get(folder) ?? { files: [], folders: [] };
    within.set(folder, known);
    (entry.info.isdir || linked.has(entry.path) ? known.folders : known.files).push(entry);
  }
  return within;
}

/** As the host lists what is below it: `/` is nothing. */
const bare = (path: string) => path.replace(/\/$/, '');

export const nameOf = ({ path }: Entry) => path.slice(path.lastIndexOf('/') + 1);

/** os.path.normpath */
export const toldPath = ({ path }: Entry) => posix.normalize(path);
