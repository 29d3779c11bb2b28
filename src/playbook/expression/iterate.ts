// What comes in: a value. What goes out: what a loop over it gives: items, keys, characters. @throws where Python says "not iterable".
import { spend } from './budget.js';
import { FilterError } from './filter-error.js';
import { dictKeys, isDict, typeName } from './kinds.js';
import { Undefined, UndefinedUse } from './undefined.js';

/** @throws FilterError, UndefinedUse */
export function iterate(value: unknown): readonly unknown[] {
  if (value instanceof Undefined && value.isNothing) return [];
  if (value instanceof Undefined) throw new UndefinedUse(value);
  const items = Array.isArray(value) ? (value as readonly unknown[]) : typeof value === 'string' ? [...value] : isDict(value) ? dictKeys(value) : undefined;
  if (items === undefined) throw new FilterError(`takes a list, not ${typeName(value)}`);
  spend(items.length);
  return items;
}

/** Of these a list is made: an item that is undefined makes the whole undefined, as in 2.19. @throws UndefinedUse */
export function touched(items: readonly unknown[]): readonly unknown[] {
  for (const item of items) if (item instanceof Undefined) throw new UndefinedUse(item);
  return items;
}

export function isIterable(value: unknown): boolean {
  return Array.isArray(value) || typeof value === 'string' || isDict(value);
}
