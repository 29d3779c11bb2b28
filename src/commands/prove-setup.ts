// What comes in: hosts that setup has been to. What goes out: why the real script does not compile for one, or on request does not run there.
// Guaranteed: what was compiled is kept for capture; a kernel module is loaded on a few hosts first, as capture does, and none is left behind.
import { hostname, userInfo } from 'node:os';
import pLimit from 'p-limit';
import { asHostError, FleetTapError, formatError } from '../base/errors.js';
import { lastLines } from '../base/host-text.js';
import { foldHosts } from '../inventory/fold.js';
import type { Host } from '../inventory/host.js';
import type { KernelModule } from '../systemtap/build.js';
import { readFilter } from '../systemtap/packet-filter.js';
import { runFailure, type RunEnd, startScript } from '../systemtap/run.js';
import { buildAll, chooseScript } from './build-all.js';
import { buildForOf, type Fleet } from './fleet.js';
import { waveSizes } from './waves.js';

/** Seconds after which a host ends a script that has said nothing. */
const SILENT_SEC = 60;

export interface ProofOptions {
  /** Loads and runs the script on each host, until its first line. */
  readonly tries: boolean;
  readonly serial?: string | undefined;
  readonly forks: number;
}

export interface Proof {
  readonly failures: ReadonlyMap<string, FleetTapError>;
  /** Hosts on which the script was run. */
  readonly tried: readonly string[];
}

/** @param hosts those on which setup has not failed */
export async function proveSetup(fleet: Fleet, hosts: readonly Host[], options: ProofOptions): Promise<Proof> {
  const { context } = fleet;
  const targets = hosts.filter((host) => buildForOf(host).length === 0);
  const { modules, failures } = await buildAll(fleet, targets, await chooseScript(undefined, 'by-inventory', readFilter({})), (line) => void context.stderr.write(`${line}\n`));
  const failed = new Map(failures);
  const tried: string[] = [];
  const ready = options.tries ? targets.filter(({ name }) => modules.has(name)) : [];
  const limit = pLimit(options.forks);
  let next = 0;
  for (const size of waveSizes(ready.length, options.serial)) {
    if (context.interrupted.aborted) break;
    const wave = ready.slice(next, next + size);
    next += size;
    const errors = await Promise.all(wave.map((host) => limit(() => tryOn(fleet, host, modules.get(host.name) as KernelModule))));
    for (const [index, { name }] of wave.entries()) {
      const error = errors[index];
      if (error === undefined) tried.push(name);
      else failed.set(name, error);
    }
    const rest = ready.slice(next);
    if (errors.every((error) => error === undefined) || rest.length === 0) continue;
    const error = new FleetTapError('host', 'wave-stopped', `not tried: ${foldHosts(wave.filter((_, index) => errors[index] !== undefined).map(({ name }) => name))} failed in a wave before`, { place: { host: foldHosts(rest.map(({ name }) => name)) }, hint: 'find out what happened there before another host gets the kernel module' });
    context.stderr.write(`${formatError(error)}\n`);
    for (const { name } of rest) failed.set(name, error);
    break;
  }
  return { failures: failed, tried };
}

/** Until its first line has come, and its kernel module is gone. @returns why it does not run there */
async function tryOn(fleet: Fleet, host: Host, kernelModule: KernelModule): Promise<FleetTapError | undefined> {
  try {
    const who = `${userInfo().username}@${hostname()} (pid ${process.pid}), fleet-tap setup --try`;
    const run = await startScript(await fleet.session(host), { kernelModule, machineFace: true, limitSec: SILENT_SEC, who });
    let spoke = false;
    run.onOutput(() => {
      spoke = true;
      run.stop();
    });
    return whyNot(host.name, await run.ended, spoke, kernelModule.release);
  } catch (error) {
    return asHostError(error, host.name);
  }
}

function whyNot(host: string, end: RunEnd, spoke: boolean, release: string): FleetTapError | undefined {
  const stuck = /^ERROR: the kernel module .* could not be unloaded$/m.exec(end.stderr);
  if (stuck !== null) return new FleetTapError('host', 'not-stopped', lastLines(stuck[0], 1).replace('ERROR: ', ''), { place: { host }, hint: 'fleet-tap teardown looks again' });
  if (spoke && end.status !== null) return undefined;
  if (/^fleet-tap: ended by the limit of /m.test(end.stderr)) {
    return new FleetTapError('host', 'silent', `the script was loaded, and said nothing within ${SILENT_SEC} s`, { place: { host }, hint: 'the host is overloaded, or its kernel runs no probes: look at its kernel log (dmesg)' });
  }
  return runFailure(host, end, release);
}
