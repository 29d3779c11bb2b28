// What comes in: a host of the ring, one of the shipped playbooks, variables. What goes out: what became of each task, and why it failed: by our
// engine, or by the Ansible that is installed on the host.
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
import { kernelNotes } from '../../../src/systemtap/kernel-notes.js';
import type { RingHost } from '../ring/host.js';

const PLAYBOOKS = join(import.meta.dirname, '../../../playbooks');
const CALLBACK = join(import.meta.dirname, '../../playbook/callback');

export interface Played {
  /** `task: status` in the order of the run, for each item of a loop one. */
  readonly told: readonly string[];
  /** Names of the tasks that changed something. */
  readonly changed: readonly string[];
  /** The sentence of the failure that ended it; empty when all went well. */
  readonly failure: string;
  readonly rescued: number;
}

const inventory = await loadInventory(['host,']);

/** Who opens it closes it. */
async function sessionOn(host: RingHost): Promise<ShellSession> {
  return new ShellSession(new LocalTransport('host', { shell: [...(await host.enter()), '/bin/sh', '-c'] }));
}

/** What doctor notes of the host's kernels. */
export async function notesOn(host: RingHost): Promise<readonly string[]> {
  const session = await sessionOn(host);
  try {
    return kernelNotes({ ...(await gatherFacts(session)), isContainer: false });
  } finally {
    await session.close();
  }
}

export async function play(host: RingHost, name: 'setup' | 'teardown' | 'prune', vars: Vars = {}, check = false): Promise<Played> {
  const session = await sessionOn(host);
  const changed: string[] = [];
  const told: string[] = [];
  try {
    const outcome = await runPlaybook(await loadPlaybook(join(PLAYBOOKS, `${name}.yml`)), {
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
        taskResult: ({ task, status, part }: TaskResultEvent) => {
          if (part !== 'loop') told.push(`${task}: ${status}`);
          if (part !== 'item' && status === 'changed') changed.push(task);
        },
        taskFinished: () => {},
        warning: () => {},
      },
    });
    return { told, changed, failure: outcome.failures.get('host')?.message ?? '', rescued: outcome.recap[0]?.rescued ?? 0 };
  } finally {
    await session.close();
  }
}

/** The same by ansible-playbook: `told` alone. */
export async function playTheirs(host: RingHost, name: 'setup' | 'teardown', vars: Vars): Promise<readonly string[]> {
  await host.bring(PLAYBOOKS, '/ring/playbooks');
  await host.bring(CALLBACK, '/ring/callback');
  const settings = ['ANSIBLE_CALLBACK_PLUGINS=/ring/callback', 'ANSIBLE_STDOUT_CALLBACK=events', 'ANSIBLE_PIPELINING=1', 'ANSIBLE_DEPRECATION_WARNINGS=0', 'ANSIBLE_LOCALHOST_WARNING=0'];
  const { stdout, stderr } = await host.run(['env', ...settings, 'ansible-playbook', '-i', 'host,', '-c', 'local', '-e', 'ansible_python_interpreter=/usr/bin/python3', '-e', JSON.stringify(vars), `/ring/playbooks/${name}.yml`]);
  const told: string[] = [];
  let task = '';
  for (const line of stdout.split('\n')) {
    if (!line.startsWith('EVENT ')) continue;
    const event = JSON.parse(line.slice(6)) as Readonly<Record<string, unknown>>;
    if (typeof event.task === 'string') task = event.task;
    if (typeof event.host === 'string') told.push(`${task}: ${String(event.status)}`);
  }
  if (told.length === 0) throw new Error(`ansible-playbook told nothing:\n${stdout}${stderr}`);
  return told;
}
