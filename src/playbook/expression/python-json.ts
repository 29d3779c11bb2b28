// What comes in: a value, or JSON. What goes out: JSON as Python's json.dumps writes it; and the value that json.loads reads, which knows 1.0 from 1.
import { jsonFloat } from '../../base/python-json.js';
import { pythonFloat } from '../../base/python-repr.js';
import { wholeNumber } from './arithmetic.js';
import { allocate, spend } from './budget.js';
import { compareValues } from './compare.js';
import { DateTime } from '../../base/datetime.js';
import { FilterError } from './filter-error.js';
import { dictEntries, isDict, isFloat, isNumber, makeDict, typeName } from './kinds.js';
import { Undefined, UndefinedUse } from './undefined.js';
import { repr } from './values.js';

export interface JsonStyle {
  readonly indent: string | undefined;
  readonly isSorted: boolean;
  /** Keys are sorted as they are written: "10" before "9". */
  readonly sortsTexts?: boolean;
  readonly isAscii: boolean;
  readonly itemSeparator: string;
  readonly keySeparator: string;
}

const SHORT: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\f': '\\f', '\b': '\\b' };

function quoted(text: string, isAscii: boolean): string {
  allocate(text.length);
  const pattern = isAscii ? /["\\]|[^ -~]/g : /["\\\x00-\x1f]/g;
  return `"${text.replace(pattern, (char) => SHORT[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`;
}

/** @throws FilterError for what JSON does not hold */
export function writeJson(value: unknown, style: JsonStyle, level = 0): string {
  spend(1);
  if (value === null) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return quoted(value, style.isAscii);
  if (isFloat(value)) return jsonFloat(Number(value));
  if (isNumber(value)) return repr(value);
  if (value instanceof DateTime) return quoted(value.isoformat(), style.isAscii);
  if (value instanceof Undefined) throw new UndefinedUse(value);
  if (level > 200) throw new FilterError('is given something nested too deeply');
  if (Array.isArray(value)) return wrapped('[', ']', value.map((item) => writeJson(item, style, level + 1)), style, level);
  if (!isDict(value)) throw new FilterError(`cannot write a ${typeName(value)}`);
  const entries = dictEntries(value);
  const order = style.sortsTexts === true ? keyText : (key: unknown) => key;
  const sorted = style.isSorted ? entries.toSorted(([a], [b]) => compareValues(order(a), order(b))) : entries;
  return wrapped('{', '}', sorted.map(([key, item]) => quoted(keyText(key), style.isAscii) + style.keySeparator + writeJson(item, style, level + 1)), style, level);
}

function wrapped(open: string, close: string, items: readonly string[], style: JsonStyle, level: number): string {
  if (items.length === 0) return open + close;
  if (style.indent === undefined) return open + items.join(style.itemSeparator) + close;
  const pad = `\n${style.indent.repeat(level + 1)}`;
  return `${open}${pad}${items.join(style.itemSeparator + pad)}\n${style.indent.repeat(level)}${close}`;
}

function keyText(key: unknown): string {
  if (typeof key === 'string') return key;
  if (key === null) return 'null';
  if (typeof key === 'boolean') return String(key);
  if (isFloat(key)) return jsonFloat(Number(key));
  if (isNumber(key)) return repr(key);
  throw new FilterError(`cannot write a ${typeName(key)} as a key`);
}

const TOKEN = /\s*(?:([[\]{},:])|("(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?)|(true|false|null|NaN|-?Infinity))/y;
const CONSTANTS: Readonly<Record<string, unknown>> = { true: true, false: false, null: null, NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY, '-Infinity': Number.NEGATIVE_INFINITY };

/** @throws FilterError with the line and column */
export function readJson(text: string): unknown {
  let at = 0;
  const fail = (): never => {
    const before = text.slice(0, at).split('\n');
    throw new FilterError(`cannot read this JSON: line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`);
  };
  const next = (): RegExpExecArray => {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text) ?? fail();
    at = TOKEN.lastIndex;
    spend(1);
    return token;
  };
  const value = (token: RegExpExecArray, depth: number): unknown => {
    const [, mark, string, number, fraction, exponent, constant] = token;
    if (string !== undefined) return JSON.parse(string);
    if (number !== undefined) return fraction === undefined && exponent === undefined ? wholeNumber(BigInt(number)) : pythonFloat(Number(number));
    if (constant !== undefined) return CONSTANTS[constant];
    if (depth > 200) return fail();
    if (mark === '[') return list(depth);
    return mark === '{' ? object(depth) : fail();
  };
  const list = (depth: number): unknown => {
    const items: unknown[] = [];
    for (let token = next(); token[1] !== ']'; ) {
      items.push(value(token, depth + 1));
      token = next();
      if (token[1] === ']') break;
      if (token[1] !== ',') fail();
      token = next();
      if (token[1] === ']') fail();
    }
    return items;
  };
  const object = (depth: number): unknown => {
    const entries: (readonly [string, unknown])[] = [];
    for (let token = next(); token[1] !== '}'; ) {
      if (token[2] === undefined || next()[1] !== ':') fail();
      entries.push([JSON.parse(token[2] ?? '""') as string, value(next(), depth + 1)]);
      token = next();
      if (token[1] === '}') break;
      if (token[1] !== ',') fail();
      token = next();
      if (token[1] === '}') fail();
    }
    return makeDict(entries);
  };
  const result = value(next(), 0);
  if (text.slice(at).trim() !== '') fail();
  return result;
}
