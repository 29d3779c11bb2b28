// What comes in: a task's result on a host. What goes out: what later tasks see of it: registered variables, facts, custom stats.
import { inherited } from './directives.js';
import type { Task } from './playbook.js';
import { withTemplates } from './registered-vars.js';
import type { HostRun, PlayEngine } from './run-state.js';
import { chainOf, switchOf } from './settings.js';
import type { TaskResult } from './task-result.js';

/** @param hosts for whom it ran: more than one with run_once */
export function keepResult(play: PlayEngine, task: Task, result: TaskResult, host: HostRun, hosts: readonly HostRun[]): void {
  const parts = result.isLoop ? result.items : [result];
  for (const effect of result.failed ? [] : parts.flatMap((part) => part.effects)) {
    if (effect.kind !== 'stats') continue;
    for (const name of effect.isPerHost ? hosts.map((one) => one.host.name) : [undefined]) play.run.stats.take(effect.data, name, effect.aggregates);
  }
  for (const one of hosts) {
    for (const part of parts) keepFacts(play, task, part, host, one);
    if (task.register !== undefined) one.variables.register(task.register, result.registered, withTemplates(result));
  }
}

/** Facts are those of the host that the task ran for, or with delegate_facts of the one where it ran. */
function keepFacts(play: PlayEngine, task: Task, { delegatedTo, facts, effects }: TaskResult, host: HostRun, one: HostRun): void {
  const isDelegated = delegatedTo !== undefined && switchOf(inherited(chainOf(task), 'delegateFacts'), play.scope(task, host, {})) === true;
  const target = isDelegated ? play.run.inventory.variablesOf(play.run.inventory.host(delegatedTo)) : one.variables;
  target.keep(facts, effects);
}
