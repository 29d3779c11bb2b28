// What comes in: a plain (unquoted) YAML scalar. What goes out: the value that PyYAML, and so Ansible, gives it: YAML 1.1, where `no` is
// false, `0644` is 420 and `1:30` is 90, but `1e3`, `0o644`, `y` and `08` are strings.
// Guaranteed: each pattern is PyYAML's own (yaml/resolver.py). An integer that a JavaScript number cannot hold is an error, not a guess.
// Not kept: a float like `1.0` is the number 1 (its node's `source` still says `1.0`); a date stays the string it was written as.
import type { ScalarTag } from 'yaml';

const BOOLEAN = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const NULL = /^(?:~|null|Null|NULL|)$/;
const INTEGER = /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

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
  return sign * Number(digits);
}

function float(source: string): number {
  const text = source.replaceAll('_', '').toLowerCase();
  if (text === '.nan') return Number.NaN;
  const sign = text.startsWith('-') ? -1 : 1;
  const digits = text.replace(/^[-+]/, '');
  if (digits === '.inf') return sign * Number.POSITIVE_INFINITY;
  return sign * (digits.includes(':') ? sexagesimal(digits) : Number(digits));
}

/** PyYAML's implicit types, in its order; whatever matches none is a string. */
export const pyYamlScalars: ScalarTag[] = [
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    test: BOOLEAN,
    resolve: (text, onError) => {
      if (!BOOLEAN.test(text)) onError(`"${text}" is not a YAML boolean`);
      return /^(?:yes|true|on)$/i.test(text);
    },
  },
  {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    test: INTEGER,
    resolve: (text, onError) => {
      const value = INTEGER.test(text) ? integer(text) : Number.NaN;
      if (Number.isNaN(value)) onError(`"${text}" is not a YAML integer`);
      else if (!Number.isSafeInteger(value)) onError(`the number ${text} is too big to be kept exactly; quote it`);
      return value;
    },
  },
  {
    tag: 'tag:yaml.org,2002:float',
    default: true,
    test: FLOAT,
    resolve: (text, onError) => {
      const value = FLOAT.test(text) || INTEGER.test(text) ? float(text) : undefined;
      if (value === undefined) onError(`"${text}" is not a YAML float`);
      return value ?? Number.NaN;
    },
  },
  { tag: 'tag:yaml.org,2002:null', default: true, test: NULL, resolve: () => null },
];

const VAULT_TAGS = ['!vault', '!vault-encrypted'];

export function isVaultTag(tag: string | undefined): boolean {
  return tag !== undefined && VAULT_TAGS.includes(tag);
}

/** Tags of Ansible's own (parsing/yaml/constructor.py). A `!vault` value stays as it is written until somebody asks for it. */
export const ansibleTags: ScalarTag[] = VAULT_TAGS.map((tag) => ({ tag, resolve: (text) => text }));
