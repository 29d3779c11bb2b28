// What comes in: the names that tasks notify. What goes out: handlers that are notified, and who is told. Which handlers a name means: handler-book.ts.
import { FleetTapError } from '../base/errors.js';
import { printable } from '../base/host-text.js';
import { didYouMean } from '../base/near-names.js';
import type { Handler, Task } from './playbook.js';
import { INVALID } from './read-keys.js';
import type { HostRun, PlayEngine } from './run-state.js';
import { plainName, taskName } from './task-scope.js';
import { Template } from './template.js';
import type { Scope } from './variables.js';

/**
 * @param isNow a handler does it: what it notifies runs in the same flush; otherwise the name is kept for the next one
 * @returns why nobody is notified: no handler has that name
 */
export function notify(play: PlayEngine, name: string, task: Pick<Task, 'place'>, host: HostRun, names: Scope, isNow: boolean): FleetTapError | undefined {
  const { handlers, run } = play;
  const nameOf = (handler: Handler) => play.handlerName(handler);
  if (!handlers.has(name, nameOf)) return noHandler(play, name, task, host);
  if (!isNow) handlers.save(name, host);
  else for (const handler of handlers.notify(name, host, nameOf)) run.reporter.notified?.(taskName(handler, names), host.host.name);
  return undefined;
}

/** The names that hosts have kept mean the handlers that are there now. */
export function notifySaved(play: PlayEngine, hosts: readonly HostRun[]): void {
  for (const host of hosts) {
    const names = play.scope(undefined, host, {});
    for (const handler of play.handlers.notifySaved(host, (one) => play.handlerName(one))) play.run.reporter.notified?.(taskName(handler, names), host.host.name);
  }
}

/** It ends the run, as in Ansible. */
function noHandler({ handlers, handlerName }: PlayEngine, name: string, { place }: Pick<Task, 'place'>, host: HostRun): FleetTapError {
  const known = handlers.all.flatMap((handler) => handlerName(handler) ?? []);
  const unknown = handlers.all.find((handler) => handler.name instanceof Template && handlerName(handler) === undefined);
  const hint = unknown === undefined ? didYouMean(name, known) : `the name of a handler, "${plainName(unknown, undefined)}", cannot use variables that only hosts have; listen: can be notified`;
  return new FleetTapError('input', INVALID, `no handler has the name "${printable(name)}", which a task on ${host.host.name} notifies`, { place, ...(hint === undefined ? {} : { hint }) });
}
