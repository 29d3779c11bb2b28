// What comes in: a text with % places and what to put there. What goes out: the text that Python's `%` makes, which the filter `format` uses too.
// Source: the Python library reference, "printf-style String Formatting".
import { allocate } from './budget.js';
import { FilterError } from './filter-error.js';
import { formatNumber } from './format-number.js';
import { dictGet, dictHas, isDict, isNumber, Tuple, typeName } from './kinds.js';
import { repr, toText } from './values.js';

const PLACE = /%(?:\(([^)]*)\))?([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+)?)?[hlL]?([\s\S])?/g;

/** @throws FilterError where Python raises */
export function formatPercent(format: string, given: unknown): string {
  const values = given instanceof Tuple ? [...given] : [given];
  let used = 0;
  let usesNames = false;
  const next = (): unknown => {
    if (used >= values.length) throw new FilterError('has more places than values');
    used += 1;
    return values[used - 1];
  };
  const text = format.replace(PLACE, (whole: string, name: string | undefined, flags: string, widthText: string | undefined, precisionText: string | undefined, kind: string | undefined) => {
    if (kind === undefined) throw new FilterError('has a % without a letter');
    if (kind === '%') return '%';
    if (name !== undefined) usesNames = true;
    const width = widthText === '*' ? Number(next()) : Number(widthText ?? 0);
    const hasPrecision = whole.includes('.', name === undefined ? 0 : whole.indexOf(')'));
    const precision = precisionText === '*' ? Number(next()) : hasPrecision ? Number(precisionText ?? 0) : undefined;
    allocate(Math.abs(width) + Math.abs(precision ?? 0));
    const value = name === undefined ? next() : named(given, name);
    return padded(place(kind, value, flags, precision), width, flags, 'srac'.includes(kind));
  });
  if (used < values.length && !usesNames && !(isDict(given) || (Array.isArray(given) && !(given instanceof Tuple)))) throw new FilterError('has fewer places than values');
  return text;
}

function named(given: unknown, name: string): unknown {
  if (!isDict(given)) throw new FilterError('with names takes a mapping');
  if (!dictHas(given, name)) throw new FilterError(`has no value named "${name}"`);
  return dictGet(given, name);
}

function place(kind: string, value: unknown, flags: string, precision: number | undefined): string {
  if (kind === 's') return cut(toText(value), precision);
  if (kind === 'r' || kind === 'a') return cut(repr(value), precision);
  if (kind === 'c') {
    if (typeof value === 'string' && [...value].length === 1) return value;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0x10ffff) return String.fromCodePoint(value);
    throw new FilterError('%c takes a number or one character');
  }
  if (!'diuxXoeEfFgG'.includes(kind)) throw new FilterError(`does not know %${kind}`);
  if (!isNumber(value)) throw new FilterError(`%${kind} takes a number, not ${typeName(value)}; | int makes one`);
  const sign = flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  return formatNumber(value, { kind: kind === 'i' || kind === 'u' ? 'd' : kind, precision, sign, isAlternate: flags.includes('#'), truncates: true });
}

function cut(text: string, precision: number | undefined): string {
  return precision === undefined ? text : [...text].slice(0, precision).join('');
}

function padded(text: string, width: number, flags: string, isText: boolean): string {
  const missing = Math.abs(width) - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes('-') || width < 0) return text + ' '.repeat(missing);
  if (!flags.includes('0') || isText) return ' '.repeat(missing) + text;
  const head = /^[-+ ]?(?:0[xXoO])?/.exec(text)?.[0] ?? '';
  return head + '0'.repeat(missing) + text.slice(head.length);
}
