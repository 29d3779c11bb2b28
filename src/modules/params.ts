// What comes in: a module's table of parameters and the values of a task, rendered. What goes out: typed parameters, or one sentence.
// Guaranteed: unknown names, missing ones, wrong types and values outside of the choices are refused; conversions are Ansible's
// (module_utils/common/validation.py): "yes" is true, "a,b" is a list, 5 is "5".
import { booleanOf, FALSE_WORDS, TRUE_WORDS } from '../base/boolean-words.js';
import { DateTime } from '../base/datetime.js';
import { PythonFloat } from '../base/python-repr.js';
import { didYouMeanShort } from '../base/near-names.js';

interface Kinds {
  string: string;
  boolean: boolean;
  integer: number;
  /** As Python's int() makes it: a number loses its fraction. */
  truncated: number;
  /** A list of strings; a string with commas is one. */
  list: readonly string[];
  /** A list of strings; a string is one item. */
  words: readonly string[];
  /** A path of the host; `~` is the home directory there. */
  path: string;
  /** Permission bits: octal digits (`0644` or `'0644'`), or symbols (`u+x,g=rX`). */
  mode: string;
  /** A mode, or `preserve`. */
  copymode: string;
  float: number;
  /** A mapping. */
  mapping: Readonly<Record<string, unknown>>;
  /** A list of anything. */
  items: readonly unknown[];
  raw: unknown;
  /** Expressions that the engine evaluates: `that` of assert. */
  conditions: readonly EvaluatedCondition[];
  /** An expression that the engine evaluates: `var` of debug. */
  expression: EvaluatedExpression;
}

export interface EvaluatedCondition {
  readonly text: string;
  readonly holds: boolean;
}

export interface EvaluatedExpression {
  readonly text: string;
  readonly value: unknown;
}

export interface Parameter {
  readonly type: keyof Kinds;
  readonly required?: boolean;
  readonly default?: unknown;
  readonly choices?: readonly string[];
  /** Other names that Ansible takes for it. */
  readonly aliases?: readonly string[];
  /** Ansible knows it; here only its default may be written. The text is advice. */
  readonly refused?: string;
  /** A null is a value of it; of others it means that nothing is given. */
  readonly keepsNull?: boolean;
}

export type Parameters = Readonly<Record<string, Parameter>>;

export type ParamsOf<P extends Parameters> = {
  readonly [Name in keyof P]: Kinds[P[Name]['type']] | (P[Name] extends { required: true } | { default: unknown } ? never : undefined);
};

/** The second half of a sentence about a parameter; the caller puts module and place to it. */
export class ParameterError extends Error {
  readonly hint: string | undefined;
  /** The parameter, as it was written. */
  readonly parameter: string | undefined;
  constructor(message: string, parameter?: string, hint?: string) {
    super(message);
    this.parameter = parameter;
    this.hint = hint;
  }
}

/** The parameter that a name stands for. @throws ParameterError for a name that the module does not know */
export function parameterName(parameters: Parameters, written: string): string {
  for (const [name, parameter] of Object.entries(parameters)) if (name === written || parameter.aliases?.includes(written) === true) return name;
  const known = Object.keys(parameters).filter((name) => parameters[name]?.refused === undefined);
  const names = known.flatMap((name) => [name, ...(parameters[name]?.aliases ?? [])]);
  const hint = didYouMeanShort(written, names) ?? (known.length === 0 ? 'it takes no parameters' : `supported: ${known.join(', ')}`);
  throw new ParameterError(`the parameter "${written}" is not supported`, written, hint);
}

/** One value as its parameter wants it. Pure. @throws ParameterError */
export function convertParameter(name: string, parameter: Parameter, value: unknown): unknown {
  if (value === null && parameter.keepsNull === true) return value;
  if (value === null || value === undefined) return parameter.default;
  const converted = convert(name, parameter.type, value);
  if (parameter.refused !== undefined && converted !== parameter.default) throw new ParameterError(`the parameter "${name}" is not supported`, name, parameter.refused);
  const { choices } = parameter;
  if (choices !== undefined) {
    // YAML has made a boolean of the word `yes`.
    const meant = converted === 'True' ? choices.filter((one) => TRUE_WORDS.includes(one)) : converted === 'False' ? choices.filter((one) => FALSE_WORDS.includes(one)) : [];
    if (meant.length === 1) return meant[0];
    const wrong = (Array.isArray(converted) ? converted : [converted]).find((item) => !choices.includes(String(item)));
    if (wrong !== undefined) throw new ParameterError(`${name}: ${JSON.stringify(wrong)} is not supported`, name, didYouMeanShort(String(wrong), choices) ?? `write one of: ${choices.join(', ')}`);
  }
  return converted;
}

/** All values. @param values by the module's own names (not aliases). @throws ParameterError */
export function convertParameters<P extends Parameters>(parameters: P, values: Readonly<Record<string, unknown>>): ParamsOf<P> {
  const result: Record<string, unknown> = {};
  for (const [name, parameter] of Object.entries(parameters)) {
    result[name] = convertParameter(name, parameter, values[name]);
    if (parameter.required === true && result[name] === undefined) throw new ParameterError(`the parameter "${name}" is missing`);
  }
  return result as ParamsOf<P>;
}

function convert(name: string, type: keyof Kinds, value: unknown): unknown {
  switch (type) {
    case 'string':
    case 'path':
      return text(name, value);
    case 'boolean':
      return boolean(name, value);
    case 'truncated':
      return wholeNumber(name, typeof value === 'number' || value instanceof PythonFloat ? Math.trunc(Number(value)) : value, /^[+-]?\d+$/);
    case 'integer':
      return wholeNumber(name, value, /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i);
    case 'list':
      return Array.isArray(value) ? value.map((item) => text(name, item)) : text(name, value).split(',').map((item) => item.trim());
    case 'words':
      return Array.isArray(value) ? value.map((item) => text(name, item)) : [text(name, value)];
    case 'mode':
      return mode(name, value);
    case 'copymode':
      return value === 'preserve' ? value : mode(name, value);
    case 'float': {
      const number = typeof value === 'object' && !(value instanceof PythonFloat) ? Number.NaN : Number(String(value));
      if (!Number.isFinite(number)) throw new ParameterError(`${name}: ${JSON.stringify(value)} is not a number`, name);
      return number;
    }
    case 'mapping':
      if (typeof value !== 'object' || Array.isArray(value) || value instanceof PythonFloat || value instanceof DateTime) throw new ParameterError(`${name} takes a mapping`, name);
      return value;
    case 'items':
      return Array.isArray(value) ? value : [value];
    case 'raw':
    case 'conditions':
    case 'expression':
      return value;
  }
}

/** @param written what a text of it may look like */
function wholeNumber(name: string, value: unknown, written: RegExp): number {
  const digits = typeof value === 'boolean' ? String(Number(value)) : typeof value === 'object' && !(value instanceof PythonFloat) ? '' : String(value).trim();
  const number = written.test(digits) ? Number(digits) : Number.NaN;
  if (!Number.isInteger(number)) throw new ParameterError(`${name}: ${JSON.stringify(value)} is not a whole number`, name);
  return number;
}

function text(name: string, value: unknown): string {
  if (typeof value === 'string') {
    if (value.includes('\0')) throw new ParameterError(`${name} holds a NUL, which no program takes`, name);
    return value;
  }
  if (typeof value === 'number' || value instanceof PythonFloat) return String(value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (value instanceof DateTime) return value.isoformat();
  throw new ParameterError(`${name} takes a string, not ${Array.isArray(value) ? 'a list' : 'a mapping'}`, name);
}

function boolean(name: string, value: unknown): boolean {
  const truth = typeof value === 'boolean' ? value : typeof value === 'string' || typeof value === 'number' ? booleanOf(String(value)) : undefined;
  if (truth !== undefined) return truth;
  throw new ParameterError(`${name}: ${JSON.stringify(value)} is neither true nor false`, name);
}

/**
 * Octal digits without leading zeros, as `stat -c %a` prints them; symbols as they are; nothing for an empty text. YAML has already read 0644 as an octal
 * number. Python's true is 1, and of a number the last twelve bits count, as Ansible hands it to chmod.
 */
function mode(name: string, value: unknown): string | undefined {
  if (value === '') return undefined;
  if (typeof value === 'string' && SYMBOLIC.test(value)) return value;
  const digits = typeof value === 'string' && /^\s*(?:0o)?0*[0-7]{1,4}\s*$/.test(value) ? Number.parseInt(value.replace('o', ''), 8) : Number.NaN;
  const bits = typeof value === 'number' || typeof value === 'boolean' ? Number(value) & 0o7777 : digits;
  if (Number.isNaN(bits) || (typeof value === 'number' && !Number.isInteger(value))) {
    throw new ParameterError(`${name}: ${JSON.stringify(value)} is not supported`, name, "write octal digits in quotes: '0644', or symbols: u=rw,go=r");
  }
  return bits.toString(8);
}

/** module_utils/basic.py, _symbolic_mode_to_octal: clauses of users, then operators each with permissions. */
const SYMBOLIC = /^(?:a|[ugo]*)(?:[-+=][rwxXstugo]*)+(?:,(?:a|[ugo]*)(?:[-+=][rwxXstugo]*)+)*$/;
