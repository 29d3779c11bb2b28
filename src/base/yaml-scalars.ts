// What comes in: a plain (unquoted) YAML scalar. What goes out: the value that PyYAML, and so Ansible, gives it: YAML 1.1, where `no` is
// false, `0644` is 420 and `1:30` is 90, but `1e3`, `0o644`, `y` and `08` are strings.
// Guaranteed: each pattern is PyYAML's own (yaml/resolver.py). An integer that a JavaScript number cannot hold is an error, not a guess.
// `1.0` is a PythonFloat, a date a DateTime.
import { isUtf8 } from 'node:buffer';
import { type CollectionTag, isMap, isScalar, type Node, type ScalarTag, type YAMLMap, YAMLSeq } from 'yaml';
import type { DateTime } from './datetime.js';
import { type PythonFloat, pythonFloat } from './python-repr.js';
import { parseTimestamp, TIMESTAMP } from './yaml-timestamp.js';

const BOOLEAN = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const NULL = /^(?:~|null|Null|NULL|)$/;
const INTEGER = /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const JSON_FLOAT = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?[eE][-+]?[0-9]+$/;

/** `1:30` and `1:30.5`: digits of base 60. */
function sexagesimal(text: string): number {
  return text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

function integer(source: string): number {
  const text = source.replaceAll('_', '');
  const sign = text.startsWith('-') ? -1 : 1;
  const digits = text.replace(/^[-+]/, '');
  if (digits.includes(':')) return sign * sexagesimal(digits);
  if (/^0[0-7]/.test(digits)) return sign * Number.parseInt(digits, 8);
  return sign * Number(digits) + 0; // -0 is 0
}

function float(source: string): number {
  const text = source.replaceAll('_', '').toLowerCase();
  if (text === '.nan') return Number.NaN;
  const sign = text.startsWith('-') ? -1 : 1;
  const digits = text.replace(/^[-+]/, '');
  if (digits === '.inf') return sign * Number.POSITIVE_INFINITY;
  return sign * (digits.includes(':') ? sexagesimal(digits) : Number(digits));
}

type OnError = (message: string) => void;

function boolean(text: string, onError: OnError): boolean {
  if (!/^(?:yes|no|true|false|on|off)$/i.test(text)) onError(`"${text}" is not a YAML boolean`);
  return /^(?:yes|true|on)$/i.test(text);
}

function wholeNumber(text: string, onError: OnError): number {
  const value = INTEGER.test(text) ? integer(text) : Number.NaN;
  if (Number.isNaN(value)) onError(`"${text}" is not a YAML integer`);
  else if (!Number.isSafeInteger(value)) onError(`the number ${text} is too big to be kept exactly; quote it`);
  return value;
}

function realNumber(text: string, onError: OnError): number | PythonFloat {
  const value = FLOAT.test(text) || INTEGER.test(text) || JSON_FLOAT.test(text) ? float(text) : undefined;
  if (value === undefined) onError(`"${text}" is not a YAML float`);
  return pythonFloat(value ?? Number.NaN);
}

function timestamp(text: string, onError: OnError): DateTime | string {
  const time = parseTimestamp(text);
  if (time === undefined) onError(`there is no date ${text}; quote it if it is a text`);
  return time ?? text;
}

/** Whether a plain scalar of this text reads as something else than a text. */
export function isImplicit(text: string): boolean {
  return [BOOLEAN, NULL, INTEGER, FLOAT, TIMESTAMP].some((pattern) => pattern.test(text)) || text === '<<' || text === '=';
}

const DATE = 'DATE';
const CORE = 'tag:yaml.org,2002:';

/** PyYAML's implicit types, in its order; whatever matches none is a string. */
const implicitTags: ScalarTag[] = [
  { tag: `${CORE}bool`, default: true, test: BOOLEAN, resolve: boolean },
  { tag: `${CORE}int`, default: true, test: INTEGER, resolve: wholeNumber },
  { tag: `${CORE}float`, default: true, test: FLOAT, resolve: realNumber },
  { tag: `${CORE}null`, default: true, test: NULL, resolve: () => null },
  { tag: `${CORE}timestamp`, default: true, test: TIMESTAMP, format: DATE, resolve: timestamp },
];

/** The same types where a tag names them: `!!float 5`. */
const namedTags: ScalarTag[] = implicitTags.map(({ tag, resolve, format }) => ({ tag, resolve, ...(format === undefined ? {} : { format }) }));

/** Bytes to Python. Here they are a text, so what is none is refused. */
function binary(written: string, onError: OnError): string {
  const digits = written.replace(/[^A-Za-z0-9+/=]/g, ''); // as Python reads base64
  const bytes = Buffer.from(digits, 'base64');
  if (digits.length % 4 !== 0) onError(`this !!binary is no base64: its length is no multiple of four`);
  else if (!isUtf8(bytes)) onError('this !!binary holds bytes that are no UTF-8, which a variable cannot hold here; keep them in a file');
  return bytes.toString('utf8');
}

/** A list of mappings of one key each: to Python a list of pairs. */
function pairs(list: YAMLMap.Parsed | YAMLSeq.Parsed, onError: OnError): YAMLSeq.Parsed {
  for (const item of list.items) {
    if (!isMap(item) || item.items.length !== 1) onError('each item of !!omap and !!pairs is a mapping of one key');
    else {
      const [pair] = item.items;
      const both = new YAMLSeq() as YAMLSeq.Parsed;
      Object.assign(both, { items: [pair?.key, pair?.value], range: item.range });
      (list.items as unknown[])[(list.items as unknown[]).indexOf(item)] = both;
    }
  }
  return list as YAMLSeq.Parsed;
}

/** The other types of YAML 1.1. A set has no order in Python, so nobody can say what a list of it would be. */
const otherTags: (ScalarTag | CollectionTag)[] = [
  { tag: `${CORE}binary`, resolve: binary },
  ...['omap', 'pairs'].map((name) => ({ tag: CORE + name, collection: 'seq' as const, resolve: pairs })),
  { tag: `${CORE}set`, collection: 'map', resolve: (map, onError) => { onError('!!set is not supported: it has no order; write a list'); return map; } },
];

export const pyYamlScalars: (ScalarTag | CollectionTag)[] = [...implicitTags, ...namedTags, ...otherTags];

/** Ansible reads what is JSON as JSON: there `1e3` is a number. */
export const jsonScalars: (ScalarTag | CollectionTag)[] = [{ tag: `${CORE}float`, default: true, test: JSON_FLOAT, resolve: realNumber }, ...pyYamlScalars];

/** Whether a text that stands without quotes is read back as a text (yaml/resolver.py; `<<` and `=` have meanings of their own). */
export function isPlainText(text: string): boolean {
  return !['<<', '='].includes(text) && ![BOOLEAN, INTEGER, FLOAT, NULL, TIMESTAMP].some((pattern) => pattern.test(text));
}

/** Whether the scalar is a date to Python, and no text: it cannot be a name. */
export function isDate(node: Node | null): boolean {
  return isScalar(node) && node.format === DATE;
}

const VAULT_TAGS = ['!vault', '!vault-encrypted'];

export function isVaultTag(tag: string | undefined): boolean {
  return tag !== undefined && VAULT_TAGS.includes(tag);
}

const UNSAFE = '!unsafe';

/** In the text, or in all texts of the list or mapping, `{{ }}` stands for itself. */
export function isUnsafeTag(tag: string | undefined): boolean {
  return tag === UNSAFE;
}

/** Tags of Ansible's own (parsing/yaml/constructor.py). A `!vault` value stays as it is written until somebody asks for it. */
export const ansibleTags: (ScalarTag | CollectionTag)[] = [
  ...[...VAULT_TAGS, UNSAFE].map((tag) => ({ tag, resolve: (text: string) => text })),
  ...(['map', 'seq'] as const).map((collection) => ({ tag: UNSAFE, collection, resolve: (node: YAMLMap.Parsed | YAMLSeq.Parsed) => node })),
];
