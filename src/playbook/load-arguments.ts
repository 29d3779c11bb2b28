// What comes in: a module and what stands behind its name, with `args:`. What goes out: its parameters, checked as far as they hold no template.
import { isMap, isScalar, type Node, Scalar } from 'yaml';
import { describeNode, type MapEntry, resolveAlias, type YamlFile, yamlError } from '../base/yaml.js';
import type { AnyModule } from '../modules/module.js';
import { convertParameter, ParameterError, parameterName } from '../modules/params.js';
import { Condition } from './condition.js';
import { COMMON_KEYS, OWN_TASK_KEYS } from './keys.js';
import { hasOpenQuote, splitKeyValues } from './key-values.js';
import type { Argument, WrittenDefaults } from './playbook.js';
import { entriesOf, INVALID, UNSUPPORTED } from './read-keys.js';
import { compileNode, compileText, Template, type TemplateValue } from './template.js';
import { TemplateSource } from './template-source.js';

export interface Arguments {
  readonly args: Readonly<Record<string, Argument>>;
  readonly more: TemplateValue;
  /** What is there is known in the run only. */
  readonly mayLack: boolean;
}

/** Modules whose string is a command line. */
const COMMANDS = new Set(['command', 'shell', 'script', 'raw']);

/** @param defaults of module_defaults */
export function loadArguments(yaml: YamlFile, module: AnyModule, entry: MapEntry, args: MapEntry | undefined, defaults: WrittenDefaults): Arguments {
  const whole = wholeTemplate(yaml, module, entry);
  if (whole !== undefined) writtenArguments(yaml, entry, { name: module.name, freeForm: '' });
  const nodes = whole === undefined ? writtenArguments(yaml, entry, { name: module.name, freeForm: module.freeForm }) : new Map<string, MapEntry>();
  let more: TemplateValue = whole;
  if (args !== undefined) {
    const value = compileNode(yaml, args.value);
    if (value instanceof Template) more = value;
    else for (const [name, item] of entriesOf(yaml, args.value, 'args')) if (!nodes.has(name)) nodes.set(name, item);
  }
  const result: Record<string, Argument> = {};
  const written: Record<string, unknown> = {};
  const take = (file: YamlFile, canonical: string, item: MapEntry) => {
    const argument = loadArgument(file, module, canonical, item);
    result[canonical] = argument;
    const scalar = resolveAlias(file, item.value);
    const parameter = module.parameters[canonical];
    // `yes` in quotes, or in a line of pairs, is as true as without.
    const isBoolean = parameter?.type === 'boolean' && argument.kind === 'value' && !holdsTemplate(argument.value);
    written[canonical] = isBoolean ? convertParameter(canonical, parameter, argument.value) : isScalar(scalar) ? scalar.value : compileNode(file, item.value);
  };
  for (const [name, item] of nodes) {
    if (module.takesAnyName === true && name.startsWith('_ansible_')) throw yamlError(yaml, item.keyNode, `"${name}" is a name of Ansible's own`, { code: INVALID, hint: 'names that begin with _ansible_ are reserved: take another' });
    located(yaml, item.keyNode, () => {
      const canonical = module.takesAnyName === true ? name : nameOf(module, name);
      const before = result[canonical];
      const writtenBefore = written[canonical];
      take(yaml, canonical, item);
      const own = result[canonical];
      if (before === undefined || own === undefined) return;
      if (before.kind !== 'value' || own.kind !== 'value' || !mayOmit(writtenBefore) && !mayOmit(written[canonical])) {
        throw yamlError(yaml, item.keyNode, `the parameter "${canonical}" is given twice`, { code: INVALID, hint: 'remove one' });
      }
      // The other name goes before the parameter's own, where it is not omitted.
      result[canonical] = name === canonical ? { ...before, otherwise: own } : { ...own, otherwise: before };
      if (mayOmit(writtenBefore)) written[canonical] = writtenBefore;
    });
  }
  for (const [name, { yaml: file, item }] of defaults) if (!Object.hasOwn(result, name)) located(file, item.keyNode, () => {
    take(file, name, item);
    const taken = result[name];
    if (taken?.kind === 'value') result[name] = { ...taken, isDefault: true };
  });
  if (more !== undefined) return { args: result, more, mayLack: true };
  for (const [name, parameter] of Object.entries(module.parameters)) {
    if (parameter.required === true && result[name] === undefined) throw yamlError(yaml, entry.keyNode, `${module.name} needs the parameter "${name}"`, { code: INVALID });
  }
  // What may be omitted may not be there: the run looks again (run-task.ts).
  const mayLack = Object.keys(written).some((name) => name.includes('{{')) || Object.values(written).some(mayOmit);
  const wrong = module.checkWritten?.(written);
  if (wrong !== undefined && !mayLack) {
    const node = wrong.parameter === undefined ? undefined : nodes.get(wrong.parameter);
    // Of set_fact and its like the name is what is wrong.
    const place = (module.takesAnyName === true ? node?.keyNode : node?.value) ?? entry.keyNode;
    throw yamlError(yaml, place, `${module.name}: ${wrong.message}`, { code: UNSUPPORTED, hint: wrong.hint });
  }
  return { args: result, more, mayLack };
}

/** @throws ParameterError where the module has no such parameter: one that is a key of tasks is indented too far */
function nameOf(module: AnyModule, written: string): string {
  try {
    return parameterName(module.parameters, written);
  } catch (error) {
    if (!(error instanceof ParameterError) || ![...COMMON_KEYS, ...OWN_TASK_KEYS, 'loop', 'with_items'].includes(written)) throw error;
    throw new ParameterError(error.message, written, `it is a key of the task: indent it as ${module.name}, not below`);
  }
}

function mayOmit(written: unknown): boolean {
  return typeof written === 'string' && /\{\{.*\bomit\b/s.test(written);
}

/** `file: "{{ mapping }}"`: all parameters are known in the run only. */
function wholeTemplate(yaml: YamlFile, module: AnyModule, entry: MapEntry): Template | undefined {
  if (module.freeForm !== undefined || !isScalar(resolveAlias(yaml, entry.value))) return undefined;
  const value = compileNode(yaml, entry.value);
  return value instanceof Template && value.onlyExpression !== undefined ? value : undefined;
}

/** A mapping, or a string: `key=value` pairs, and the rest for the parameter that a plain string stands for. */
export function writtenArguments(yaml: YamlFile, entry: MapEntry, module: { readonly name: string; readonly freeForm: string | undefined }): Map<string, MapEntry> {
  const nodes = new Map<string, MapEntry>();
  const value = resolveAlias(yaml, entry.value);
  if (isMap(value)) {
    for (const [name, item] of entriesOf(yaml, value, module.name)) nodes.set(name, item);
    return nodes;
  }
  if (value === null || (isScalar(value) && value.value === null)) return nodes;
  if (!isScalar(value)) throw yamlError(yaml, value, `the parameters of ${module.name} are a mapping, not a list`, { code: INVALID });
  if (typeof value.value !== 'string') {
    const hint = module.freeForm === undefined ? undefined : `put it into quotes: "${String(value.value)}"`;
    throw yamlError(yaml, value, `the parameters of ${module.name} are a mapping or a text, not ${describeNode(yaml, value)}`, { code: INVALID, ...(hint === undefined ? {} : { hint }) });
  }
  // command, however it is written, checks its own line.
  if (module.name !== 'command' && hasOpenQuote(value.value)) throw yamlError(yaml, value, `${module.name}: a quote in this text is not closed`, { code: INVALID, hint: module.name === 'shell' ? 'close it, or write the text below its name:  cmd: "…"' : 'close it' });
  const isCommand = COMMANDS.has(module.name);
  const { pairs, rest: written } = splitKeyValues(value.value, isCommand);
  // shell's result shows its command with every space.
  const rest = isCommand ? written : written.trim();
  for (const [name, text] of pairs) {
    if (name.includes('{{') && !name.includes('}}')) {
      throw yamlError(yaml, value, `${module.name}: Ansible takes the "=" in this template for a pair of a name and a value`, { code: INVALID, hint: (module.freeForm ?? '') === '' ? 'write the parameters as a mapping' : `write it below its name:  ${module.freeForm}: "{{ … }}"` });
    }
    if (nodes.has(name)) throw yamlError(yaml, value, `the parameter "${name}" is given twice`, { code: INVALID, hint: 'remove one' });
    nodes.set(name, { key: name, keyNode: value, value: part(value, text) });
  }
  if (rest !== '') {
    if (module.freeForm === undefined) {
      throw yamlError(yaml, value, `the parameters of ${module.name} are pairs, and "${rest}" is none`, { code: INVALID, hint: `${module.name}:  and below it, indented, one "name: value" a line` });
    }
    nodes.set(module.freeForm, { ...entry, value: rest === value.value ? value : part(value, rest) });
  }
  return nodes;
}

/** A piece of a string, with the string's place. */
function part(of: Scalar, text: string): Scalar {
  const node = new Scalar(text);
  if (of.range !== undefined) node.range = of.range;
  if (of.type !== undefined) node.type = of.type;
  return node;
}

function loadArgument(yaml: YamlFile, module: AnyModule, name: string, item: MapEntry): Argument {
  const parameter = module.parameters[name];
  if (parameter?.type === 'conditions') return { kind: 'conditions', conditions: Condition.listFromYaml(yaml, item.value) };
  if (parameter?.type === 'expression') {
    const written = compileNode(yaml, item.value);
    // A template makes the expression's text: a name, most often.
    return written instanceof Template ? { kind: 'named-expression', template: written } : { kind: 'expression', expression: Condition.fromYaml(yaml, item.value, true) };
  }
  const node = resolveAlias(yaml, item.value);
  const value = compileNode(yaml, node);
  if (parameter?.type === 'mode' && typeof value === 'number' && node !== null && !/^0/.test(yaml.text.slice(node.range?.[0]))) {
    throw yamlError(yaml, node, `${name}: ${value} is a decimal number, which is not what its digits say`, { code: UNSUPPORTED, hint: `write octal digits in quotes: '0${value}'` });
  }
  if (parameter !== undefined && !holdsTemplate(value)) located(yaml, item.value ?? item.keyNode, () => convertParameter(name, parameter, value));
  const error = yamlError(yaml, item.value ?? item.keyNode, '');
  // set_fact: "{{ name }}": value
  const keyTemplate = module.takesAnyName === true && name.includes('{{') ? compileText(TemplateSource.fromYaml(yaml, item.keyNode, name)) : undefined;
  return { kind: 'value', value, ...(keyTemplate instanceof Template ? { keyTemplate } : {}), place: error.place, sourceLine: error.sourceLine };
}

export function holdsTemplate(value: unknown): boolean {
  if (value instanceof Template) return true;
  if (Array.isArray(value)) return value.some(holdsTemplate);
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsTemplate);
}

/** A parameter's mistake, with its place. */
function located(yaml: YamlFile, node: Node, read: () => void): void {
  try {
    read();
  } catch (error) {
    throw error instanceof ParameterError ? yamlError(yaml, node, error.message, { code: UNSUPPORTED, hint: error.hint }) : error;
  }
}
