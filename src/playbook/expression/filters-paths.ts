// What comes in: a path. What goes out: what Python's os.path gives for it, of those functions that do not ask the file system; `fileglob`,
// `realpath` and `expanduser` ask the controller's. Source: Ansible's plugins/filter/core.py; the Python library reference, "os.path".
import { realpathSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { posix } from 'node:path';
import { FilterError } from './filter-error.js';
import { iterate } from './iterate.js';
import { Tuple, typeName } from './kinds.js';
import { globFiles } from './local-files.js';
import { type Filter, filter } from './plugin.js';
import { toText } from './values.js';

const path = (apply: (input: string) => unknown): Filter => filter([], (input) => {
  if (typeof input !== 'string') throw new FilterError(`takes a path, not ${typeName(input)}`);
  return apply(input);
});

function splitPath(input: string): readonly [string, string] {
  const at = input.lastIndexOf('/') + 1;
  const head = input.slice(0, at);
  return [/^\/*$/.test(head) ? head : head.replace(/\/+$/, ''), input.slice(at)];
}

function splitExtension(input: string): Tuple {
  const [, root = input, extension = ''] = /^((?:.*\/)?\.*[^/.][^/]*?)(\.[^./]*)$/s.exec(input) ?? [];
  return Tuple.make([root, extension]);
}

function joinPaths(parts: readonly string[]): string {
  return parts.reduce((joined, part) => (part.startsWith('/') || joined === '' ? part : joined.endsWith('/') ? joined + part : `${joined}/${part}`), '');
}

function some(parts: readonly unknown[]): readonly unknown[] {
  if (parts.length === 0) throw new FilterError('takes at least one path');
  return parts;
}

function onePath(part: unknown): string {
  if (typeof part !== 'string') throw new FilterError(`takes paths, not ${typeName(part)}`);
  return part;
}

/** Two slashes in front mean something else than one (POSIX, pathname resolution), three do not. */
function normalPath(input: string): string {
  const root = /^\/\/(?!\/)/.test(input) ? '//' : input.startsWith('/') ? '/' : '';
  const parts: string[] = [];
  for (const part of input.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..' || (root === '' && parts.length === 0) || parts.at(-1) === '..') parts.push(part);
    else parts.pop();
  }
  return `${root}${parts.join('/')}` || '.';
}

function commonPath(paths: readonly string[]): string {
  if (paths.some((one) => one.startsWith('/') !== paths[0]?.startsWith('/'))) throw new FilterError('takes paths that all begin with / or none of them');
  const parts = paths.map((one) => one.split('/').filter((part) => part !== '' && part !== '.'));
  const [first = []] = parts;
  const end = first.findIndex((part, at) => parts.some((other) => other[at] !== part));
  return `${paths[0]?.startsWith('/') === true ? '/' : ''}${first.slice(0, end === -1 ? first.length : end).join('/')}`;
}

export function expandUser(input: string): string {
  if (!input.startsWith('~')) return input;
  const [, user = '', rest = ''] = /^~([^/]*)([\s\S]*)$/.exec(input) ?? [];
  if (user !== '' && user !== userInfo().username) return input;
  return (process.env.HOME ?? homedir()).replace(/\/+$/, '') + rest;
}

function windowsParts(input: string): readonly [string, string] {
  const drive = /^[a-zA-Z]:/.exec(input)?.[0] ?? '';
  return [drive, input.slice(drive.length)];
}

export const pathFilters: readonly (readonly [string, Filter])[] = [
  ['basename', path((input) => splitPath(input)[1])],
  ['dirname', path((input) => splitPath(input)[0])],
  ['splitext', path(splitExtension)],
  ['expanduser', path(expandUser)],
  ['expandvars', path((input) => input.replace(/\$(?:(\w+)|\{([^}]*)\})/g, (whole, plain?: string, braced?: string) => process.env[plain ?? braced ?? ''] ?? whole))],
  ['realpath', path((input) => {
    try {
      return realpathSync(input);
    } catch {
      return posix.resolve(input);
    }
  })],
  ['relpath', filter(['start'], (input, { start = '.' }) => {
    if (typeof input !== 'string' || input === '') throw new FilterError(`takes a path, not ${input === '' ? 'an empty text' : typeName(input)}`);
    return posix.relative(posix.resolve(toText(start)), posix.resolve(toText(input))) || '.';
  })],
  ['path_join', filter([], (input) => (typeof input === 'string' ? input : joinPaths(some(iterate(input)).map(onePath))))],
  ['normpath', path(normalPath)],
  ['commonpath', filter([], (input) => {
    if (!Array.isArray(input)) throw new FilterError(`takes a list of paths, not ${typeName(input)}`);
    return commonPath(some(iterate(input)).map(onePath));
  })],
  ['fileglob', path((input) => globFiles(input))],
  ['win_basename', path((input) => windowsParts(input)[1].split(/[\\/]/).at(-1))],
  ['win_dirname', path((input) => {
    const [drive, rest] = windowsParts(input);
    const head = rest.slice(0, Math.max(rest.lastIndexOf('\\'), rest.lastIndexOf('/')) + 1);
    return drive + (/^[\\/]*$/.test(head) ? head : head.replace(/[\\/]+$/, ''));
  })],
  ['win_splitdrive', path((input) => Tuple.make(windowsParts(input)))],
];
