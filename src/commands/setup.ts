// fleet-tap setup: playbooks/setup.yml on the chosen hosts, wave by wave, Ansible's recap; the real script compiled, on request run; then what doctor finds.
import { FleetTapError, formatError } from '../base/errors.js';
import type { Facts } from '../facts/facts.js';
import { foldHosts } from '../inventory/fold.js';
import type { Host, Vars } from '../inventory/host.js';
import type { RunOutcome } from '../playbook/run.js';
import type { CommandContext, ExitStatus } from './context.js';
import { examine } from './doctor.js';
import { buildForOf, type Fleet, type SymbolsMode, symbolsOf } from './fleet.js';
import { proveSetup } from './prove-setup.js';
import { openShipped, playShipped, type ShippedOptions } from './shipped-playbook.js';
import { waveSizes } from './waves.js';

export interface SetupOptions extends Omit<ShippedOptions, 'extraVars'> {
  readonly extraVars?: readonly string[];
  /** Over `fleet_tap_symbols` of the inventory. */
  readonly symbols?: SymbolsMode;
  /** Debug symbols of the kernel's loadable modules too: `fleet_tap_symbols_full` on every host. */
  readonly symbolsFull?: boolean;
  /** Hosts at once, one wave after the other, as capture takes it. */
  readonly serial?: string | undefined;
  /** Hosts that download at once, at least 1; over `fleet_tap_downloads` of the inventory. */
  readonly downloads?: number;
  /** Runs the script on each host for a moment, when all is there. */
  readonly try?: boolean;
  /** Over `fleet_tap_stap` of the inventory. */
  readonly stap?: string;
}

/** @throws FleetTapError kind `input` */
export async function setup(options: SetupOptions, context: CommandContext): Promise<ExitStatus> {
  waveSizes(1, options.serial);
  const shipped = await openShipped('setup', { ...options, extraVars: [...(options.extraVars ?? []), JSON.stringify(typedVars(options))] }, context);
  const { fleet } = shipped;
  try {
    const compiling = await compilingHosts(fleet);
    const outcome = await playShipped(shipped, options, {
      hostVars: (name) => (compiling.has(name) ? { fleet_tap_compile: compiling.get(name) } : {}),
      // Where nothing is changed, nothing can break.
      waves: options.check ? [fleet.hosts] : wavesOf(fleet.hosts, options.serial),
      goesOn: (sofar, left) => goesOn(sofar, left, new Set(compiling.keys()), context),
    });
    if (context.interrupted.aborted) return fleet.ends(130, outcome.failures);
    if (options.check) return fleet.ends(outcome.exitStatus, outcome.failures);
    fleet.forgetFacts();
    const done = fleet.hosts.filter(({ name }) => !outcome.failures.has(name));
    const proof = await proveSetup(fleet, done, { tries: options.try === true, serial: options.serial, forks: options.forks });
    if (proof.tried.length > 0) context.stdout.write(`tried: ${foldHosts(proof.tried)}: the script runs there, and is gone again\n`);
    const examined = await examine(fleet, context, { failures: proof.failures });
    if (context.interrupted.aborted) return fleet.ends(130, outcome.failures);
    return fleet.ends(outcome.exitStatus === 0 ? examined : outcome.exitStatus, outcome.failures);
  } finally {
    await fleet.close();
  }
}

/** What the command's own options say, as variables: they win over the inventory's, like all that is typed. */
function typedVars({ symbols, symbolsFull, downloads, stap }: SetupOptions): Vars {
  return {
    ...(symbols === undefined ? {} : { fleet_tap_symbols: symbols }),
    ...(symbolsFull === true ? { fleet_tap_symbols_full: true } : {}),
    ...(downloads === undefined ? {} : { fleet_tap_downloads: downloads }),
    ...(stap === undefined ? {} : { fleet_tap_stap: stap }),
  };
}

function wavesOf(hosts: readonly Host[], words: string | undefined): Host[][] {
  let next = 0;
  return waveSizes(hosts.length, words).map((size) => {
    next += size;
    return hosts.slice(next - size, next);
  });
}

/**
 * A wave in which a host has failed is the last one; the rest is told why it was left out. A host that could not be reached in the first place
 * says nothing about setup.
 */
function goesOn({ failures }: RunOutcome, left: readonly Host[], reached: ReadonlySet<string>, context: CommandContext): ReadonlyMap<string, FleetTapError> | undefined {
  const failed = [...failures.keys()].filter((name) => reached.has(name));
  if (context.interrupted.aborted) return new Map();
  if (failed.length === 0) return undefined;
  const error = new FleetTapError('host', 'wave-stopped', `not set up: ${foldHosts(failed)} failed in a wave before`, {
    place: { host: foldHosts(left.map(({ name }) => name)) },
    hint: 'mend what went wrong there, and run setup again: it goes on where it stopped; or all at once: --serial 100%',
  });
  context.stderr.write(`${formatError(error)}\n`);
  return new Map(left.map(({ name }) => [name, error]));
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
  const covered = new Set(fleet.inventory.hosts.flatMap(buildForOf));
  const compiling = new Map<string, boolean>();
  const kernels = new Set<string>();
  for (const host of fleet.hosts) {
    const facts = known.get(host);
    if (facts === undefined) continue;
    if (buildForOf(host).length > 0) {
      compiling.set(host.name, true);
      continue;
    }
    const kernel = JSON.stringify([facts.kernelRelease, facts.kernelBuild, facts.architecture]);
    const isFirst = !covered.has(facts.kernelRelease) && !kernels.has(kernel);
    compiling.set(host.name, symbolsOf(host) === 'every-host' || isFirst);
    kernels.add(kernel);
  }
  return compiling;
}
