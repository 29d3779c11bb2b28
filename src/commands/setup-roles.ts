// What comes in: the fleet's hosts, with what they run. What goes out: which of them compile, and with --push which one downloads the symbols that
// others of the same kernel get over SSH. Hosts that do not answer have no part in it: they are left to the playbook, which says so.
import { join } from 'node:path';
import type { Facts } from '../facts/facts.js';
import type { Host, Vars } from '../inventory/host.js';
import { buildForOf, type Fleet, symbolsOf } from './fleet.js';

/** Build hosts are asked too, and all of them here: a question about a host key would not be seen below a row of the view. */
export async function factsOf(fleet: Fleet): Promise<ReadonlyMap<Host, Facts>> {
  const known = new Map<Host, Facts>();
  await Promise.all(
    fleet.hosts.map(async (host) => {
      const facts = await fleet.facts(host).catch(() => undefined);
      if (facts !== undefined) known.set(host, facts);
    }),
  );
  return new Map(fleet.hosts.flatMap((host) => (known.has(host) ? [[host, known.get(host) as Facts]] : [])));
}

/** Hosts that may share a compiled kernel module: the kernel to the build, and a release whose stap and staprun are of one version. */
function kernelOf({ kernelRelease, kernelBuild, architecture, distributionId, distributionVersion, codename }: Facts): string {
  return JSON.stringify([kernelRelease, kernelBuild, architecture, distributionId, codename === '' ? distributionVersion : codename]);
}

/**
 * With `every-host` all compile; else build hosts, and for kernels that no build host covers the first host that runs the kernel.
 * @param builders all of the inventory: --limit may leave some out
 */
export function compilingHosts(known: ReadonlyMap<Host, Facts>, builders: readonly Host[]): Map<string, boolean> {
  const isCovered = ({ kernelRelease, architecture }: Facts) => builders.some((host) => buildForOf(host).includes(kernelRelease) && (known.get(host)?.architecture ?? architecture) === architecture);
  const compiling = new Map<string, boolean>();
  const kernels = new Set<string>();
  for (const [host, facts] of known) {
    if (buildForOf(host).length > 0) {
      compiling.set(host.name, true);
      continue;
    }
    const kernel = kernelOf(facts);
    compiling.set(host.name, symbolsOf(host) === 'every-host' || (!isCovered(facts) && !kernels.has(kernel)));
    kernels.add(kernel);
  }
  return compiling;
}

/**
 * Of hosts that compile for one kernel and lack its symbols, the first gives them to the others. Those that have them already need none.
 * @param folder here; each kernel gets one in it
 */
export function pushRoles(known: ReadonlyMap<Host, Facts>, compiling: ReadonlyMap<string, boolean>, folder: string): ReadonlyMap<string, Vars> {
  const groups = new Map<string, string[]>();
  for (const [host, facts] of known) {
    const lacks = !facts.symbolsFor.includes(facts.kernelRelease) && buildForOf(host).length === 0;
    if (compiling.get(host.name) === true && symbolsOf(host) !== 'none' && lacks) groups.set(kernelOf(facts), [...(groups.get(kernelOf(facts)) ?? []), host.name]);
  }
  const roles = new Map<string, Vars>();
  for (const [index, names] of [...groups.values()].entries()) {
    if (names.length < 2) continue;
    for (const [at, name] of names.entries()) roles.set(name, { fleet_tap_push: at === 0 ? 'give' : 'take', fleet_tap_push_folder: join(folder, String(index)) });
  }
  return roles;
}
