// What comes in: a number and how to write it (d x X o b e E f F g G, digits, sign). What goes out: its digits, as Python writes them.
// Guaranteed: correctly rounded (ties to even on the exact binary value), as C does it. Not here: width and filling, which the caller adds.
import type { PythonFloat } from '../../base/python-repr.js';
import { FilterError } from './filter-error.js';
import { isFloat } from './kinds.js';

export interface NumberStyle {
  readonly kind: string;
  readonly precision?: number | undefined;
  /** '+' and ' ' stand before numbers that are not negative. */
  readonly sign?: string;
  readonly isAlternate?: boolean;
  /** %d of a float cuts off what is behind the point; format() refuses it. */
  readonly truncates?: boolean;
}

/** @throws FilterError */
export function formatNumber(value: number | bigint | boolean | PythonFloat, style: NumberStyle): string {
  const text = 'dxXobc'.includes(style.kind) ? wholeDigits(value, style) : floatDigits(Number(value), style);
  return text.startsWith('-') ? text : (style.sign ?? '') + text;
}

function wholeDigits(value: number | bigint | boolean | PythonFloat, { kind, precision, isAlternate, truncates }: NumberStyle): string {
  if (isFloat(value) && (truncates !== true || kind !== 'd')) throw new FilterError(`${kind} takes a whole number, not float`);
  if (isFloat(value) && !Number.isFinite(Number(value))) throw new FilterError('takes no infinity as a whole number');
  const whole = typeof value === 'bigint' ? value : BigInt(Math.trunc(Number(value)));
  const base = kind === 'd' ? 10 : kind === 'o' ? 8 : kind === 'b' ? 2 : 16;
  const size = whole < 0n ? -whole : whole;
  const digits = size.toString(base).padStart(precision ?? 0, '0');
  const prefix = isAlternate === true && kind !== 'd' ? `0${kind}` : '';
  return `${whole < 0n ? '-' : ''}${prefix}${kind === 'X' ? digits.toUpperCase() : digits}`;
}

function floatDigits(value: number, { kind, precision = 6, isAlternate }: NumberStyle): string {
  const isUpper = kind === kind.toUpperCase();
  if (!Number.isFinite(value)) {
    const name = Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf';
    return isUpper ? name.toUpperCase() : name;
  }
  if (precision > 1000) throw new FilterError(`writes at most 1000 digits, not ${precision}`);
  const lower = kind.toLowerCase();
  const text = lower === 'f' ? fixed(value, precision) : lower === 'e' ? exponent(value, precision) : general(value, precision === 0 ? 1 : precision, isAlternate === true);
  return isUpper ? text.toUpperCase() : text;
}

/** Digits behind the point, exactly: through the fraction that the double is. */
export function fixed(value: number, digits: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const [numerator, denominator] = fraction(Math.abs(value));
  const scaled = numerator * 10n ** BigInt(digits);
  let quotient = scaled / denominator;
  const twice = (scaled % denominator) * 2n;
  if (twice > denominator || (twice === denominator && quotient % 2n === 1n)) quotient += 1n;
  const text = quotient.toString().padStart(digits + 1, '0');
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** A double is a whole number divided by a power of two. */
function fraction(value: number): readonly [bigint, bigint] {
  let [top, denominator] = [value, 1n];
  while (!Number.isInteger(top)) {
    top *= 2;
    denominator *= 2n;
  }
  return [BigInt(top), denominator];
}

function exponent(value: number, digits: number): string {
  const text = digits <= 100 ? value.toExponential(digits) : value.toExponential(100);
  return (Object.is(value, -0) ? '-' : '') + text.replace(/e([-+])(\d)$/, 'e$10$2');
}

function general(value: number, digits: number, keepsZeros: boolean): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const power = Number(exponent(value, Math.min(digits, 100) - 1).split('e')[1]);
  const text = power < -4 || power >= digits ? exponent(value, digits - 1) : fixed(value, digits - 1 - power);
  if (keepsZeros) return text;
  const [mantissa = '', tail] = text.split('e');
  const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  return tail === undefined ? short : `${short}e${tail}`;
}
