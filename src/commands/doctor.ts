// fleet-tap doctor: for each host, ready or not, why not, what to do. Nothing is changed on a host.
import { asHostError, type FleetTapError, formatError } from '../base/errors.js';
import { foldHosts } from '../inventory/fold.js';
import type { Facts } from '../facts/facts.js';
import { type Candidate, planBuilds } from '../systemtap/plan-builds.js';
import { type CommandContext, type ExitStatus, exitStatusOf } from './context.js';
import { buildForOf, Fleet, type FleetOptions, symbolsOf } from './fleet.js';

export type DoctorOptions = FleetOptions;

export async function doctor(options: DoctorOptions, context: CommandContext): Promise<ExitStatus> {
  const fleet = await Fleet.open('all', options, context);
  try {
    return await examine(fleet, context);
  } finally {
    await fleet.close();
  }
}

/** Prints the findings. Setup calls it on the fleet that it has open. */
export async function examine(fleet: Fleet, context: CommandContext): Promise<ExitStatus> {
  const failures = new Map<string, FleetTapError>();
  const facts = new Map<string, Facts>();
  const chosen = new Set(fleet.hosts.map((host) => host.name));
  const hosts = fleet.inventory.hosts.filter((host) => chosen.has(host.name) || buildForOf(host).length > 0);
  await Promise.all(
    hosts.map(async (host) => {
      try {
        facts.set(host.name, await fleet.facts(host));
      } catch (error) {
        failures.set(host.name, asHostError(error, host.name));
      }
    }),
  );
  const targets = hosts.filter((host) => buildForOf(host).length === 0);
  for (const needsSymbols of [true, false]) {
    const candidates = hosts.flatMap((host): Candidate[] => {
      const known = facts.get(host.name);
      const isWanted = buildForOf(host).length > 0 || (symbolsOf(host) !== 'none') === needsSymbols;
      return known === undefined || !isWanted ? [] : [{ host: host.name, facts: known, buildFor: buildForOf(host) }];
    });
    for (const [host, problem] of planBuilds(candidates, needsSymbols).problems) failures.set(host, problem);
  }
  const ready = targets.map((host) => host.name).filter((name) => chosen.has(name) && !failures.has(name));
  if (ready.length > 0) context.stdout.write(`ready: ${foldHosts(ready)}\n`);
  for (const [host, error] of failures) if (chosen.has(host)) context.stdout.write(`not ready: ${formatError(error)}\n`);
  const ofChosen = new Map([...failures].filter(([host]) => chosen.has(host)));
  return fleet.ends(exitStatusOf(ofChosen.values()), ofChosen);
}
