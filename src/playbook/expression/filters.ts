// What comes in: a value and evaluated arguments. What goes out: the filter's value. One entry a filter, pure.
// Guaranteed: what Jinja's (filters.py) or Ansible's filter (plugins/filter/core.py) of that name gives, for the arguments that are read here;
// an argument that is not read is refused.
import { FilterError, regularExpression } from './filter-error.js';
import { isEqual, isMapping, isTrue, repr, toText, typeName, Undefined } from './values.js';

export interface FilterArguments {
  readonly positional: readonly unknown[];
  readonly named: Readonly<Record<string, unknown>>;
}

export interface Filter {
  /** Names of the parameters, in order: what may be given by position or by name. */
  readonly parameters: readonly string[];
  /** Takes an undefined input; all others stop with an error there. */
  readonly takesUndefined?: boolean;
  apply(input: unknown, args: Readonly<Record<string, unknown>>): unknown;
}

const text = (apply: (input: string) => unknown): Filter => ({ parameters: [], apply: (input) => apply(toText(input)) });
const numbers = (choose: (values: number[]) => number): Filter => ({
  parameters: [],
  apply: (input) => {
    const values = listOf(input);
    if (!values.every((value) => typeof value === 'number')) throw new FilterError('takes a list of numbers');
    return values.length === 0 ? new Undefined('no item of an empty list') : choose(values as number[]);
  },
});

const defaultFilter: Filter = {
  parameters: ['default_value', 'boolean'],
  takesUndefined: true,
  apply: (input, { default_value: value = '', boolean = false }) => {
    if (input instanceof Undefined) return value;
    return isTrue(boolean) && !isTrue(input) ? value : input;
  },
};

const lengthFilter: Filter = {
  parameters: [],
  apply: (input) => {
    if (typeof input === 'string') return [...input].length;
    if (Array.isArray(input)) return input.length;
    if (isMapping(input)) return Object.keys(input).length;
    throw new FilterError(`takes a string, a list or a mapping, not ${typeName(input)}`);
  },
};

export const filters: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ['default', defaultFilter],
  ['d', defaultFilter],
  ['bool', { parameters: [], apply: toBool }],
  ['int', { parameters: ['default', 'base'], apply: (input, { default: fallback = 0, base = 10 }) => toInteger(input, fallback, base) }],
  ['string', text((input) => input)],
  ['lower', text((input) => input.toLowerCase())],
  ['upper', text((input) => input.toUpperCase())],
  ['capitalize', text((input) => input.charAt(0).toUpperCase() + input.slice(1).toLowerCase())],
  ['trim', text((input) => input.trim())],
  ['basename', text((input) => input.slice(input.lastIndexOf('/') + 1))],
  ['quote', text((input) => (/^[\w@%+=:,./-]+$/.test(input) ? input : `'${input.replaceAll("'", `'"'"'`)}'`))],
  ['length', lengthFilter],
  ['count', lengthFilter],
  ['join', { parameters: ['d', 'attribute'], apply: (input, { d = '', attribute }) => attributes(listOf(input), attribute).map(toText).join(toText(d)) }],
  ['first', { parameters: [], apply: (input) => itemAt(input, 0) }],
  ['last', { parameters: [], apply: (input) => itemAt(input, -1) }],
  ['list', { parameters: [], apply: listOf }],
  ['unique', { parameters: [], apply: (input) => unique(listOf(input)) }],
  ['sort', { parameters: ['reverse'], apply: (input, { reverse = false }) => sorted(listOf(input), isTrue(reverse)) }],
  ['min', numbers((values) => Math.min(...values))],
  ['max', numbers((values) => Math.max(...values))],
  ['sum', { parameters: [], apply: (input) => listOf(input).reduce((sum: number, value) => sum + Number(value), 0) }],
  ['flatten', { parameters: [], apply: (input) => listOf(input).flat(Number.POSITIVE_INFINITY) }],
  ['difference', { parameters: ['other'], apply: (input, { other }) => unique(listOf(input)).filter((item) => !has(other, item)) }],
  ['intersect', { parameters: ['other'], apply: (input, { other }) => unique(listOf(input)).filter((item) => has(other, item)) }],
  ['union', { parameters: ['other'], apply: (input, { other }) => unique([...listOf(input), ...listOf(other)]) }],
  ['map', { parameters: ['attribute', 'default'], apply: (input, { attribute, default: fallback }) => attributes(listOf(input), attribute, fallback) }],
  ['selectattr', { parameters: ['attribute'], apply: (input, { attribute }) => listOf(input).filter((item) => isTrue(attributes([item], attribute, null)[0])) }],
  ['rejectattr', { parameters: ['attribute'], apply: (input, { attribute }) => listOf(input).filter((item) => !isTrue(attributes([item], attribute, null)[0])) }],
  ['select', { parameters: [], apply: (input) => listOf(input).filter(isTrue) }],
  ['reject', { parameters: [], apply: (input) => listOf(input).filter((item) => !isTrue(item)) }],
  ['replace', { parameters: ['old', 'new'], apply: (input, args) => toText(input).replaceAll(toText(args.old), () => toText(args.new)) }],
  ['regex_replace', { parameters: ['pattern', 'replacement'], apply: (input, { pattern, replacement = '' }) => replaceAll(input, pattern, replacement) }],
  ['regex_search', { parameters: ['pattern'], apply: (input, { pattern }) => regularExpression(pattern).exec(toText(input))?.[0] ?? null }],
  ['regex_escape', text((input) => input.replace(/[^\w]/g, (char) => (char.charCodeAt(0) < 128 && !/[!"%',/:;<=>@`]/.test(char) ? `\\${char}` : char)))],
  ['ternary', { parameters: ['true_val', 'false_val', 'none_val'], apply: ternary }],
  ['dict2items', { parameters: [], apply: (input) => Object.entries(mapping(input)).map(([key, value]) => ({ key, value })) }],
  ['mandatory', { parameters: [], apply: (input) => input }],
]);

/** Parameters by name, from those given by position and by name. */
export function bindArguments(filter: Filter, args: FilterArguments): Readonly<Record<string, unknown>> {
  const { parameters } = filter;
  if (args.positional.length > parameters.length) throw new FilterError(`takes at most ${parameters.length} arguments here, not ${args.positional.length}`);
  const unknown = Object.keys(args.named).find((name) => !parameters.includes(name));
  if (unknown !== undefined) throw new FilterError(`does not take the argument "${unknown}" here`);
  return { ...Object.fromEntries(args.positional.map((value, index) => [parameters[index], value])), ...args.named };
}

function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value === 'string') return [...value];
  return Object.keys(mapping(value, 'a list'));
}

function mapping(value: unknown, wanted = 'a mapping'): Readonly<Record<string, unknown>> {
  if (!isMapping(value)) throw new FilterError(`takes ${wanted}, not ${typeName(value)}`);
  return value;
}

/** plugins/filter/core.py, to_bool: what is not a word for true is false. */
export function toBool(input: unknown): boolean | null {
  if (input === null || typeof input === 'boolean') return input;
  const word = typeof input === 'string' ? input.toLowerCase() : input;
  return word === 1 || (typeof word === 'string' && ['yes', 'on', '1', 'true'].includes(word));
}

function toInteger(input: unknown, fallback: unknown, base: unknown): unknown {
  if (typeof input === 'boolean' || typeof input === 'number') return Math.trunc(Number(input));
  if (typeof input !== 'string') return fallback;
  if (base !== 10) {
    const digits = input.trim().replace(/^0[xob]/i, '');
    const value = Number.parseInt(digits, Number(base));
    return Number.isNaN(value) || !/^[0-9a-z]+$/i.test(digits) ? fallback : value;
  }
  return /^\s*[+-]?\d+(_\d+)*(\.\d*)?([eE][+-]?\d+)?\s*$/.test(input) ? Math.trunc(Number(input.replaceAll('_', ''))) : fallback;
}

function itemAt(input: unknown, index: number): unknown {
  const items = listOf(input);
  return items.length === 0 ? new Undefined('no item of an empty list') : items.at(index);
}

/** `a.b` goes into mappings; whole numbers into lists. */
function attributes(items: readonly unknown[], attribute: unknown, fallback?: unknown): unknown[] {
  if (attribute === undefined) return [...items];
  if (typeof attribute !== 'string') throw new FilterError('takes the name of an attribute: map(attribute="name")');
  return items.map((item) => {
    let value = item;
    for (const part of attribute.split('.')) {
      if (Array.isArray(value) && /^\d+$/.test(part)) value = value[Number(part)];
      else value = isMapping(value) && Object.hasOwn(value, part) ? value[part] : undefined;
    }
    if (value !== undefined) return value;
    if (fallback !== undefined) return fallback;
    throw new FilterError(`found no attribute "${attribute}" in ${repr(item)}`);
  });
}

function unique(items: readonly unknown[]): unknown[] {
  const seen: unknown[] = [];
  for (const item of items) if (!seen.some((other) => isEqual(other, item))) seen.push(item);
  return seen;
}

function has(list: unknown, item: unknown): boolean {
  return listOf(list).some((other) => isEqual(other, item));
}

function sorted(items: readonly unknown[], isReversed: boolean): unknown[] {
  const isNumbers = items.every((item) => typeof item === 'number');
  if (!isNumbers && !items.every((item) => typeof item === 'string')) throw new FilterError('takes numbers only, or strings only');
  const key = (item: unknown) => (typeof item === 'string' ? item.toLowerCase() : (item as number)); // Jinja sorts without regard to case
  const result = items.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
  return isReversed ? result.toReversed() : result;
}

function replaceAll(input: unknown, pattern: unknown, replacement: unknown): string {
  const groups = toText(replacement);
  return toText(input).replace(regularExpression(pattern, 'g'), (...match: unknown[]) => {
    return groups.replace(/\\(?:(\d{1,2})|g<(\d+)>|([\\nt]))/g, (_, digit?: string, named?: string, char?: string) => {
      if (char !== undefined) return char === 'n' ? '\n' : char === 't' ? '\t' : '\\';
      const group = match[Number(digit ?? named)];
      return typeof group === 'string' ? group : '';
    });
  });
}

function ternary(input: unknown, args: Readonly<Record<string, unknown>>): unknown {
  const { true_val: yes, false_val: no, none_val: none } = args;
  if (input === null && none !== undefined) return none;
  return isTrue(input) ? yes : no;
}
