// fleet-tap capture: inventory → connections → kernel modules → all hosts at once → one log in event-time order.
// A host that fails is named and left out; the others go on. Ctrl-C ends an open-ended capture normally.
import { hostname, userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { addressNames } from '../base/address-names.js';
import { systemClock } from '../base/clock.js';
import { exitStatusOf, FleetTapError, formatError } from '../base/errors.js';
import type { RecordedHost } from '../capture/recording-format.js';
import type { Facts } from '../facts/facts.js';
import type { Host } from '../inventory/host.js';
import { foldHosts } from '../inventory/fold.js';
import type { Order } from '../merge/merger.js';
import { type FilterWords, readFilter } from '../systemtap/packet-filter.js';
import type { KernelModule } from '../systemtap/build.js';
import type { Sink } from '../sinks/sink.js';
import { LiveView } from '../ui/live-view.js';
import { buildAll, chooseScript, refuseWhatSymbolsCannot } from './build-all.js';
import { CapturedHost } from './captured-host.js';
import type { CommandContext, ExitStatus } from './context.js';
import { buildForOf, Fleet, type FleetOptions, symbolsOf } from './fleet.js';
import { FleetLog, type Sync } from './fleet-log.js';
import { checkOutputs, lateOf, limitsOf, openLateSink, type OutputOptions, openSinks, type QueueOptions, showsLiveView } from './open-sinks.js';
import { checkRecordable, Recorder } from './recorder.js';
import { ReportSink } from './report-sink.js';
import { deadAfterLoad, type Watched, waveSizes } from './waves.js';

export type { FilterWords };

export interface CaptureOptions extends FleetOptions, OutputOptions, QueueOptions {
  readonly pattern: string;
  /** Seconds; undefined = until Ctrl-C. */
  readonly forSec?: number | undefined;
  readonly script?: string | undefined;
  readonly probes: 'symbols' | 'netfilter' | 'by-inventory';
  /** Path of the compiler on the hosts that compile, over `fleet_tap_stap` of the inventory. */
  readonly stap?: string | undefined;
  readonly order: Order;
  /** Default: `ssh`. */
  readonly sync?: Sync | undefined;
  /** Folder that gets a recording of all that came in. */
  readonly record?: string | undefined;
  /** HTML page that is written at the end. */
  readonly report?: string | undefined;
  /** Seconds until the hosts end by themselves in any case. */
  readonly limitSec: number;
  readonly filter?: FilterWords;
  /** Captures beside another capture of the same host. */
  readonly join?: boolean | undefined;
  /** MiB of the kernel's buffer for each CPU. */
  readonly bufferMib?: number | undefined;
  /** How many hosts load the kernel module at once: Ansible's `serial`. */
  readonly serial?: string | undefined;
}

/** Records wait at least this long for those of other hosts; the screen is not written more often. */
const RELEASE_MS = 50;
/** Hosts that take longer to end are named. */
const SLOW_END_MS = 3_000;

export async function capture(options: CaptureOptions, context: CommandContext): Promise<ExitStatus> {
  const choice = { ...(await chooseScript(options.script, options.probes, readFilter(options.filter ?? {}))), stap: options.stap };
  waveSizes(1, options.serial);
  if (options.sync === 'tcp' && options.order === 'none') throw new FleetTapError('input', 'options-contradict', '--sync tcp orders the log, and --order none keeps no order', { hint: 'leave out one of the two' });
  await checkOutputs(options, choice.isOurs, { report: options.report });
  if (options.record !== undefined) await checkRecordable(options.record);
  const fleet = await Fleet.open(options.pattern, options, context);
  const say = (line: string) => void context.stderr.write(`${line}\n`);
  try {
    const targets = fleet.hosts.filter((host) => buildForOf(host).length === 0);
    for (const host of targets) symbolsOf(host);
    if (targets.length === 0) throw new FleetTapError('input', 'no-hosts', `${foldHosts(fleet.hosts.map((host) => host.name))}: only build hosts match, and those are not captured from`);
    refuseWhatSymbolsCannot(targets, choice);
    const { modules, failures } = await buildAll(fleet, targets, choice, say);
    for (const error of unique(failures.values())) say(formatError(error));
    const ready = targets.filter((host) => modules.has(host.name));
    if (ready.length === 0 || context.interrupted.aborted) return fleet.ends(context.interrupted.aborted ? 130 : exitStatusOf(failures.values()), failures);
    const prepared = { options, context, say, modules, isOurs: choice.isOurs, failures: new Map(failures) };
    return fleet.ends(await run(fleet, ready, prepared), prepared.failures);
  } finally {
    await fleet.close();
  }
}

interface Prepared {
  readonly options: CaptureOptions;
  readonly context: CommandContext;
  readonly say: (line: string) => void;
  readonly modules: Awaited<ReturnType<typeof buildAll>>['modules'];
  readonly isOurs: boolean;
  readonly failures: Map<string, FleetTapError>;
}

async function run(fleet: Fleet, hosts: readonly Host[], prepared: Prepared): Promise<ExitStatus> {
  const { options, context, failures } = prepared;
  const clock = systemClock();
  const over = new AbortController();
  const facts = await Promise.all(hosts.map((host) => fleet.facts(host)));
  const known = hosts.map(({ name }, index) => describe(name, facts[index]));
  const format = { originSec: clock.originSec, hostWidth: Math.max(...hosts.map((host) => host.name.length)), hosts: known, outgoing: options.filter?.direction === 'out', names: addressNames(known) };
  // Nobody reads any more: the end, unless the log goes to a file as well.
  const onReaderGone = () => void (sinks.length === 1 && over.abort());
  const sinks: Sink[] = await openSinks(options, format, context, onReaderGone);
  const [late, limits, lateSink] = [lateOf(options), limitsOf(options), await openLateSink(options, format)];
  if (options.report !== undefined) {
    const page = new ReportSink(options.report, ['a live capture'], clock.originSec);
    for (const host of known) page.addHost(host.name, host);
    sinks.push(page);
  }
  // Counters only beside a log that the person does not see, and not where nobody sits.
  const redraws = showsLiveView(options, context) && context.stderr.isTTY === true;
  const view = redraws || (context.stderr.isTTY === true && context.stdout.isTTY !== true) ? new LiveView(context.stderr, redraws, () => log.status()) : undefined;
  const say = view === undefined ? prepared.say : (line: string) => view.say(line);
  const recorder = options.record === undefined ? undefined : await Recorder.open(options.record, { originSec: format.originSec, hostWidth: format.hostWidth, hosts: known, outgoing: format.outgoing, order: options.order, late, memoryBytes: limits.memoryBytes, spillBytes: limits.spillBytes, whenFull: limits.whenFull }, say);
  const log: FleetLog = new FleetLog({ order: options.order, sync: options.sync ?? 'ssh', late, lateSink, limits }, clock, sinks, say, recorder, (rows) => view?.add(rows));
  const captures: CapturedHost[] = [];
  const starting = pLimit(options.forks);
  const stopped = AbortSignal.any([context.interrupted, over.signal]);
  const who = `${userInfo().username}@${hostname()} (pid ${process.pid}), since ${new Date().toISOString().slice(0, 19)}Z`;

  const hostOf = (host: Host, index: number, watched: Watched, kernelModule: KernelModule): CapturedHost => {
    const link = { first: () => fleet.session(host), again: (signal: AbortSignal) => fleet.reconnect(host, signal) };
    const request = { kernelModule, machineFace: prepared.isOurs, limitSec: options.limitSec, who, join: options.join, bufferMib: options.bufferMib };
    return new CapturedHost(host.name, index, link, request, { clock, log, recorder }, {
      heard: () => {
        watched.heardMs = performance.now();
      },
      failed: (failure) => {
        failures.set(host.name, failure);
        watched.failure = failure;
      },
      back: (failure, awayMs) => {
        failures.set(host.name, new FleetTapError('host', 'was-away', `what it received in ${(awayMs / 1000).toFixed(1)} s is unknown: ${failure.message}`, { place: { host: host.name } }));
        say(`+ ${host.name}: after ${(awayMs / 1000).toFixed(1)} s of which nothing is known`);
      },
      over: () => {
        watched.isOver = true;
      },
    });
  };
  const startHost = async (host: Host, index: number, watched: Watched): Promise<void> => {
    const kernelModule = prepared.modules.get(host.name);
    if (kernelModule === undefined) return;
    const captured = hostOf(host, index, watched, kernelModule);
    captures.push(captured);
    await captured.start();
    if (!failures.has(host.name)) say(`+ ${host.name}`);
  };

  const startAll = async (): Promise<void> => {
    let next = 0;
    for (const size of waveSizes(hosts.length, options.serial)) {
      const wave = hosts.slice(next, next + size);
      next += size;
      // A host is taken into the merge before its script starts, and not earlier: it would hold the fleet.
      const watching = await Promise.all(
        wave.map(async (host) => {
          const index = log.addHost(host.name);
          const watched: Watched = { name: host.name, loadedMs: performance.now(), heardMs: Number.NEGATIVE_INFINITY, failure: undefined, isOver: false };
          await starting(() => startHost(host, index, watched));
          watched.loadedMs = performance.now();
          return watched;
        }),
      );
      if (next >= hosts.length || stopped.aborted) break;
      const dead = await deadAfterLoad(watching, prepared.isOurs, stopped);
      if (dead === undefined) continue;
      const rest = hosts.slice(next).map((host) => host.name);
      const error = new FleetTapError('host', 'wave-stopped', `not captured from: ${dead.place.host} was lost after its kernel module had been loaded`, {
        place: { host: foldHosts(rest) },
        hint: 'find out what happened to it before another host gets the kernel module',
      });
      for (const name of rest) failures.set(name, error);
      say(formatError(error));
      break;
    }
    log.allAdded();
    const begun = hosts.filter(({ name }) => !failures.has(name)).map(({ name }) => name);
    // Scripts wait for this line: on a network where nothing happens the log stays empty.
    if (begun.length > 0 && !stopped.aborted) say(`capturing from ${foldHosts(begun)}`);
  };
  const started = startAll();
  const pump = setInterval(() => void log.release(() => over.abort()), RELEASE_MS);
  const aborted = new Promise<void>((resolve) => {
    if (stopped.aborted) resolve();
    else stopped.addEventListener('abort', () => resolve(), { once: true });
  });
  await Promise.race([started, aborted]);
  const allOver = () => log.active === 0;
  if (options.forSec !== undefined && !stopped.aborted) {
    // What is left of the time would keep the process when all hosts have ended.
    const ended = new AbortController();
    const timeIsOver = sleep(options.forSec * 1000, undefined, { signal: AbortSignal.any([stopped, ended.signal]) }).catch(() => {});
    await Promise.race([timeIsOver, log.whenAllEnded]);
    ended.abort();
  } else if (!stopped.aborted && !allOver()) await Promise.race([aborted, log.whenAllEnded]);
  const cleanly = await stopAll(captures, say);
  await started;
  clearInterval(pump);
  for (const { host } of cleanly.filter(({ ended }) => !ended)) {
    failures.set(host, new FleetTapError('host', 'not-stopped', 'did not say that the script has ended; the host ends it by itself within 15 s', { place: { host }, hint: 'fleet-tap teardown looks again' }));
    say(formatError(failures.get(host) as FleetTapError));
  }
  view?.stop();
  const booksBalance = await log.finish();
  await recorder?.finish(clock.nowNs());
  const isComplete = booksBalance && recorder?.failure === undefined;
  const interruptedEarly = context.interrupted.aborted && options.forSec !== undefined;
  const status = exitStatusOf(failures.values());
  if (status !== 0) return status;
  if (interruptedEarly) return 130;
  return isComplete ? 0 : 2;
}

/** Ends all runs. Who waits is told for whom. @returns which have ended */
async function stopAll(captures: readonly CapturedHost[], say: (line: string) => void): Promise<{ readonly host: string; readonly ended: boolean }[]> {
  const waitedFor = new Set(captures.map(({ host }) => host));
  const slow = setTimeout(() => say(`${foldHosts([...waitedFor])}: waiting for the last lines`), SLOW_END_MS);
  const cleanly = await Promise.all(
    captures.map(async (captured) => {
      const ended = await captured.stop();
      waitedFor.delete(captured.host);
      return { host: captured.host, ended };
    }),
  );
  clearTimeout(slow);
  return cleanly;
}

function describe(name: string, facts: Facts | undefined): RecordedHost {
  if (facts === undefined) return { name, description: '', addresses: [] };
  const { codename, kernelRelease, distribution, distributionVersion } = facts;
  return { name, description: `${codename} ${kernelRelease}`.trim(), kernel: kernelRelease, distribution: `${distribution} ${distributionVersion}`, addresses: facts.addresses.map(({ address }) => address) };
}

/** Several hosts may share one failure (their build host's): it is said once. */
function unique(errors: Iterable<FleetTapError>): FleetTapError[] {
  return [...new Map([...errors].map((error) => [formatError(error), error])).values()];
}
