// What comes in: a task and a host's variables. What goes out: the task's result on that host. One round trip for each item, none for local modules.
// Guaranteed: a mistake in an expression, a module's failure and a lost connection are results of this host only; what is registered is plain data.
import { FleetTapError } from '../base/errors.js';
import { reprString } from '../base/python-repr.js';
import { isVariableName, VARIABLE_NAME_HINT } from '../base/variable-name.js';
import type { ModuleContext, ModulePlan, ModuleResult } from '../modules/module.js';
import { convertParameters, ParameterError } from '../modules/params.js';
import type { Condition } from './condition.js';
import { firstFalse, notDefined } from './condition.js';
import { getAttribute } from './expression/access.js';
import { isMapping, Omit } from './expression/kinds.js';
import { Undefined } from './expression/undefined.js';
import { toPlain, toText } from './expression/values.js';
import type { LocalFiles } from './local-files.js';
import { isInterrupted } from './interruption.js';
import { loopItems } from './loops.js';
import type { Include, Loop, Task } from './playbook.js';
import { type Settings, switchOf } from './settings.js';
import { doneResult, failedResult, loopResult, registeredOf, skippedResult, type TaskResult, UNKNOWN_FAILURE } from './task-result.js';
import { timedOutValues } from './task-limit.js';
import { render, type Template, type TemplateValue } from './template.js';
import type { Scope } from './variables.js';

/** playbook/task.py: with until and no retries. */
const DEFAULT_RETRIES = 3;
const DEFAULT_DELAY_SEC = 5;

/** What a task runs with on a host. */
export interface TaskHost {
  readonly files: LocalFiles;
  settings(scope: Scope): Settings;
  verdict(scope: Scope): Pick<Settings, 'noLog' | 'ignoreErrors'>;
  /** The task is not carried out: its plan is all that is wanted. */
  readonly isAhead: boolean;
  /** Somebody watches programs while they run. */
  readonly isWatched: boolean;
  /** Runs a plan to its end, and puts hosts and groups that the result names into the inventory. */
  finish(plan: ModulePlan, settings: Settings): Promise<ModuleResult>;
  sleep(sec: number): Promise<void>;
  /** Called for each item of a loop. */
  itemDone(label: string, result: TaskResult): void;
  retrying(left: number, settings: Settings): void;
  warn(message: string): void;
}

/** Runs a task, or something else for each item, with its loop and its conditions. Never throws. */
export async function runTask(task: Task, when: readonly Condition[], scope: Scope, host: TaskHost): Promise<TaskResult> {
  return looped(task, when, scope, host, (inner) => runItem(task, when, inner, host));
}

/** The loop around `work`. */
export async function looped(task: Task | Include, when: readonly Condition[], scope: Scope, host: TaskHost, work: (scope: Scope) => Promise<TaskResult>): Promise<TaskResult> {
  if (task.loop === undefined) return work(scope).catch((error: unknown) => failedAs(error, scope, host));
  try {
    const items = await itemsOf(task.loop, when, scope, host, task.action);
    if ('skipped' in items) return { ...items.skipped, noLog: quietNoLog(scope, host) };
    if (items.length === 0) return skippedResult('No items in the list', { changed: false, skipped: true, skipped_reason: 'No items in the list', results: [] });
    return await runLoop(task.loop, items, scope, host, work, task.register);
  } catch (error) {
    return failedAs(error, scope, host);
  }
}

/** A mistake in the loop, in a condition or in a setting: ignored where the task says so. */
function failedAs(error: unknown, scope: Scope, host: TaskHost): TaskResult {
  const result = failedResult(error);
  try {
    const { noLog, ignoreErrors } = host.verdict(scope);
    return { ...result, noLog, isIgnored: result.failed && ignoreErrors && !isInterrupted(result) };
  } catch {
    return result;
  }
}

function isSet(name: string, scope: Scope): boolean {
  try {
    return !(scope.get(name) instanceof Undefined);
  } catch {
    return true;
  }
}

async function runLoop(loop: Loop, items: readonly unknown[], scope: Scope, host: TaskHost, work: (scope: Scope) => Promise<TaskResult>, register: string | undefined): Promise<TaskResult> {
  const control = controlOf(loop, scope);
  if (isSet(control.loopVar, scope)) host.warn(`The loop variable ${reprString(control.loopVar)} is already in use. Give this loop another one: loop_control: {loop_var: NAME}`);
  const pauseSec = Number(render(loop.pauseSec, scope) ?? 0);
  const results: TaskResult[] = [];
  const registered: Record<string, unknown>[] = [];
  let grown = scope;
  const knowing = (outer: Scope, result: TaskResult) => (register === undefined ? outer : outer.with({ [register]: result.registered }));
  for (const [index, item] of items.entries()) {
    if (pauseSec > 0 && index > 0) await host.sleep(pauseSec);
    const own = itemVariables(control, items, index);
    const inner = grown.with(own);
    let result = await work(inner).catch((error: unknown) => failedAs(error, inner, host));
    let label = toText(item);
    try {
      if (loop.label !== undefined) label = toText(render(loop.label, knowing(inner, result)));
    } catch (error) {
      result = { ...result, failed: true, msg: `Failed to template loop_control.label: ${(error as Error).message}`, registered: { ...result.registered, failed: true } };
    }
    result = { ...result, registered: { ...result.registered, ...own } };
    results.push(result);
    registered.push(result.registered);
    // What set_fact has set and include_vars has read goes over everything for the items behind it, and so does what this item has registered.
    if (Object.keys(result.facts).length > 0) grown = grown.with(result.facts);
    for (const effect of result.effects) if (effect.kind === 'include-vars') grown = grown.including(effect.vars);
    grown = knowing(grown, result);
    host.itemDone(label, result);
    if (result.unreachable || isInterrupted(result)) break;
    if (loop.breakWhen.length > 0 && firstFalse(loop.breakWhen, knowing(inner, result)) === undefined) break;
  }
  return loopResult(results, registered);
}

/** What loop_control says, its templates rendered. */
interface LoopNames {
  readonly loopVar: string;
  readonly indexVar: string | undefined;
  readonly isExtended: boolean;
  readonly hasAllItems: boolean;
}

/** @throws FleetTapError kind `host` where a name is none */
export function controlOf(loop: Loop, scope: Scope): LoopNames {
  const name = (key: string, value: TemplateValue) => {
    const text = toText(render(value, scope));
    if (!isVariableName(text)) throw new FleetTapError('host', 'expression-failed', `${key}: ${JSON.stringify(text)} is not a name for a variable`, { place: loop.place, hint: VARIABLE_NAME_HINT });
    return text;
  };
  const indexVar = loop.indexVar === undefined || loop.indexVar === null ? undefined : name('index_var', loop.indexVar);
  return { loopVar: name('loop_var', loop.loopVar), indexVar, isExtended: switchOf(loop.isExtended, scope) === true, hasAllItems: switchOf(loop.hasAllItems, scope) !== false };
}

/** executor/task_executor.py, _run_loop */
function itemVariables(loop: LoopNames, items: readonly unknown[], index: number): Record<string, unknown> {
  const own: Record<string, unknown> = { [loop.loopVar]: items[index], ansible_loop_var: loop.loopVar };
  if (loop.indexVar !== undefined) Object.assign(own, { [loop.indexVar]: index, ansible_index_var: loop.indexVar });
  if (!loop.isExtended) return own;
  const { length } = items;
  own.ansible_loop = {
    index: index + 1, index0: index, first: index === 0, last: index + 1 === length, length, revindex: length - index, revindex0: length - index - 1,
    ...(loop.hasAllItems ? { allitems: items } : {}),
    ...(index + 1 < length ? { nextitem: items[index + 1] } : {}),
    ...(index > 0 ? { previtem: items[index - 1] } : {}),
  };
  return own;
}

/** Skipped: the list cannot be made, and the task does not run here anyway (Ansible asks `when` then, task_executor.py). */
async function itemsOf(loop: Loop, when: readonly Condition[], scope: Scope, host: TaskHost, action: string): Promise<readonly unknown[] | { readonly skipped: TaskResult }> {
  try {
    return await loopItems(loop, scope, host.files, action);
  } catch (error) {
    const skipped = error instanceof FleetTapError && error.code === 'expression-undefined' ? certainlySkipped(when, scope) : undefined;
    if (skipped === undefined) throw error;
    return { skipped };
  }
}

function certainlySkipped(when: readonly Condition[], scope: Scope): TaskResult | undefined {
  try {
    return skippedBy(when, scope);
  } catch {
    return undefined;
  }
}

/** undefined: the conditions hold. */
export function skippedBy(when: readonly Condition[], scope: Scope): TaskResult | undefined {
  const stopped = firstFalse(when, scope);
  if (stopped === undefined) return undefined;
  return skippedResult(`not here: ${stopped.text}`, { changed: false, skipped: true, skip_reason: 'Conditional result was False', false_condition: stopped.text === 'false' ? false : stopped.text });
}

async function runItem(task: Task, when: readonly Condition[], scope: Scope, host: TaskHost): Promise<TaskResult> {
  const skipped = skippedBy(when, scope);
  if (skipped !== undefined) return { ...skipped, noLog: quietNoLog(scope, host) };
  const settings = host.settings(scope);
  const finish = (result: TaskResult): TaskResult => ({ ...result, noLog: settings.noLog, isIgnored: result.unreachable ? settings.ignoreUnreachable : result.failed && settings.ignoreErrors && !isInterrupted(result) });
  try {
    const result = await attempts(task, scope, host, settings);
    const notify = result.changed && task.notify !== undefined ? [render(task.notify, scope)].flat().map(toText) : [];
    return finish({ ...result, notify });
  } catch (error) {
    const result = failedResult(error);
    return finish({ ...result, registered: { ...result.registered, ...timedOutValues(result.error, settings.timeoutSec) }, delegatedTo: settings.delegateTo });
  }
}

/** That of a task that is skipped may be one that cannot be evaluated. */
function quietNoLog(scope: Scope, host: TaskHost): boolean {
  try {
    return host.verdict(scope).noLog;
  } catch {
    return false;
  }
}

async function attempts(task: Task, scope: Scope, host: TaskHost, settings: Settings): Promise<TaskResult> {
  if (task.until === undefined && task.retries === undefined) return runOnce(task, scope, host, settings, undefined);
  const retries = task.retries === undefined ? DEFAULT_RETRIES : Math.max(0, Number(render(task.retries, scope)));
  const delaySec = task.delaySec === undefined ? DEFAULT_DELAY_SEC : Number(render(task.delaySec, scope));
  for (let attempt = 1; ; attempt += 1) {
    const result = await runOnce(task, scope, host, settings, attempt);
    if (result.unreachable) return result;
    // Retries alone: until it has not failed.
    const isDone = task.until === undefined ? !result.failed : firstFalse(task.until, scope.with(task.register === undefined ? {} : { [task.register]: result.registered })) === undefined;
    if (isDone) return result;
    // As Ansible counts: attempts behind the first; and where failed_when has spoken, that stands (executor/task_result.py).
    if (attempt > retries) return { ...result, failed: task.failedWhen === undefined || result.failed, registered: { msg: UNKNOWN_FAILURE, ...result.registered, attempts: retries, failed: true }, msg: result.msg === '' ? `not as wanted after ${attempt} attempts` : result.msg };
    host.retrying(retries + 1 - attempt, settings);
    await host.sleep(delaySec);
  }
}

async function runOnce(task: Task, scope: Scope, host: TaskHost, settings: Settings, attempt: number | undefined): Promise<TaskResult> {
  const raw = await runModule(task, scope, host, settings);
  let changed = raw.changed;
  let failed = raw.failed === true;
  let failedWhen: boolean | undefined;
  const names = () => (task.register === undefined ? scope : scope.with({ [task.register]: registeredOf(raw, { changed, failed, failedWhen, attempts: attempt }) }));
  const done = (msg: string) => doneResult(raw, { changed, failed, failedWhen, attempts: attempt, noLog: settings.noLog, msg, delegatedTo: settings.delegateTo, delegatedAt: settings.delegateAddress, diffContext: settings.diff ? settings.diffContext : undefined });
  if (raw.skipped !== true) {
    let asked = 'changed_when';
    try {
      if (task.changedWhen !== undefined) changed = firstFalse(task.changedWhen, names()) === undefined;
      asked = 'failed_when';
      if (task.failedWhen !== undefined) failed = failedWhen = firstFalse(task.failedWhen, names()) === undefined;
    } catch (error) {
      return withoutVerdict(done(''), asked, error);
    }
  }
  const msg = failedWhen === true ? `failed_when holds: ${task.failedWhen?.map(({ text }) => text).join(' and ')}` : '';
  return done(msg);
}

/** A condition that cannot be evaluated fails the task; what the module has said is kept (executor/task_executor.py). */
function withoutVerdict(result: TaskResult, asked: string, error: unknown): TaskResult {
  const { msg, hint, error: known, registered: failure } = failedResult(error);
  const registered = { ...failure, msg: UNKNOWN_FAILURE, ...result.registered, failed: true, [`${asked}_result`]: `Error while evaluating conditional: ${msg}` };
  return { ...result, failed: true, msg, hint, error: known, registered };
}

async function runModule(task: Task, scope: Scope, host: TaskHost, settings: Settings): Promise<ModuleResult> {
  const { files } = host;
  const context: ModuleContext = {
    check: settings.check,
    diff: settings.diff,
    noLog: settings.noLog,
    isAhead: host.isAhead,
    isShown: host.isWatched && !settings.noLog,
    verbosity: Number(scope.get('ansible_verbosity')) || 0,
    hostName: String(scope.get('inventory_hostname')),
    localFolder: String(scope.get('playbook_dir')),
    findLocal: (folder, path) => files.find(folder, path),
    readLocal: (path) => files.read(path),
    renderTemplate: (path, more = {}, options) => files.render(path, scope.with(more), options),
    readVars: (path) => files.readVars(path),
    variable: (name) => {
      const value = scope.get(name);
      return value instanceof Undefined ? undefined : toPlain(value);
    },
  };
  try {
    const values = argumentValues(task, scope);
    const wrong = task.mayLackArgs ? task.module.checkWritten?.(values) : undefined;
    if (wrong !== undefined) throw new ParameterError(wrong.message, wrong.parameter, wrong.hint);
    const params = task.module.takesAnyName === true ? values : convertParameters(task.module.parameters, values);
    const plan = await task.module.plan(params as never, context);
    return await host.finish(plan, settings);
  } catch (error) {
    if (!(error instanceof ParameterError)) throw error;
    const argument = error.parameter === undefined ? undefined : task.args[error.parameter];
    const details = argument?.kind === 'value' ? { place: argument.place, ...(argument.sourceLine === undefined ? {} : { sourceLine: argument.sourceLine }) } : { place: task.place };
    throw new FleetTapError('host', 'parameter-invalid', error.message, { ...details, ...(error.hint === undefined ? {} : { hint: error.hint }) });
  }
}

function argumentValues(task: Task, scope: Scope): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const more = task.moreArgs === undefined ? {} : render(task.moreArgs, scope);
  if (!isMapping(more)) throw new FleetTapError('host', 'parameter-invalid', 'args is not a mapping', { place: task.place });
  for (const [name, value] of Object.entries(more)) if (!(value instanceof Omit)) values[name] = value;
  for (const [name, argument] of Object.entries(task.args)) {
    // What args: says goes before module_defaults.
    if (argument.kind === 'value' && argument.isDefault === true && Object.hasOwn(values, name)) continue;
    if (argument.kind === 'conditions') values[name] = asFarAsTheyHold(argument.conditions, scope);
    else if (argument.kind === 'named-expression') values[name] = named(argument.template, scope);
    else if (argument.kind === 'expression') values[name] = { text: argument.expression.text, value: argument.expression.value(scope) };
    else {
      const first = render(argument.value, scope);
      const value = first instanceof Omit && argument.otherwise !== undefined ? render(argument.otherwise.value, scope) : first;
      const key = argument.keyTemplate === undefined ? name : toText(render(argument.keyTemplate, scope));
      if (value instanceof Omit) delete values[key];
      else values[key] = withoutOmitted(value);
    }
  }
  return values;
}

/** What stands behind the first that does not hold is not asked: it may be a mistake then. */
function asFarAsTheyHold(conditions: readonly Condition[], scope: Scope): { readonly text: string; readonly holds: boolean }[] {
  const asked = [];
  for (const condition of conditions) {
    asked.push({ text: condition.text, holds: condition.holds(scope) });
    if (asked.at(-1)?.holds === false) break;
  }
  return asked;
}

/** A name, or a path of names, that a template has made: looked up, never parsed as an expression. */
function named(template: Template, scope: Scope): { readonly text: string; readonly value: unknown } {
  const text = toText(render(template, scope));
  if (!/^[A-Za-z_]\w*(\.\w+)*$/.test(text)) throw template.source.failure(0, `${JSON.stringify(text)} is not the name of a variable`, 'expression-failed', 'write the expression itself, without {{ }}; or msg');
  const [first = '', ...path] = text.split('.');
  const value = path.reduce(getAttribute, scope.get(first));
  return { text, value: value instanceof Undefined ? notDefined(value) : toPlain(value) };
}

/** What is omitted inside of a mapping or a list is left out too (utils/vars.py, remove_omit). */
function withoutOmitted(value: unknown): unknown {
  if (Array.isArray(value)) return value.some((item) => item instanceof Omit) ? value.filter((item) => !(item instanceof Omit)) : value;
  if (!isMapping(value) || !Object.values(value).some((item) => item instanceof Omit)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, item]) => !(item instanceof Omit)));
}
