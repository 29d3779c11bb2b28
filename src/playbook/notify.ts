// What comes in: the names that tasks notify. What goes out: handlers that are notified, and who is told. Which handlers a name means: handler-book.ts.
import { printable } from '../base/host-text.js';
import type { Handler } from './playbook.js';
import type { HostRun, PlayEngine } from './run-state.js';
import { plainName, taskName } from './task-scope.js';
import type { Scope } from './variables.js';

/** @param isNow a handler does it: what it notifies runs in the same flush; otherwise the name is kept for the next one */
export function notify({ handlers, run }: PlayEngine, name: string, host: HostRun, names: Scope, isNow: boolean): void {
  const nameOf = (handler: Handler) => plainName(handler, names);
  if (!handlers.has(name, nameOf)) run.reporter.warning(`no handler has the name "${printable(name)}", which a task on ${host.host.name} notifies`);
  if (!isNow) handlers.save(name, host);
  else for (const handler of handlers.notify(name, host, nameOf)) run.reporter.notified?.(taskName(handler, names), host.host.name);
}

/** The names that hosts have kept mean the handlers that are there now. */
export function notifySaved(play: PlayEngine, hosts: readonly HostRun[]): void {
  for (const host of hosts) {
    const names = play.scope(undefined, host, {});
    for (const handler of play.handlers.notifySaved(host, (one) => plainName(one, names))) play.run.reporter.notified?.(taskName(handler, names), host.host.name);
  }
}
