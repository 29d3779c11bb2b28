// What comes in: a path or a pattern on the controller. What goes out: the files there. For lookups and for the tests and filters that ask for files.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

export function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

export function exists(path: string): boolean {
  return existsSync(path);
}

/** Files that a shell pattern (* ? [..]) names, hidden ones only where the pattern says so; sorted by name. */
export function globFiles(pattern: string): string[] {
  if (!/[*?[]/.test(pattern)) return isFile(pattern) ? [pattern] : [];
  return expand(pattern).filter(isFile).sort();
}

function expand(pattern: string): string[] {
  const folder = dirname(pattern);
  const name = pattern.slice(pattern.lastIndexOf('/') + 1);
  const folders = /[*?[]/.test(folder) ? expand(folder) : [folder];
  if (!/[*?[]/.test(name)) return folders.map((one) => join(one, name));
  const matches = shellPattern(name);
  return folders.flatMap((one) => list(one).filter((entry) => (!entry.startsWith('.') || name.startsWith('.')) && matches.test(entry)).map((entry) => (pattern.startsWith('/') || pattern.includes('/') ? join(one, entry) : entry)));
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function shellPattern(text: string): RegExp {
  const source = text.replace(/\[!?\]?[^\]]*\]|[\s\S]/g, (part) => {
    if (part === '*') return '[\\s\\S]*';
    if (part === '?') return '[\\s\\S]';
    if (part.length > 1) return part.replace(/^\[!/, '[^').replaceAll('\\', '\\\\');
    return part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  return new RegExp(`^${source}$`);
}
