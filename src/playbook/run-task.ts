// What comes in: a task and a host's variables. What goes out: the task's result on that host. One round trip for each item, none for local modules.
// Guaranteed: a mistake in an expression, a module's failure and a lost connection are results or errors of this host only; what is registered
// is plain data.
import { FleetTapError } from '../base/errors.js';
import { type ActionHost, finishPlan, type ModuleContext, type ModuleResult } from '../modules/module.js';
import { convertParameters, ParameterError } from '../modules/params.js';
import type { Session } from '../ssh/session.js';
import { firstFalse } from './condition.js';
import { splitLines } from './expression/methods-text.js';
import { Omit } from './expression/kinds.js';
import { diffText } from './diff-text.js';
import type { LocalFiles } from './local-files.js';
import type { Condition } from './condition.js';
import type { Task } from './playbook.js';
import { render, Template } from './template.js';
import type { Scope } from './variables.js';

/** What a task gives, as `register` keeps it. */
export type Registered = Readonly<Record<string, unknown>> & { readonly changed: boolean };

export interface TaskResult {
  readonly changed: boolean;
  readonly failed: boolean;
  readonly skipped: boolean;
  readonly registered: Registered;
  readonly msg: string;
  readonly hint: string | undefined;
  readonly diff: string | undefined;
  readonly warnings: readonly string[];
  /** Of set_fact. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** The mistake, when it was one of the playbook's expressions or a lost answer. */
  readonly error: FleetTapError | undefined;
}

export interface TaskHost {
  readonly check: boolean;
  readonly diff: boolean;
  readonly become: boolean;
  readonly noLog: boolean;
  session(): Promise<Session>;
  readonly files: LocalFiles;
  readonly action: Pick<ActionHost, 'reconnect' | 'gatherFacts' | 'ask'>;
  sleep(sec: number): Promise<void>;
  /** Called for each item of a loop. */
  itemDone(item: unknown, result: TaskResult): void;
}

/** @throws FleetTapError kind `unreachable` only */
export async function runTask(task: Task, when: readonly Condition[], scope: Scope, host: TaskHost): Promise<TaskResult> {
  try {
    if (task.loop === undefined) return await runItem(task, when, scope, host);
    const items = loopItems(task, when, scope);
    return items === undefined ? skippedResult('the condition is false') : await runLoop(task, when, items, scope, host);
  } catch (error) {
    return failedResult(error);
  }
}

async function runLoop(task: Task, when: readonly Condition[], items: readonly unknown[], scope: Scope, host: TaskHost): Promise<TaskResult> {
  if (items.length === 0) return { ...skippedResult('No items in the list'), registered: { changed: false, skipped: true, skipped_reason: 'No items in the list', results: [] } };
  const results: TaskResult[] = [];
  for (const item of items) {
    const result = await runItem(task, when, scope.with({ [task.loopVar]: item, ansible_loop_var: task.loopVar }), host).catch(failedResult);
    results.push(result);
    host.itemDone(item, result);
  }
  const failed = results.filter((result) => result.failed);
  const changed = results.some((result) => result.changed);
  const skipped = results.every((result) => result.skipped);
  const registeredResults = results.map((result, index) => ({ ...result.registered, [task.loopVar]: items[index], ansible_loop_var: task.loopVar }));
  const msg = failed.length > 0 ? failed[0]?.msg ?? '' : 'All items completed';
  return {
    changed,
    failed: failed.length > 0,
    skipped,
    registered: { changed, results: registeredResults, msg: failed.length > 0 ? 'One or more items failed' : 'All items completed', ...(skipped ? { skipped: true } : {}), ...(failed.length > 0 ? { failed: true } : { failed: false }) },
    msg,
    hint: failed[0]?.hint,
    diff: undefined,
    warnings: results.flatMap((result) => result.warnings),
    facts: Object.assign({}, ...results.map((result) => result.facts)) as Record<string, unknown>,
    error: failed[0]?.error,
  };
}

/** undefined: the list cannot be made, and the task does not run here anyway (Ansible asks `when` then, task_executor.py). */
function loopItems(task: Task, when: readonly Condition[], scope: Scope): readonly unknown[] | undefined {
  let items: unknown;
  try {
    items = render(task.loop, scope);
  } catch (error) {
    if (error instanceof FleetTapError && error.code === 'expression-undefined' && isCertainlyFalse(when, scope)) return undefined;
    throw error;
  }
  if (Array.isArray(items)) return items;
  const message = `loop takes a list, not ${JSON.stringify(items)?.slice(0, 60)}`;
  throw task.loop instanceof Template ? task.loop.source.failure(0, message, 'expression-failed', 'make a list of it: [value], or | list') : new FleetTapError('host', 'expression-failed', message, { place: task.place });
}

function isCertainlyFalse(when: readonly Condition[], scope: Scope): boolean {
  try {
    return firstFalse(when, scope) !== undefined;
  } catch {
    return false;
  }
}

async function runItem(task: Task, when: readonly Condition[], scope: Scope, host: TaskHost): Promise<TaskResult> {
  const stopped = firstFalse(when, scope);
  if (stopped !== undefined) {
    const registered = { changed: false, skipped: true, skip_reason: 'Conditional result was False', false_condition: stopped.text };
    return { ...skippedResult(`not here: ${stopped.text}`), registered };
  }
  for (let attempt = 1; ; attempt += 1) {
    if (task.until === undefined) return await runOnce(task, scope, host, {});
    const result = await runOnce(task, scope, host, { attempts: attempt });
    const isDone = firstFalse(task.until, scope.with(task.register === undefined ? {} : { [task.register]: result.registered })) === undefined;
    if (isDone) return result;
    // As Ansible counts: attempts behind the first; and where failed_when has spoken, that stands (executor/task_result.py).
    if (attempt > task.retries) return { ...result, failed: task.failedWhen === undefined || result.failed, registered: { ...result.registered, attempts: task.retries, failed: true }, msg: result.msg === '' ? `not as wanted after ${attempt} attempts` : result.msg };
    await host.sleep(task.delaySec);
  }
}

async function runOnce(task: Task, scope: Scope, host: TaskHost, more: { readonly attempts?: number }): Promise<TaskResult> {
  const raw = await runModule(task, scope, host);
  let changed = raw.changed;
  let failed = raw.failed === true;
  let failedWhen: boolean | undefined;
  const toRegister = (): Registered => ({
    ...withLines(raw.values ?? {}),
    ...more,
    changed,
    failed,
    ...(raw.skipped === true ? { skipped: true } : {}),
    ...(raw.msg === undefined ? {} : { msg: raw.msg }),
    ...(raw.diff === undefined ? {} : { diff: raw.diff }),
    ...(failedWhen === undefined ? {} : { failed_when_result: failedWhen }),
  });
  const names = () => (task.register === undefined ? scope : scope.with({ [task.register]: toRegister() }));
  if (raw.skipped !== true) {
    if (task.changedWhen !== undefined) changed = firstFalse(task.changedWhen, names()) === undefined;
    if (task.failedWhen !== undefined) failed = failedWhen = firstFalse(task.failedWhen, names()) === undefined;
  }
  const msg = raw.msg ?? (failedWhen === true ? `failed_when holds: ${task.failedWhen?.map(({ text }) => text).join(' and ')}` : '');
  return { changed, failed, skipped: raw.skipped === true, registered: toRegister(), msg, hint: raw.hint, diff: raw.diff === undefined ? undefined : diffText(raw.diff), warnings: raw.warnings ?? [], facts: raw.facts ?? {}, error: undefined };
}

async function runModule(task: Task, scope: Scope, host: TaskHost): Promise<ModuleResult> {
  const context: ModuleContext = { check: host.check, diff: host.diff, noLog: host.noLog, hostName: String(scope.get('inventory_hostname')), localFolder: String(scope.get('playbook_dir')), findLocal: (folder, path) => host.files.find(folder, path), renderTemplate: (path, more = {}, options) => host.files.render(path, scope.with(more), options), readVars: (path) => host.files.readVars(path) };
  const values: Record<string, unknown> = {};
  for (const [name, argument] of Object.entries(task.args)) {
    if (argument.kind === 'conditions') values[name] = argument.conditions.map((condition) => ({ text: condition.text, holds: condition.holds(scope) }));
    else if (argument.kind === 'expression') values[name] = { text: argument.expression.text, value: argument.expression.value(scope) };
    else {
      const value = render(argument.value, scope);
      if (!(value instanceof Omit)) values[name] = value;
    }
  }
  try {
    const params = task.module.takesAnyName === true ? values : convertParameters(task.module.parameters, values);
    const plan = await task.module.plan(params as never, context);
    const run: ActionHost['run'] = async (script, options) => (await host.session()).run(script, { become: host.become, ...options });
    return await finishPlan(plan, { ...host.action, run, sleep: (sec) => host.sleep(sec) });
  } catch (error) {
    if (!(error instanceof ParameterError)) throw error;
    const argument = error.parameter === undefined ? undefined : task.args[error.parameter];
    const details = argument?.kind === 'value' ? { place: argument.place, ...(argument.sourceLine === undefined ? {} : { sourceLine: argument.sourceLine }) } : { place: task.place };
    throw new FleetTapError('host', 'parameter-invalid', `${task.module.name}: ${error.message}`, { ...details, ...(error.hint === undefined ? {} : { hint: error.hint }) });
  }
}

/** stdout_lines for every module that has a stdout (plugins/action/__init__.py). */
function withLines(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const lines: Record<string, unknown> = {};
  for (const name of ['stdout', 'stderr']) {
    const text = values[name];
    if (typeof text === 'string' && !Object.hasOwn(values, `${name}_lines`)) lines[`${name}_lines`] = splitLines(text);
  }
  return { ...values, ...lines };
}

function skippedResult(msg: string): TaskResult {
  const registered = { changed: false, skipped: true, skip_reason: 'Conditional result was False' };
  return { changed: false, failed: false, skipped: true, registered, msg, hint: undefined, diff: undefined, warnings: [], facts: {}, error: undefined };
}

function failedResult(error: unknown): TaskResult {
  if (error instanceof FleetTapError && error.kind === 'unreachable') throw error;
  const known = error instanceof FleetTapError ? error : undefined;
  const msg = error instanceof Error ? error.message : String(error);
  return { changed: false, failed: true, skipped: false, registered: { changed: false, failed: true, msg }, msg, hint: known?.hint, diff: undefined, warnings: [], facts: {}, error: known };
}
