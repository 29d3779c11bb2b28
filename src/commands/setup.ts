// fleet-tap setup: playbooks/setup.yml on the chosen hosts, wave by wave, Ansible's recap; the real script compiled, on request run; then what doctor finds.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FleetTapError, formatError } from '../base/errors.js';
import { foldHosts } from '../inventory/fold.js';
import type { Host, Vars } from '../inventory/host.js';
import type { RunOutcome } from '../playbook/run.js';
import type { CommandContext, ExitStatus } from './context.js';
import { examine } from './doctor.js';
import type { SymbolsMode } from './fleet.js';
import { proveSetup } from './prove-setup.js';
import { compilingHosts, factsOf, pushRoles } from './setup-roles.js';
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
  /** Symbols are downloaded once for each distinct kernel, and go to the other hosts over SSH. */
  readonly push?: boolean;
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
  const folder = options.push === true && !options.check ? await folderFor(context) : undefined;
  try {
    const known = await factsOf(fleet);
    const compiling = compilingHosts(known, fleet.inventory.hosts);
    const pushing = folder === undefined ? new Map<string, Vars>() : pushRoles(known, compiling, folder);
    const outcome = await playShipped(shipped, options, {
      hostVars: (name) => (compiling.has(name) ? { fleet_tap_compile: compiling.get(name), ...pushing.get(name) } : {}),
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
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    await fleet.close();
  }
}

/** Symbols that are pushed rest here meanwhile: beside the cache, not in /tmp, which may be memory. */
async function folderFor({ cacheDirectory }: CommandContext): Promise<string> {
  try {
    await mkdir(cacheDirectory, { recursive: true, mode: 0o700 });
    return await mkdtemp(join(cacheDirectory, 'symbols-'));
  } catch (cause) {
    throw new FleetTapError('input', 'output-failed', `${cacheDirectory} cannot be written: ${(cause as Error).message}`, { cause, hint: 'symbols that are pushed rest there; set XDG_CACHE_HOME, or leave --push out' });
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
