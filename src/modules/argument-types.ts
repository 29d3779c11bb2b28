// What comes in: a value and the type that an argument specification wants. What goes out: the value as that type, or why it cannot be.
// As Ansible converts (module_utils/common/validation.py); its own words, since people compare them. Pure.
import { booleanOf, FALSE_WORDS, TRUE_WORDS } from '../base/boolean-words.js';
import { DateTime } from '../base/datetime.js';
import { PythonFloat, pythonRepr } from '../base/python-repr.js';

/** The value cannot be converted; the message is Ansible's. */
export class ConversionError extends Error {}

const NUMBER = /^\s*[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+)?\s*$/;

/** Python's name of the type. */
export function pythonType(value: unknown): string {
  if (value === null || value === undefined) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (value instanceof PythonFloat) return 'float';
  if (value instanceof DateTime) return value.isDay ? 'date' : 'datetime';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (typeof value === 'string') return 'str';
  return Array.isArray(value) ? 'list' : 'dict';
}

/** As `str()` prints it. */
export function pythonText(value: unknown): string {
  return typeof value === 'string' ? value : value instanceof DateTime ? value.toString() : pythonRepr(value);
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof PythonFloat) && !(value instanceof DateTime);
}

/** @returns undefined for a type that Ansible does not know. */
export function converterOf(type: string): ((value: unknown) => unknown) | undefined {
  return Object.hasOwn(CONVERTERS, type) ? CONVERTERS[type] : undefined;
}

const CONVERTERS: Readonly<Record<string, (value: unknown) => unknown>> = {
  str: (value) => (value === null ? '' : pythonText(value)),
  path: (value) => (value === null ? '' : pythonText(value)),
  raw: (value) => value,
  jsonarg: (value) => (typeof value === 'string' ? value.trim() : JSON.stringify(value)),
  json: (value) => (typeof value === 'string' ? value.trim() : JSON.stringify(value)),
  list: (value) => {
    if (Array.isArray(value)) return value;
    if (typeof value === 'string') return value.split(',');
    if (typeof value === 'number' || typeof value === 'boolean' || value instanceof PythonFloat) return [pythonText(value)];
    throw cannot(value, 'a list');
  },
  dict: (value) => {
    if (isMapping(value)) return { ...value };
    if (typeof value !== 'string') throw cannot(value, 'a dict');
    return dictOf(value);
  },
  bool: (value) => {
    if (typeof value === 'boolean') return value;
    if (typeof value !== 'string' && typeof value !== 'number' && !(value instanceof PythonFloat)) throw cannot(value, 'a bool');
    const truth = booleanOf(typeof value === 'string' ? value : String(Number(value)));
    if (truth !== undefined) return truth;
    throw new ConversionError(`The value '${pythonText(value)}' is not a valid boolean. Valid booleans include: ${[...TRUE_WORDS, ...FALSE_WORDS].sort().map((word) => pythonRepr(word)).join(', ')}`);
  },
  int: (value) => {
    if (typeof value === 'boolean' || (typeof value === 'number' && Number.isInteger(value))) return value;
    const isNumber = typeof value === 'number' || value instanceof PythonFloat || (typeof value === 'string' && NUMBER.test(value));
    const number = isNumber ? Number(String(value).replaceAll('_', '')) : Number.NaN;
    if (!Number.isInteger(number)) throw new ConversionError(`"${pythonRepr(value)}" cannot be converted to an int`);
    return number;
  },
  float: (value) => {
    if (typeof value === 'number' || typeof value === 'boolean') return Number(value);
    const text = value instanceof PythonFloat ? value.toString() : value;
    if (typeof text === 'string' && (NUMBER.test(text) || /^\s*[+-]?(inf|infinity|nan)\s*$/i.test(text))) return Number(text.replaceAll('_', ''));
    throw cannot(value, 'a float');
  },
  bytes: (value) => bytesOf(value, 'B'),
  bits: (value) => bytesOf(value, 'b'),
};

function cannot(value: unknown, wanted: string): ConversionError {
  return new ConversionError(`<class '${pythonType(value)}'> cannot be converted to ${wanted}`);
}

/** JSON, or `a=1, b=2`. */
function dictOf(text: string): Record<string, unknown> {
  if (text.startsWith('{')) {
    try {
      return JSON.parse(text) as Record<string, unknown>;
    } catch {
      throw new ConversionError('unable to evaluate string as dictionary');
    }
  }
  if (!text.includes('=')) throw new ConversionError('dictionary requested, could not parse JSON or key=value');
  const fields = text.trim().match(/(?:\\.|'[^']*'|"[^"]*"|[^\s,])+/gs) ?? [];
  const pairs = fields.map((field) => /^([^=]*)=(.*)$/s.exec(field.replaceAll(/\\(.)|['"]/gs, '$1')));
  if (pairs.includes(null)) throw new ConversionError('unable to evaluate string in the "key=value" format as dictionary');
  return Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? '', pair?.[2] ?? '']));
}

const POWERS = ['B', 'K', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];

/** `1.5MB` (module_utils/common/text/formatters.py, human_to_bytes). @param letter of the unit: B bytes, b bits */
function bytesOf(value: unknown, letter: 'B' | 'b'): number {
  const text = pythonText(value);
  const [, digits = '', unit = ''] = /^(\d*\.?\d+)(?:\s*([A-Za-z]+))?\s*$/.exec(text) ?? [];
  const power = POWERS.indexOf(unit.charAt(0).toUpperCase());
  const isUnit = unit === '' || (power >= 0 && (unit.length === 1 || unit.slice(1) === letter || new RegExp(`^(${letter === 'B' ? 'byte' : 'bit'})s?$`, 'i').test(unit)));
  if (digits === '' || !isUnit) throw new ConversionError(`${pythonType(value)} cannot be converted to a ${letter === 'B' ? 'Byte' : 'Bit'} value`);
  return Math.round(Number(digits) * 1024 ** Math.max(0, power));
}
