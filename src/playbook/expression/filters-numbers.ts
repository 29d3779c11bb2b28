// What comes in: a number, or what can be read as one. What goes out: the filter's value. One entry a filter; `random` without a seed is the only
// one that is not pure. Source: Jinja's filters.py, Ansible's filter/core.py, filter/mathstuff.py, module_utils/common/text/formatters.py.
import { randomInt } from 'node:crypto';
import { pythonFloat } from '../../base/python-repr.js';
import { strip } from '../../inventory/python-text.js';
import { wholeNumber } from './arithmetic.js';
import { FilterError } from './filter-error.js';
import { wholeArgument } from './filters-text.js';
import { fixed } from './format-number.js';
import { iterate } from './iterate.js';
import { isFloat, isInteger, isNumber, typeName } from './kinds.js';
import { type Filter, filter } from './plugin.js';
import { PythonRandom } from './python-random.js';
import { Undefined } from './undefined.js';
import { isTrue, toText } from './values.js';

/** Ansible's `| bool`: yes, on, 1, true are true; all else is false; none stays none. */
export function toBool(input: unknown): boolean | null {
  if (input === null || typeof input === 'boolean') return input;
  if (typeof input === 'string') return ['yes', 'on', '1', 'true'].includes(input.toLowerCase());
  return isNumber(input) && Number(input) === 1;
}

/** Python's own limit (sys.set_int_max_str_digits). */
const LIMIT_DIGITS = 4300;

/** int(text, base), or undefined where Python raises a ValueError. */
function readInteger(text: string, base: number): number | bigint | undefined {
  const [, sign = '', rest = ''] = /^([-+]?)([\s\S]*)$/.exec(strip(text)) ?? [];
  const prefixes: Readonly<Record<number, string>> = { 2: '0b', 8: '0o', 16: '0x' };
  const prefix = Object.entries(prefixes).find(([own, mark]) => (base === 0 || base === Number(own)) && rest.toLowerCase().startsWith(mark));
  const digits = prefix === undefined ? rest : rest.slice(2);
  const radix = prefix === undefined ? (base === 0 ? 10 : base) : Number(prefix[0]);
  if (!/^[0-9a-z]+(?:_[0-9a-z]+)*$/i.test(digits) || (base === 0 && prefix === undefined && /^0[0-9_]*[1-9]/.test(digits))) return undefined;
  if (digits.length > LIMIT_DIGITS) return undefined;
  let value = 0n;
  for (const digit of digits.replaceAll('_', '')) {
    const worth = Number.parseInt(digit, 36);
    if (worth >= radix) return undefined;
    value = value * BigInt(radix) + BigInt(worth);
  }
  return wholeNumber(sign === '-' ? -value : value);
}

/** float(text), or undefined where Python raises a ValueError. */
function readFloat(text: string): number | undefined {
  const trimmed = strip(text).toLowerCase();
  const special = /^([-+]?)(inf|infinity|nan)$/.exec(trimmed);
  if (special !== null) return special[2] === 'nan' ? Number.NaN : special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /^[-+]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[-+]?\d+)?$/.test(trimmed) ? Number(trimmed.replaceAll('_', '')) : undefined;
}

function toInt(input: unknown, fallback: unknown, base: number): unknown {
  if (typeof input === 'string') {
    const whole = readInteger(input, base);
    if (whole !== undefined) return whole;
    const value = readFloat(input);
    return value !== undefined && Number.isFinite(value) ? wholeNumber(BigInt(Math.trunc(value))) : fallback;
  }
  if (!isNumber(input)) return fallback;
  if (!isFloat(input)) return typeof input === 'bigint' ? input : Number(input);
  return Number.isFinite(Number(input)) ? wholeNumber(BigInt(Math.trunc(Number(input)))) : fallback;
}

function round(input: unknown, precision: number, method: string): unknown {
  if (!isNumber(input)) throw new FilterError(`takes a number, not ${typeName(input)}`);
  if (method === 'common') {
    if (precision >= 0) return typeof input === 'bigint' || isInteger(input) ? (typeof input === 'bigint' ? input : Number(input)) : pythonFloat(Number(fixed(Number(input), Math.min(precision, 300))));
    const step = 10 ** -precision;
    const quotient = Number(input) / step;
    const even = Math.floor(quotient) + (quotient % 1 === 0.5 ? (Math.floor(quotient) % 2 === 0 ? 0 : 1) : Math.round(quotient) - Math.floor(quotient));
    return isInteger(input) ? even * step : pythonFloat(even === 0 && Number(input) < 0 ? -0 : even * step);
  }
  if (method !== 'ceil' && method !== 'floor') throw new FilterError('takes the method "common", "ceil" or "floor"');
  const factor = 10 ** precision;
  return pythonFloat((method === 'ceil' ? Math.ceil(Number(input) * factor) : Math.floor(Number(input) * factor)) / factor);
}

const mathematical = (name: string, apply: (x: number, y: number) => number, fallback: number): Filter => filter(['y'], (input, { y }) => {
  if (!isNumber(input) || (y !== undefined && !isNumber(y))) throw new FilterError(`takes numbers, not ${typeName(input)}`);
  const value = apply(Number(input), y === undefined ? fallback : Number(y));
  if (Number.isNaN(value) || (!Number.isFinite(value) && Number.isFinite(Number(input)))) throw new FilterError(`has no ${name} of that`);
  return pythonFloat(value);
});

const UNITS: readonly (readonly [string, number])[] = [['Y', 2 ** 80], ['Z', 2 ** 70], ['E', 2 ** 60], ['P', 2 ** 50], ['T', 2 ** 40], ['G', 2 ** 30], ['M', 2 ** 20], ['K', 2 ** 10], ['B', 1]];

function humanReadable(size: number, isBits: boolean, unit: string | undefined): string {
  const base = isBits ? 'bits' : 'Bytes';
  const found = UNITS.find(([name, limit]) => (unit === undefined ? size >= limit : unit.toUpperCase().charAt(0) === name)) ?? ['B', 1];
  const suffix = found[1] === 1 ? base : isBits ? `${found[0]}b` : `${found[0]}B`;
  return `${fixed(size / found[1], 2)} ${suffix}`;
}

/** The words that stand for a unit beside its letter: in capitals with B (of bits: b), or in full. */
const UNIT_NAMES: Readonly<Record<string, string>> = { Y: 'yotta', Z: 'zetta', E: 'exa', P: 'peta', T: 'tera', G: 'giga', M: 'mega', K: 'kilo', B: '' };

function humanToBytes(value: unknown, defaultUnit: unknown, isBits: boolean): number | bigint {
  const [, digits, unit] = /^(\d*\.?\d+)(?:\s*([A-Za-z]+))?\s*$/.exec(toText(value)) ?? [];
  if (digits === undefined) throw new FilterError(`cannot read ${toText(value)} as a size`);
  const name = unit ?? (defaultUnit === undefined || defaultUnit === null ? 'B' : toText(defaultUnit));
  const letter = name.charAt(0).toUpperCase();
  const found = UNITS.find(([own]) => own === letter);
  if (found === undefined) throw new FilterError(`does not know the unit ${name}`);
  const short = letter === 'B' ? '' : `${letter}${isBits ? 'b' : 'B'}`;
  const long = `${UNIT_NAMES[letter] ?? ''}${isBits ? 'bit' : 'byte'}`;
  if (name.length > 1 && name !== short && name.toLowerCase() !== long) throw new FilterError(`expects ${short === '' ? (isBits ? 'b' : 'B') : `${short}, ${letter}`} or ${long}, not ${name}`);
  const size = Number(digits) * found[1];
  return wholeNumber(BigInt(size % 1 === 0.5 && Math.floor(size) % 2 === 0 ? Math.floor(size) : Math.round(size)));
}

function random(input: unknown, args: Readonly<Record<string, unknown>>): unknown {
  const { start, step, seed } = args;
  const generator = seed === undefined || seed === null ? undefined : new PythonRandom(seed);
  const below = (count: number): number => (generator === undefined ? randomInt(count) : generator.below(count));
  if (isInteger(input)) {
    const from = wholeArgument(start, 0);
    const by = wholeArgument(step, 1) || 1;
    const count = Math.ceil((Number(input) - from) / by);
    if (count < 1) throw new FilterError(`finds no number from ${from} below ${Number(input)}`);
    return from + by * below(count);
  }
  const items = iterate(input);
  if (start !== undefined || step !== undefined) throw new FilterError('takes start and step with a number only');
  return items.length === 0 ? new Undefined('a random item of an empty list') : items[below(items.length)];
}

export const numberFilters: readonly (readonly [string, Filter])[] = [
  ['bool', filter([], (input) => toBool(input) ?? false)],
  ['int', filter(['default', 'base'], (input, args) => toInt(input, args.default ?? 0, wholeArgument(args.base, 10)))],
  ['float', filter(['default'], (input, args) => {
    const value = typeof input === 'string' ? readFloat(input) : isNumber(input) ? Number(input) : undefined;
    return value === undefined ? (args.default ?? pythonFloat(0)) : pythonFloat(value);
  })],
  ['abs', filter([], (input) => {
    if (!isNumber(input)) throw new FilterError(`takes a number, not ${typeName(input)}`);
    return typeof input === 'bigint' ? (input < 0n ? -input : input) : isFloat(input) ? pythonFloat(Math.abs(Number(input))) : Math.abs(Number(input));
  })],
  ['round', filter(['precision', 'method'], (input, { precision, method = 'common' }) => round(input, wholeArgument(precision, 0), toText(method)))],
  ['log', mathematical('logarithm', (x, base) => (base === 10 ? Math.log10(x) : base === Math.E ? Math.log(x) : base === 0 ? Number.NaN : Math.log(x) / Math.log(base)), Math.E)],
  ['pow', mathematical('power', (x, y) => x ** y, 1)],
  ['root', mathematical('root', (x, base) => (base === 2 ? Math.sqrt(x) : x ** (1 / base)), 2)],
  ['human_readable', filter(['isbits', 'unit'], (input, { isbits = false, unit }) => {
    if (!isNumber(input) && (typeof input !== 'string' || readFloat(input) === undefined)) throw new FilterError(`cannot read ${toText(input)} as a size`);
    return humanReadable(Number(isNumber(input) ? input : readFloat(toText(input))), isTrue(isbits), unit === undefined || unit === null ? undefined : toText(unit));
  })],
  ['human_to_bytes', filter(['default_unit', 'isbits'], (input, { default_unit: unit, isbits = false }) => humanToBytes(input, unit, isTrue(isbits)))],
  ['random', filter(['start', 'step', 'seed'], random)],
  ['shuffle', filter(['seed'], (input, { seed }) => {
    const items = [...iterate(input)];
    const generator = seed === undefined || seed === null || !isTrue(seed) ? undefined : new PythonRandom(seed);
    for (let last = items.length - 1; last > 0; last--) {
      const other = generator === undefined ? randomInt(last + 1) : generator.below(last + 1);
      [items[last], items[other]] = [items[other], items[last]];
    }
    return items;
  })],
];
