// Values as Jinja sees them (null, boolean, number, string, list, mapping, undefined) and Python's rules for them: what is true, what is
// equal, how a value prints. Whole numbers only are exact: a JavaScript number does not know 1.0 from 1, so arithmetic refuses fractions.
import { isDeepStrictEqual } from 'node:util';
import { PythonFloat, reprFloat, reprString } from '../../base/python-repr.js';

/** The value of a name that is not set. Going further into it stays undefined, as in Ansible, so that `a.b.c | default(1)` works. */
export class Undefined {
  /** What was asked for: `foo`, or `'dict' has no 'bar'`. */
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** A mapping whose values are made when asked for: `hostvars`. */
export interface LazyMap {
  get(key: string): unknown;
  keys(): readonly string[];
}

export class Lazy implements LazyMap {
  readonly get: (key: string) => unknown;
  readonly keys: () => readonly string[];
  constructor(get: (key: string) => unknown, keys: () => readonly string[]) {
    this.get = get;
    this.keys = keys;
  }
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Undefined) && !(value instanceof Lazy) && !(value instanceof Omit) && !(value instanceof PythonFloat);
}

/** Python's truth. */
export function isTrue(value: unknown): boolean {
  if (value instanceof Undefined || value === null || value === undefined) return false;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Lazy) return value.keys().length > 0;
  if (isMapping(value)) return Object.keys(value).length > 0;
  return Boolean(value instanceof PythonFloat ? value.valueOf() : value);
}

export function isEqual(a: unknown, b: unknown): boolean {
  const number = (value: unknown) => (typeof value === 'boolean' || value instanceof PythonFloat ? Number(value) : value);
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, index) => isEqual(item, b[index]));
  return isDeepStrictEqual(number(a), number(b));
}

/** Python's name of the type, for sentences. */
export function typeName(value: unknown): string {
  if (value === null) return 'None';
  if (value instanceof Undefined) return 'undefined';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (value instanceof PythonFloat) return 'float';
  return typeof value === 'string' ? 'str' : 'dict';
}

/** As `str()` prints it. */
export function toText(value: unknown): string {
  return typeof value === 'string' ? value : repr(value);
}

/** As `repr()` prints it. */
export function repr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : reprFloat(value);
  if (value instanceof PythonFloat) return value.toString();
  if (typeof value === 'string') return reprString(value);
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  if (isMapping(value)) return `{${Object.entries(value).map(([key, item]) => `${repr(key)}: ${repr(item)}`).join(', ')}}`;
  return value instanceof Lazy ? `{${value.keys().map(repr).join(', ')}}` : 'Undefined';
}

/** The value of `omit`: a parameter that has it is left out. */
export class Omit {}
