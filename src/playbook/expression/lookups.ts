// What comes in: the name of a lookup, its terms and options. What goes out: a list (`query`) or its texts joined with commas (`lookup`).
// Guaranteed: only files of the controller and its environment are read; `pipe` and `lines` alone run programs, `password` alone writes files.
// What a lookup gives is data: it is not a template again.
// Source: Ansible's plugins/lookup/*.py and template/__init__.py (_lookup).
import { randomInt } from 'node:crypto';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { pythonRegex, search } from '../../base/python-regex.js';
import { FilterError } from './filter-error.js';
import { flatten } from './filters-lists.js';
import { CSV_OPTIONS, csvValues, INI_OPTIONS, iniValues } from './lookups-files.js';
import { PASSWORD_OPTIONS, passwordValues } from './lookup-password.js';
import { linesValues, pipeValues } from './lookups-programs.js';
import { expandUser } from './filters-paths.js';
import { formatPercent } from './format-percent.js';
import { dictEntries, dictGet, dictHas, isDict, makeDict, Tuple, typeName } from './kinds.js';
import { inventoryHostnames } from './inventory-hostnames.js';
import { iterate } from './iterate.js';
import { exists, globFiles, isFile } from './local-files.js';
import { searched } from './first-found-names.js';
import type { CallArguments } from './objects.js';
import type { PluginContext } from './plugin.js';
import { Undefined, UndefinedUse } from './undefined.js';
import { isTrue, toText } from './values.js';

interface Lookup {
  readonly options: readonly string[];
  run(terms: readonly unknown[], options: Readonly<Record<string, unknown>>, context: PluginContext): readonly unknown[];
}

/** Folders in which a name is looked for, the task's first. */
function searchPath(context: PluginContext): readonly string[] {
  const known = context.variable('ansible_search_path');
  if (Array.isArray(known)) return known.map(toText);
  const folders = [context.variable('role_path'), context.variable('playbook_dir')].filter((folder) => typeof folder === 'string');
  return folders.length === 0 ? [process.cwd()] : folders;
}

/** @param kind `files`, `templates`: the folder of that name comes first */
function findFile(name: string, kind: string, context: PluginContext): string | undefined {
  const path = expandUser(name);
  const candidates = isAbsolute(path) ? [path] : searchPath(context).flatMap((folder) => [join(folder, kind, path), join(folder, path)]);
  return candidates.find(isFile);
}

function foundFile(term: unknown, kind: 'files' | 'templates', context: PluginContext): string {
  const path = findFile(toText(term), kind, context);
  if (path === undefined) throw new FilterError(`finds no file ${toText(term)}; it is looked for in ${kind}/ of the role and of the playbook, and beside the playbook`);
  return path;
}

function fileText(path: string, context: PluginContext): string {
  const bytes = context.readFile(path);
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) throw new FilterError(`finds no UTF-8 in ${path}`);
  return text;
}

const lookups: Readonly<Record<string, Lookup>> = {
  file: {
    options: ['lstrip', 'rstrip'],
    run: (terms, { lstrip = false, rstrip = true }, context) => terms.map((term) => {
      let text = fileText(foundFile(term, 'files', context), context);
      if (isTrue(lstrip)) text = text.trimStart();
      return isTrue(rstrip) ? text.trimEnd() : text;
    }),
  },
  unvault: {
    options: [],
    run: (terms, _, context) => terms.map((term) => fileText(foundFile(term, 'files', context), context)),
  },
  template: {
    options: ['convert_data', 'jinja2_native', 'template_vars', 'variable_start_string', 'variable_end_string', 'comment_start_string', 'comment_end_string', 'trim_blocks'],
    run: (terms, options, context) => terms.map((term) => {
      const path = foundFile(term, 'templates', context);
      const { template_vars: more = makeDict([]), trim_blocks: trims = true } = options;
      if (!isDict(more)) throw new FilterError(`takes template_vars as a mapping, not ${typeName(more)}`);
      const mark = (name: string) => (options[name] === undefined ? undefined : toText(options[name]));
      const marks = { trimBlocks: isTrue(trims), variableStart: mark('variable_start_string'), variableEnd: mark('variable_end_string'), commentStart: mark('comment_start_string'), commentEnd: mark('comment_end_string') };
      return context.renderFile(fileText(path, context), path, { template_path: toText(term), ...Object.fromEntries(dictEntries(more).map(([name, value]) => [toText(name), value])) }, marks);
    }),
  },
  ini: { options: [...INI_OPTIONS, 'allow_none'], run: (terms, options, context) => iniValues(terms, options, (name) => context.readFile(foundFile(name, 'files', context))) },
  csvfile: { options: CSV_OPTIONS, run: (terms, options, context) => csvValues(terms, options, (name) => context.readFile(foundFile(name, 'files', context))) },
  pipe: { options: [], run: (terms, _, context) => pipeValues(terms, context.controller()) },
  lines: { options: [], run: (terms, _, context) => linesValues(terms, context.controller()) },
  password: { options: PASSWORD_OPTIONS, run: passwordValues },
  env: {
    options: ['default'],
    run: (terms, { default: fallback }) => terms.map((term) => {
      const [name = ''] = toText(term).split(/\s/);
      const value = process.env[name];
      if (value !== undefined) return value;
      if (fallback instanceof Undefined) throw new UndefinedUse(new Undefined(`the environment variable ${name}`));
      return fallback ?? '';
    }),
  },
  fileglob: {
    options: ['wantlist'],
    run: (terms, _, context) => terms.flatMap((term) => {
      const pattern = toText(term);
      const name = basename(pattern);
      if (isAbsolute(expandUser(pattern))) return globFiles(expandUser(pattern));
      const folders = searchPath(context).flatMap((folder) => [join(folder, 'files', dirname(pattern)), join(folder, dirname(pattern))]);
      for (const folder of folders) {
        const found = globFiles(join(folder, name));
        if (found.length > 0) return found;
      }
      return [];
    }),
  },
  first_found: {
    options: ['files', 'paths', 'skip'],
    run: (terms, options, context) => firstFound(terms, options, context),
  },
  vars: {
    options: ['default'],
    run: (terms, { default: fallback }, context) => terms.map((term) => {
      const value = context.variable(toText(term));
      if (!(value instanceof Undefined)) return value;
      if (fallback === undefined) throw new UndefinedUse(value);
      return fallback;
    }),
  },
  // In the order of their names; Ansible's is that of its layers of variables, which nobody can rely on.
  varnames: { options: [], run: (terms, _, context) => terms.flatMap((term) => {
    const wanted = pythonRegex(toText(term));
    const all = context.variable('vars');
    return all instanceof Undefined ? [] : iterate(all).map(toText).sort().filter((name) => search(wanted, name) !== null);
  }) },
  inventory_hostnames: { options: [], run: (terms, _, context) => inventoryHostnames(terms.flat().map(toText).join(','), context.variable('groups')) },
  random_choice: { options: [], run: (terms) => (terms.length === 0 ? [] : [terms[randomInt(terms.length)]]) },
  dict: { options: [], run: (terms) => flatten(terms, 1, false).flatMap((term) => {
    if (!isDict(term)) throw new FilterError(`takes mappings, not ${typeName(term)}`);
    return dictEntries(term).map(([key, value]) => makeDict([['key', key], ['value', value]]));
  }) },
  items: { options: [], run: (terms) => flatten(terms, 1, false) },
  flattened: { options: [], run: (terms) => flatten(terms, Number.POSITIVE_INFINITY, false).filter((item) => item !== null && item !== 'None' && item !== 'null') },
  list: { options: [], run: (terms) => terms },
  indexed_items: { options: [], run: (terms) => flatten(terms, 1, false).map((item, index) => Tuple.make([index, item])) },
  together: { options: [], run: (terms) => {
    const lists = terms.map(iterate);
    if (lists.length === 0) throw new FilterError('takes at least one list');
    return Array.from({ length: Math.max(...lists.map((items) => items.length)) }, (_, index) => lists.map((items) => (index < items.length ? items[index] : null)));
  } },
  nested: { options: [], run: (terms, _, context) => {
    if (terms.length === 0) throw new FilterError('takes at least one list');
    const [first, ...rest] = terms.map((term) => (Array.isArray(term) ? term : [term]));
    const rows = context.filter('product', first, { positional: rest, named: {} });
    return iterate(rows).map((row) => flatten(iterate(row), Number.POSITIVE_INFINITY, false));
  } },
  subelements: { options: [], run: (terms, _, context) => {
    const [items, path, flags] = terms;
    const skips = isDict(flags) && dictHas(flags, 'skip_missing') && isTrue(dictGet(flags, 'skip_missing'));
    const keys = toText(path).split('.');
    const pairs = iterate(context.filter('subelements', items, { positional: [path], named: { skip_missing: skips } })).map(iterate);
    return pairs.map(([item, value]) => Tuple.make([withoutPath(item, keys), value]));
  } },
  sequence: { options: ['start', 'end', 'stride', 'count', 'format'], run: (terms, options) => (terms.length === 0 ? [''] : terms).flatMap((term) => sequence(toText(term), options)) },
};

/** Lookups that are left out on purpose, and what to do instead. */
const REFUSED: Readonly<Record<string, string>> = {
  url: 'use a task with get_url',
};

/** `ansible.builtin.file` as `file`; `flattened` is one of community.general. */
function shortName(name: string): string {
  return name.replace(/^ansible\.(builtin|legacy)\.|^community\.general\.(?=flattened$)/, '');
}

const lookupNames: ReadonlySet<string> = new Set(Object.keys(lookups));

/** Why a lookup is not there and what to do; undefined where it is. */
export function refusedLookup(name: string): string | undefined {
  const short = shortName(name);
  if (lookupNames.has(short)) return undefined;
  return REFUSED[short] ?? `supported: ${[...lookupNames].join(', ')}`;
}

/** @param wantsList `query` and `q` */
export function lookup({ positional, named }: CallArguments, context: PluginContext, wantsList: boolean): unknown {
  const [name, ...terms] = positional;
  const { wantlist = wantsList, errors = 'strict', allow_unsafe: _unsafe, ...options } = named;
  const found = lookups[shortName(toText(name))];
  if (found === undefined) throw new FilterError(`does not know the lookup "${toText(name)}": ${refusedLookup(toText(name))}`);
  const wrong = Object.keys(options).find((option) => !found.options.includes(option));
  if (wrong !== undefined) throw new FilterError(`"${toText(name)}" takes no option "${wrong}"${found.options.length === 0 ? '' : `; it takes ${found.options.join(', ')}`}`);
  let values: readonly unknown[];
  try {
    values = found.run(terms, options, context);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    if (errors === 'ignore' || errors === 'warn') return isTrue(wantlist) ? [] : null;
    throw new FilterError(`"${toText(name)}" ${error.message}`);
  }
  if (isTrue(wantlist)) return values;
  if (values.length > 0 && values.every((value) => typeof value === 'string')) return values.join(',');
  return values.length === 1 ? values[0] : values;
}

/** A mapping without what a path of keys leads to. */
function withoutPath(item: unknown, [key = '', ...rest]: readonly string[]): unknown {
  if (!isDict(item)) return item;
  return makeDict(dictEntries(item).flatMap(([name, value]) => (name !== key ? [[name, value] as const] : rest.length === 0 ? [] : [[name, withoutPath(value, rest)] as const])));
}

function firstFound(terms: readonly unknown[], options: Readonly<Record<string, unknown>>, context: PluginContext): readonly unknown[] {
  const plain = (value: unknown): unknown => (Array.isArray(value) ? value.map(plain) : isDict(value) ? Object.fromEntries(dictEntries(value).map(([key, item]) => [toText(key), plain(item)])) : value);
  const { names, skips } = searched(terms.map(plain), options);
  for (const name of names) {
    const path = expandUser(name);
    const candidates = isAbsolute(path) ? [path] : searchPath(context).map((folder) => join(folder, path));
    const found = candidates.find(exists);
    if (found !== undefined) return [resolve(found)];
  }
  if (skips) return [];
  throw new FilterError('finds none of the files; `skip: true` makes that no error');
}

function sequence(term: string, options: Readonly<Record<string, unknown>>): string[] {
  const short = /^(?:([+-]?(?:0x?)?[0-9a-f]+)\s*-\s*)?([+-]?(?:0x?)?[0-9a-f]+)(?:\s*\/\s*([+-]?\d+))?(?:\s*:\s*(.+))?$/i.exec(term.trim());
  const words = Object.fromEntries(term.trim().split(/\s+/).filter((word) => word.includes('=')).map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]));
  const given: Readonly<Record<string, unknown>> = short === null ? { ...words, ...options } : { start: short[1] ?? '1', end: short[2], stride: short[3] ?? '1', format: short[4] ?? '%d', ...options };
  const whole = (value: unknown, fallback: number): number => (value === undefined ? fallback : Number(toText(value)));
  const start = whole(given.start, 1);
  const count = given.count === undefined ? undefined : whole(given.count, 0);
  const stride = whole(given.stride, 1);
  const end = count === undefined ? whole(given.end, Number.NaN) : start + (count - 1) * stride;
  if (Number.isNaN(end) || Number.isNaN(start) || Number.isNaN(stride)) throw new FilterError(`cannot read the sequence "${term}"`);
  if (count === 0 || stride === 0) return [];
  if (stride > 0 ? end < start : end > start) throw new FilterError(stride > 0 ? 'counts down with a stride below 0' : 'counts up with a stride above 0');
  const length = Math.floor((end - start) / stride) + 1;
  if (length > 1_000_000) throw new FilterError(`makes ${length} numbers; the limit is 1000000`);
  return Array.from({ length }, (_, index) => formatPercent(toText(given.format ?? '%d'), start + index * stride));
}

