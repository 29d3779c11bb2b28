// What comes in: the name of a playbook that this program brings along, and the command's options. What goes out: the playbook run on the chosen
// hosts, with its view on standard error, Ansible's recap on standard output, and a log for each host in the run directory.
// Guaranteed: variables are those that ansible-playbook would see: group_vars/ and host_vars/ beside the inventory and beside the playbook.
// Not here: what a command does before its playbook (setup.ts: which hosts compile) and after it.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitStatusOf, type FleetTapError } from '../base/errors.js';
import { ownFile } from '../base/own-file.js';
import { foldHosts } from '../inventory/fold.js';
import type { Host, Vars } from '../inventory/host.js';
import { selectHosts } from '../inventory/pattern.js';
import { loadPlaybook } from '../playbook/load.js';
import type { Playbook } from '../playbook/playbook.js';
import { formatRecap } from '../playbook/recap.js';
import { runPlaybook, type RunOutcome } from '../playbook/run.js';
import { TaskView } from '../ui/task-view.js';
import type { CommandContext } from './context.js';
import { Fleet, type FleetOptions } from './fleet.js';
import { HostLog } from './host-log.js';
import { allOf } from './run-output.js';
import { tellInterruption } from './tell-interruption.js';

export interface ShippedOptions extends FleetOptions {
  readonly check: boolean;
  readonly diff: boolean;
}

export interface ShippedPlaybook {
  readonly playbook: Playbook;
  readonly fleet: Fleet;
}

/** @throws FleetTapError kind `input` */
export async function openShipped(name: 'setup' | 'teardown' | 'prune', options: ShippedOptions, context: CommandContext): Promise<ShippedPlaybook> {
  const file = fileURLToPath(ownFile(`playbooks/${name}.yml`));
  const playbook = await loadPlaybook(file);
  return { playbook, fleet: await Fleet.open('all', { ...options, playFolder: dirname(file) }, context) };
}

export interface PlayOrder {
  /** Variables for one host, over those of the inventory. */
  readonly hostVars?: (host: string) => Vars;
  /** Hosts that go through the playbook together, one wave after the other. Default: all at once. */
  readonly waves?: readonly (readonly Host[])[];
  /** Asked between waves. @returns why the hosts that are left are left out, by host; undefined to go on */
  readonly goesOn?: (sofar: RunOutcome, left: readonly Host[]) => ReadonlyMap<string, FleetTapError> | undefined;
}

/** One recap for all waves. */
export async function playShipped({ playbook, fleet }: ShippedPlaybook, options: Omit<ShippedOptions, 'extraVars'>, { hostVars, waves = [fleet.hosts], goesOn }: PlayOrder = {}): Promise<RunOutcome> {
  const { stderr, stdout } = fleet.context;
  const over = tellInterruption(fleet.context);
  let sofar: RunOutcome = { recap: [], failures: new Map(), exitStatus: 0 };
  for (const [index, wave] of waves.entries()) {
    const chosen = new Set(wave.map((host) => host.name));
    const view = new TaskView(stderr, foldHosts);
    fleet.context.drawnBy?.((question) => view.whileAsked(question));
    const log = new HostLog(fleet.run.log, () => new Date());
    const { recap, failures } = await runPlaybook(playbook, {
      inventory: fleet.inventory,
      select: (pattern) => selectHosts(fleet.inventory, pattern, fleet.limit).filter((host) => chosen.has(host.name)),
      session: (host) => fleet.session(host),
      facts: (host) => fleet.facts(host),
      forks: options.forks,
      reporter: allOf([view, log]),
      check: options.check,
      diff: options.diff,
      become: true,
      interrupted: fleet.context.interrupted,
      ...(hostVars === undefined ? {} : { hostVars }),
    });
    await view.settled();
    const allFailures = new Map([...sofar.failures, ...failures]);
    sofar = { recap: [...sofar.recap, ...recap], failures: allFailures, exitStatus: exitStatusOf(allFailures.values()) };
    const left = waves.slice(index + 1).flat();
    const reasons = left.length === 0 ? undefined : goesOn?.(sofar, left);
    if (reasons === undefined) continue;
    sofar = { ...sofar, failures: new Map([...sofar.failures, ...reasons]) };
    break;
  }
  over();
  stdout.write(formatRecap(sofar.recap));
  if (fleet.run.path !== undefined) stderr.write(`what each host was asked and said: ${join(fleet.run.path, 'hosts')}\n`);
  return sofar;
}
