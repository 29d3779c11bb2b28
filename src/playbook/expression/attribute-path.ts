// What comes in: `attribute=` of a filter (`name`, `a.b.0`). What goes out: a function that follows it in an item, and its parts.
import { getItem } from './access.js';
import { Undefined } from './undefined.js';
import { toText } from './values.js';

/** @param fallback instead of an attribute that is not there */
export function attributeOf(path: unknown, fallback?: unknown): (item: unknown) => unknown {
  const parts = path === null || path === undefined ? [] : typeof path === 'string' ? path.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part)) : [path];
  return (item) => {
    let value = item;
    for (const part of parts) {
      value = getItem(value, part);
      if (value instanceof Undefined && value.where === undefined && !value.reason.includes('"') && !/^'\w+'$/.test(value.reason)) value = new Undefined(`"${toText(path)}" of an item`);
      if (value instanceof Undefined && fallback !== undefined && fallback !== null) value = fallback;
    }
    return value;
  };
}

/** Jinja's ignore_case: texts in small letters, all else as it is. */
export function folded(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value;
}
