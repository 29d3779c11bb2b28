// What comes in: the mapping of a task or a handler. What goes out: the task, every key and parameter of it checked.
// Guaranteed: exactly one module; parameters that hold no template are checked as far as they can be, before any host is touched.
import { isMap, isScalar, type Node } from 'yaml';
import { didYouMean } from '../base/near-names.js';
import { isVariableName, VARIABLE_NAME_HINT } from '../base/variable-name.js';
import { type MapEntry, resolveAlias, type YamlFile, yamlError, yamlPlace } from '../base/yaml.js';
import { moduleNamed, modules } from '../modules/index.js';
import { insteadOf } from '../modules/instead.js';
import type { AnyModule } from '../modules/module.js';
import { checkValues } from './check-values.js';
import { Condition } from './condition.js';
import { inherited, readDirectives } from './directives.js';
import { COMMON_KEYS, OWN_TASK_KEYS, unsupportedTaskKeys } from './keys.js';
import { loadArguments, writtenArguments } from './load-arguments.js';
import type { LoadContext } from './load-context.js';
import { LOOP_KEYS, loadLoop } from './load-loop.js';
import type { Meta, MetaAction, Task, TaskBase } from './playbook.js';
import { type Entries, INVALID, keyError, textOf, textsOf, UNSUPPORTED } from './read-keys.js';
import { defaultsOf } from './module-defaults.js';
import { compileNode, Template } from './template.js';

const TASK_KEYS = [...COMMON_KEYS, ...LOOP_KEYS, ...OWN_TASK_KEYS];
const HANDLER_KEYS = [...TASK_KEYS, 'listen'];
const META_ACTIONS: readonly string[] = ['flush_handlers', 'noop', 'end_play', 'end_host', 'end_batch', 'clear_host_errors', 'clear_facts', 'refresh_inventory', 'reset_connection', 'end_role'] satisfies MetaAction[];
const MODULE_LIST = 'docs/modules.md lists the modules';
/** They bring tasks, and are no modules. */
export const INCLUDES = ['include_tasks', 'import_tasks', 'include_role', 'import_role'];

export function loadTask(context: LoadContext, node: Node, entries: Entries): Task | Meta {
  const { yaml, kind } = context;
  const { module, entry, written } = findModule(yaml, node, entries, kind);
  const base = taskBase(context, node, entries, written);
  if (module.name === 'meta') return loadMeta(yaml, entry, base, kind);
  if (module.runsOnce === true && context.play.isFree) {
    throw yamlError(yaml, entry.keyNode, `${module.name} runs once for all hosts, which strategy: free cannot do`, { code: INVALID, hint: 'put it into a play of its own, without strategy' });
  }
  const conditions = (key: string) => (entries.has(key) ? Condition.listFromYaml(yaml, entries.get(key)?.value ?? null) : undefined);
  const value = (key: string) => (entries.has(key) ? compileNode(yaml, entries.get(key)?.value ?? null) : undefined);
  const { args, more, mayLack } = loadArguments(yaml, module, entry, entries.get('args'), defaultsOf([base.own, ...base.around], module.name));
  const until = conditions('until');
  checkNumber(yaml, entries, 'retries', true);
  checkNumber(yaml, entries, 'delay', false);
  if (value('retries') === 0) {
    throw yamlError(yaml, entries.get('retries')?.value ?? null, 'with 0 retries until does not count', { code: UNSUPPORTED, hint: 'leave out both and use failed_when, or write at least 1' });
  }
  return {
    kind: 'task',
    ...base,
    module,
    args,
    moreArgs: more,
    mayLackArgs: mayLack,
    changedWhen: conditions('changed_when'),
    failedWhen: conditions('failed_when'),
    until,
    retries: value('retries'),
    delaySec: value('delay'),
    notify: inherited([base.own, ...base.around], 'notify'),
  };
}

/** What tasks, includes and meta have in common. */
export function taskBase(context: LoadContext, node: Node, entries: Entries, action: string): TaskBase {
  const { yaml } = context;
  const rawName = entries.has('name') ? compileNode(yaml, entries.get('name')?.value ?? null) : undefined;
  const register = textOf(yaml, entries, 'register');
  if (register !== undefined && !isVariableName(register)) {
    throw yamlError(yaml, entries.get('register')?.value ?? node, `"${register}" is not a name for a variable`, { code: INVALID, hint: VARIABLE_NAME_HINT });
  }
  const own = readDirectives(yaml, entries);
  checkValues(yaml, entries, ['notify', 'delegate_to']);
  const isLocal = entries.has('local_action') && own.delegateTo === undefined;
  return {
    name: rawName instanceof Template ? rawName : rawName === undefined || rawName === null ? undefined : String(rawName),
    action,
    own: isLocal ? { ...own, delegateTo: 'localhost' } : own,
    around: context.around,
    role: context.role,
    loop: loadLoop(yaml, entries),
    register,
    listen: textsOf(yaml, entries, 'listen'),
    place: yamlPlace(yaml, node),
  };
}

/** `ansible.builtin.include_tasks` as `include_tasks`. */
export function shortName(name: string): string {
  return name.replace(/^ansible\.(builtin|legacy)\./, '');
}

function findModule(yaml: YamlFile, node: Node, entries: Entries, what: 'task' | 'handler'): { module: AnyModule; entry: MapEntry; written: string } {
  const known = what === 'task' ? TASK_KEYS : HANDLER_KEYS;
  const action = entries.get('action') ?? entries.get('local_action');
  const others = [...entries.values()].filter(({ key }) => !known.includes(String(key)));
  const found = others.flatMap((entry) => {
    const module = moduleNamed(String(entry.key));
    return module === undefined ? [] : [{ module, entry, written: String(entry.key) }];
  });
  if (action !== undefined) found.push(actionModule(yaml, action));
  const unsupported = others.find(({ key }) => Object.hasOwn(unsupportedTaskKeys, String(key)) && !modules.has(String(key)));
  if (unsupported !== undefined) throw keyError(yaml, unsupported, what, known, unsupportedTaskKeys);
  const unknown = others.find((entry) => !found.some((one) => one.entry === entry));
  if (unknown !== undefined) {
    const written = String(unknown.key);
    if (/^with_\w+\.\w+\.\w+$/.test(written)) throw yamlError(yaml, unknown.keyNode, `the lookup "${written.slice('with_'.length)}" behind with_ is not supported`, { code: UNSUPPORTED, hint: 'write the items into loop:' });
    const message = found.length === 0 ? `the module "${written}" is not supported` : `a ${what} has no key "${written}"`;
    throw yamlError(yaml, unknown.keyNode, message, { code: found.length === 0 ? UNSUPPORTED : INVALID, hint: outdented(written, found) ?? moduleHint(written, known) });
  }
  const [first, second] = found;
  if (first === undefined) throw yamlError(yaml, node, `this ${what} names no module`, { code: INVALID, hint: MODULE_LIST });
  if (second !== undefined) throw yamlError(yaml, second.entry.keyNode, `this ${what} names two modules: ${first.module.name} and ${second.module.name}`, { code: INVALID, hint: 'write two tasks' });
  return first;
}

/** A parameter that stands beside its module. */
function outdented(written: string, found: readonly { readonly module: AnyModule; readonly written: string }[]): string | undefined {
  const of = found.find(({ module }) => Object.entries(module.parameters).some(([name, { aliases }]) => name === written || aliases?.includes(written) === true));
  return of === undefined ? undefined : `it is a parameter of ${of.written}: write it below ${of.written}, indented further`;
}

function moduleHint(written: string, known: readonly string[]): string {
  const advice = /^ansible\.(?:builtin|legacy)\.include$/.test(written) ? unsupportedTaskKeys.include : undefined;
  return advice ?? insteadOf(written) ?? didYouMean(written, [...modules.keys(), ...known]) ?? MODULE_LIST;
}

function actionModule(yaml: YamlFile, entry: MapEntry): { module: AnyModule; entry: MapEntry; written: string } {
  const action = actionOf(yaml, entry);
  const { written } = action;
  if (written.includes('{{')) throw yamlError(yaml, entry.value ?? entry.keyNode, 'the name of a module cannot be a template', { code: UNSUPPORTED, hint: 'name it; package takes what the host has' });
  const module = moduleNamed(written);
  if (module === undefined) throw yamlError(yaml, entry.keyNode, `the module "${written}" is not supported`, { code: UNSUPPORTED, hint: moduleHint(written, []) });
  return { module, ...action };
}

/** The module's name, and the entry as if it stood at that: of `action: copy src=a dest=b`, and of `action: {module: copy, src: a}`. */
export function actionOf(yaml: YamlFile, entry: MapEntry): { entry: MapEntry; written: string } {
  const value = resolveAlias(yaml, entry.value);
  const [, name = '', rest = ''] = isScalar(value) ? (/^\s*(\S+)\s*([\s\S]*)$/.exec(String(value.value)) ?? []) : [];
  const mapped = isMap(value) ? value.items.find(({ key }) => isScalar(key) && key.value === 'module') : undefined;
  const written = mapped === undefined ? name : String(isScalar(mapped.value) ? mapped.value.value : '');
  if (mapped !== undefined && isMap(value)) {
    const clone = value.clone() as typeof value;
    clone.items = value.items.filter((item) => item !== mapped);
    return { written, entry: { ...entry, value: clone } };
  }
  const node = isScalar(value) ? value.clone() : null;
  if (isScalar(node)) node.value = rest;
  return { written, entry: { ...entry, value: node as Node } };
}

function loadMeta(yaml: YamlFile, entry: MapEntry, base: TaskBase, what: 'task' | 'handler'): Meta {
  const action = [...writtenArguments(yaml, entry, { name: 'meta', freeForm: 'action' }).values()][0];
  const value = action === undefined ? undefined : compileNode(yaml, action.value);
  if (what === 'handler' && (value === 'flush_handlers' || value === 'end_role')) throw yamlError(yaml, entry.keyNode, `meta: ${value} cannot be a handler`, { code: INVALID, hint: 'write it into tasks:' });
  if (value === 'end_role' && base.role === undefined) throw yamlError(yaml, entry.keyNode, 'meta: end_role stands outside of a role', { code: INVALID, hint: 'end_host and end_play end more' });
  if (typeof value === 'string' && META_ACTIONS.includes(value)) return { kind: 'meta', ...base, meta: value as MetaAction };
  const hint = (typeof value === 'string' ? didYouMean(value, META_ACTIONS) : undefined) ?? `write one of: ${META_ACTIONS.join(', ')}`;
  throw yamlError(yaml, action?.value ?? entry.keyNode, `meta: ${JSON.stringify(value) ?? 'nothing'} is not supported`, { code: UNSUPPORTED, hint });
}

/** A number that is not negative, or a template. */
function checkNumber(yaml: YamlFile, entries: Entries, key: string, isWhole: boolean): void {
  const entry = entries.get(key);
  const value = entry === undefined ? undefined : compileNode(yaml, entry.value);
  if (entry === undefined || value instanceof Template || (isWhole ? /^\d+$/ : /^\d*\.?\d+$/).test(String(value))) return;
  throw yamlError(yaml, entry.value ?? entry.keyNode, `${key} takes a ${isWhole ? 'whole ' : ''}number`, { code: INVALID });
}
