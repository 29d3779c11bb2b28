// The kinds of values that Jinja sees: null, boolean, number, bigint (only beyond what a number holds exactly), PythonFloat (1.0), string, list
// (array), Tuple, Range, mapping (plain object, Dict where a key is no plain name, Lazy), objects of objects.ts, and undefined.
// Guaranteed: mappings keep their order and only own keys are read. Not here: what they are worth (values.ts), their order (compare.ts).
import { keptEntries } from '../../base/keyed-object.js';
import { PythonFloat } from '../../base/python-repr.js';
import { DateTime, TimeDelta } from '../../base/datetime.js';
import { FilterError } from './filter-error.js';
import { Callable, Namespace } from './objects.js';
import { Undefined, UndefinedUse } from './undefined.js';

/** A mapping whose values are made when asked for: `hostvars`. */
export interface LazyMap {
  get(key: string): unknown;
  keys(): readonly string[];
}

export class Lazy implements LazyMap {
  readonly get: (key: string) => unknown;
  readonly keys: () => readonly string[];
  readonly has: (key: string) => boolean;
  /** @param has default: what is among the keys; hostvars knows one more than it lists */
  constructor(get: (key: string) => unknown, keys: () => readonly string[], has: (key: string) => boolean = (key) => keys().includes(key)) {
    this.get = get;
    this.keys = keys;
    this.has = has;
  }
}

/** The value of `omit`: a parameter, a loop's item or a piece of a text that has it is left out; all are equal. */
export class Omit {}

/** A list that cannot change and prints with parentheses. */
export class Tuple extends Array<unknown> {
  /** What is made of a tuple by map, filter and the like is a list. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  static make(items: readonly unknown[]): Tuple {
    const tuple = new Tuple();
    for (const item of items) tuple.push(item);
    return tuple;
  }
}

/** What range() gives: a list that cannot change, prints as `range(0, 3)`, and is no value for a task. */
export class Range extends Array<unknown> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /** Below JavaScript's own limit of a list's length; sizes are looked at before (budget.ts). */
  static make(start: number, end: number, step: number): Range {
    const range = new Range();
    range.printed = `range(${start}, ${end}${step === 1 ? '' : `, ${step}`})`;
    range.bounds = { start, step };
    for (let value = start; step > 0 ? value < end : value > end; value += step) range.push(value);
    return range;
  }

  printed = '';
  bounds = { start: 0, step: 1 };
}

/** A mapping with a key that no plain object keeps as it is: a number, a tuple, digits (which an object moves to the front). */
export class Dict {
  readonly #entries = new Map<string, readonly [unknown, unknown]>();

  set(key: unknown, value: unknown): void {
    const hash = hashOf(key);
    this.#entries.set(hash, [this.#entries.get(hash)?.[0] ?? key, value]);
  }

  delete(key: unknown): void {
    this.#entries.delete(hashOf(key));
  }

  clear(): void {
    this.#entries.clear();
  }

  has(key: unknown): boolean {
    return this.#entries.has(hashOf(key));
  }

  get(key: unknown): unknown {
    return this.#entries.get(hashOf(key))?.[1];
  }

  entries(): (readonly [unknown, unknown])[] {
    return [...this.#entries.values()];
  }
}

/** Lists, tuples and ranges are never equal, and have no order, between them. */
export function areAlike(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a instanceof Tuple === b instanceof Tuple && a instanceof Range === b instanceof Range;
}

export type Mapping = Readonly<Record<string, unknown>> | Dict | Lazy;

/** A plain object: what comes from YAML, JSON and hosts. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !(value instanceof Undefined || value instanceof Lazy || value instanceof Dict || value instanceof Omit || value instanceof PythonFloat || isObject(value));
}

function isObject(value: object): boolean {
  return value instanceof Callable || value instanceof Namespace || value instanceof DateTime || value instanceof TimeDelta;
}

export function isDict(value: unknown): value is Mapping {
  return value instanceof Dict || value instanceof Lazy || isMapping(value);
}

export function isNumber(value: unknown): value is number | bigint | boolean | PythonFloat {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' || value instanceof PythonFloat;
}

export function isFloat(value: unknown): value is number | PythonFloat {
  return value instanceof PythonFloat || (typeof value === 'number' && !Number.isInteger(value));
}

/** Whole numbers; True and False are 1 and 0. */
export function isInteger(value: unknown): value is number | bigint | boolean {
  return (typeof value === 'number' && Number.isInteger(value)) || typeof value === 'bigint' || typeof value === 'boolean';
}

/** A mapping of entries in their order; a later entry replaces the value of an earlier one. */
export function makeDict(entries: Iterable<readonly [unknown, unknown]>): Readonly<Record<string, unknown>> | Dict {
  const all = [...entries];
  if (all.every(([key]) => isPlainKey(key))) return Object.fromEntries(all as [string, unknown][]);
  const dict = new Dict();
  for (const [key, value] of all) dict.set(key, value);
  return dict;
}

function isPlainKey(key: unknown): boolean {
  return typeof key === 'string' && key !== '__proto__' && !/^\d+$/.test(key);
}

const keptDicts = new WeakMap<object, Dict>();

/** An object that holds its entries as they were (base/keyed-object.ts), as a Dict. */
function keptDict(object: object): Dict | undefined {
  const entries = keptEntries(object);
  if (entries === undefined) return undefined;
  let dict = keptDicts.get(object);
  if (dict === undefined) {
    dict = new Dict();
    for (const [key, value] of entries) dict.set(key, value);
    keptDicts.set(object, dict);
  }
  return dict;
}

export function dictHas(dict: Mapping, key: unknown): boolean {
  if (dict instanceof Dict) return dict.has(key);
  if (dict instanceof Lazy) return typeof key === 'string' && dict.has(key);
  hashOf(key);
  const kept = keptDict(dict);
  return kept === undefined ? typeof key === 'string' && Object.hasOwn(dict, key) : kept.has(key);
}

/** The value of a key, or undefined (JavaScript's) where there is none. */
export function dictGet(dict: Mapping, key: unknown): unknown {
  if (dict instanceof Dict) return dict.get(key);
  if (dict instanceof Lazy) return typeof key === 'string' ? dict.get(key) : undefined;
  hashOf(key);
  const kept = keptDict(dict);
  if (kept !== undefined) return kept.get(key);
  return typeof key === 'string' && Object.hasOwn(dict, key) ? dict[key] : undefined;
}

export function dictEntries(dict: Mapping): (readonly [unknown, unknown])[] {
  if (dict instanceof Dict) return dict.entries();
  return dict instanceof Lazy ? dict.keys().map((key) => [key, dict.get(key)] as const) : (keptDict(dict)?.entries() ?? Object.entries(dict));
}

export function dictKeys(dict: Mapping): readonly unknown[] {
  if (dict instanceof Dict) return dict.entries().map(([key]) => key);
  if (dict instanceof Lazy) return dict.keys();
  return keptDict(dict)?.entries().map(([key]) => key) ?? Object.keys(dict);
}

/** Of UTC. */
const EPOCH = new DateTime(0, 0, { offsetMin: 0 });

/** Equal values have equal texts. @throws FilterError for lists and dicts, which are no keys */
export function hashOf(value: unknown): string {
  if (typeof value === 'string') return `s${value}`;
  if (isNumber(value)) return `n${typeof value === 'bigint' ? value : Number(value)}`;
  if (value === null) return 'z';
  if (value instanceof Undefined) throw new UndefinedUse(value);
  if (value instanceof Tuple) return `t${JSON.stringify([...value].map(hashOf))}`;
  if (value instanceof Range) return `r${JSON.stringify([...value])}`;
  if (value instanceof DateTime) return value.isDay || value.offsetMin === undefined ? `d${value.isoformat()}` : `i${value.minus(EPOCH).micros}`;
  throw new FilterError(`a ${typeName(value)} cannot be a key or in a set`);
}

/** Python's name of the type, for sentences. */
export function typeName(value: unknown): string {
  if (value === null) return 'NoneType';
  if (value instanceof Undefined) return 'UndefinedMarker';
  if (value instanceof Tuple) return 'tuple';
  if (value instanceof Range) return 'range';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'boolean') return 'bool';
  if (isFloat(value)) return 'float';
  if (isInteger(value)) return 'int';
  if (value instanceof DateTime) return value.isDay ? 'date' : 'datetime';
  if (value instanceof TimeDelta) return 'timedelta';
  if (value instanceof Callable) return 'function';
  if (value instanceof Namespace) return 'Namespace';
  if (value instanceof Omit) return '_OmitType';
  return typeof value === 'string' ? 'str' : 'dict';
}
