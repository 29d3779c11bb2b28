// One run of a playbook by our engine, over SSH to hosts of the ring. What goes out: each task with what became of it on each host, and what was said.
import type { TaskResultEvent } from '../../../src/base/playbook-events.js';
import { gatherFacts } from '../../../src/facts/gather.js';
import type { Inventory } from '../../../src/inventory/host.js';
import { selectHosts } from '../../../src/inventory/pattern.js';
import { loadPlaybook } from '../../../src/playbook/load.js';
import { runPlaybook } from '../../../src/playbook/run.js';
import { dial } from '../../../src/ssh/dial.js';
import type { ShellSession } from '../../../src/ssh/shell-session.js';
import type { RingHost } from './host.js';

/** Of one engine, by their names in the inventory. */
export type Hosts = ReadonlyMap<string, RingHost>;

export interface PlayedOnce {
  /** In the order of the run: the task's name, and one `host: status` for each result. */
  readonly tasks: readonly string[][];
  /** `host task: message` of what failed, and warnings. */
  readonly said: readonly string[];
}

/** Connections by host. */
export type Sessions = Map<string, Promise<ShellSession>>;

/** @param kept connections that live on, for the next run; without it each run has its own */
export async function playOnce(playbook: string, inventory: Inventory, hosts: Hosts, check: boolean, kept?: Sessions): Promise<PlayedOnce> {
  const tasks: string[][] = [];
  const said: string[] = [];
  const sessions: Sessions = kept ?? new Map();
  const sessionOf = (name: string) => {
    const host = hosts.get(name);
    if (host === undefined) throw new Error(`${playbook} wants ${name}, which is no host of the ring`);
    const session = sessions.get(name) ?? dial(host.connection(name));
    sessions.set(name, session);
    return session;
  };
  await runPlaybook(await loadPlaybook(playbook), {
    inventory,
    select: (pattern, now) => selectHosts(now, pattern),
    session: ({ name }) => sessionOf(name),
    reconnect: async ({ name }) => {
      await (await sessions.get(name))?.close();
      sessions.delete(name);
      return sessionOf(name);
    },
    facts: async ({ name }, localFrom) => gatherFacts(await sessionOf(name), { localFrom }),
    forks: 5,
    check,
    reporter: {
      playStarted: () => {},
      taskStarted: ({ name }) => tasks.push([name]),
      taskResult: ({ host, status, message, task, part }: TaskResultEvent) => {
        if (part === 'loop') return;
        tasks.at(-1)?.push(`${host}: ${status}`);
        if (status === 'failed' || status === 'ignored') said.push(`${host} ${task}: ${message}`);
      },
      taskFinished: () => {},
      warning: (message) => said.push(message),
    },
  });
  if (kept === undefined) await closeAll(sessions);
  return { tasks, said };
}

export async function closeAll(sessions: Sessions): Promise<void> {
  for (const session of sessions.values()) await (await session).close();
}
