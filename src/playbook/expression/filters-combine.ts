// What comes in: lists. What goes out: their combinations, as Python's itertools makes them, as lists of tuples.
// Guaranteed: how many there will be is counted before the first is made. Source: Ansible's filter/mathstuff.py.
import { allocate, spend } from './budget.js';
import { wholeArgument } from './filters-text.js';
import { iterate, touched } from './iterate.js';
import { Tuple } from './kinds.js';
import { type Filter, filter } from './plugin.js';

const itemsOf = (value: unknown): readonly unknown[] => touched(iterate(value));

function announce(count: number, width: number): void {
  allocate(count * (16 + width * 8));
  spend(count);
}

function product(lists: readonly (readonly unknown[])[]): unknown[] {
  announce(lists.reduce((count, items) => count * items.length, 1), lists.length);
  let rows: unknown[][] = [[]];
  for (const items of lists) rows = rows.flatMap((row) => items.map((item) => [...row, item]));
  return rows.map((row) => Tuple.make(row));
}

/** Positions that are taken, in the order of itertools: each one only once, rising where order does not count. */
function choose(items: readonly unknown[], size: number, isOrdered: boolean): unknown[] {
  let count = 1;
  for (let taken = 0; taken < size; taken++) count = (count * (items.length - taken)) / (isOrdered ? 1 : taken + 1);
  announce(Math.max(0, count), size);
  const rows: unknown[] = [];
  const pick = (taken: readonly number[]): void => {
    if (taken.length === size) {
      rows.push(Tuple.make(taken.map((index) => items[index])));
      return;
    }
    for (let index = isOrdered ? 0 : (taken.at(-1) ?? -1) + 1; index < items.length; index++) if (!isOrdered || !taken.includes(index)) pick([...taken, index]);
  };
  if (size <= items.length) pick([]);
  return rows;
}

export const combineFilters: readonly (readonly [string, Filter])[] = [
  ['product', { apply: (input, { positional, named }) => {
    const lists = [input, ...positional].map(itemsOf);
    const repeat = wholeArgument(named.repeat, 1);
    return product(Array.from({ length: repeat }, () => lists).flat());
  } }],
  ['combinations', filter(['r'], (input, { r }) => choose(itemsOf(input), wholeArgument(r, 0), false))],
  ['permutations', filter(['r'], (input, { r }) => choose(itemsOf(input), wholeArgument(r, iterate(input).length), true))],
  ['zip', { apply: (input, { positional }) => {
    const lists = [input, ...positional].map(itemsOf);
    const length = Math.min(...lists.map((items) => items.length));
    return Array.from({ length }, (_, index) => Tuple.make(lists.map((items) => items[index])));
  } }],
  ['zip_longest', { apply: (input, { positional, named }) => {
    const lists = [input, ...positional].map(itemsOf);
    const length = Math.max(...lists.map((items) => items.length));
    return Array.from({ length }, (_, index) => Tuple.make(lists.map((items) => (index < items.length ? items[index] : (named.fillvalue ?? null)))));
  } }],
];
