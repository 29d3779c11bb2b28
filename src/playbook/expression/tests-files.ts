// What comes in: a path on the controller, or a URL. What goes out: what is there, or whether it is one. Ansible's plugins/test/files.py and uri.py.
import { existsSync, lstatSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { FilterError } from './filter-error.js';
import { iterate } from './iterate.js';
import { typeName } from './kinds.js';
import { type Test, test } from './plugin.js';
import { toText } from './values.js';

function stats(path: string, ask: (path: string) => Stats): Stats | undefined {
  try {
    return ask(path);
  } catch {
    return undefined;
  }
}

const path = (apply: (input: string) => boolean): Test => test([], (input) => {
  if (typeof input !== 'string') throw new FilterError(`takes a path, not ${typeName(input)}`);
  return apply(input);
});
const named = (names: readonly string[], one: Test): (readonly [string, Test])[] => names.map((name) => [name, one] as const);

function isMount(input: string): boolean {
  const own = stats(input, lstatSync);
  const parent = stats(dirname(input.replace(/(?<=.)\/+$/, '')), lstatSync);
  return own !== undefined && !own.isSymbolicLink() && (own.dev !== parent?.dev || own.ino === parent.ino);
}

function scheme(value: unknown): string | undefined {
  return typeof value === 'string' ? (/^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(value)?.[1]?.toLowerCase() ?? '') : undefined;
}

function isUri(input: unknown, schemes: unknown): boolean {
  const found = scheme(input);
  const allowed = schemes === undefined || schemes === null ? [] : iterate(schemes).map(toText);
  return found !== undefined && (allowed.length === 0 || allowed.includes(found));
}

export const fileTests: readonly (readonly [string, Test])[] = [
  ...named(['directory', 'is_dir'], path((input) => stats(input, statSync)?.isDirectory() === true)),
  ...named(['file', 'is_file'], path((input) => stats(input, statSync)?.isFile() === true)),
  ...named(['link', 'is_link'], path((input) => stats(input, lstatSync)?.isSymbolicLink() === true)),
  ['exists', path(existsSync)],
  ['link_exists', path((input) => stats(input, lstatSync) !== undefined)],
  ...named(['abs', 'is_abs'], path((input) => input.startsWith('/'))),
  ...named(['mount', 'is_mount'], path(isMount)),
  ...named(['same_file', 'is_same_file'], test(['other'], (input, { other }) => {
    const [a, b] = [stats(toText(input), statSync), stats(toText(other), statSync)];
    if (a === undefined || b === undefined) throw new FilterError('finds no such file');
    return a.dev === b.dev && a.ino === b.ino;
  })),
  ['uri', test(['schemes'], (input, { schemes }) => isUri(input, schemes))],
  ['url', test(['schemes'], (input, { schemes }) => isUri(input, schemes) && (/^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?\/\/[^/?#]/.test(toText(input)) || scheme(input) === 'file'))],
  ['urn', test([], (input) => scheme(input) === 'urn')],
];
