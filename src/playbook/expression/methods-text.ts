// What comes in: a text and evaluated arguments. What goes out: what Python's method of that name gives. One entry a method, pure.
// Source: the Python library reference, "String Methods". Not here: encode and what else makes bytes, which no playbook can use.
import { splitLines as splitPythonLines, strip } from '../../inventory/python-text.js';
import { allocate } from './budget.js';
import { FilterError } from './filter-error.js';
import { formatBraces } from './format-braces.js';

import { isInteger, Tuple, typeName } from './kinds.js';
import { iterate } from './iterate.js';
import type { CallArguments } from './objects.js';
import { bind, type Bound } from './signature.js';
import { isTrue } from './values.js';

export type TextMethod = (text: string, args: CallArguments) => unknown;

const plain = (apply: (text: string) => unknown): TextMethod => (text, args) => {
  bind([], args);
  return apply(text);
};
const taking = (parameters: readonly string[], apply: (text: string, args: Bound) => unknown): TextMethod => (text, args) => apply(text, bind(parameters, args));

function textOf(value: unknown, fallback?: string): string {
  if ((value === undefined || value === null) && fallback !== undefined) return fallback;
  if (typeof value !== 'string') throw new FilterError(`takes a text, not ${typeName(value)}`);
  return value;
}

function wholeOf(value: unknown, fallback: number): number {
  if (value === undefined || value === null) return fallback;
  if (!isInteger(value)) throw new FilterError(`takes a whole number, not ${typeName(value)}`);
  return Number(value);
}

/** str.splitlines: a line break at the end opens no line. */
export function splitLines(text: string): string[] {
  const lines = splitPythonLines(text);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function stripped(text: string, chars: unknown, where: 'both' | 'left' | 'right'): string {
  if (chars === undefined || chars === null) {
    const both = strip(text);
    if (where === 'both') return both;
    const at = text.indexOf(both);
    return where === 'left' ? text.slice(both === '' ? text.length : at) : text.slice(0, both === '' ? 0 : at + both.length);
  }
  const set = new Set(textOf(chars));
  const all = [...text];
  let [start, end] = [0, all.length];
  if (where !== 'right') while (start < end && set.has(all[start] ?? '')) start += 1;
  if (where !== 'left') while (end > start && set.has(all[end - 1] ?? '')) end -= 1;
  return all.slice(start, end).join('');
}

export function split(text: string, separator: unknown, limit: number): string[] {
  if (separator === undefined || separator === null) {
    const start = stripped(text, undefined, 'left');
    if (start === '') return [];
    if (limit < 0) return strip(text).split(SPACES);
    const words: string[] = [];
    let rest = start;
    while (words.length < limit) {
      const space = SPACES.exec(rest);
      if (space === null) break;
      words.push(rest.slice(0, space.index));
      rest = rest.slice(space.index + space[0].length);
      if (rest === '') return words;
    }
    return [...words, limit === 0 || words.length === limit ? rest : stripped(rest, undefined, 'right')];
  }
  const mark = textOf(separator);
  if (mark === '') throw new FilterError('cannot split at nothing');
  const pieces = text.split(mark);
  return limit < 0 || pieces.length <= limit + 1 ? pieces : [...pieces.slice(0, limit), pieces.slice(limit).join(mark)];
}

const SPACES = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

function rightSplit(text: string, separator: unknown, limit: number): string[] {
  const reversed = (value: string): string => [...value].reverse().join('');
  return split(reversed(text), separator === undefined || separator === null ? separator : reversed(textOf(separator)), limit).map(reversed).reverse();
}

/** str.replace; `limit` below zero: all. */
export function replaceText(text: string, old: string, by: string, limit = -1): string {
  const pieces = old === '' ? ['', ...text, ''] : text.split(old);
  const count = limit < 0 ? pieces.length - 1 : Math.min(limit, pieces.length - 1);
  allocate(text.length + count * by.length);
  if (count >= pieces.length - 1) return pieces.join(by);
  return pieces.slice(0, count).map((piece) => piece + by).join('') + pieces.slice(count).join(old);
}

const span = (text: string, from: unknown, to: unknown): string => (from === undefined && to === undefined ? text : [...text].slice(wholeOf(from, 0), wholeOf(to, text.length)).join(''));
const affix = (how: 'startsWith' | 'endsWith') => taking(['prefix', 'start', 'end'], (text, args) => {
  const candidates = args.prefix instanceof Tuple ? [...args.prefix] : [args.prefix];
  return candidates.some((candidate) => span(text, args.start, args.end)[how](textOf(candidate)));
});
const find = (last: boolean, strict: boolean) => taking(['sub', 'start', 'end'], (text, args) => {
  const all = [...text];
  const start = wholeOf(args.start, 0);
  const from = Math.max(0, start < 0 ? start + all.length : start);
  const part = all.slice(from, args.end === undefined || args.end === null ? undefined : wholeOf(args.end, 0)).join('');
  const at = last ? part.lastIndexOf(textOf(args.sub)) : part.indexOf(textOf(args.sub));
  if (at === -1 && strict) throw new FilterError('does not find the text');
  return at === -1 ? -1 : from + [...part.slice(0, at)].length;
});
const pad = (where: 'left' | 'right' | 'both') => taking(['width', 'fill'], (text, args) => {
  const fill = textOf(args.fill, ' ');
  if ([...fill].length !== 1) throw new FilterError('fills with one character');
  return padded(text, wholeOf(args.width, 0), where, fill);
});

/** Filled up to a width; `both` puts the odd one where Python's str.center does. */
export function padded(text: string, width: number, where: 'left' | 'right' | 'both', fill = ' '): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  allocate(width);
  if (where !== 'both') return where === 'left' ? fill.repeat(missing) + text : text + fill.repeat(missing);
  const left = Math.floor(missing / 2) + (missing % 2 === 1 && width % 2 === 1 ? 1 : 0);
  return fill.repeat(left) + text + fill.repeat(missing - left);
}

const partition = (last: boolean) => taking(['sep'], (text, args) => {
  const mark = textOf(args.sep);
  if (mark === '') throw new FilterError('cannot split at nothing');
  const at = last ? text.lastIndexOf(mark) : text.indexOf(mark);
  if (at === -1) return Tuple.make(last ? ['', '', text] : [text, '', '']);
  return Tuple.make([text.slice(0, at), mark, text.slice(at + mark.length)]);
});
const every = (pattern: RegExp) => plain((text) => pattern.test(text));
export const capitalize = (text: string): string => text.replace(/^./su, (char) => char.toUpperCase()).replace(/^(.)([\s\S]*)$/su, (_, first: string, rest: string) => first + rest.toLowerCase());

export const textMethods: ReadonlyMap<string, TextMethod> = new Map<string, TextMethod>([
  ['upper', plain((text) => text.toUpperCase())],
  ['lower', plain((text) => text.toLowerCase())],
  ['casefold', plain((text) => text.toLowerCase().replaceAll('ß', 'ss'))],
  ['capitalize', plain(capitalize)],
  ['title', plain((text) => text.replace(/\p{L}+/gu, capitalize))],
  ['swapcase', plain((text) => [...text].map((char) => (char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase())).join(''))],
  ['strip', taking(['chars'], (text, args) => stripped(text, args.chars, 'both'))],
  ['lstrip', taking(['chars'], (text, args) => stripped(text, args.chars, 'left'))],
  ['rstrip', taking(['chars'], (text, args) => stripped(text, args.chars, 'right'))],
  ['split', taking(['sep', 'maxsplit'], (text, args) => split(text, args.sep, wholeOf(args.maxsplit, -1)))],
  ['rsplit', taking(['sep', 'maxsplit'], (text, args) => rightSplit(text, args.sep, wholeOf(args.maxsplit, -1)))],
  ['splitlines', taking(['keepends'], (text, args) => (isTrue(args.keepends ?? false) ? (text.match(/[^\n\r]*(?:\r\n|\n|\r)|[^\n\r]+$/g) ?? []) : splitLines(text)))],
  ['partition', partition(false)],
  ['rpartition', partition(true)],
  ['join', taking(['iterable'], (text, args) => iterate(args.iterable).map((item) => textOf(item)).join(text))],
  ['replace', taking(['old', 'new', 'count'], (text, args) => replaceText(text, textOf(args.old), textOf(args.new), wholeOf(args.count, -1)))],
  ['startswith', affix('startsWith')],
  ['endswith', affix('endsWith')],
  ['removeprefix', taking(['prefix'], (text, args) => (text.startsWith(textOf(args.prefix)) ? text.slice(textOf(args.prefix).length) : text))],
  ['removesuffix', taking(['suffix'], (text, args) => (textOf(args.suffix) !== '' && text.endsWith(textOf(args.suffix)) ? text.slice(0, -textOf(args.suffix).length) : text))],
  ['find', find(false, false)],
  ['rfind', find(true, false)],
  ['index', find(false, true)],
  ['rindex', find(true, true)],
  ['count', taking(['sub', 'start', 'end'], (text, args) => (textOf(args.sub) === '' ? [...text].length + 1 : span(text, args.start, args.end).split(textOf(args.sub)).length - 1))],
  ['center', pad('both')],
  ['ljust', pad('right')],
  ['rjust', pad('left')],
  ['zfill', taking(['width'], (text, args) => {
    const [, sign = '', digits = ''] = /^([-+]?)([\s\S]*)$/.exec(text) ?? [];
    return sign + padded(digits, wholeOf(args.width, 0) - sign.length, 'left', '0');
  })],
  ['expandtabs', taking(['tabsize'], (text, args) => text.split('\n').map((line) => line.split('\t').reduce((done, piece, index) => (index === 0 ? piece : done + ' '.repeat(wholeOf(args.tabsize, 8) === 0 ? 0 : wholeOf(args.tabsize, 8) - (done.length % wholeOf(args.tabsize, 8))) + piece), '')).join('\n'))],
  ['format', formatBraces],

  ['isdigit', every(/^[\p{Nd}\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089]+$/u)],
  ['isdecimal', every(/^\p{Nd}+$/u)],
  ['isnumeric', every(/^\p{N}+$/u)],
  ['isalpha', every(/^\p{L}+$/u)],
  ['isalnum', every(/^[\p{L}\p{N}]+$/u)],
  ['isspace', plain((text) => text !== '' && strip(text) === '')],
  ['isupper', plain((text) => /\p{Lu}/u.test(text) && text === text.toUpperCase())],
  ['islower', plain((text) => /\p{Ll}/u.test(text) && text === text.toLowerCase())],
  ['istitle', plain((text) => /\p{L}/u.test(text) && text === text.replace(/\p{L}+/gu, capitalize))],
  ['isidentifier', every(/^[\p{L}_][\p{L}\p{N}_]*$/u)],
  ['isascii', plain((text) => !/[^\x00-\x7f]/.test(text))],
]);
