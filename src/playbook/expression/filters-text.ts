// What comes in: a text (anything else is printed first) and evaluated arguments. What goes out: the filter's value. One entry a filter, pure.
// Source: Jinja's filters.py, Ansible's plugins/filter/core.py.
import { shellQuote } from '../../base/quote.js';
import { allocate } from './budget.js';
import { FilterError } from './filter-error.js';
import { formatPercent } from './format-percent.js';
import { dictEntries, isDict, isInteger, isNumber, makeDict, Tuple, typeName } from './kinds.js';
import { capitalize, padded, replaceText, split, splitLines } from './methods-text.js';
import { type Filter, filter } from './plugin.js';
import { isTrue, repr, toText } from './values.js';
import { wrapText } from './wrap-text.js';

const text = (apply: (input: string) => unknown): Filter => filter([], (input) => apply(toText(input)));

export function wholeArgument(value: unknown, fallback: number): number {
  if (value === undefined || value === null) return fallback;
  if (!isInteger(value)) throw new FilterError(`takes a whole number, not ${typeName(value)}`);
  return Number(value);
}

/** Python's fails on anything else. */
function onlyText(value: unknown): string {
  if (typeof value !== 'string') throw new FilterError(`takes a text, not ${typeName(value)}`);
  return value;
}

function indent(input: string, args: Readonly<Record<string, unknown>>): string {
  const { width = 4, first = false, blank = false } = args;
  const pad = typeof width === 'string' ? width : ' '.repeat(wholeArgument(width, 4));
  const lines = splitLines(`${input}\n`);
  allocate(input.length + lines.length * pad.length);
  const rest = lines.slice(1).map((line) => (line !== '' || isTrue(blank) ? pad + line : line));
  const whole = [lines[0] ?? '', ...rest].join('\n');
  return isTrue(first) ? pad + whole : whole;
}

const COMMENTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  plain: { decoration: '# ' },
  erlang: { decoration: '% ' },
  c: { decoration: '// ' },
  cblock: { beginning: '/*', decoration: ' * ', end: ' */' },
  xml: { beginning: '<!--', decoration: ' - ', end: '-->' },
};

function comment(input: string, { style = 'plain', ...given }: Readonly<Record<string, unknown>>): string {
  const known = COMMENTS[toText(style)];
  if (known === undefined) throw new FilterError(`does not know the style ${toText(style)}; there are ${Object.keys(COMMENTS).join(', ')}`);
  const own = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, toText(value)]));
  const decoration = own.decoration ?? known.decoration ?? '';
  const bare = decoration.trimEnd();
  const { newline = '\n', beginning = '', end = '', prefix = bare, postfix = bare, prefix_count: before = '1', postfix_count: after = '1' } = { ...known, ...own };
  const head = beginning === '' ? '' : beginning + newline;
  const front = prefix === '' ? '' : (prefix === newline ? newline : prefix + newline).repeat(Number(before));
  const body = (decoration + replaceText(input, newline, newline + decoration)).replaceAll(decoration + newline, bare + newline);
  const back = ['', ...Array.from({ length: Number(after) }, () => postfix)].join(newline);
  return head + front + body + back + (end === '' ? '' : newline + end);
}

function escapeHtml(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('>', '&gt;').replaceAll('<', '&lt;').replaceAll("'", '&#39;').replaceAll('"', '&#34;');
}

function truncate(input: string, args: Readonly<Record<string, unknown>>): string {
  const { length = 255, killwords = false, end = '...', leeway = 5 } = args;
  const [limit, all, mark] = [wholeArgument(length, 255), [...input], toText(end)];
  if (limit < mark.length) throw new FilterError(`takes a length of at least ${mark.length}, not ${limit}`);
  if (all.length <= limit + wholeArgument(leeway, 5)) return input;
  const cut = all.slice(0, limit - [...mark].length).join('');
  return isTrue(killwords) ? cut + mark : (cut.includes(' ') ? cut.slice(0, cut.lastIndexOf(' ')) : cut) + mark;
}

export const textFilters: readonly (readonly [string, Filter])[] = [
  ['upper', text((input) => input.toUpperCase())],
  ['lower', text((input) => input.toLowerCase())],
  ['capitalize', text(capitalize)],
  ['title', text((input) => input.split(/([-\s({[<]+)/).filter((part) => part !== '').map((part) => capitalize(part)).join(''))],
  ['trim', filter(['chars'], (input, { chars }) => {
    if (chars === undefined || chars === null) return toText(input).replace(/^[\s\x1c-\x1f\x85]+|[\s\x1c-\x1f\x85]+$/g, '');
    const set = new Set(toText(chars));
    const all = [...toText(input)];
    while (all.length > 0 && set.has(all[0] ?? '')) all.shift();
    while (all.length > 0 && set.has(all.at(-1) ?? '')) all.pop();
    return all.join('');
  })],
  ['string', text((input) => input)],
  ['quote', filter([], (input) => shellQuote(input === null ? '' : toText(input)))],
  ['replace', filter(['old', 'new', 'count'], (input, args) => replaceText(toText(input), toText(args.old), toText(args.new), wholeArgument(args.count, -1)))],
  ['split', filter(['sep', 'maxsplit'], (input, args) => {
    if (typeof input !== 'string') throw new FilterError(`takes a text, not ${typeName(input)}`);
    return split(input, args.sep, wholeArgument(args.maxsplit, -1));
  })],
  ['indent', filter(['width', 'first', 'blank'], (input, args) => indent(onlyText(input), args))],
  ['center', filter(['width'], (input, { width }) => padded(toText(input), wholeArgument(width, 80), 'both'))],
  ['pprint', filter(['verbose'], (input) => {
    const printed = repr(input);
    if (typeof input === 'string' && printed.length > 80) throw new FilterError('prints texts of at most 80 characters');
    return printed;
  })],
  ['wordwrap', filter(['width', 'break_long_words', 'wrapstring', 'break_on_hyphens'], (input, { width, break_long_words: breaks = true, wrapstring, break_on_hyphens: hyphens = true }) => splitLines(onlyText(input)).map((line) => wrapText(line, { widthChars: wholeArgument(width, 79), breaksLongWords: isTrue(breaks), breaksOnHyphens: isTrue(hyphens) }).join(wrapstring === undefined || wrapstring === null ? '\n' : toText(wrapstring))).join(wrapstring === undefined || wrapstring === null ? '\n' : toText(wrapstring)))],
  ['truncate', filter(['length', 'killwords', 'end', 'leeway'], (input, args) => truncate(toText(input), args))],
  ['format', { apply: (input, { positional, named }) => {
    const names = Object.entries(named);
    if (names.length > 0 && positional.length > 0) throw new FilterError('takes values with names or without, not both');
    return formatPercent(toText(input), names.length > 0 ? makeDict(names) : Tuple.make(positional));
  } }],
  ['comment', { apply: (input, { positional, named }) => comment(onlyText(input), positional.length === 0 ? named : { style: positional[0], ...named }) }],
  ['wordcount', text((input) => input.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0)],
  ['escape', text(escapeHtml)],
  ['e', text(escapeHtml)],
  ['forceescape', text(escapeHtml)],
  ['safe', text((input) => input)],
  ['striptags', text((input) => input.replace(/<!--[\s\S]*?-->|<[^>]*>/g, '').split(/\s+/).filter((word) => word !== '').join(' '))],
  ['xmlattr', filter(['autospace'], (input, { autospace = true }) => {
    if (!isDict(input)) throw new FilterError(`takes a mapping, not ${typeName(input)}`);
    const all = dictEntries(input).filter(([, value]) => value !== null).map(([key, value]) => `${escapeHtml(toText(key))}="${escapeHtml(toText(value))}"`).join(' ');
    return isTrue(autospace) && all !== '' ? ` ${all}` : all;
  })],
  ['filesizeformat', filter(['binary'], (input, { binary = false }) => {
    const bytes = Number(isNumber(input) ? input : onlyText(input));
    if (Number.isNaN(bytes)) throw new FilterError(`takes a number, not ${toText(input)}`);
    const base = isTrue(binary) ? 1024 : 1000;
    if (bytes === 1) return '1 Byte';
    if (bytes < base) return `${Math.trunc(bytes)} Bytes`;
    const units = isTrue(binary) ? ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'] : ['kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
    const power = Math.min(units.length, Math.floor(Math.log(bytes) / Math.log(base)));
    return `${formatPercent('%.1f', bytes / base ** power)} ${units[power - 1]}`;
  })],
];
