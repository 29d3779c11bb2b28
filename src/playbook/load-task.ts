// What comes in: the mapping of a task, a handler or a block. What goes out: the task, every key and parameter of it checked.
// Guaranteed: exactly one module; parameters that hold no template are checked as far as they can be, before any host is touched.
import { isMap, isScalar, type Node } from 'yaml';
import { type MapEntry, resolveAlias, type YamlFile, yamlError, yamlPlace } from '../base/yaml.js';
import { didYouMean } from '../base/near-names.js';
import { moduleNamed, modules } from '../modules/index.js';
import type { AnyModule } from '../modules/module.js';
import { convertParameter, ParameterError, parameterName } from '../modules/params.js';
import { Condition } from './condition.js';
import { unsupportedTaskKeys } from './keys.js';
import type { Argument, Block, Step, Task, WrittenVars } from './playbook.js';
import { booleanOf, countOf, type Entries, entriesOf, INVALID, itemsOf, keyError, templatedBooleanOf, textOf, textsOf, UNSUPPORTED } from './read-keys.js';
import { compileNode, Template } from './template.js';

const COMMON = ['name', 'when', 'vars', 'become', 'become_user', 'become_method', 'ignore_errors', 'check_mode', 'no_log', 'tags'];
const BLOCK = [...COMMON, 'block', 'rescue', 'always'];
const TASK = [...COMMON, 'args', 'register', 'loop', 'loop_control', 'changed_when', 'failed_when', 'until', 'retries', 'delay', 'notify'];
const HANDLER = [...TASK, 'listen'];
/** playbook/task.py: with until and no retries. */
const DEFAULT_RETRIES = 3;
const DEFAULT_DELAY_SEC = 5;

export function loadSteps(yaml: YamlFile, node: Node | null, what: string): Step[] {
  return itemsOf(yaml, node, what).map((item) => {
    const entries = entriesOf(yaml, item, 'a task');
    return entries.has('block') ? loadBlock(yaml, item, entries) : loadTask(yaml, item, entries, 'task');
  });
}

export function loadHandlers(yaml: YamlFile, node: Node | null): Task[] {
  return itemsOf(yaml, node, 'handlers').map((item) => {
    const entries = entriesOf(yaml, item, 'a handler');
    if (entries.has('block')) throw yamlError(yaml, entries.get('block')?.keyNode ?? item, 'a block cannot be a handler', { code: UNSUPPORTED, hint: 'give each task its own handler; listen: notifies them together' });
    return loadTask(yaml, item, entries, 'handler');
  });
}

function loadBlock(yaml: YamlFile, node: Node, entries: Entries): Block {
  for (const [key, entry] of entries) if (!BLOCK.includes(key)) throw keyError(yaml, entry, 'block', BLOCK, unsupportedTaskKeys);
  const steps = (key: string) => loadSteps(yaml, entries.get(key)?.value ?? null, key);
  return { kind: 'block', ...inherited(yaml, node, entries), tasks: steps('block'), rescue: steps('rescue'), always: steps('always') };
}

function loadTask(yaml: YamlFile, node: Node, entries: Entries, what: 'task' | 'handler'): Task {
  const known = what === 'task' ? TASK : HANDLER;
  const { module, entry } = findModule(yaml, node, entries, what, known);
  const rawName = entries.has('name') ? compileNode(yaml, entries.get('name')?.value ?? null) : module.name;
  const register = textOf(yaml, entries, 'register');
  if (register !== undefined && !/^[A-Za-z_]\w*$/.test(register)) {
    throw yamlError(yaml, entries.get('register')?.value ?? node, `"${register}" is not a name for a variable`, { code: INVALID, hint: 'letters, digits and underscores' });
  }
  const conditions = (key: string) => (entries.has(key) ? Condition.listFromYaml(yaml, entries.get(key)?.value ?? null) : undefined);
  const until = conditions('until');
  checkRetries(yaml, entries);
  if (module.name === 'meta') checkMeta(yaml, entry, entries, what);
  return {
    kind: 'task',
    ...inherited(yaml, node, entries),
    name: rawName instanceof Template ? rawName : String(rawName ?? module.name),
    module,
    args: loadArguments(yaml, module, entry, entries.get('args')),
    register,
    loop: entries.has('loop') ? compileNode(yaml, entries.get('loop')?.value ?? null) : undefined,
    loopVar: loopVariable(yaml, entries.get('loop_control')),
    changedWhen: conditions('changed_when'),
    failedWhen: conditions('failed_when'),
    until,
    retries: until === undefined ? 0 : (countOf(yaml, entries, 'retries') ?? DEFAULT_RETRIES),
    delaySec: countOf(yaml, entries, 'delay') ?? DEFAULT_DELAY_SEC,
    notify: textsOf(yaml, entries, 'notify'),
    listen: textsOf(yaml, entries, 'listen'),
  };
}

/** Without until newer Ansible retries what fails and older does not; with 0 retries neither looks at until (executor/task_executor.py). */
function checkRetries(yaml: YamlFile, entries: Entries): void {
  for (const key of ['retries', 'delay']) {
    const entry = entries.get(key);
    if (entry !== undefined && !entries.has('until')) throw yamlError(yaml, entry.keyNode, `${key} without until is not supported`, { code: UNSUPPORTED, hint: 'say when it is done: `until: name_of_register is not failed`' });
  }
  if (countOf(yaml, entries, 'retries') === 0) {
    throw yamlError(yaml, entries.get('retries')?.value ?? null, 'with 0 retries until does not count', { code: UNSUPPORTED, hint: 'leave out both and use failed_when, or write at least 1' });
  }
}

/** The engine runs it for all hosts at once, so nothing can hang on it. */
function checkMeta(yaml: YamlFile, module: MapEntry, entries: Entries, what: string): void {
  if (what === 'handler') throw yamlError(yaml, module.keyNode, 'meta cannot be a handler', { code: UNSUPPORTED, hint: 'write it into tasks:' });
  for (const [key, entry] of entries) {
    if (entry.keyNode !== module.keyNode && !['name', 'tags', 'args'].includes(key)) throw yamlError(yaml, entry.keyNode, `the key "${key}" does not count for meta`, { code: UNSUPPORTED, hint: 'leave it out' });
  }
}

function inherited(yaml: YamlFile, node: Node, entries: Entries) {
  checkBecome(yaml, entries);
  const tag = textsOf(yaml, entries, 'tags').flatMap((text) => text.split(',')).find((text) => text.trim() === 'never');
  if (tag !== undefined) throw yamlError(yaml, entries.get('tags')?.value ?? node, 'the tag never is not supported yet', { code: UNSUPPORTED, hint: 'use `when` with a variable' });
  return {
    when: entries.has('when') ? Condition.listFromYaml(yaml, entries.get('when')?.value ?? null) : [],
    vars: loadVars(yaml, entries.get('vars')),
    become: booleanOf(yaml, entries, 'become'),
    ignoreErrors: templatedBooleanOf(yaml, entries, 'ignore_errors'),
    checkMode: booleanOf(yaml, entries, 'check_mode'),
    noLog: booleanOf(yaml, entries, 'no_log'),
    place: yamlPlace(yaml, node),
  };
}

/** Becoming root with sudo is all there is. */
export function checkBecome(yaml: YamlFile, entries: Entries): void {
  for (const [key, supported] of [['become_user', 'root'], ['become_method', 'sudo']] as const) {
    const value = textOf(yaml, entries, key);
    if (value !== undefined && value !== supported) {
      throw yamlError(yaml, entries.get(key)?.value ?? null, `${key}: ${value} is not supported yet`, { code: UNSUPPORTED, hint: `write ${key}: ${supported}, or leave it out` });
    }
  }
}

export function loadVars(yaml: YamlFile, entry: MapEntry | undefined): WrittenVars {
  if (entry === undefined || entry.value === null) return {};
  const vars: Record<string, unknown> = {};
  for (const [name, { keyNode, value }] of entriesOf(yaml, entry.value, 'vars')) {
    if (!/^[A-Za-z_]\w*$/.test(name)) throw yamlError(yaml, keyNode, `"${name}" is not a name for a variable`, { code: INVALID, hint: 'letters, digits and underscores' });
    vars[name] = compileNode(yaml, value);
  }
  return vars;
}

function findModule(yaml: YamlFile, node: Node, entries: Entries, what: string, known: readonly string[]) {
  const others = [...entries.values()].filter((entry) => !known.includes(String(entry.key)));
  const found: { module: AnyModule; entry: MapEntry }[] = [];
  for (const entry of others) {
    const written = String(entry.key);
    const module = moduleNamed(written);
    if (module !== undefined) found.push({ module, entry });
    else if (Object.hasOwn(unsupportedTaskKeys, written.replace(/^ansible\.builtin\./, ''))) {
      throw keyError(yaml, { ...entry, key: written.replace(/^ansible\.builtin\./, '') }, what, known, unsupportedTaskKeys);
    }
  }
  const unknown = others.find((entry) => !found.some((one) => one.entry === entry));
  if (unknown !== undefined) {
    const names = [...modules.keys()];
    const written = String(unknown.key);
    const hint = didYouMean(written, [...names, ...known]) ?? `modules: ${names.join(', ')}`;
    const message = found.length === 0 ? `the module "${written}" is not supported` : `a ${what} has no key "${written}"`;
    throw yamlError(yaml, unknown.keyNode, message, { code: found.length === 0 ? UNSUPPORTED : INVALID, hint });
  }
  const [first, second] = found;
  if (first === undefined) throw yamlError(yaml, node, `this ${what} names no module`, { code: INVALID, hint: `modules: ${[...modules.keys()].join(', ')}` });
  if (second !== undefined) throw yamlError(yaml, second.entry.keyNode, `this ${what} names two modules: ${first.module.name} and ${second.module.name}`, { code: INVALID, hint: 'write two tasks' });
  return first;
}

function loadArguments(yaml: YamlFile, module: AnyModule, entry: MapEntry, args: MapEntry | undefined): Record<string, Argument> {
  const nodes = new Map<string, MapEntry>();
  const value = resolveAlias(yaml, entry.value);
  if (isMap(value)) for (const [name, item] of entriesOf(yaml, value, module.name)) nodes.set(name, item);
  else if (isScalar(value) && value.value !== null) {
    if (module.freeForm === undefined) {
      throw yamlError(yaml, value, `the parameters of ${module.name} are written as a mapping`, { code: UNSUPPORTED, hint: `${module.name}:  and below it, indented, one "name: value" a line` });
    }
    nodes.set(module.freeForm, { ...entry, value });
  } else if (value !== null && !isScalar(value)) throw yamlError(yaml, value, `the parameters of ${module.name} are a mapping, not a list`, { code: INVALID });
  if (args !== undefined) {
    for (const [name, item] of entriesOf(yaml, args.value, 'args')) {
      if (nodes.has(name)) throw twice(yaml, item.keyNode, name);
      nodes.set(name, item);
    }
  }

  const result: Record<string, Argument> = {};
  const written: Record<string, unknown> = {};
  for (const [name, item] of nodes) {
    located(yaml, item.keyNode, () => {
      const canonical = module.takesAnyName === true ? name : parameterName(module.parameters, name);
      if (Object.hasOwn(result, canonical)) throw twice(yaml, item.keyNode, canonical);
      result[canonical] = loadArgument(yaml, module, canonical, item);
      const scalar = resolveAlias(yaml, item.value);
      written[canonical] = isScalar(scalar) ? scalar.value : compileNode(yaml, item.value);
    });
  }
  for (const [name, parameter] of Object.entries(module.parameters)) {
    if (parameter.required === true && result[name] === undefined) throw yamlError(yaml, entry.keyNode, `${module.name} needs the parameter "${name}"`, { code: INVALID });
  }
  const wrong = module.checkWritten?.(written);
  if (wrong !== undefined) {
    const place = (wrong.parameter === undefined ? undefined : nodes.get(wrong.parameter)?.value) ?? entry.keyNode;
    throw yamlError(yaml, place, `${module.name}: ${wrong.message}`, { code: UNSUPPORTED, hint: wrong.hint });
  }
  return result;
}

function twice(yaml: YamlFile, node: Node, name: string) {
  return yamlError(yaml, node, `the parameter "${name}" is given twice`, { code: INVALID, hint: 'remove one' });
}

function loadArgument(yaml: YamlFile, module: AnyModule, name: string, item: MapEntry): Argument {
  const parameter = module.parameters[name];
  if (parameter?.type === 'conditions') return { kind: 'conditions', conditions: Condition.listFromYaml(yaml, item.value) };
  if (parameter?.type === 'expression') return { kind: 'expression', expression: Condition.fromYaml(yaml, item.value) };
  const node = resolveAlias(yaml, item.value);
  const value = compileNode(yaml, node);
  if (parameter?.type === 'mode' && typeof value === 'number' && node !== null && !/^0/.test(yaml.text.slice(node.range?.[0]))) {
    throw yamlError(yaml, node, `${name}: ${value} is a decimal number, which is not what its digits say`, { code: UNSUPPORTED, hint: `write octal digits in quotes: '0${value}'` });
  }
  if (parameter !== undefined && !holdsTemplate(value)) located(yaml, item.value ?? item.keyNode, () => convertParameter(name, parameter, value));
  const error = yamlError(yaml, item.value ?? item.keyNode, '');
  return { kind: 'value', value, place: error.place, sourceLine: error.sourceLine };
}

function holdsTemplate(value: unknown): boolean {
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

function loopVariable(yaml: YamlFile, entry: MapEntry | undefined): string {
  if (entry === undefined) return 'item';
  const entries = entriesOf(yaml, entry.value, 'loop_control');
  for (const [key, item] of entries) {
    if (key !== 'loop_var') throw keyError(yaml, item, 'loop_control', ['loop_var'], { label: 'leave it out', pause: 'leave it out', index_var: 'leave it out', extended: 'leave it out' });
  }
  return textOf(yaml, entries, 'loop_var') ?? 'item';
}
