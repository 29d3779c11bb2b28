// meta: what the engine itself does (plugins/strategy/__init__.py, _execute_meta).
import { firstFalse } from './condition.js';
import type { Meta, MetaAction } from './playbook.js';
import type { Around, HostRun, PlayEngine } from './run-state.js';
import { chainOf } from './settings.js';
import { failedResult, skippedResult } from './task-result.js';
import { taskName } from './task-scope.js';

/** Asked of each host; the others are asked of the first. */
const PER_HOST = ['flush_handlers', 'end_host', 'end_role', 'noop', 'reset_connection'];

/** A condition is nothing to them, be it their own or a block's. */
const UNCONDITIONAL = ['noop', 'refresh_inventory', 'reset_connection'];

/** @returns the hosts that go on */
export async function runMeta(play: PlayEngine, task: Meta, hosts: readonly HostRun[], around: Around, kind: 'task' | 'handler' = 'task'): Promise<readonly HostRun[]> {
  const isPerHost = PER_HOST.includes(task.meta);
  const asked = isPerHost ? hosts : hosts.slice(0, 1);
  const chosen: HostRun[] = [];
  for (const host of asked) {
    const id = play.run.nextId();
    const told = { id, name: taskName(task, play.scope(task, host, around.locals)), hosts: [host.host.name], kind, path: play.pathOf(task), action: task.action };
    play.run.reporter.taskStarted(told);
    const verdict = UNCONDITIONAL.includes(task.meta) || conditionHolds(play, task, host, around);
    if (verdict === true) chosen.push(host);
    else play.tell(id, told, host, verdict);
    play.run.reporter.taskFinished(told.name);
  }
  if (chosen.length === 0) return hosts;
  switch (task.meta) {
    case 'flush_handlers': {
      const kept = await play.flushHandlers(chosen, { isRescued: around.isRescued });
      return hosts.filter((host) => !chosen.includes(host) || kept.includes(host));
    }
    case 'end_host':
      for (const host of chosen) play.ended.add(host);
      play.run.playHosts.setLeft(play.hosts.filter((host) => !play.removed.has(host) && !play.ended.has(host)).map(({ host }) => host.name));
      return hosts.filter((host) => !chosen.includes(host));
    case 'end_role':
      for (const host of chosen) play.leaving.add(host);
      return hosts.filter((host) => !chosen.includes(host));
    case 'end_play':
      play.isEnded = true;
      for (const host of play.hosts) play.ended.add(host);
      return [];
    case 'end_batch':
      for (const host of play.hosts) play.ended.add(host);
      return [];
    case 'clear_host_errors':
      // A host that has failed is there again in the next play; one that could not be reached, or is in the `always` of what has failed, goes on in this one.
      for (const host of play.removed) if (!host.isUnreachable && !hosts.includes(host)) play.ended.add(host);
      for (const host of hosts) play.clearings.set(host, (play.clearings.get(host) ?? 0) + 1);
      play.isStopped = false;
      play.run.clearErrors(play.hosts);
      for (const host of play.hosts) play.removed.delete(host);
      return play.hosts.filter((host) => !play.ended.has(host));
    case 'clear_facts':
      for (const host of play.hosts) host.variables.facts = {};
      return hosts;
    case 'reset_connection':
      await Promise.all(chosen.map((host) => play.run.reconnect(host.host)));
      return hosts;
    case 'refresh_inventory':
      play.run.playHosts.renew();
      return hosts;
    case 'noop':
      return hosts;
  }
}

/** What else a meta task says where its condition is false. */
const GOES_ON: Readonly<Partial<Record<MetaAction, (host: string, role: string) => string>>> = {
  flush_handlers: (host) => `, not running handlers for ${host}`,
  clear_facts: (host) => `, not clearing facts and fact cache for ${host}`,
  clear_host_errors: (host) => `, not clearing host error state for ${host}`,
  end_batch: () => ', continuing current batch',
  end_play: () => ', continuing play',
  end_host: (host) => `, continuing execution for ${host}`,
  end_role: (host, role) => `continuing role ${role} for ${host}`,
};

function skippedMeta({ meta, role }: Meta, host: string): Readonly<Record<string, unknown>> {
  const msg = meta === 'end_host' ? `end_host conditional evaluated to false, continuing execution for ${host}` : meta;
  return { msg, skipped: true, skip_reason: `${meta} conditional evaluated to False${GOES_ON[meta]?.(host, role?.name ?? '') ?? ''}` };
}

function conditionHolds(play: PlayEngine, task: Meta, host: HostRun, around: Around): true | ReturnType<typeof failedResult> {
  try {
    const when = chainOf(task).toReversed().flatMap((one) => one.when);
    const stopped = firstFalse(when, play.scope(task, host, around.locals));
    if (stopped === undefined) return true;
    return skippedResult(`not here: ${stopped.text}`, skippedMeta(task, host.host.name));
  } catch (error) {
    return failedResult(error);
  }
}
