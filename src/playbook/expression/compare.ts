// What comes in: two values. What goes out: which comes first, or that Python knows no order of them; whether one holds the other.
import { compareNames } from '../../inventory/python-text.js';
import { spend } from './budget.js';
import { DateTime, TimeDelta } from '../../base/datetime.js';
import { FilterError } from './filter-error.js';
import { areAlike, dictHas, isDict, isNumber, Range, typeName } from './kinds.js';
import { Undefined, UndefinedUse } from './undefined.js';
import { isEqual } from './values.js';

/** Negative, 0, positive as `<` of Python says; NaN is before and behind nothing. @throws FilterError where Python raises a TypeError */
export function compareValues(a: unknown, b: unknown): number {
  if (a instanceof Undefined) throw new UndefinedUse(a);
  if (b instanceof Undefined) throw new UndefinedUse(b);
  if (typeof a === 'string' && typeof b === 'string') return compareNames(a, b);
  if (isNumber(a) && isNumber(b)) {
    const [left, right] = [typeof a === 'bigint' ? a : Number(a), typeof b === 'bigint' ? b : Number(b)];
    return left < right ? -1 : left > right ? 1 : left === right || typeof left !== typeof right ? 0 : Number.NaN;
  }
  if (Array.isArray(a) && Array.isArray(b) && !(a instanceof Range) && areAlike(a, b)) {
    for (const [index, item] of a.entries()) {
      if (index >= b.length) return 1;
      if (!isEqual(item, b[index])) return compareValues(item, b[index]);
    }
    return a.length - b.length;
  }
  if (a instanceof DateTime && b instanceof DateTime && a.isLike(b)) return a.minus(b).micros;
  if (a instanceof TimeDelta && b instanceof TimeDelta) return a.micros - b.micros;
  throw new FilterError(`cannot order ${typeName(a)} and ${typeName(b)}`);
}

/** Stable, as Python's sorted(). @param reverse equal ones keep their order then, too */
export function sortedBy<T>(items: readonly T[], key: (item: T) => unknown, reverse = false): T[] {
  spend(items.length * 4);
  const keyed = items.map((item) => ({ item, key: key(item) }));
  for (const { key: value } of keyed) for (const part of Array.isArray(value) ? value : [value]) if (part instanceof Undefined) throw new UndefinedUse(part);
  keyed.sort((a, b) => (reverse ? compareValues(b.key, a.key) : compareValues(a.key, b.key)));
  return keyed.map(({ item }) => item);
}

/** `item in container`. @throws FilterError */
export function contains(container: unknown, item: unknown): boolean {
  if (container instanceof Undefined) throw new UndefinedUse(container);
  if (Array.isArray(container)) {
    spend(container.length);
    return container.some((other) => isEqual(other, item));
  }
  if (isDict(container)) return dictHas(container, item);
  if (typeof container === 'string' && typeof item === 'string') return container.includes(item);
  if (typeof container === 'string') throw new FilterError(`"in" of a text looks for a text, not for ${typeName(item)}`);
  throw new FilterError(`"in" looks into a list, a mapping or a text, not into ${typeName(container)}`);
}
