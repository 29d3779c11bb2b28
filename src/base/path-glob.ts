// What comes in: a path with patterns, as glob(3) and ssh_config's Include read it. What goes out: the paths that are there.
// Guaranteed: `*`, `?` and `[…]` stand for characters within one name; a leading dot must be written; sorted by bytes; what cannot be read matches nothing.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** @param pattern absolute, or relative to this folder */
export function globPaths(pattern: string): string[] {
  const [first = '', ...names] = pattern.split('/');
  let found = [first === '' ? '/' : first];
  for (const name of names.filter((one) => one !== '')) {
    found = found.flatMap((folder) => (/[*?[]/.test(name) ? namesIn(folder).filter((entry) => matchName(entry, name)) : [name]).map((entry) => join(folder, entry)));
  }
  return found.filter((path) => statSync(path, { throwIfNoEntry: false }) !== undefined).sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** glob(7): a leading dot must be written. */
function matchName(name: string, pattern: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false;
  const source = pattern.replace(/\[!?[^\]]+\]|[*?]|[\\^$.|+(){}[\]]/g, (part) =>
    part === '*' ? '.*' : part === '?' ? '.' : part.length > 1 ? part.replace(/^\[!/, '[^').replace(/\\/g, '\\\\') : `\\${part}`,
  );
  return new RegExp(`^${source}$`, 's').test(name);
}
