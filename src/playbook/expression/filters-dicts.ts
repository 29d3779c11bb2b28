// What comes in: mappings and evaluated arguments. What goes out: the filter's value. One entry a filter, pure.
// Source: Jinja's filters.py, Ansible's plugins/filter/core.py and utils/vars.py (merge_hash).
import { getItem, ownAttribute } from './access.js';
import { folded } from './attribute-path.js';
import { contains, sortedBy } from './compare.js';
import { FilterError } from './filter-error.js';
import { flatten } from './filters-lists.js';
import { iterate, touched } from './iterate.js';
import { dictEntries, dictGet, dictHas, isDict, type Mapping, makeDict, Tuple, typeName } from './kinds.js';
import { type Filter, filter } from './plugin.js';
import { Undefined, UndefinedUse } from './undefined.js';
import { isEqual, isTrue, toText } from './values.js';

function needDict(value: unknown): Mapping {
  if (value instanceof Undefined) throw new UndefinedUse(value);
  if (!isDict(value)) throw new FilterError(`takes a mapping, not ${typeName(value)}`);
  return value;
}

/** A value that is undefined makes the whole undefined, as in 2.19. */
function definedEntries(value: unknown): (readonly [unknown, unknown])[] {
  const entries = dictEntries(needDict(value));
  touched(entries.map(([, item]) => item));
  return entries;
}

const LIST_MERGES = ['replace', 'keep', 'append', 'prepend', 'append_rp', 'prepend_rp'];

export function merged(low: Mapping, high: Mapping, isRecursive: boolean, lists: string): Mapping {
  // As Ansible does (merge_hash): what is equal is not put together, so that lists do not grow.
  if (lists !== 'replace' && isEqual(low, high)) return high;
  const entries = new Map(dictEntries(low).map(([key, value]) => [key, value]));
  for (const [key, value] of dictEntries(high)) {
    const old = entries.get(key);
    if (isRecursive && isDict(old) && isDict(value)) entries.set(key, merged(old, value, isRecursive, lists));
    else if (Array.isArray(old) && Array.isArray(value) && lists !== 'replace') entries.set(key, mergedLists(old, value, lists));
    else entries.set(key, value);
  }
  return makeDict(entries);
}

function mergedLists(old: readonly unknown[], value: readonly unknown[], how: string): readonly unknown[] {
  if (how === 'keep') return old;
  if (how === 'append') return [...old, ...value];
  if (how === 'prepend') return [...value, ...old];
  const rest = old.filter((item) => !contains(value, item));
  return how === 'append_rp' ? [...rest, ...value] : [...value, ...rest];
}

export const dictFilters: readonly (readonly [string, Filter])[] = [
  ['combine', { apply: (input, { positional, named }) => {
    const { recursive = false, list_merge: lists = 'replace', ...rest } = named;
    if (Object.keys(rest).length > 0) throw new FilterError(`takes no argument "${Object.keys(rest)[0]}"; it takes recursive and list_merge`);
    if (!LIST_MERGES.includes(toText(lists))) throw new FilterError(`takes list_merge as one of ${LIST_MERGES.join(', ')}`);
    const all = flatten([input, ...positional], 1, true).map(needDict);
    all.forEach(definedEntries);
    return all.length === 0 ? {} : all.reduce((low, high) => merged(low, high, isTrue(recursive), toText(lists)));
  } }],
  ['dict2items', filter(['key_name', 'value_name'], (input, { key_name: key = 'key', value_name: value = 'value' }) => definedEntries(input).map((entry) => makeDict([[key, entry[0]], [value, entry[1]]])))],
  ['items2dict', filter(['key_name', 'value_name'], (input, { key_name: key = 'key', value_name: value = 'value' }) => makeDict(iterate(input).map((item) => {
    // Pairs, too: groupby(...) | items2dict(0, 1).
    const part = (name: unknown) => (Array.isArray(item) && typeof name === 'number' ? item.at(name) : dictGet(needDict(item), name));
    const has = (name: unknown) => (Array.isArray(item) && typeof name === 'number' ? name < item.length && name >= -item.length : dictHas(needDict(item), name));
    if (!has(key) || !has(value)) throw new FilterError(`takes mappings with "${toText(key)}" and "${toText(value)}"`);
    return [part(key), part(value)] as const;
  })))],
  ['items', filter([], (input) => definedEntries(input).map((entry) => Tuple.make(entry)))],
  ['dictsort', filter(['case_sensitive', 'by', 'reverse'], (input, { case_sensitive: cased = false, by = 'key', reverse = false }) => {
    if (by !== 'key' && by !== 'value') throw new FilterError('sorts by "key" or "value"');
    const pairs = definedEntries(input);
    return sortedBy(pairs, (pair) => (isTrue(cased) ? pair[by === 'key' ? 0 : 1] : folded(pair[by === 'key' ? 0 : 1])), isTrue(reverse)).map((pair) => Tuple.make(pair));
  })],
  ['extract', filter(['container', 'morekeys'], (input, { container, morekeys }) => {
    const more = morekeys === undefined || morekeys === null ? [] : Array.isArray(morekeys) ? morekeys : [morekeys];
    return [input, ...more].reduce(getItem, container);
  })],
  ['attr', filter(['name'], (input, { name }) => ownAttribute(input, toText(name)))],
  ['rekey_on_member', filter(['key', 'duplicates'], (input, { key, duplicates = 'error' }) => {
    const items = isDict(input) ? dictEntries(input).map(([, value]) => value) : iterate(input);
    const entries = items.map((item) => {
      const dict = needDict(item);
      if (!dictHas(dict, key)) throw new FilterError(`finds no "${toText(key)}" in an item`);
      return [dictGet(dict, key), item] as const;
    });
    const keys = entries.map(([name]) => toText(name));
    const twice = keys.find((name, index) => keys.indexOf(name) !== index);
    if (twice !== undefined && duplicates !== 'overwrite') throw new FilterError(`finds "${twice}" twice`);
    return makeDict(entries);
  })],
];
