// What comes in: the hosts to capture from and the script. What goes out: for each host the compiled kernel module, or why there is none.
// Each distinct kernel build is compiled for once, on one host, and kept in the cache on this machine.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileReason } from '../base/file-reason.js';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asHostError, FleetTapError } from '../base/errors.js';
import { ownFile } from '../base/own-file.js';
import type { Facts } from '../facts/facts.js';
import { foldHosts } from '../inventory/fold.js';
import type { Host } from '../inventory/host.js';
import { build, type BuildRequest, type KernelModule, kernelModuleName } from '../systemtap/build.js';
import { readCached, writeCached } from '../systemtap/module-cache.js';
import { isOpen, needsNetfilter, type PacketFilter, withFilter } from '../systemtap/packet-filter.js';
import { type Candidate, type PlannedBuild, planBuilds } from '../systemtap/plan-builds.js';
import { fileNameOf } from './file-name.js';
import { buildForOf, type Fleet, stapOf, symbolsOf } from './fleet.js';
import { withOwnStap } from './own-stap.js';

export interface ScriptChoice {
  readonly script: Buffer;
  /** Our own script: it has a machine face, and needs no symbols where a host's inventory says `none`. */
  readonly isOurs: boolean;
  readonly probes: 'symbols' | 'netfilter' | 'by-inventory';
  readonly filter: PacketFilter;
  /** Path of the compiler on the hosts that compile, over `fleet_tap_stap` of the inventory. */
  readonly stap?: string | undefined;
}

/** Guru mode: our script counts by a few lines of C, since stap's own variables have locks (stap/tcpdumplike.stp). Other scripts may ask for nothing of the kind. */
const WITH_C = '-g';

/**
 * stap's guard against overload ends a script whose probes took over half of a CPU. It judges by windows of 10⁹ cycles, a third of a second,
 * and there one slice of time that a hypervisor steals inside a probe looks like overload: 614,213,860 cycles were seen. The same half, over
 * windows ten times as long. Numbers are long long, as the runtime prints them.
 */
const OVERLOAD_GUARD = ['-DSTP_OVERLOAD_INTERVAL=10000000000LL', '-DSTP_OVERLOAD_THRESHOLD=5000000000LL'];

const OWN_SCRIPT = fileURLToPath(ownFile('stap/tcpdumplike.stp'));

/** @throws FleetTapError kind `input` when the script cannot be read, or takes no filter */
export async function chooseScript(file: string | undefined, probes: ScriptChoice['probes'], filter: PacketFilter): Promise<ScriptChoice> {
  const script = await readFile(file ?? OWN_SCRIPT).catch((error: unknown) => {
    throw new FleetTapError('input', 'script-unreadable', `${file} cannot be read: ${fileReason(error)}`);
  });
  if (file === undefined) return { script: Buffer.from(withFilter(script.toString('utf8'), filter)), isOurs: true, probes, filter };
  if (!isOpen(filter)) {
    throw new FleetTapError('input', 'filter', `filters are compiled into our own script, and ${file} is another one`, { hint: 'write the conditions into that script, or leave --script out' });
  }
  return { script, isOurs: false, probes, filter };
}

/** @throws FleetTapError kind `input` when a filter needs what the probes with debug symbols do not see */
export function refuseWhatSymbolsCannot(targets: readonly Host[], choice: ScriptChoice): void {
  const hosts = targets.filter((host) => wantsSymbols(host, choice));
  if (hosts.length === 0 || !needsNetfilter(choice.filter)) return;
  const option = choice.filter.iface === undefined ? '--direction out' : '--iface';
  throw new FleetTapError('input', 'filter', `${option} needs the netfilter probes: those with debug symbols see no interface, and only what comes in`, { place: { host: foldHosts(hosts.map((host) => host.name)) }, hint: 'add --probes netfilter' });
}

export interface BuiltModules {
  readonly modules: ReadonlyMap<string, KernelModule>;
  readonly failures: ReadonlyMap<string, FleetTapError>;
}

/** @param say one line of progress */
export async function buildAll(fleet: Fleet, targets: readonly Host[], choice: ScriptChoice, say: (line: string) => void): Promise<BuiltModules> {
  const failures = new Map<string, FleetTapError>();
  const modules = new Map<string, KernelModule>();
  const facts = new Map<string, Facts>();
  const gather = async (host: Host) => {
    try {
      facts.set(host.name, await withOwnStap(fleet, host, choice.stap));
    } catch (error) {
      failures.set(host.name, asHostError(error, host.name));
    }
  };
  await Promise.all(targets.map(gather));
  const releases = new Set([...facts.values()].map((known) => String(known.kernelRelease)));
  const builders = fleet.inventory.hosts.filter((host) => buildForOf(host).some((release) => releases.has(release)));
  await Promise.all(builders.map(gather));
  const candidate = (host: Host): Candidate[] => {
    const known = facts.get(host.name);
    return known === undefined ? [] : [{ host: host.name, facts: known, buildFor: buildForOf(host) }];
  };
  for (const needsSymbols of [true, false]) {
    const hosts = targets.filter((host) => wantsSymbols(host, choice) === needsSymbols);
    const plan = planBuilds([...hosts, ...builders].flatMap(candidate), needsSymbols);
    for (const [host, problem] of plan.problems) failures.set(host, problem);
    const scriptArguments = choice.isOurs && !needsSymbols ? ['netfilter'] : [];
    const options = choice.isOurs ? [WITH_C, ...OVERLOAD_GUARD] : OVERLOAD_GUARD;
    await Promise.all(
      plan.builds.map(async (planned) => {
        try {
          const kernelModule = await buildOne(fleet, planned, { release: planned.release, script: choice.script, scriptArguments, options }, choice.stap, facts, say);
          for (const target of planned.targets) modules.set(target, kernelModule);
        } catch (error) {
          for (const target of planned.targets) failures.set(target, asHostError(error, planned.builder));
        }
      }),
    );
  }
  return { modules, failures };
}

function wantsSymbols(host: Host, choice: ScriptChoice): boolean {
  if (!choice.isOurs) return symbolsOf(host) !== 'none';
  return choice.probes === 'by-inventory' ? symbolsOf(host) !== 'none' : choice.probes === 'symbols';
}

async function buildOne(fleet: Fleet, planned: PlannedBuild, script: BuildRequest, stap: string | undefined, facts: ReadonlyMap<string, Facts>, say: (line: string) => void): Promise<KernelModule> {
  const builder = fleet.inventory.hosts.find((host) => host.name === planned.builder);
  if (builder === undefined) throw new RangeError(planned.builder);
  const request = { ...script, stap: stap ?? stapOf(builder) };
  const key = { request, kernelBuild: planned.kernelBuild, architecture: planned.architecture, stapVersion: String(facts.get(builder.name)?.stapVersion) };
  const cached = await readCached(fleet.context.cacheDirectory, key);
  if (cached !== undefined) {
    say(`kernel ${planned.release}: compiled before`);
    return { name: kernelModuleName(request), release: planned.release, content: cached };
  }
  say(`kernel ${planned.release}: compiling on ${planned.builder}`);
  const startedMs = performance.now();
  const kernelModule = await build(await fleet.session(builder), { ...request, keepOutput: (output) => keepOutput(fleet.context.cacheDirectory, builder, request, output) });
  say(`kernel ${planned.release}: compiled in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
  await writeCached(fleet.context.cacheDirectory, key, kernelModule.content);
  return kernelModule;
}

/** Pages of the compiler's are for a file, for the owner's eyes; the next failure of that host and kernel takes its place. */
async function keepOutput(directory: string, builder: Host, request: BuildRequest, output: string): Promise<string | undefined> {
  const file = join(directory, `failed-${fileNameOf(`${builder.name}-${request.release}`)}.txt`);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFile(file, output, { mode: 0o600 });
    return file;
  } catch {
    return undefined;
  }
}
