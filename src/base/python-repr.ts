// Values as Python prints them, where JavaScript prints them differently: numbers with a fraction, quoted texts, and what holds those.
// Guaranteed: what CPython 3 prints, for every double and every text. Not here: the kinds of values that only expressions have (playbook/expression/values.ts).
import { DateTime } from './datetime.js';
import { UnsafeText } from './unsafe-text.js';

/** A whole number that was written with a fraction, `1.0`: JavaScript alone does not know it from 1. Any other number is a plain one. */
export class PythonFloat extends Number {
  override toString(): string {
    return reprFloat(this.valueOf());
  }
}

/** A float as a value of its own kind only where that shows. */
export function pythonFloat(value: number): number | PythonFloat {
  return Number.isInteger(value) ? new PythonFloat(value) : value;
}

/** float.__repr__: the shortest digits that read back as the same number, with an exponent below 1e-4 and from 1e16 on. */
export function reprFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  if (value === 0) return '0.0';
  const [digits = '', exponentText = '0'] = Math.abs(value).toExponential().split('e');
  const exponent = Number(exponentText);
  const sign = value < 0 ? '-' : '';
  if (exponent < -4 || exponent >= 16) return `${sign}${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  const text = digits.replace('.', '');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${text}`;
  const whole = text.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${text.slice(exponent + 1) || '0'}`;
}

/** str.__repr__: single quotes unless the text has them and no double ones; what is not printable is escaped. */
export function reprString(value: string): string {
  const mark = value.includes("'") && !value.includes('"') ? '"' : "'";
  const inner = value.replace(/[\\'"\p{C}\p{Z}]/gu, (char) => {
    if (char === ' ') return char;
    if (char === "'" || char === '"') return char === mark ? `\\${char}` : char;
    const short = SHORT[char];
    if (short !== undefined) return short;
    const code = char.codePointAt(0) ?? 0;
    if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
  });
  return `${mark}${inner}${mark}`;
}

/**
 * `repr()` of plain data.
 * @param other what values of other kinds print as; undefined: they are mappings
 */
export function pythonRepr(value: unknown, other: (value: unknown) => string | undefined = () => undefined): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string' || value instanceof UnsafeText) return reprString(String(value));
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : reprFloat(value);
  if (value instanceof PythonFloat) return value.toString();
  if (value instanceof DateTime) return value.repr();
  if (Array.isArray(value)) return `[${value.map((item) => pythonRepr(item, other)).join(', ')}]`;
  return other(value) ?? `{${Object.entries(value).map(([key, item]) => `${reprString(key)}: ${pythonRepr(item, other)}`).join(', ')}}`;
}

const SHORT: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r' };
