// What comes in: a task's loop and its variables. What goes out: the items (lookups of with_…: plugins/lookup/*.py).
import { randomInt } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { FleetTapError } from '../base/errors.js';
import { entriesOf } from '../base/keyed-object.js';
import { globToRegExp } from '../inventory/glob.js';
import { firstFound } from './first-found.js';
import type { LocalFiles } from './local-files.js';
import { FilterError } from './expression/filter-error.js';
import { inventoryHostnames } from './expression/inventory-hostnames.js';
import { csvValues, iniValues } from './expression/lookups-files.js';
import { linesValues, pipeValues } from './expression/lookups-programs.js';
import { splitLines } from './expression/methods-text.js';
import { toText, withoutOmitted } from './expression/values.js';
import type { Names } from './expression/evaluate.js';
import type { Loop } from './playbook.js';
import { render } from './template.js';

/** @throws FleetTapError kind `host` */
/** @param action the task's, as it is written: with_first_found looks into folders by it */
export async function loopItems(loop: Loop, names: Names, files: LocalFiles, action: string): Promise<readonly unknown[]> {
  const wrong = (message: string, hint?: string) => new FleetTapError('host', 'expression-failed', message, { place: loop.place, ...(hint === undefined ? {} : { hint }) });
  if (loop.kind === 'first_found') return firstFound(loop.value, names, files, action, wrong);
  const value = withoutOmitted(render(loop.value, names));
  if (loop.kind === 'loop') {
    if (Array.isArray(value)) return value;
    throw wrong(`loop takes a list, not ${JSON.stringify(value)?.slice(0, 60)}`, 'make a list of it: [value], or | list');
  }
  const terms: readonly unknown[] = Array.isArray(value) ? value : [value];
  switch (loop.kind) {
    case 'items':
      return terms.flat();
    case 'list':
      return terms;
    case 'flattened':
      return terms.flat(Number.POSITIVE_INFINITY).filter((item) => item !== null && item !== 'None' && item !== 'null');
    case 'dict':
      return terms.flatMap((term) => {
        if (typeof term !== 'object' || term === null || Array.isArray(term)) throw wrong('with_dict expects a dict');
        return entriesOf(term).map(([key, item]) => ({ key, value: item }));
      });
    case 'indexed':
      return terms.flat().map((item, index) => [index, item]);
    case 'together': {
      if (terms.length === 0) throw wrong('with_together requires at least one element in each list');
      const lists = terms.map((term) => (Array.isArray(term) ? (term as unknown[]) : [term]));
      const length = Math.max(0, ...lists.map((list) => list.length));
      return Array.from({ length }, (_, index) => lists.map((list) => list[index] ?? null));
    }
    case 'nested':
      if (terms.length === 0) throw wrong('with_nested requires at least one element in the nested list');
      return terms.map((term) => (Array.isArray(term) ? (term as unknown[]) : [term])).reduce<unknown[][]>((rows, list) => rows.flatMap((row) => list.map((item) => [...row, ...(Array.isArray(item) ? (item as unknown[]) : [item])])), [[]]);
    case 'sequence':
      return terms.flatMap((term) => sequence(toText(term), wrong));
    case 'subelements':
      return subelements(terms, wrong);
    case 'fileglob':
      return (await Promise.all(terms.map((term) => matching(toText(term), files)))).flat();
    case 'hostnames':
      return inventoryHostnames(terms.flat().map(toText).join(','), names.get('groups'));
    case 'ini':
    case 'csvfile':
      return keyedValues(loop.kind, terms, files, wrong);
    case 'pipe':
    case 'lines':
      return programValues(loop.kind, terms, names, wrong);
    case 'random':
      return terms.length === 0 ? [] : [terms[randomInt(terms.length)]];
    case 'file':
      return Promise.all(terms.map(async (term) => splitEnd((await files.read(await files.find('files', toText(term)))).toString('utf8'))));
  }
}

function keyedValues(kind: 'ini' | 'csvfile', terms: readonly unknown[], files: LocalFiles, wrong: Wrong): unknown[] {
  try {
    return (kind === 'ini' ? iniValues : csvValues)(terms, {}, (name) => files.readNow('files', toText(name)));
  } catch (error) {
    throw error instanceof FilterError ? wrong(`with_${kind} ${error.message}`) : error;
  }
}

function programValues(kind: 'pipe' | 'lines', terms: readonly unknown[], { controller }: Names, wrong: Wrong): string[] {
  // Nothing is told ahead: the task runs it.
  if (controller === undefined) throw wrong(`with_${kind}: no program is run here: it is before the task`);
  try {
    return (kind === 'pipe' ? pipeValues : linesValues)(terms, controller);
  } catch (error) {
    throw error instanceof FilterError ? wrong(`with_${kind} ${error.message}`) : error;
  }
}

type Wrong = (message: string, hint?: string) => FleetTapError;

/** Files whose last name fits, sorted (Ansible gives them in the folder's own order). */
async function matching(pattern: string, files: LocalFiles): Promise<string[]> {
  const fits = globToRegExp(basename(pattern));
  for (const folder of isAbsolute(pattern) ? [''] : files.foldersFor('files')) {
    const within = join(folder, dirname(pattern));
    const names = (await readdir(within).catch(() => [])).filter((name) => fits.test(name)).sort();
    const found: string[] = [];
    for (const name of names) if (await files.isFile(join(within, name))) found.push(join(within, name));
    if (found.length > 0) return found;
  }
  return [];
}

/** `start=1 end=5 stride=2 format=web%02d`, `5`, `2-10/2`, `1-3:web%02d`. */
function sequence(text: string, wrong: Wrong): string[] {
  const short = /^(?:(0x[0-9a-f]+|\d+)-)?(0x[0-9a-f]+|\d+)(?:\/([-+]?\d+))?(?::(.+))?$/i.exec(text.trim());
  const pairs = Object.fromEntries(text.split(/\s+/).map((word) => word.split('=', 2) as [string, string]));
  const start = Number(short?.[1] ?? pairs.start ?? 1);
  const stride = Number(short?.[3] ?? pairs.stride ?? 1);
  const end = Number(short?.[2] ?? pairs.end ?? (pairs.count === undefined ? Number.NaN : start + (Number(pairs.count) - 1) * stride));
  const format = short?.[4] ?? pairs.format ?? '%d';
  if (![start, stride, end].every(Number.isInteger)) throw wrong(`with_sequence cannot read "${text}"`, 'start=1 end=5');
  if (stride === 0) return [];
  const count = Math.max(0, Math.floor((end - start) / stride) + 1);
  if (count > 100_000) throw wrong(`with_sequence gives ${count} items; the limit is 100000`);
  return Array.from({ length: count }, (_, index) => formatted(format, start + index * stride));
}

function formatted(format: string, value: number): string {
  return format.replace(/%(0?)(\d*)([dxX])/, (_, zero: string, width: string, kind: string) => {
    const digits = kind === 'd' ? String(value) : value.toString(16);
    return (kind === 'X' ? digits.toUpperCase() : digits).padStart(Number(width), zero === '0' ? '0' : ' ');
  });
}

function subelements(terms: readonly unknown[], wrong: Wrong): unknown[] {
  const [list, path, flags] = terms;
  const rows = Array.isArray(list) ? (list as unknown[]) : Object.values((list ?? {}) as object);
  const skips = typeof flags === 'object' && flags !== null && (flags as { skip_missing?: unknown }).skip_missing === true;
  const keys = toText(path).split('.');
  return rows.flatMap((row) => {
    const found = keys.reduce<unknown>((value, key) => (typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined), row);
    if (Array.isArray(found)) return found.map((item) => [without(row, keys), item]);
    if (found === undefined && skips) return [];
    throw wrong(`with_subelements: there is no list "${toText(path)}" in one of the items`, 'skip_missing: true passes over those');
  });
}

/** A row without the list that its items came from. */
function without(row: unknown, [key = '', ...rest]: readonly string[]): unknown {
  const entries = Object.entries((row ?? {}) as object);
  return Object.fromEntries(entries.flatMap(([name, value]) => (name !== key ? [[name, value]] : rest.length === 0 ? [] : [[name, without(value, rest)]])));
}

function splitEnd(text: string): string {
  return splitLines(text).length === 0 ? '' : text.replace(/\s+$/, '');
}
