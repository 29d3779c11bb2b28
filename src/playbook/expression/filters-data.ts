// What comes in: a value, or a text that holds one. What goes out: JSON or YAML as Python writes it, and the way back.
// Source: Ansible's plugins/filter/core.py; the Python library reference, "json".
import { parseYaml, yamlDocuments } from '../../base/yaml.js';
import { plainValue } from '../../base/yaml-value.js';
import { FleetTapError } from '../../base/errors.js';
import { FilterError } from './filter-error.js';
import { wholeArgument } from './filters-text.js';
import { typeName } from './kinds.js';
import { type Filter, filter } from './plugin.js';
import { readJson, writeJson } from './python-json.js';
import { isTrue, toText } from './values.js';
import { dumpYaml } from './yaml-dump.js';

const JSON_ARGUMENTS = ['indent', 'sort_keys', 'separators', 'ensure_ascii', 'vault_to_text', 'preprocess_unsafe'];

/** @param sortsTexts as Ansible's own do, which make texts of keys first; Jinja's tojson does not */
function json(input: unknown, args: Readonly<Record<string, unknown>>, sortsTexts = true): string {
  const { indent, sort_keys: sorted = false, separators, ensure_ascii: ascii = true } = args;
  const [item, key] = Array.isArray(separators) ? separators.map(toText) : [];
  const step = typeof indent === 'string' ? indent : indent === undefined || indent === null ? undefined : ' '.repeat(wholeArgument(indent, 0));
  return writeJson(input, { indent: step, isSorted: isTrue(sorted), sortsTexts, isAscii: isTrue(ascii), itemSeparator: item ?? (step === undefined ? ', ' : ','), keySeparator: key ?? ': ' });
}

const YAML_ARGUMENTS = ['indent', 'default_flow_style', 'sort_keys', 'width', 'allow_unicode', 'explicit_start', 'explicit_end', 'default_style'];

function yaml(input: unknown, args: Readonly<Record<string, unknown>>, isFlowByDefault: boolean | null, indent: number): string {
  const { default_flow_style: flow = isFlowByDefault, sort_keys: sorted = true, width, allow_unicode: unicode = true, explicit_start: start = false, explicit_end: end = false, default_style: style } = args;
  if (style !== undefined && style !== null) throw new FilterError('does not support default_style');
  return dumpYaml(input, {
    indent: wholeArgument(args.indent, indent), flow: flow === null ? 'leaves' : isTrue(flow) ? 'all' : 'none', isSorted: isTrue(sorted), widthChars: typeof width === 'number' || width === undefined || width === null ? Number(width ?? 80) : Number(toText(width)),
    allowsUnicode: isTrue(unicode), hasStart: isTrue(start), hasEnd: isTrue(end),
  });
}

function reading<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof FleetTapError) throw new FilterError(`cannot read this ${what}: line ${error.place.line ?? 1}, column ${error.place.column ?? 1}: ${error.message}`);
    throw error;
  }
}

/** `!unsafe` and `!vault` are mistakes in data, and a key that stands twice is none. */
const DATA = { isPlain: true, warn: () => undefined };

export const dataFilters: readonly (readonly [string, Filter])[] = [
  ['to_json', filter(JSON_ARGUMENTS, (input, args) => json(input, args))],
  ['to_nice_json', filter(JSON_ARGUMENTS, (input, args) => json(input, { indent: 4, sort_keys: true, separators: [',', ': '], ...args }))],
  ['tojson', filter(['indent'], (input, args) => json(input, { sort_keys: true, ...args }, false).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026').replaceAll("'", '\\u0027'))],
  ['from_json', filter([], (input) => {
    if (typeof input !== 'string') throw new FilterError(`takes a text, not ${typeName(input)}`);
    return readJson(input);
  })],
  ['to_yaml', filter(YAML_ARGUMENTS, (input, args) => yaml(input, args, null, 2))],
  ['to_nice_yaml', filter(YAML_ARGUMENTS, (input, args) => yaml(input, args, false, 4))],
  ['from_yaml', filter([], (input) => {
    if (typeof input !== 'string') return input;
    return reading('YAML', () => {
      const file = parseYaml(input, 'from_yaml', DATA);
      return plainValue(file, file.root);
    });
  })],
  ['from_yaml_all', filter([], (input) => (typeof input === 'string' ? reading('YAML', () => yamlDocuments(input, 'from_yaml_all', DATA).map((file) => plainValue(file, file.root))) : input))],
];
