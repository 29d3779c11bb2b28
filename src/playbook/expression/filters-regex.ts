// What comes in: a text, a Python pattern and evaluated arguments. What goes out: what Python's `re` gives, as Ansible's filters ask it.
// Source: Ansible's plugins/filter/core.py and plugins/test/core.py; the Python library reference, "re".
import { DateTime } from '../../base/datetime.js';
import { allocate } from './budget.js';
import { FilterError } from './filter-error.js';
import { guarded, pythonPattern } from './guarded-regex.js';
import { isDict, isNumber, Tuple, typeName } from './kinds.js';
import { type Filter, filter, type Test, test } from './plugin.js';
import { isTrue, toText } from './values.js';

function jsFlags(args: Readonly<Record<string, unknown>>): string {
  return `${isTrue(args.ignorecase ?? false) ? 'i' : ''}${isTrue(args.multiline ?? false) ? 'm' : ''}`;
}

function patternText(value: unknown): string {
  if (typeof value !== 'string') throw new FilterError(`takes a pattern, not ${typeName(value)}`);
  return value;
}

const GROUP = /\\(?:g<([^>]*)>|([1-9][0-9]?)|([0-7]{3}|0[0-7]{0,2})|([\s\S])|$)/g;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v', '\\': '\\' };

/** The replacement of re.sub for one match. */
function expand(template: string, match: RegExpExecArray): string {
  if (!template.includes('\\')) return template;
  return template.replace(GROUP, (whole: string, name?: string, number?: string, octal?: string, char?: string) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    if (char !== undefined) {
      if (ESCAPES[char] !== undefined) return ESCAPES[char];
      if (/[A-Za-z]/.test(char)) throw new FilterError(`does not know the escape \\${char} in the replacement`);
      return whole;
    }
    if (name === undefined && number === undefined) throw new FilterError('has a replacement that ends with a backslash');
    return group(match, name ?? number ?? '') ?? '';
  });
}

/** Python reads the replacement before it looks for anything. */
function checkReferences(template: string, pattern: RegExp): void {
  if (!template.includes('\\')) return;
  const groups = new RegExp(`${pattern.source}|`, pattern.flags.replace('y', '')).exec('');
  if (groups !== null) expand(template, groups);
}

function group(match: RegExpExecArray, name: string): string | undefined {
  if (/^\d+$/.test(name)) {
    if (Number(name) >= match.length) throw new FilterError(`has no group ${name}`);
    return match[Number(name)];
  }
  if (match.groups === undefined || !Object.hasOwn(match.groups, name)) throw new FilterError(`has no group "${name}"`);
  return match.groups[name];
}

/** Patterns that find nothing first where they could find something: `.*?`, `a*|b`. */
const MAY_BE_LONGER = /[*+?}]\?|\|/;

/** Where nothing was found, Python looks at the same place for something. */
function notEmpty(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  const before = [...text.slice(0, at)].length;
  const other = new RegExp(`(?:${pattern.source})(?<!(?<![\\s\\S])[\\s\\S]{0,${before}})`, `${pattern.flags.replace('g', '')}y`);
  other.lastIndex = at;
  return other.exec(text);
}

/** All matches from the left; an empty one may stand beside another, as in Python 3.7 and later. */
function* matches(pattern: RegExp, text: string): Generator<RegExpExecArray> {
  pattern.lastIndex = 0;
  for (;;) {
    const match = pattern.exec(text);
    if (match === null) return;
    yield match;
    if (match[0] !== '') continue;
    const longer = MAY_BE_LONGER.test(pattern.source) ? notEmpty(pattern, text, match.index) : null;
    if (longer !== null) {
      yield longer;
      pattern.lastIndex = match.index + longer[0].length;
    } else pattern.lastIndex = match.index + ((text.codePointAt(match.index) ?? 0) > 0xffff ? 2 : 1);
  }
}

function regexReplace(text: string, pattern: string, replacement: string, flags: string, limit: number, mandatory: number): string {
  const expression = pythonPattern(pattern, `${flags}g`);
  checkReferences(replacement, expression);
  return guarded(pattern, text, () => {
    let [out, at, count] = ['', 0, 0];
    for (const match of matches(expression, text)) {
      out += text.slice(at, match.index) + expand(replacement, match);
      at = match.index + match[0].length;
      count += 1;
      if (count === limit) break;
      if (out.length > 10_000_000) allocate(out.length);
    }
    if (mandatory !== 0 && count !== mandatory) throw new FilterError(`replaces ${count} times, and ${mandatory} are wanted`);
    return out + text.slice(at);
  });
}

function findAll(text: string, pattern: string, flags: string): unknown[] {
  const expression = pythonPattern(pattern, `${flags}g`);
  return guarded(pattern, text, () => Array.from(matches(expression, text), (match) => {
    const groups = match.slice(1).map((one) => one ?? '');
    return groups.length === 0 ? match[0] : groups.length === 1 ? groups[0] : Tuple.make(groups);
  }));
}

/** Ansible's to_text of what is no text: `str()`. */
const subject = (value: unknown): string => {
  if (typeof value !== 'string' && !isNumber(value) && value !== null && !Array.isArray(value) && !isDict(value) && !(value instanceof DateTime)) throw new FilterError(`takes a text, not ${typeName(value)}`);
  return toText(value);
};

export const regexFilters: readonly (readonly [string, Filter])[] = [
  ['regex_replace', filter(['pattern', 'replacement', 'ignorecase', 'multiline', 'count', 'mandatory_count'], (input, args) => {
    if (args.replacement !== undefined && typeof args.replacement !== 'string') throw new FilterError(`takes a text as replacement, not ${typeName(args.replacement)}`);
    return regexReplace(subject(input), patternText(args.pattern ?? ''), toText(args.replacement ?? ''), jsFlags(args), Number(args.count ?? 0), Number(args.mandatory_count ?? 0));
  })],
  ['regex_findall', filter(['regex', 'multiline', 'ignorecase'], (input, args) => findAll(subject(input), patternText(args.regex), jsFlags(args)))],
  ['regex_search', { apply: (input, { positional, named }) => {
    const [pattern = named.regex, ...wanted] = positional;
    const names = wanted.map((one) => /^\\(?:g<(\S+)>|(\d+))/.exec(toText(one)) ?? refuse('takes groups as \\1 or \\g<name>'));
    const text = subject(input);
    const expression = pythonPattern(patternText(pattern), jsFlags(named));
    const match = guarded(patternText(pattern), text, () => expression.exec(text));
    if (match === null) return null;
    return names.length === 0 ? match[0] : names.map((one) => group(match, one[1] ?? one[2] ?? '') ?? null);
  } }],
  ['regex_escape', filter(['re_type'], (input, { re_type: kind = 'python' }) => {
    if (kind === 'python') return subject(input).replace(/[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g, '\\$&');
    if (kind === 'posix_basic') return subject(input).replace(/[\].[^$*\\]/g, '\\$&');
    throw new FilterError(`does not know the kind ${toText(kind)}; there are python and posix_basic`);
  })],
];

const searching = (how: string | undefined): Test => test(['pattern', 'ignorecase', 'multiline', 'match_type'], (input, args) => {
  const text = toText(input);
  const kind = how ?? toText(args.match_type ?? 'search');
  const pattern = patternText(args.pattern ?? '');
  const expression = pythonPattern(pattern, kind === 'search' ? jsFlags(args) : `${jsFlags(args)}y`);
  expression.lastIndex = 0;
  return guarded(pattern, text, () => {
    const match = expression.exec(text);
    return match !== null && (kind !== 'fullmatch' || match[0].length === text.length);
  });
});

export const regexTests: readonly (readonly [string, Test])[] = [
  ['match', searching('match')],
  ['search', searching('search')],
  ['regex', searching(undefined)],
];

function refuse(message: string): never {
  throw new FilterError(message);
}
