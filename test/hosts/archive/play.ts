// What comes in: a host of the ring, one of the shipped playbooks, variables. What goes out: what became of each task, and why it failed.
import { join } from 'node:path';
import type { TaskResultEvent } from '../../../src/base/playbook-events.js';
import { gatherFacts } from '../../../src/facts/gather.js';
import type { Vars } from '../../../src/inventory/host.js';
import { loadInventory } from '../../../src/inventory/load.js';
import { selectHosts } from '../../../src/inventory/pattern.js';
import { loadPlaybook } from '../../../src/playbook/load.js';
import { runPlaybook } from '../../../src/playbook/run.js';
import { LocalTransport } from '../../../src/ssh/local-transport.js';
import { ShellSession } from '../../../src/ssh/shell-session.js';
import type { RingHost } from '../ring/host.js';

export interface Played {
  /** Names of the tasks that changed something. */
  readonly changed: readonly string[];
  /** The sentence of the failure that ended it; empty when all went well. */
  readonly failure: string;
  readonly rescued: number;
}

const inventory = await loadInventory(['host,']);

export async function play(host: RingHost, name: 'setup' | 'teardown', vars: Vars = {}, check = false): Promise<Played> {
  const session = new ShellSession(new LocalTransport('host', { shell: [...(await host.enter()), '/bin/sh', '-c'] }));
  const changed: string[] = [];
  try {
    const outcome = await runPlaybook(await loadPlaybook(join(import.meta.dirname, '../../../playbooks', `${name}.yml`)), {
      inventory,
      select: (pattern, now) => selectHosts(now, pattern),
      session: async () => session,
      facts: () => gatherFacts(session),
      forks: 5,
      check,
      hostVars: () => vars,
      reporter: {
        playStarted: () => {},
        taskStarted: () => {},
        taskResult: ({ task, status, part }: TaskResultEvent) => void (status === 'changed' && part !== 'item' && changed.push(task)),
        taskFinished: () => {},
        warning: () => {},
      },
    });
    return { changed, failure: outcome.failures.get('host')?.message ?? '', rescued: outcome.recap[0]?.rescued ?? 0 };
  } finally {
    await session.close();
  }
}
