// What comes in: a value (kinds.ts). What goes out: whether it is true, whether two are equal, how it prints: Python's rules.
// Guaranteed: what CPython 3.11 says and prints. Not here: which of two comes first (compare.ts).
import { entriesOf, keepEntries } from '../../base/keyed-object.js';
import { PythonFloat, reprFloat, reprString } from '../../base/python-repr.js';
import { DateTime, TimeDelta } from '../../base/datetime.js';
import { FilterError } from './filter-error.js';
import { areAlike, Dict, dictEntries, dictGet, dictHas, dictKeys, isDict, isMapping, isNumber, Lazy, Omit, Range, Tuple, typeName } from './kinds.js';
import { Callable, Namespace } from './objects.js';
import { Undefined, UndefinedUse } from './undefined.js';

/** Python's truth. @throws UndefinedUse */
export function isTrue(value: unknown): boolean {
  if (value instanceof Undefined && !value.isNothing) throw new UndefinedUse(value);
  if (value === null || value === undefined || value instanceof Undefined) return false;
  if (Array.isArray(value)) return value.length > 0;
  if (isDict(value)) return dictKeys(value).length > 0;
  return Boolean(value instanceof PythonFloat ? value.valueOf() : value);
}

export function isEqual(a: unknown, b: unknown): boolean {
  if (isNumber(a) && isNumber(b)) return typeof a === 'bigint' || typeof b === 'bigint' ? exact(a) === exact(b) : Number(a) === Number(b);
  if (Array.isArray(a) && Array.isArray(b)) return areAlike(a, b) && a.length === b.length && a.every((item, index) => isEqual(item, b[index]));
  if (isDict(a) && isDict(b)) {
    const [left, keys] = [dictEntries(a), dictKeys(b)];
    return left.length === keys.length && left.every(([key, value]) => dictHas(b, key) && isEqual(value, dictGet(b, key)));
  }
  if (a instanceof DateTime && b instanceof DateTime) return a.isLike(b) && a.minus(b).micros === 0;
  if (a instanceof TimeDelta && b instanceof TimeDelta) return a.micros === b.micros;
  if (a instanceof Undefined) throw new UndefinedUse(a);
  if (b instanceof Undefined) throw new UndefinedUse(b);
  return a === b || (a instanceof Omit && b instanceof Omit);
}

function exact(value: number | bigint | boolean | PythonFloat): bigint | number {
  return typeof value === 'bigint' ? value : Number.isInteger(Number(value)) ? BigInt(Number(value)) : Number(value);
}

/** As `str()` prints it. @throws UndefinedUse */
export function toText(value: unknown): string {
  if (value instanceof Undefined && value.isNothing) return '';
  return typeof value === 'string' ? value : value instanceof DateTime ? value.toString() : repr(value);
}

/** As JSON can hold it, for modules and for what is registered, and dates; the else that an inline if has not is text only (ansible-core 2.19). Tuples are lists, keys strings. */
export function toPlain(value: unknown): unknown {
  if (value instanceof Undefined) throw new UndefinedUse(value);
  if (typeof value === 'bigint') throw new FilterError(`the number ${value} is too big to be kept exactly outside of an expression; make a text of it with | string`);
  if (value instanceof Range) throw new FilterError(`gives ${value.printed}, which is no value for a task; make a list of it with | list`);
  if (Array.isArray(value)) return value.some(needsCopy) || value instanceof Tuple ? [...value].map(toPlain) : value;
  if (value instanceof Dict) return plainObject(value.entries());
  if (value instanceof DateTime) return value;
  if (value instanceof TimeDelta || value instanceof Callable || value instanceof Namespace) throw new FilterError(`gives a ${typeName(value)}, which is no value for a task; print it with | string, or call it`);
  if (value instanceof Lazy) return ownEntries(value.keys().flatMap((key) => lazyEntry(value, key)));
  if (!isMapping(value)) return value;
  return Object.values(value).some(needsCopy) ? plainObject(entriesOf(value)) : value;
}

/** Keys are texts, as JSON has them, and beside them what they were: a variable that is set to it has those again. */
function plainObject(entries: readonly (readonly [unknown, unknown])[]): Readonly<Record<string, unknown>> {
  const plain = entries.map(([key, item]) => [key, toPlain(item)] as const);
  return keepEntries(ownEntries(plain.map(([key, item]) => [typeof key === 'boolean' ? String(key) : toText(key), item])), plain);
}

/** What is omitted inside of a mapping or a list is left out, too. */
export function withoutOmitted(value: unknown): unknown {
  return holdsOmitted(value) ? copyWithout(value) : value;
}

function copyWithout(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !(item instanceof Omit)).map(withoutOmitted);
  return isMapping(value) ? ownEntries(Object.entries(value).flatMap(([key, item]) => (item instanceof Omit ? [] : [[key, withoutOmitted(item)]]))) : value;
}

function holdsOmitted(value: unknown): boolean {
  const items: readonly unknown[] = Array.isArray(value) ? value : isMapping(value) ? Object.values(value) : [];
  return items.some((item) => item instanceof Omit || holdsOmitted(item));
}

/** Of all variables of a host: one that cannot be had says why. */
function lazyEntry(lazy: Lazy, key: string): readonly (readonly [string, unknown])[] {
  try {
    const value = lazy.get(key);
    return value instanceof Omit || value instanceof Undefined ? [] : [[key, toPlain(value)]];
  } catch (error) {
    return [[key, `<< error 1 - ${(error as Error).message} >>`]];
  }
}

function needsCopy(value: unknown): boolean {
  return (typeof value === 'object' && value !== null && !(value instanceof PythonFloat)) || typeof value === 'bigint';
}

function ownEntries(entries: readonly (readonly [string, unknown])[]): Readonly<Record<string, unknown>> {
  const object: Record<string, unknown> = {};
  for (const [key, value] of entries) Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  return object;
}

/** As `repr()` prints it. @throws UndefinedUse */
export function repr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value + 0) : reprFloat(value);
  if (value instanceof PythonFloat) return value.toString();
  if (typeof value === 'string') return reprString(value);
  if (value instanceof Tuple) return `(${[...value].map(repr).join(', ')}${value.length === 1 ? ',' : ''})`;
  if (value instanceof Range) return value.printed;
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  if (isDict(value)) return `{${dictEntries(value).map(([key, item]) => `${repr(key)}: ${repr(item)}`).join(', ')}}`;
  if (value instanceof Undefined) throw new UndefinedUse(value);
  if (value instanceof Omit) return '<<Omit>>';
  if (value instanceof Callable) throw new FilterError(`"${value.name}" is a function: it is called with ()`);
  return value instanceof DateTime ? value.repr() : String(value);
}
