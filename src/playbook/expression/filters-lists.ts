// What comes in: a list (or what can be looped over) and evaluated arguments. What goes out: the filter's value. One entry a filter, pure.
// Guaranteed: sizes are looked at before products and the like are made. Source: Jinja's filters.py, Ansible's filter/core.py and mathstuff.py.
import { attributeOf, folded } from './attribute-path.js';
import { arithmetic } from './arithmetic.js';
import { allocate, spend } from './budget.js';
import { compareValues, contains, sortedBy } from './compare.js';
import { FilterError } from './filter-error.js';
import { wholeArgument } from './filters-text.js';
import { isIterable, iterate, touched } from './iterate.js';
import { Dict, dictEntries, hashOf, isDict, Range, Tuple, typeName } from './kinds.js';
import type { CallArguments } from './objects.js';
import { type Filter, filter, type PluginContext } from './plugin.js';
import { Undefined, UndefinedUse } from './undefined.js';
import { isEqual, isTrue, toText } from './values.js';

const list = (parameters: readonly string[], apply: (items: readonly unknown[], args: Readonly<Record<string, unknown>>) => unknown): Filter => filter(parameters, (input, args) => apply(iterate(input), args));

function isUnhashable(value: unknown): boolean {
  if (value instanceof Tuple) return [...value].some(isUnhashable);
  return (Array.isArray(value) && !(value instanceof Range)) || isDict(value);
}

/** Equal items once, the first of them stays. */
function uniqueBy(items: readonly unknown[], key: (item: unknown) => unknown): unknown[] {
  const seen = new Set<string>();
  const others: unknown[] = [];
  return items.filter((item) => {
    const value = key(item);
    if (value instanceof Undefined) throw new UndefinedUse(value);
    if (isUnhashable(value)) {
      spend(others.length);
      if (others.some((other) => isEqual(other, value))) return false;
      others.push(value);
      return true;
    }
    const hash = hashOf(value);
    if (seen.has(hash)) return false;
    seen.add(hash);
    return true;
  });
}

/** Jinja's filter; where that cannot do it, because lists and mappings have no hash, Ansible's own, which knows no parameters (mathstuff.py). */
function uniqueItems(items: readonly unknown[], { case_sensitive: cased, attribute }: Readonly<Record<string, unknown>>): unknown[] {
  const of = attributeOf(attribute);
  if (!items.some((item) => isUnhashable(of(item)))) return uniqueBy(items, (item) => (isTrue(cased ?? false) ? of(item) : folded(of(item))));
  if (cased === false || isTrue(attribute ?? false)) throw new FilterError('takes no case_sensitive=false and no attribute where lists or mappings are compared');
  return uniqueBy(items, (item) => item);
}

function best(items: readonly unknown[], args: Readonly<Record<string, unknown>>, sign: 1 | -1): unknown {
  const { case_sensitive: cased = false, attribute } = args;
  const of = attributeOf(attribute);
  const key = (item: unknown): unknown => (isTrue(cased) ? of(item) : folded(of(item)));
  if (items.length === 0) return new Undefined('the best of an empty list');
  const keys = touched(items.map(key));
  return items[keys.reduce<number>((winner, value, at) => (compareValues(value, keys[winner]) * sign < 0 ? at : winner), 0)];
}

/** What is false (0, none) is an empty list to these: Jinja looks whether there is anything before it loops. */
function orNothing(input: unknown): readonly unknown[] {
  return input instanceof Undefined || isTrue(input) ? iterate(input) : [];
}

function mapped(input: unknown, { positional, named }: CallArguments, context: PluginContext): unknown {
  const items = orNothing(input);
  if (positional.length === 0 && Object.hasOwn(named, 'attribute')) {
    const unknownName = Object.keys(named).find((name) => name !== 'attribute' && name !== 'default');
    if (unknownName !== undefined) throw new FilterError(`takes no argument "${unknownName}" beside attribute`);
    return items.map(attributeOf(named.attribute, named.default));
  }
  const [name, ...rest] = positional;
  if (typeof name !== 'string') throw new FilterError('takes the name of a filter, or attribute=');
  return items.map((item) => context.filter(name, item, { positional: rest, named }));
}

/** select, reject, selectattr, rejectattr. */
const chosen = (isWanted: boolean, hasAttribute: boolean): Filter => ({
  apply: (input, { positional, named }, context) => {
    const [of, rest] = hasAttribute ? [attributeOf(positional[0]), positional.slice(1)] : [(item: unknown) => item, positional];
    if (hasAttribute && positional.length === 0) throw new FilterError('takes the name of an attribute');
    const [name, ...args] = rest;
    if (name !== undefined && typeof name !== 'string') throw new FilterError('takes the name of a test');
    return orNothing(input).filter((item) => isTrue(name === undefined ? of(item) : context.test(name, of(item), { positional: args, named })) === isWanted);
  },
});

function groupby(items: readonly unknown[], { attribute, default: fallback, case_sensitive: cased = false }: Readonly<Record<string, unknown>>): unknown {
  const of = attributeOf(attribute, fallback);
  const key = (item: unknown): unknown => (isTrue(cased) ? of(item) : folded(of(item)));
  const groups: { key: unknown; first: unknown; items: unknown[] }[] = [];
  for (const item of sortedBy(items, key)) {
    const last = groups.at(-1);
    if (last !== undefined && isEqual(last.key, key(item))) last.items.push(item);
    else groups.push({ key: key(item), first: of(item), items: [item] });
  }
  return groups.map((group) => Tuple.make([group.first, group.items]));
}

function sliced(items: readonly unknown[], count: number, fill: unknown): unknown {
  if (count < 1) throw new FilterError('makes at least one slice');
  allocate(count * 8);
  const [size, extra] = [Math.floor(items.length / count), items.length % count];
  return Array.from({ length: count }, (_, index) => {
    const start = index * size + Math.min(index, extra);
    const part = items.slice(start, start + size + (index < extra ? 1 : 0));
    return fill !== undefined && fill !== null && index >= extra && extra > 0 ? [...part, fill] : part;
  });
}

function batched(items: readonly unknown[], size: number, fill: unknown): unknown {
  if (size < 1) throw new FilterError('makes batches of at least one');
  const batches: unknown[][] = [];
  for (let at = 0; at < items.length; at += size) batches.push(items.slice(at, at + size));
  const last = batches.at(-1);
  allocate(size * 8);
  if (fill !== undefined && fill !== null && last !== undefined) while (last.length < size) last.push(fill);
  return batches;
}

export function flatten(items: readonly unknown[], levels: number, skipsNulls: boolean): unknown[] {
  return touched(items).flatMap((item) => {
    if (skipsNulls && (item === null || item === 'None' || item === 'null')) return [];
    spend(1);
    return Array.isArray(item) && levels >= 1 ? flatten(item, levels - 1, skipsNulls) : [item];
  });
}

const inBoth = (a: readonly unknown[], b: readonly unknown[]): unknown[] => unique(a.filter((item) => among(b, item)));
const among = (items: readonly unknown[], item: unknown): boolean => contains(items, item);
const unique = (items: readonly unknown[]): unknown[] => uniqueBy(items, (item) => item);
const sets = (apply: (a: readonly unknown[], b: readonly unknown[]) => unknown): Filter => list(['other'], (items, { other }) => apply(items, iterate(other)));

export const listFilters: readonly (readonly [string, Filter])[] = [
  ['list', filter([], (input) => [...touched(iterate(input))])],
  ['length', filter([], (input) => {
    if (!isIterable(input)) throw new FilterError(`takes a list, a mapping or a text, not ${typeName(input)}`);
    return iterate(input).length;
  })],
  ['first', list([], (items) => (items.length === 0 ? new Undefined('the first of an empty list') : items[0]))],
  ['last', list([], (items) => (items.length === 0 ? new Undefined('the last of an empty list') : items.at(-1)))],
  ['join', list(['d', 'attribute'], (items, { d = '', attribute }) => {
    const texts = items.map(attributeOf(attribute)).map(toText);
    allocate(texts.reduce((sum, text) => sum + text.length + toText(d).length, 0));
    return texts.join(toText(d));
  })],
  ['map', { apply: mapped }],
  ['select', chosen(true, false)],
  ['reject', chosen(false, false)],
  ['selectattr', chosen(true, true)],
  ['rejectattr', chosen(false, true)],
  ['unique', list(['case_sensitive', 'attribute'], uniqueItems)],
  ['sort', list(['reverse', 'case_sensitive', 'attribute'], (items, { reverse = false, case_sensitive: cased = false, attribute }) => {
    const paths = typeof attribute === 'string' ? attribute.split(',') : [attribute];
    const of = paths.map((path) => attributeOf(path));
    return sortedBy(items, (item) => (of.length === 1 ? [of[0]?.(item)] : of.map((get) => get(item))).map((value) => (isTrue(cased) ? value : folded(value))), isTrue(reverse));
  })],
  ['reverse', filter([], (input) => (typeof input === 'string' ? [...input].reverse().join('') : [...touched(iterate(input))].reverse()))],
  ['groupby', list(['attribute', 'default', 'case_sensitive'], groupby)],
  ['batch', list(['linecount', 'fill_with'], (items, { linecount, fill_with: fill }) => batched(touched(items), wholeArgument(linecount, 0), fill))],
  ['slice', list(['slices', 'fill_with'], (items, { slices, fill_with: fill }) => sliced(touched(items), wholeArgument(slices, 0), fill))],
  ['min', list(['case_sensitive', 'attribute'], (items, args) => best(items, args, 1))],
  ['max', list(['case_sensitive', 'attribute'], (items, args) => best(items, args, -1))],
  ['sum', list(['attribute', 'start'], (items, { attribute, start = 0 }) => items.map(attributeOf(attribute)).reduce((sum, value) => {
    if (typeof sum === 'string' || typeof value === 'string') throw new FilterError('takes numbers or lists; texts are put together with | join');
    return arithmetic('+', sum, value);
  }, start))],
  ['flatten', list(['levels', 'skip_nulls'], (items, { levels, skip_nulls: skips = true }) => flatten(items, levels === undefined || levels === null ? Number.POSITIVE_INFINITY : wholeArgument(levels, 1), isTrue(skips)))],
  ['union', sets((a, b) => unique([...a, ...b]))],
  ['intersect', sets(inBoth)],
  ['difference', sets((a, b) => unique(a.filter((item) => !among(b, item))))],
  ['symmetric_difference', sets((a, b) => {
    const both = inBoth(a, b);
    return unique([...a, ...b]).filter((item) => !among(both, item));
  })],
  ['subelements', filter(['subelements', 'skip_missing'], (input, { subelements, skip_missing: skips = false }) => {
    const elements = isDict(input) ? dictEntries(input).map(([, value]) => value) : iterate(input);
    const path = Array.isArray(subelements) ? subelements : toText(subelements).split('.');
    return elements.flatMap((element) => {
      let value: unknown = element;
      for (const step of path) {
        const found = isDict(value) ? attributeOf(step)(value) : undefined;
        if (found === undefined) throw new FilterError(`finds that "${toText(step)}" should point to a mapping`);
        if (found instanceof Undefined && isTrue(skips)) return [];
        if (found instanceof Undefined) throw new FilterError(`finds no "${toText(step)}" in an item`);
        value = found;
      }
      if (!Array.isArray(value)) throw new FilterError(`finds that "${path.map(toText).join('.')}" is no list but ${typeName(value)}`);
      return value.map((item) => Tuple.make([element, item]));
    });
  })],
];

/** For tests and filters that look whether a value is in a set. */
export function hashSet(items: readonly unknown[]): Dict {
  const set = new Dict();
  for (const item of items) set.set(item, true);
  return set;
}
