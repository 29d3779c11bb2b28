// What comes in: a value and evaluated arguments. What goes out: what Python's method of that name gives. One entry a method, pure.
import { FilterError } from './filter-error.js';
import { isMapping, toText, typeName } from './values.js';

type Method = (value: unknown, args: readonly unknown[]) => unknown;

const onString = (limitArguments: number, apply: (value: string, args: readonly string[]) => unknown): Method => (value, args) => {
  if (typeof value !== 'string') throw new FilterError(`is a method of strings, not of ${typeName(value)}`);
  if (args.length > limitArguments) throw new FilterError(`takes at most ${limitArguments} arguments here, not ${args.length}`);
  return apply(value, args.map((argument) => toText(argument)));
};

const onMapping = (apply: (value: Readonly<Record<string, unknown>>, args: readonly unknown[]) => unknown): Method => (value, args) => {
  if (!isMapping(value)) throw new FilterError(`is a method of mappings, not of ${typeName(value)}`);
  return apply(value, args);
};

export const methods: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['split', onString(1, (value, [by]) => (by === undefined ? value.split(/\s+/).filter((part) => part !== '') : value.split(by)))],
  ['splitlines', onString(0, splitLines)],
  ['strip', onString(0, (value) => value.trim())],
  ['lstrip', onString(0, (value) => value.trimStart())],
  ['rstrip', onString(0, (value) => value.trimEnd())],
  ['lower', onString(0, (value) => value.toLowerCase())],
  ['upper', onString(0, (value) => value.toUpperCase())],
  ['startswith', onString(1, (value, [start = '']) => value.startsWith(start))],
  ['endswith', onString(1, (value, [end = '']) => value.endsWith(end))],
  ['replace', onString(2, (value, [from = '', to = '']) => value.replaceAll(from, () => to))],
  ['keys', onMapping((value) => Object.keys(value))],
  ['values', onMapping((value) => Object.values(value))],
  ['items', onMapping((value) => Object.entries(value).map(([key, item]) => [key, item]))],
  ['get', onMapping((value, [key, fallback = null]) => (Object.hasOwn(value, toText(key)) ? value[toText(key)] : fallback))],
]);

/** Python's str.splitlines for the ends that tools print. */
export function splitLines(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
