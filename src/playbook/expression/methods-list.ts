// What comes in: a list and evaluated arguments. What goes out: what Python's method of that name gives; some change the list, which is always
// one of the template's own (evaluate.ts hands out copies where a template changes things).
// Source: the Python library reference, "Mutable Sequence Types".
import { allocate } from './budget.js';
import { sortedBy } from './compare.js';
import { FilterError } from './filter-error.js';
import { iterate } from './iterate.js';
import { isInteger, Range, Tuple, typeName } from './kinds.js';
import type { CallArguments } from './objects.js';
import { bind, type Bound } from './signature.js';
import { isEqual, isTrue } from './values.js';

type ListMethod = (list: unknown[], args: CallArguments) => unknown;

const taking = (parameters: readonly string[], apply: (list: unknown[], args: Bound) => unknown): ListMethod => (list, args) => apply(list, bind(parameters, args));
/** Tuples and ranges do not change. */
const changing = (parameters: readonly string[], apply: (list: unknown[], args: Bound) => unknown): ListMethod => (list, args) => {
  if (list instanceof Tuple || list instanceof Range) throw new FilterError(`is no method of a ${typeName(list)}`);
  return apply(list, bind(parameters, args)) ?? null;
};
const whole = (value: unknown): number => {
  if (!isInteger(value)) throw new FilterError(`takes a whole number, not ${typeName(value)}`);
  return Number(value);
};

export const listMethods: ReadonlyMap<string, ListMethod> = new Map<string, ListMethod>([
  ['append', changing(['item'], (list, { item }) => {
    allocate(8);
    list.push(item);
  })],
  ['extend', changing(['items'], (list, { items }) => {
    const more = iterate(items);
    allocate(more.length * 8);
    for (const item of [...more]) list.push(item);
  })],
  ['insert', changing(['index', 'item'], (list, { index, item }) => {
    list.splice(whole(index), 0, item);
  })],
  ['pop', changing(['index'], (list, { index = -1 }) => {
    const at = whole(index);
    if (at >= list.length || at < -list.length) throw new FilterError(`finds no item ${at} in a list of ${list.length}`);
    return list.splice(at, 1)[0];
  })],
  ['remove', changing(['item'], (list, { item }) => {
    const at = list.findIndex((other) => isEqual(other, item));
    if (at === -1) throw new FilterError('does not find the item');
    list.splice(at, 1);
  })],
  ['clear', changing([], (list) => {
    list.length = 0;
  })],
  ['reverse', changing([], (list) => {
    list.reverse();
  })],
  ['sort', changing(['reverse'], (list, { reverse = false }) => {
    list.splice(0, list.length, ...sortedBy(list, (item) => item, isTrue(reverse)));
  })],
  ['copy', taking([], (list) => [...list])],
  ['count', taking(['item'], (list, { item }) => list.filter((other) => isEqual(other, item)).length)],
  ['index', taking(['item'], (list, { item }) => {
    const at = list.findIndex((other) => isEqual(other, item));
    if (at === -1) throw new FilterError('does not find the item');
    return at;
  })],
]);
