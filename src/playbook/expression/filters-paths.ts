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
    if (input === '') throw new FilterError('takes a path, not an empty text');
    return posix.relative(posix.resolve(toText(start)), posix.resolve(toText(input))) || '.';
  })],
  ['path_join', filter([], (input) => (typeof input === 'string' ? input : joinPaths(iterate(input).map((part) => {
    if (typeof part !== 'string') throw new FilterError(`takes paths, not ${typeName(part)}`);
    return part;
  }))))],
  ['fileglob', path((input) => globFiles(input))],
  ['win_basename', path((input) => windowsParts(input)[1].split(/[\\/]/).at(-1))],
  ['win_dirname', path((input) => {
    const [drive, rest] = windowsParts(input);
    const head = rest.slice(0, Math.max(rest.lastIndexOf('\\'), rest.lastIndexOf('/')) + 1);
    return drive + (/^[\\/]*$/.test(head) ? head : head.replace(/[\\/]+$/, ''));
  })],
  ['win_splitdrive', path((input) => Tuple.make(windowsParts(input)))],
];
