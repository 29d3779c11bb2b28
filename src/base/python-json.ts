// What comes in: plain data. What goes out: JSON as Python's json.dumps writes it with sorted keys: a space behind commas and colons, floats as Python
// prints them, characters beyond ASCII as they are. Pure.
import { DateTime } from './datetime.js';
import { PythonFloat, reprFloat } from './python-repr.js';

/** @param indent spaces for each level; without it, one line */
export function pythonJson(value: unknown, indent?: number, level = 0): string {
  if (value instanceof PythonFloat) return value.toString();
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : jsonFloat(value);
  if (value instanceof DateTime) return JSON.stringify(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return value === undefined ? 'null' : String(value);
  const isList = Array.isArray(value);
  const parts = isList
    ? (value as unknown[]).map((item) => pythonJson(item, indent, level + 1))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
        .map(([key, item]) => `${JSON.stringify(key)}: ${pythonJson(item, indent, level + 1)}`);
  const [open, close] = isList ? '[]' : '{}';
  if (parts.length === 0) return `${open}${close}`;
  if (indent === undefined) return `${open}${parts.join(', ')}${close}`;
  const inner = ' '.repeat(indent * (level + 1));
  return `${open}\n${parts.map((part) => inner + part).join(',\n')}\n${' '.repeat(indent * level)}${close}`;
}

/** A float. */
export function jsonFloat(value: number): string {
  if (Number.isFinite(value)) return reprFloat(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}
