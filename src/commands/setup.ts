// fleet-tap setup: playbooks/setup.yml on the chosen hosts, Ansible's recap, then what doctor finds.
import type { Facts } from '../facts/facts.js';
import type { Host } from '../inventory/host.js';
import type { CommandContext, ExitStatus } from './context.js';
import { examine } from './doctor.js';
import { buildForOf, type Fleet, symbolsOf } from './fleet.js';
import { openShipped, playShipped, type ShippedOptions } from './shipped-playbook.js';

export interface SetupOptions extends ShippedOptions {
  /** Debug symbols of the kernel's loadable modules too: `fleet_tap_symbols_full` on every host. */
  readonly symbolsFull?: boolean;
}

export async function setup(options: SetupOptions, context: CommandContext): Promise<ExitStatus> {
  const shipped = await openShipped('setup', options, context);
  const { fleet } = shipped;
  try {
    const compiling = await compilingHosts(fleet);
    const outcome = await playShipped(shipped, options, (name) => ({
      ...(compiling.has(name) ? { fleet_tap_compile: compiling.get(name) } : {}),
      ...(options.symbolsFull === true ? { fleet_tap_symbols_full: true } : {}),
    }));
    if (context.interrupted.aborted) return fleet.ends(130, outcome.failures);
    if (options.check) return fleet.ends(outcome.exitStatus, outcome.failures);
    fleet.forgetFacts();
    const examined = await examine(fleet, context);
    return fleet.ends(outcome.exitStatus === 0 ? examined : outcome.exitStatus, outcome.failures);
  } finally {
    await fleet.close();
  }
}

/**
 * Which hosts compile, decided by what they run: with `every-host` all; else build hosts, and for kernels that no build host covers
 * the first host that runs the kernel. Hosts that do not answer are left to the playbook, which says so.
 */
async function compilingHosts(fleet: Fleet): Promise<Map<string, boolean>> {
  const known = new Map<Host, Facts>();
  // Build hosts are asked too, and all of them here: a question about a host key would not be seen below a row of the view.
  await Promise.all(
    fleet.hosts.map(async (host) => {
      const facts = await fleet.facts(host).catch(() => undefined);
      if (facts !== undefined) known.set(host, facts);
    }),
  );
  const targets = fleet.hosts.filter((host) => buildForOf(host).length === 0);
  const covered = new Set(fleet.inventory.hosts.flatMap(buildForOf));
  const compiling = new Map<string, boolean>();
  const kernels = new Set<string>();
  for (const host of targets) {
    const facts = known.get(host);
    if (facts === undefined) continue;
    const kernel = JSON.stringify([facts.kernelRelease, facts.kernelBuild, facts.architecture]);
    const isFirst = !covered.has(facts.kernelRelease) && !kernels.has(kernel);
    compiling.set(host.name, symbolsOf(host) === 'every-host' || isFirst);
    kernels.add(kernel);
  }
  return compiling;
}
