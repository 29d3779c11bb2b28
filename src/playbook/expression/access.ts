// What comes in: an object and a name or key. What goes out: its attribute (`a.b`: methods first) or item (`a['b']`: own keys first), as Jinja's
// environment.getattr and getitem find them; Undefined where there is neither.
// Guaranteed: nothing of JavaScript is reachable: own keys of plain data, and the methods listed in methods-*.ts.
import { allocate, spend } from './budget.js';
import { DateTime, TimeDelta } from '../../base/datetime.js';
import { dateAttribute } from './date-attributes.js';
import { FilterError } from './filter-error.js';
import { dictGet, dictHas, isDict, isInteger, Lazy, type Mapping, Range, Tuple, typeName } from './kinds.js';
import { listMethods } from './methods-list.js';
import { dictMethods } from './methods-dict.js';
import { textMethods } from './methods-text.js';
import { Callable, Namespace } from './objects.js';
import { Undefined } from './undefined.js';
import { repr } from './values.js';

export function getAttribute(object: unknown, name: string): unknown {
  if (object instanceof Undefined) return object;
  const own = attribute(object, name);
  if (own !== undefined) return own;
  if (isDict(object) && dictHas(object, name)) return dictGet(object, name);
  return missing(`'${typeName(object)}' has no "${name}": it`, object, name);
}

/** The filter `attr`: never a key. */
export function ownAttribute(object: unknown, name: string): unknown {
  return isDict(object) ? (attribute(object, name) ?? missing(`'${typeName(object)}' has no attribute "${name}": it`, object, name)) : getAttribute(object, name);
}

function missing(reason: string, object: unknown, key: unknown): Undefined {
  return new Undefined(reason, undefined, false, object instanceof Lazy ? undefined : { type: typeName(object), key });
}

export function getItem(object: unknown, key: unknown): unknown {
  if (object instanceof Undefined) return object;
  if (key instanceof Undefined) return key;
  if (isDict(object)) {
    if (isKey(key) && dictHas(object, key)) return lazyValue(object, key);
    if (object instanceof Lazy && typeof key === 'string') {
      const value = object.get(key);
      if (!(value instanceof Undefined) && value !== undefined) return value;
      if (value instanceof Undefined) return value;
    }
  } else if ((typeof object === 'string' || Array.isArray(object)) && isInteger(key)) return atIndex(object, Number(key));
  if (typeof key === 'string') {
    const own = attribute(object, key);
    if (own !== undefined) return own;
  }
  return missing(typeof object === 'object' && isDict(object) ? `'dict' has no ${repr(key)}: it` : `${repr(key)} of a ${typeName(object)}`, object, key);
}

function isKey(key: unknown): boolean {
  return typeof key !== 'object' || key === null || key instanceof Tuple || key instanceof Number;
}

function lazyValue(object: Mapping, key: unknown): unknown {
  return dictGet(object, key);
}

function atIndex(object: string | readonly unknown[], index: number): unknown {
  const items = typeof object === 'string' && !isAscii(object) ? [...object] : object;
  if (index >= items.length || index < -items.length) return missing(`item ${index} of a ${typeName(object)} of ${items.length}`, object, index);
  return typeof items === 'string' ? items.at(index) : (items.at(index) ?? null);
}

export function slice(object: unknown, from: unknown, to: unknown, step: unknown): unknown {
  if (object instanceof Undefined) return object;
  if (typeof object !== 'string' && !Array.isArray(object)) throw new FilterError(`is taken of a list or a text, not of ${typeName(object)}`);
  const items: readonly unknown[] = typeof object === 'string' ? [...object] : object;
  spend(items.length / 16);
  const by = bound(step) ?? 1;
  if (by === 0) throw new FilterError('cannot have steps of 0');
  const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value < 0 ? value + items.length : value));
  const start = clamp(bound(from) ?? (by > 0 ? 0 : items.length - 1), by > 0 ? 0 : -1, by > 0 ? items.length : items.length - 1);
  const end = to === null || to === undefined ? (by > 0 ? items.length : -1) : clamp(bound(to) ?? 0, by > 0 ? 0 : -1, by > 0 ? items.length : items.length - 1);
  const out: unknown[] = [];
  for (let at = start; by > 0 ? at < end : at > end; at += by) out.push(items[at]);
  allocate(out.length * (typeof object === 'string' ? 1 : 8));
  if (object instanceof Range) return Range.make(object.bounds.start + start * object.bounds.step, object.bounds.start + end * object.bounds.step, object.bounds.step * by);
  return typeof object === 'string' ? out.join('') : object instanceof Tuple ? Tuple.make(out) : out;
}

function bound(value: unknown): number | undefined {
  if (value === null || value === undefined) return undefined;
  if (!isInteger(value)) throw new FilterError(`takes whole numbers, not ${typeName(value)}`);
  return Number(value);
}

function attribute(object: unknown, name: string): unknown {
  if (typeof object === 'string') return method(textMethods.get(name), object, name);
  if (Array.isArray(object)) return method(listMethods.get(name), object, name);
  if (isDict(object)) return method(dictMethods.get(name), object, name);
  if (object instanceof Namespace) return object.values.get(name);
  if (object instanceof Callable) return object.attributes.get(name)?.();
  return object instanceof DateTime || object instanceof TimeDelta ? dateAttribute(object, name) : undefined;
}

function method<T>(apply: ((object: T, args: Parameters<Callable['call']>[0]) => unknown) | undefined, object: T, name: string): Callable | undefined {
  return apply === undefined ? undefined : new Callable(name, (args) => apply(object, args));
}

function isAscii(text: string): boolean {
  return !/[\ud800-\udfff]/.test(text);
}
