// What comes in: an argument specification of a role (or of any other making) and values. What goes out: what is wrong with the values, in Ansible's
// words and order (module_utils/common/arg_spec.py, parameters.py). Pure: the values are copied before defaults and conversions change them.
import { FALSE_WORDS, TRUE_WORDS } from '../base/boolean-words.js';
import { ConversionError, converterOf, isMapping, pythonText, pythonType } from './argument-types.js';

type Values = Record<string, unknown>;
export type Spec = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Where a nested specification stands, for the end of a sentence. */
type Where = readonly string[];

interface Check {
  readonly errors: string[];
  /** Values that the specification has no name for, with the names that it has. */
  readonly unsupported: Map<string, readonly string[]>;
}

/** @returns the errors; none when all is well */
export function checkArguments(spec: Spec, values: Readonly<Record<string, unknown>>): string[] {
  const check: Check = { errors: [], unsupported: new Map() };
  const own = structuredCopy(values) as Values;
  checkLevel(spec, own, {}, [], check);
  checkNested(spec, own, [], check);
  if (check.unsupported.size > 0) {
    const last = [...check.unsupported.values()].at(-1) ?? [];
    check.errors.push(`${[...check.unsupported.keys()].sort().join(', ')}. Supported parameters include: ${[...last].sort().join(', ')}.`);
  }
  return check.errors;
}

function structuredCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structuredCopy);
  return isMapping(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, structuredCopy(item)])) : value;
}

/** @param rules mutually_exclusive and its like of this level */
function checkLevel(spec: Spec, values: Values, rules: Readonly<Record<string, unknown>>, where: Where, { errors, unsupported }: Check): void {
  const found = (message: string) => errors.push(where.length === 0 ? message : `${message} found in ${where.join(' -> ')}`);
  const aliases = takeAliases(spec, values, errors);
  const unread = unreadable(spec, values);
  if (unread !== undefined) found(unread);
  for (const name of Object.keys(values)) {
    if (!aliases.has(name) && !Object.hasOwn(spec, name)) unsupported.set([...where, name].join('.'), Object.keys(spec));
  }
  for (const group of lists(rules.mutually_exclusive)) {
    if (group.filter((name) => Object.hasOwn(values, name)).length > 1) {
      found(`parameters are mutually exclusive: ${group.join('|')}`);
      break;
    }
  }
  setDefaults(spec, values, false);
  const missing = Object.entries(spec).flatMap(([name, option]) => (option.required === true && !Object.hasOwn(values, name) ? [name] : []));
  if (missing.length > 0) found(`missing required arguments: ${missing.sort().join(', ')}`);
  checkTypes(spec, values, where, errors);
  checkChoices(spec, values, found);
  const broken = brokenRule(rules, values);
  for (const message of broken) found(message);
  setDefaults(spec, values, true);
}

/** The first nested value that is no mapping, and cannot be made one: Ansible looks for secrets in them before anything else. */
function unreadable(spec: Spec, values: Values): string | undefined {
  for (const [name, option] of Object.entries(spec)) {
    const value = values[name] ?? null;
    const isList = option.type === 'list' && option.elements === 'dict';
    if (value === null || !isMapping(option.options) || (option.type !== 'dict' && !isList)) continue;
    for (const item of Array.isArray(value) ? value : [value]) {
      try {
        const mapping = typeof item === 'string' ? converterOf('dict')?.(item) : item;
        if (!isMapping(mapping)) return `Value '${pythonText(item)}' in the sub parameter field '${name}' must be a ${pythonText(option.type)}, not '${pythonType(item)}'`;
        const inner = unreadable(option.options as Spec, mapping);
        if (inner !== undefined) return inner;
      } catch (error) {
        if (!(error instanceof ConversionError)) throw error;
        return error.message;
      }
    }
  }
  return undefined;
}

/** An alias stands for its option. @returns the aliases */
function takeAliases(spec: Spec, values: Values, errors: string[]): ReadonlySet<string> {
  const all = new Set<string>();
  for (const [name, { aliases, default: preset, required }] of Object.entries(spec)) {
    if (preset !== undefined && preset !== null && required === true) {
      errors.push(`internal error: required and default are mutually exclusive for ${name}`);
      return all;
    }
    for (const alias of Array.isArray(aliases) ? aliases.map(String) : []) {
      all.add(alias);
      if (Object.hasOwn(values, alias)) values[name] = values[alias];
    }
  }
  return all;
}

function setDefaults(spec: Spec, values: Values, isAll: boolean): void {
  for (const [name, { default: preset = null }] of Object.entries(spec)) if (!Object.hasOwn(values, name) && (isAll || preset !== null)) values[name] = preset;
}

function checkTypes(spec: Spec, values: Values, where: Where, errors: string[]): void {
  for (const [name, option] of Object.entries(spec)) {
    if (!Object.hasOwn(values, name)) continue;
    const value = values[name];
    if (value === null && option.required !== true && (option.default ?? null) === null) continue;
    const wanted = typeof option.type === 'string' ? option.type : 'str';
    const inside = where.length === 0 ? '' : ` found in '${where.join(' -> ')}'.`;
    try {
      const converted = convert(wanted, value);
      values[name] = converted;
      if (typeof option.elements !== 'string' || !Array.isArray(converted)) continue;
      values[name] = convertElements(option.elements, name, converted, where, errors);
    } catch (error) {
      if (!(error instanceof ConversionError)) throw error;
      errors.push(`argument '${name}' is of type ${pythonType(value)}${inside} and we were unable to convert to ${wanted}: ${error.message}`);
    }
  }
}

function convert(wanted: string, value: unknown): unknown {
  const converter = converterOf(wanted);
  if (converter === undefined) throw new ConversionError("'NoneType' object is not callable");
  return converter(value);
}

function convertElements(wanted: string, name: string, items: readonly unknown[], where: Where, errors: string[]): unknown[] {
  return items.flatMap((item) => {
    try {
      return [convert(wanted, item)];
    } catch (error) {
      if (!(error instanceof ConversionError)) throw error;
      const inside = where.length === 0 ? '' : ` found in '${where.join(' -> ')}'`;
      errors.push(`Elements value for option '${name}'${inside} is of type ${pythonType(item)} and we were unable to convert to ${wanted}: ${error.message}`);
      return [];
    }
  });
}

function checkChoices(spec: Spec, values: Values, found: (message: string) => void): void {
  for (const [name, { choices }] of Object.entries(spec)) {
    if (!Array.isArray(choices) || !Object.hasOwn(values, name)) continue;
    const value = values[name];
    const isIn = (one: unknown) => choices.some((choice) => pythonType(choice) === pythonType(one) && String(choice) === String(one));
    const shown = choices.map(pythonText).join(', ');
    if (Array.isArray(value)) {
      const wrong = value.filter((one) => !isIn(one));
      if (wrong.length > 0) found(`value of ${name} must be one or more of: ${shown}. Got no match for: ${wrong.map(pythonText).join(', ')}`);
      continue;
    }
    if (isIn(value)) continue;
    const words = value === 'True' ? TRUE_WORDS : value === 'False' ? FALSE_WORDS : [];
    // YAML has made a boolean of a word: which one, if only one of the choices can be meant.
    const meant = choices.filter((choice) => words.includes(String(choice)));
    if (meant.length === 1) values[name] = meant[0];
    else found(`value of ${name} must be one of: ${shown}, got: ${pythonText(value)}`);
  }
}

/** The first of each kind of rule that does not hold. */
function brokenRule(rules: Readonly<Record<string, unknown>>, values: Values): string[] {
  const has = (name: string) => Object.hasOwn(values, name);
  const broken: string[] = [];
  const together = lists(rules.required_together).find((names) => names.some(has) && !names.every(has));
  if (together !== undefined) broken.push(`parameters are required together: ${together.join(', ')}`);
  const oneOf = lists(rules.required_one_of).find((names) => !names.some(has));
  if (oneOf !== undefined) broken.push(`one of the following is required: ${oneOf.join(', ')}`);
  for (const rule of Array.isArray(rules.required_if) ? (rules.required_if as readonly unknown[][]) : []) {
    const [name, value, names, isAny] = rule;
    const wanted = Array.isArray(names) ? names.map(String) : [];
    const missing = wanted.filter((one) => !has(one));
    if (!has(String(name)) || pythonText(values[String(name)]) !== pythonText(value) || missing.length < (isAny === true ? wanted.length : 1)) continue;
    broken.push(`${pythonText(name)} is ${pythonText(value)} but ${isAny === true ? 'any' : 'all'} of the following are missing: ${missing.join(', ')}`);
    break;
  }
  for (const [name, needed] of Object.entries(isMapping(rules.required_by) ? rules.required_by : {})) {
    const missing = [needed].flat().map(String).filter((one) => (values[one] ?? null) === null);
    if ((values[name] ?? null) === null || missing.length === 0) continue;
    broken.push(`missing parameter(s) required by '${name}': ${missing.join(', ')}`);
    break;
  }
  return broken;
}

/** A list of lists of names; one list stands for a list of one. */
function lists(rule: unknown): string[][] {
  if (!Array.isArray(rule)) return [];
  return rule.every(Array.isArray) ? rule.map((names: unknown[]) => names.map(String)) : [rule.map(String)];
}

/** What the options of an option say. */
function checkNested(spec: Spec, values: Values, where: Where, check: Check): void {
  for (const [name, option] of Object.entries(spec)) {
    const isList = option.type === 'list' && option.elements === 'dict';
    if ((option.type !== 'dict' && !isList) || !isMapping(option.options)) continue;
    if (option.apply_defaults === true && (values[name] ?? null) === null) values[name] = {};
    const value = values[name] ?? null;
    if (value === null) continue;
    const inside = [...where, name];
    const inner = option.options as Spec;
    for (const item of Array.isArray(value) ? value : [value]) {
      if (!isMapping(item)) {
        check.errors.push(`value of '${name}' must be of type dict or list of dicts`);
        continue;
      }
      checkLevel(inner, item, option, inside, check);
      checkNested(inner, item, inside, check);
    }
  }
}
