// What comes in: a task that failed on a host, or could not reach it. What goes out: the error that the run keeps of that host. Pure.
// Guaranteed: nothing of a task with no_log but its name; the place is that of the mistake where it has one, else the task's.
import { FleetTapError } from '../base/errors.js';
import { printable } from '../base/host-text.js';
import type { TaskBase } from './playbook.js';
import type { TaskResult } from './task-result.js';

/** @param name of the task, as it is told */
export function failureOf(name: string, task: Pick<TaskBase, 'place'>, result: TaskResult, host: string): FleetTapError {
  if (result.unreachable) return result.error ?? new FleetTapError('unreachable', 'connection-lost', result.msg, { place: { host } });
  const sourceLine = result.noLog ? undefined : result.error?.sourceLine;
  const hint = result.noLog ? undefined : result.hint;
  const message = result.noLog ? 'failed; its output is hidden (no_log)' : printable(result.msg);
  const details = { place: { host, ...(result.error?.place ?? task.place) }, ...(sourceLine === undefined ? {} : { sourceLine }), ...(hint === undefined ? {} : { hint }) };
  return new FleetTapError('host', result.error?.code ?? 'task-failed', `${name}: ${message}`, details);
}

/** Of a host that has not failed itself, where another one has and `any_errors_fatal` holds. */
export function takenAlong(name: string, { place }: Pick<TaskBase, 'place'>, host: string): FleetTapError {
  return new FleetTapError('host', 'task-failed', `${name}: another host failed, and any_errors_fatal takes this one out of the plays that follow`, { place: { host, ...place } });
}
