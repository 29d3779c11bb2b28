// What comes in: a mapping and evaluated arguments. What goes out: what Python's method of that name gives; some change the mapping, which is
// always one of the template's own (evaluate.ts hands out copies where a template changes things).
// Guaranteed: keys(), values() and items() are lists: Ansible unrolls them. Source: the Python library reference, "Mapping Types".
import { keptEntries } from '../../base/keyed-object.js';
import { FilterError } from './filter-error.js';
import { iterate } from './iterate.js';
import { Dict, dictEntries, dictGet, dictHas, dictKeys, isDict, isMapping, type Mapping, makeDict, Tuple, typeName } from './kinds.js';
import type { CallArguments } from './objects.js';
import { bind, type Bound } from './signature.js';
import { repr } from './values.js';

type DictMethod = (dict: Mapping, args: CallArguments) => unknown;

const taking = (parameters: readonly string[], apply: (dict: Mapping, args: Bound) => unknown): DictMethod => (dict, args) => apply(dict, bind(parameters, args));

/** Pairs of a mapping or of a list of pairs. */
export function pairsOf(value: unknown): (readonly [unknown, unknown])[] {
  if (isDict(value)) return dictEntries(value);
  return iterate(value).map((pair) => {
    const two = iterate(pair);
    if (two.length !== 2) throw new FilterError(`takes pairs, not lists of ${two.length}`);
    return [two[0], two[1]] as const;
  });
}

function store(dict: Mapping, key: unknown, value: unknown): void {
  if (dict instanceof Dict) dict.set(key, value);
  else if (isMapping(dict) && keptEntries(dict) === undefined && typeof key === 'string' && key !== '__proto__' && !/^\d+$/.test(key)) (dict as Record<string, unknown>)[key] = value;
  else throw new FilterError(`cannot put the key ${repr(key)} into this mapping; make a new one with | combine`);
}

function removed(dict: Mapping, key: unknown): unknown {
  const value = dictGet(dict, key);
  if (dict instanceof Dict) dict.delete(key);
  else if (isMapping(dict) && keptEntries(dict) === undefined) delete (dict as Record<string, unknown>)[String(key)];
  else throw new FilterError('cannot change this mapping');
  return value;
}

export const dictMethods: ReadonlyMap<string, DictMethod> = new Map<string, DictMethod>([
  ['keys', taking([], (dict) => [...dictKeys(dict)])],
  ['values', taking([], (dict) => dictEntries(dict).map(([, value]) => value))],
  ['items', taking([], (dict) => dictEntries(dict).map((entry) => Tuple.make(entry)))],
  ['get', taking(['key', 'default'], (dict, args) => (dictHas(dict, args.key) ? dictGet(dict, args.key) : (args.default ?? null)))],
  ['copy', taking([], (dict) => makeDict(dictEntries(dict)))],
  ['update', (dict, { positional, named }) => {
    if (positional.length > 1) throw new FilterError(`takes one mapping, not ${positional.length}`);
    for (const [key, value] of [...pairsOf(positional[0] ?? {}), ...Object.entries(named)]) store(dict, key, value);
    return null;
  }],
  ['setdefault', taking(['key', 'default'], (dict, args) => {
    if (!dictHas(dict, args.key)) store(dict, args.key, args.default ?? null);
    return dictGet(dict, args.key);
  })],
  ['pop', (dict, { positional }) => {
    if (dictHas(dict, positional[0])) return removed(dict, positional[0]);
    if (positional.length < 2) throw new FilterError(`finds no ${repr(positional[0])} in the ${typeName(dict)}`);
    return positional[1];
  }],
  ['popitem', taking([], (dict) => {
    const last = dictEntries(dict).at(-1);
    if (last === undefined) throw new FilterError('finds nothing in an empty mapping');
    removed(dict, last[0]);
    return Tuple.make(last);
  })],
  ['clear', taking([], (dict) => {
    for (const key of dictKeys(dict)) removed(dict, key);
    return null;
  })],
]);
