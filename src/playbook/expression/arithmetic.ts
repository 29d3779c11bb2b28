// What comes in: two values and an operator. What goes out: what Python gives: whole numbers of any size, floats that stay floats (1.0), texts and
// lists added and repeated, `%` on texts.
// Guaranteed: sizes are looked at before anything big is made. Source: the Python reference, 6.5 to 6.7.
import { type PythonFloat, pythonFloat } from '../../base/python-repr.js';
import { allocate, spend } from './budget.js';
import { DateTime, TimeDelta } from '../../base/datetime.js';
import { FilterError } from './filter-error.js';
import { areAlike, isFloat, isInteger, isNumber, Range, Tuple, typeName } from './kinds.js';
import { formatPercent } from './format-percent.js';
import { Undefined, UndefinedUse } from './undefined.js';

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**';

/** Digits of a whole number; `9 ** 9 ** 9` ends here. */
const LIMIT_BITS = 100_000;

/** @throws FilterError, UndefinedUse */
export function arithmetic(operator: ArithmeticOperator, a: unknown, b: unknown): unknown {
  for (const value of [a, b]) if (value instanceof Undefined) throw new UndefinedUse(value);
  if (isNumber(a) && isNumber(b)) return isInteger(a) && isInteger(b) ? integers(operator, a, b) : floats(operator, Number(a), Number(b));
  const other = operator === '+' ? added(a, b) : operator === '*' ? repeated(a, b) : operator === '%' && typeof a === 'string' ? formatPercent(a, b) : operator === '-' ? subtracted(a, b) : undefined;
  if (other !== undefined) return other;
  const hint = operator === '+' && (typeof a === 'string' || typeof b === 'string') ? '; ~ puts texts together' : typeof a === 'string' || typeof b === 'string' ? '; | int makes a number of a text' : '';
  throw new FilterError(`${operator} takes no ${typeName(a)} and ${typeName(b)}${hint}`);
}

/** -x and +x. */
export function negative(value: unknown): unknown {
  if (value instanceof Undefined) throw new UndefinedUse(value);
  if (value instanceof TimeDelta) return new TimeDelta(-value.micros);
  if (!isNumber(value)) throw new FilterError(`- takes a number, not ${typeName(value)}`);
  return isFloat(value) ? pythonFloat(-Number(value)) : typeof value === 'bigint' ? wholeNumber(-value) : 0 - Number(value);
}

/** A whole number as a number where that holds it exactly. */
export function wholeNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function integers(operator: ArithmeticOperator, left: number | bigint | boolean, right: number | bigint | boolean): unknown {
  if (operator === '/') {
    if (Number(right) === 0) throw new FilterError('divides by zero');
    return pythonFloat(Number(left) / Number(right));
  }
  if ((operator === '//' || operator === '%') && Number(right) === 0) throw new FilterError('divides by zero');
  if (operator === '**' && Number(right) < 0) return floats('**', Number(left), Number(right));
  if (typeof left !== 'bigint' && typeof right !== 'bigint') {
    const small = safe(operator, Number(left), Number(right));
    if (Number.isSafeInteger(small)) return small + 0;
  }
  const [a, b] = [BigInt(left), BigInt(right)];
  const bits = (value: bigint): number => value.toString(16).length * 4;
  if (operator === '**') {
    if (b > BigInt(LIMIT_BITS) || bits(a) * Number(b) > LIMIT_BITS) throw new FilterError(`makes a number of more than ${LIMIT_BITS} bits`);
    return wholeNumber(a ** b);
  }
  if (operator === '*' && bits(a) + bits(b) > LIMIT_BITS) throw new FilterError(`makes a number of more than ${LIMIT_BITS} bits`);
  if (operator === '+') return wholeNumber(a + b);
  if (operator === '-') return wholeNumber(a - b);
  if (operator === '*') return wholeNumber(a * b);
  const remainder = ((a % b) + b) % b;
  return wholeNumber(operator === '%' ? remainder : (a - remainder) / b);
}

function safe(operator: ArithmeticOperator, a: number, b: number): number {
  if (operator === '+') return a + b;
  if (operator === '-') return a - b;
  if (operator === '*') return a * b;
  if (operator === '//') return Math.floor(a / b);
  return operator === '%' ? a - b * Math.floor(a / b) : a ** b;
}

function floats(operator: ArithmeticOperator, a: number, b: number): PythonFloat | number {
  if (b === 0 && (operator === '/' || operator === '//' || operator === '%')) throw new FilterError('divides by zero');
  if (operator === '+') return pythonFloat(a + b);
  if (operator === '-') return pythonFloat(a - b);
  if (operator === '*') return pythonFloat(a * b);
  if (operator === '/') return pythonFloat(a / b);
  if (operator === '**') {
    if (a === 0 && b < 0) throw new FilterError('raises zero to a negative power');
    if (a < 0 && !Number.isInteger(b)) throw new FilterError('makes a complex number, which no playbook can use');
    const power = a ** b;
    if (!Number.isFinite(power) && Number.isFinite(a) && Number.isFinite(b)) throw new FilterError('makes a number that is too large');
    return pythonFloat(power);
  }
  let remainder = a % b; // fmod, as CPython does it
  if (remainder !== 0 && remainder < 0 !== b < 0) remainder += b;
  if (operator === '%') return pythonFloat(remainder === 0 ? (b < 0 ? -0 : 0) : remainder);
  const quotient = (a - remainder) / b;
  const ratio = a / b;
  if (quotient === 0) return pythonFloat(ratio < 0 || Object.is(ratio, -0) ? -0 : 0);
  const floored = Math.floor(quotient);
  return pythonFloat(quotient - floored > 0.5 ? floored + 1 : floored);
}

function added(a: unknown, b: unknown): unknown {
  if (typeof a === 'string' && typeof b === 'string') {
    allocate(a.length + b.length);
    return a + b;
  }
  if (Array.isArray(a) && Array.isArray(b) && !(a instanceof Range) && areAlike(a, b)) {
    allocate((a.length + b.length) * 8);
    spend((a.length + b.length) / 8);
    return a instanceof Tuple ? Tuple.make([...a, ...b]) : [...a, ...b];
  }
  if (a instanceof DateTime && b instanceof TimeDelta) return a.plus(b);
  if (a instanceof TimeDelta && b instanceof DateTime) return b.plus(a);
  return a instanceof TimeDelta && b instanceof TimeDelta ? new TimeDelta(a.micros + b.micros) : undefined;
}

function subtracted(a: unknown, b: unknown): unknown {
  if (a instanceof DateTime && b instanceof DateTime && a.isLike(b)) return a.minus(b);
  if (a instanceof DateTime && b instanceof TimeDelta) return a.plus(new TimeDelta(-b.micros));
  return a instanceof TimeDelta && b instanceof TimeDelta ? new TimeDelta(a.micros - b.micros) : undefined;
}

/** A text or a list times a whole number. */
function repeated(left: unknown, right: unknown): unknown {
  const [what, count] = typeof left === 'string' || Array.isArray(left) ? [left, right] : [right, left];
  if ((typeof what !== 'string' && !Array.isArray(what)) || what instanceof Range || !isInteger(count)) return undefined;
  const times = Math.max(0, Number(count));
  const size = what.length * times;
  if (size === 0) return typeof what === 'string' ? '' : what instanceof Tuple ? Tuple.make([]) : [];
  allocate(typeof what === 'string' ? size : size * 8);
  if (typeof what === 'string') return what.repeat(times);
  spend(size / 8);
  const items: unknown[] = [];
  for (let index = 0; index < size; index++) items.push(what[index % what.length]);
  return what instanceof Tuple ? Tuple.make(items) : items;
}
