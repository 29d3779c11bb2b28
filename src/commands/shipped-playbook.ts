// What comes in: the name of a playbook that this program brings along, and the command's options. What goes out: the playbook run on the chosen
// hosts, with its view on standard error and Ansible's recap on standard output.
// Guaranteed: variables are those that ansible-playbook would see: group_vars/ and host_vars/ beside the inventory and beside the playbook.
// Not here: what a command does before its playbook (setup.ts: which hosts compile) and after it.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Vars } from '../inventory/host.js';
import { selectHosts } from '../inventory/pattern.js';
import { loadPlaybook } from '../playbook/load.js';
import type { Playbook } from '../playbook/playbook.js';
import { formatRecap } from '../playbook/recap.js';
import { runPlaybook, type RunOutcome } from '../playbook/run.js';
import { TaskView } from '../ui/task-view.js';
import type { CommandContext } from './context.js';
import { Fleet, type FleetOptions } from './fleet.js';

export interface ShippedOptions extends FleetOptions {
  readonly check: boolean;
  readonly diff: boolean;
}

export interface ShippedPlaybook {
  readonly playbook: Playbook;
  readonly fleet: Fleet;
}

/** @throws FleetTapError kind `input` */
export async function openShipped(name: 'setup' | 'teardown', options: ShippedOptions, context: CommandContext): Promise<ShippedPlaybook> {
  const file = fileURLToPath(new URL(`../../playbooks/${name}.yml`, import.meta.url));
  const playbook = await loadPlaybook(file);
  return { playbook, fleet: await Fleet.open('all', { ...options, playFolder: dirname(file) }, context) };
}

/** @param hostVars variables for one host, over those of the inventory */
export async function playShipped({ playbook, fleet }: ShippedPlaybook, options: ShippedOptions, hostVars: (host: string) => Vars): Promise<RunOutcome> {
  const { stderr, stdout } = fleet.context;
  const view = new TaskView(stderr, options.diff);
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
    hostVars,
  });
  await view.settled();
  stdout.write(formatRecap(outcome.recap));
  return outcome;
}
