// fleet-tap teardown: playbooks/teardown.yml on the chosen hosts, and Ansible's recap.
import { fileURLToPath } from 'node:url';
import { selectHosts } from '../inventory/pattern.js';
import { loadPlaybook } from '../playbook/load.js';
import { formatRecap } from '../playbook/recap.js';
import { runPlaybook } from '../playbook/run.js';
import { TaskView } from '../ui/task-view.js';
import type { CommandContext, ExitStatus } from './context.js';
import { Fleet } from './fleet.js';
import type { SetupOptions } from './setup.js';

const PLAYBOOK = fileURLToPath(new URL('../../playbooks/teardown.yml', import.meta.url));

export async function teardown(options: SetupOptions, context: CommandContext): Promise<ExitStatus> {
  const playbook = await loadPlaybook(PLAYBOOK);
  const fleet = await Fleet.open('all', options, context);
  const view = new TaskView(context.stderr, options.diff);
  try {
    const chosen = new Set(fleet.hosts.map((host) => host.name));
    const outcome = await runPlaybook(playbook, {
      inventory: fleet.inventory,
      select: (pattern) => selectHosts(fleet.inventory, pattern, fleet.limit).filter((host) => chosen.has(host.name)),
      session: (host) => fleet.session(host),
      facts: (host) => fleet.facts(host),
      forks: options.forks,
      reporter: view,
      check: options.check,
      diff: options.diff,
      become: true,
      hostVars: () => ({}),
    });
    await view.settled();
    context.stdout.write(formatRecap(outcome.recap));
    return fleet.ends(context.interrupted.aborted ? 130 : outcome.exitStatus, outcome.failures);
  } finally {
    await fleet.close();
  }
}
