// The lookups `ini` and `csvfile`: a value that a file of the controller holds below a key. What comes in: terms and options, and how a file is found.
// Guaranteed: options that stand in a term (`key file=x`) hold for the terms behind it, too, as in Ansible.
// Source: Ansible's plugins/lookup/ini.py and csvfile.py.
import { booleanOf } from '../../base/boolean-words.js';
import { isUtf8 } from 'node:buffer';
import { CodecError, decodeText } from '../../base/python-codec.js';
import { csvRows } from '../../base/python-csv.js';
import { IniError, PythonIni } from '../../base/python-ini.js';
import { pythonRegex, search } from '../../base/python-regex.js';
import { reprString } from '../../base/python-repr.js';
import { hasOpenQuote, splitKeyValues } from '../key-values.js';
import { FilterError } from './filter-error.js';
import { isInteger, typeName } from './kinds.js';
import { isTrue, toText } from './values.js';

type Options = Readonly<Record<string, unknown>>;

/** The bytes of a file in `files/` of the role or the playbook, or beside it; an encrypted one decrypted. @throws FilterError */
export type FindBytes = (name: unknown) => Buffer;

export const INI_OPTIONS = ['type', 'file', 'section', 're', 'encoding', 'default', 'case_sensitive', 'allow_no_value', 'interpolation'];
export const CSV_OPTIONS = ['col', 'default', 'delimiter', 'file', 'encoding', 'keycol'];

export function iniValues(terms: readonly unknown[], options: Options, bytesOf: FindBytes): unknown[] {
  const { allow_none: allowNone, ...own } = options;
  let given: Options = { type: 'ini', file: 'ansible.ini', section: 'global', re: false, encoding: 'utf-8', default: '', case_sensitive: false, allow_no_value: allowNone ?? false, interpolation: true, ...own };
  const ini = new PythonIni({ allowsNoValue: truth('allow_no_value', given.allow_no_value), keepsCase: truth('case_sensitive', given.case_sensitive), interpolates: truth('interpolation', given.interpolation) });
  return terms.flatMap((term) => {
    let key = textOf(term);
    if (key.includes('=') || key.trim().includes(' ')) {
      const inline = inlineOptions(key);
      given = { ...given, ...inline.options };
      key = inline.key;
    }
    const type = toText(given.type);
    if (type !== 'ini' && type !== 'properties') throw new FilterError(`takes the type ini or properties, not ${type}`);
    const section = type === 'properties' ? 'java_properties' : toText(given.section);
    if (type === 'properties') given = { ...given, section };
    const file = toText(given.file);
    const { text, isWhole } = leniently(bytesOf(given.file), given.encoding);
    const known = (value: string | null) => {
      if (!isWhole && value?.includes('\ufffd') === true) throw new FilterError(`finds a value in ${reprString(file)} that is no ${toText(given.encoding)}; give the file's encoding`);
      return value;
    };
    try {
      ini.read(type === 'properties' ? `[${section}]\n${text}` : text);
      if (truth('re', given.re)) return ini.items(section).flatMap(([name, value]) => (search(pythonRegex(key), name)?.index === 0 ? [known(value)] : []));
      const value = known(ini.get(section, key));
      return value === null ? [] : [value];
    } catch (error) {
      if (!(error instanceof IniError)) throw error;
      if (error.kind === 'no-option') return given.default ?? [];
      if (error.kind === 'no-section') throw new FilterError(`finds no section ${reprString(section)} in ${reprString(file)}`);
      throw new FilterError(`cannot read ${reprString(file)}: ${error.message}`);
    }
  });
}

/** `user section=one file=users.ini`: each word with `option=` begins an option, words without one go on with it. */
function inlineOptions(term: string): { readonly key: string; readonly options: Options } {
  const found = new Map<string, string>();
  let current = 'key';
  for (const [index, word] of term.split(/\s+/).filter((one) => one !== '').entries()) {
    if (word.includes('=')) current = INI_OPTIONS.findLast((option) => word.includes(`${option}=`)) ?? current;
    const before = index === 0 ? '' : (found.get(current) ?? '');
    found.set(current, before === '' ? word : `${before} ${word}`);
  }
  let key: string | undefined;
  const options: Record<string, string> = {};
  for (const part of found.values()) {
    const [name = '', value, ...more] = part.split('=');
    if (value === undefined) key ??= part;
    else if (more.length > 0) throw new FilterError(`cannot read ${reprString(part)}: it has more than one "="; give the option behind the term: section='…'`);
    else if (!INI_OPTIONS.includes(name)) throw new FilterError(`takes no option ${reprString(name)}; it takes ${INI_OPTIONS.join(', ')}`);
    else options[name] = value;
  }
  if (key === undefined) throw new FilterError(`finds no key in "${term}"`);
  return { key, options };
}

export function csvValues(terms: readonly unknown[], options: Options, bytesOf: FindBytes): unknown[] {
  if (terms.length === 0) throw new FilterError('takes the key to look for');
  let given: Options = { col: 1, default: null, delimiter: 'TAB', file: 'ansible.csv', encoding: 'utf-8', keycol: 0, ...options };
  return terms.flatMap((term) => {
    const { pairs, rest: key } = splitKeyValues(textOf(term), false);
    if (hasOpenQuote(toText(term))) throw new FilterError(`cannot read the key ${toText(term)}: a quote in it is not closed`);
    if (key === '') throw new FilterError('takes the key to look for');
    const wrong = pairs.find(([name]) => !CSV_OPTIONS.includes(name));
    if (wrong !== undefined) throw new FilterError(`takes no option ${reprString(wrong[0])}; it takes ${CSV_OPTIONS.join(', ')}`);
    given = { ...given, ...Object.fromEntries(pairs) };
    const delimiter = given.delimiter === 'TAB' ? '\t' : toText(given.delimiter);
    if ([...delimiter].length !== 1 || /["\r\n]/.test(delimiter)) throw new FilterError(`takes one character as delimiter, or TAB, not ${JSON.stringify(delimiter)}`);
    const [col, keyCol] = [wholeOf('col', given.col), wholeOf('keycol', given.keycol)];
    const text = decoded(bytesOf(given.file), given.encoding).replace(/\r\n?/g, '\n');
    for (const row of csvRows(text, delimiter)) if (row.length > 0 && fieldOf(row, keyCol, 'keycol') === key) return [fieldOf(row, col, 'col')];
    return given.default ?? [];
  });
}

/** Counted from the end below 0. */
function fieldOf(row: readonly string[], index: number, option: string): string {
  const field = row.at(index);
  if (field === undefined || index < -row.length) throw new FilterError(`finds a row of ${row.length} fields, and ${option} is ${index}`);
  return field;
}

function textOf(term: unknown): string {
  if (typeof term === 'string') return term;
  throw new FilterError(`takes a text as key, not ${typeName(term)}`);
}

function truth(option: string, value: unknown): boolean {
  if (typeof value !== 'string') return isTrue(value);
  const word = booleanOf(value);
  if (word !== undefined) return word;
  throw new FilterError(`takes true or false as ${option}, not ${reprString(value)}`);
}

function wholeOf(option: string, value: unknown): number {
  if (isInteger(value) || (typeof value === 'string' && /^\s*[-+]?\d+\s*$/.test(value))) return Number(value);
  throw new FilterError(`takes a whole number as ${option}, not ${toText(value)}`);
}

/** Bytes that are no text do no harm to the values around them. */
function leniently(bytes: Buffer, encoding: unknown): { readonly text: string; readonly isWhole: boolean } {
  if (!/^utf[-_]?8$/i.test(toText(encoding)) || isUtf8(bytes)) return { text: decoded(bytes, encoding), isWhole: true };
  return { text: bytes.toString('utf8'), isWhole: false };
}

function decoded(bytes: Buffer, encoding: unknown): string {
  try {
    return decodeText(bytes, toText(encoding));
  } catch (error) {
    throw error instanceof CodecError ? new FilterError(`cannot read the file: ${error.message}`) : error;
  }
}
