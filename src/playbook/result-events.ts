// What comes in: a task's result on a host. What goes out: the event that tells it. Guaranteed: what no_log hides is in no part of it.
import { printable } from '../base/host-text.js';
import type { TaskResultEvent, TaskStatus } from '../base/playbook-events.js';
import type { TaskResult } from './task-result.js';

const CENSORED = "the output has been hidden due to the fact that 'no_log: true' was specified for this result";
const HIDDEN_ITEM = '(censored due to no_log)';
/** What may be seen although the rest is hidden (executor/task_result.py). */
const KEPT = ['attempts', 'changed', 'retries'];

export interface ToldTask {
  readonly id: number;
  readonly name: string;
  readonly action: string;
}

export function resultEvent(task: ToldTask, host: string, result: TaskResult, part: TaskResultEvent['part'], label?: string): TaskResultEvent {
  const { noLog } = result;
  const isBad = result.failed || result.unreachable;
  const message = noLog ? (isBad ? 'hidden (no_log)' : '') : result.msg;
  return {
    host,
    task: task.name,
    taskId: task.id,
    status: statusOf(result, part),
    part,
    message: printable(message),
    result: shownResult(result, task.action),
    shows: noLog && result.shows === 'always' ? 'verbose' : result.shows,
    action: task.action,
    isIgnored: result.isIgnored && part !== 'item',
    warnings: result.warnings.map(printable),
    ...(label === undefined ? {} : { item: noLog ? HIDDEN_ITEM : printable(label) }),
    ...(noLog || result.diff === undefined ? {} : { diff: printable(result.diff) }),
    ...(noLog || result.hint === undefined ? {} : { hint: result.hint }),
    ...(result.delegatedTo === undefined || result.delegatedTo === host ? {} : { delegatedTo: result.delegatedTo, ...(result.delegatedAt === undefined || result.delegatedAt === result.delegatedTo ? {} : { delegatedAt: result.delegatedAt }) }),
  };
}

/** Whether a failure is ignored is said of the whole loop, not of its items. */
function statusOf(result: TaskResult, part: TaskResultEvent['part']): TaskStatus {
  if (result.unreachable) return 'unreachable';
  if (result.failed) return result.isIgnored && part !== 'item' ? 'ignored' : 'failed';
  return result.skipped ? 'skipped' : result.changed ? 'changed' : 'ok';
}

/** As callbacks get it (executor/task_result.py, clean_copy), and as the default one shows it (_clean_results). */
function shownResult({ registered, noLog, unreachable }: TaskResult, action: string): Record<string, unknown> {
  const isDebug = /^(ansible\.(builtin|legacy)\.)?debug$/.test(action);
  if (noLog) return { censored: CENSORED, ...Object.fromEntries(KEPT.filter((key) => !(isDebug && key === 'changed') && Object.hasOwn(registered, key)).map((key) => [key, registered[key]])), ...(unreachable ? { unreachable: true } : {}) };
  const hidden = ['failed', 'skipped', 'invocation', 'exception', 'warnings'];
  const shown = Object.entries(registered).filter(([key]) => !hidden.includes(key));
  if (!isDebug) return Object.fromEntries(shown);
  if (Object.hasOwn(registered, 'msg')) return { msg: registered.msg };
  return Object.fromEntries(shown.filter(([key]) => !['changed', 'skip_reason', 'ansible_loop_var', 'ansible_index_var', 'ansible_loop'].includes(key)));
}
