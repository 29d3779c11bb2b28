// What comes in: a plain (unquoted) YAML scalar. What goes out: the value that PyYAML, and so Ansible, gives it: YAML 1.1, where `no` is
// false, `0644` is 420 and `1:30` is 90, but `1e3`, `0o644`, `y` and `08` are strings.
// Guaranteed: each pattern is PyYAML's own (yaml/resolver.py). An integer that a JavaScript number cannot hold is an error, not a guess.
// `1.0` is a PythonFloat. Not kept: a date is the text that Python prints of it.
import { type CollectionTag, isScalar, type Node, type ScalarTag, type YAMLMap, type YAMLSeq } from 'yaml';
import { type PythonFloat, pythonFloat } from './python-repr.js';
import { isoTimestamp, TIMESTAMP } from './yaml-timestamp.js';

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

function timestamp(text: string, onError: OnError): string {
  const iso = isoTimestamp(text);
  if (iso === undefined) onError(`there is no date ${text}; quote it if it is a text`);
  return iso ?? text;
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

export const pyYamlScalars: ScalarTag[] = [...implicitTags, ...namedTags];

/** Ansible reads what is JSON as JSON: there `1e3` is a number. */
export const jsonScalars: ScalarTag[] = [{ tag: `${CORE}float`, default: true, test: JSON_FLOAT, resolve: realNumber }, ...pyYamlScalars];

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
