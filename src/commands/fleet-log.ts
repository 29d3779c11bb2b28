// What comes in: each host's progress. What goes out: the merged log in the sinks, and at the end the ledger.
// Guaranteed: what a host delivers is merged, written and counted once; a host that ends by itself leaves a gap marker in its place.
import { type Clock, formatTime } from '../base/clock.js';
import { type HostCounters, newCounters } from '../base/counters.js';
import { deferred } from '../base/deferred.js';
import { type FleetTapError, formatError } from '../base/errors.js';
import { printable } from '../base/host-text.js';
import type { GapReason } from '../base/record.js';
import type { ClockOffset } from '../capture/clock-offset.js';
import type { Recorder } from './recorder.js';
import { SpillFiles } from './spill-files.js';
import type { StreamProgress } from '../capture/host-stream.js';
import { GAP, RecordBatch, type RowRun } from '../base/record-batch.js';
import type { MergedRows } from '../base/merged-rows.js';
import { foldHosts } from '../inventory/fold.js';
import { formatLedger, type LedgerRow, lostLines, unbalanced } from '../merge/ledger.js';
import { CausalSync } from '../merge/causal-sync.js';
import { Merger, type Order, type TakenRows } from '../merge/merger.js';
import type { Sink } from '../sinks/sink.js';
import type { RunWarning } from '../systemtap/run-warnings.js';

/** Where a host's books and clock are kept. */
interface LoggedCapture {
  readonly counters: HostCounters;
  readonly offset: ClockOffset;
}

interface LoggedHost {
  readonly name: string;
  capture: LoggedCapture | undefined;
  gaps: number;
  notes: number;
  isOver: boolean;
  clock: LedgerRow['clock'];
  /** The widest error bound that a record of this host went out with. */
  errorNs: number;
}

/** Notes of one host that are shown; more are only counted. */
const NOTES_SHOWN = 5;
/** The script's heartbeats come as often. */
const CHECK_NS = 200e6;

/** Where times come from beside the hosts' clocks. */
export type Sync =
  | 'ssh' // round trips alone: two events nearer than the sum of their bounds may stand in either order
  | 'tcp'; // segments and their acknowledgements too: no cause stands after its effect; the log is 2 s later

export interface FleetLogOptions {
  readonly order: Order;
  readonly sync: Sync;
}

export class FleetLog {
  readonly #spill = new SpillFiles();
  readonly #merger: Merger;
  readonly #sync: CausalSync | undefined;
  readonly #clock: Clock;
  readonly #sinks: readonly Sink[];
  readonly #say: (line: string) => void;
  readonly #recorder: Recorder | undefined;
  readonly #hosts: LoggedHost[] = [];
  readonly #over = deferred();
  #releasing: Promise<void> | undefined;
  readonly #said = new Set<FleetTapError>();
  readonly #watch: ((rows: MergedRows) => void) | undefined;
  #skippedProbes = 0;
  #isComplete = false;
  #checkedNs = Number.NEGATIVE_INFINITY;
  #unbalanced: readonly string[] = [];

  constructor({ order, sync }: FleetLogOptions, clock: Clock, sinks: readonly Sink[], say: (line: string) => void, recorder?: Recorder, watch?: (rows: MergedRows) => void) {
    this.#recorder = recorder;
    this.#watch = watch;
    this.#merger = new Merger({ order, spill: this.#spill });
    this.#sync = sync === 'tcp' ? new CausalSync() : undefined;
    this.#clock = clock;
    this.#sinks = sinks;
    this.#say = say;
  }

  /** Resolves when no host runs any more. */
  get whenAllEnded(): Promise<void> {
    return this.#over.promise;
  }

  /** Nanoseconds that each host's last word is behind now, lines lost, and whether it is over: for the live view. */
  status(): { readonly name: string; readonly lagNs: number; readonly lost: number; readonly isOver: boolean }[] {
    const nowNs = this.#clock.nowNs();
    return this.#hosts.map((host, index) => ({ name: host.name, lagNs: nowNs - this.#merger.watermark(index), lost: host.capture?.counters.lost ?? 0, isOver: host.isOver }));
  }

  get active(): number {
    return this.#hosts.filter((host) => !host.isOver).length;
  }

  addHost(name: string): number {
    this.#hosts.push({ name, capture: undefined, gaps: 0, notes: 0, isOver: false, clock: undefined, errorNs: 0 });
    const nowNs = this.#clock.nowNs();
    const index = this.#merger.addHost(nowNs);
    this.#recorder?.host(index, name, nowNs);
    return index;
  }

  /** No more hosts will come: when those that run are over, all is over. */
  allAdded(): void {
    this.#isComplete = true;
    if (this.active === 0) this.#over.resolve();
  }

  attach(index: number, hostCapture: LoggedCapture): void {
    this.#host(index).capture = hostCapture;
  }

  progress(index: number, progress: StreamProgress, nowNs: number): void {
    const host = this.#host(index);
    this.#merger.heard(index, nowNs);
    for (const run of progress.runs) {
      this.#note(host, run);
      this.#merger.push(index, run, nowNs);
    }
    if (progress.watermarkNs !== undefined) this.#merger.advance(index, progress.watermarkNs, nowNs);
    for (const note of progress.notes) {
      host.notes += 1;
      if (host.notes <= NOTES_SHOWN) this.#say(`  ${host.name}: ${printable(note)}`);
    }
  }

  /** The script on this host has ended; with an error when nobody had asked for it. */
  ended(index: number, error: FleetTapError | undefined, warnings: readonly RunWarning[]): void {
    const host = this.#host(index);
    const nowNs = this.#clock.nowNs();
    this.#recorder?.ended(index, error, warnings, nowNs);
    const estimate = host.capture?.offset.estimate(nowNs);
    host.clock = estimate && { offsetNs: estimate.offsetNs, errorNs: Math.max(estimate.errorNs, host.errorNs) };
    for (const warning of warnings.filter((one) => one.kind !== 'other')) {
      this.#say(`  ${host.name}: ${warning.text}`);
      if (warning.kind === 'skipped') this.#skippedProbes += warning.count;
      if (warning.kind !== 'error') this.#gap(index, 'kernel-drop', warning.text, nowNs);
    }
    if (error !== undefined) {
      this.#gap(index, gapReasonOf(error), error.message, nowNs);
      this.#say(formatError(error));
    }
    this.#finishHost(index);
    this.#say(`- ${host.name}`);
  }

  /** It could not be started. */
  failed(index: number, error: FleetTapError): void {
    this.#recorder?.failed(index, error, this.#clock.nowNs());
    this.#say(formatError(error));
    this.#finishHost(index);
  }

  /** Writes what nothing can precede any more; while a sink is behind, rows wait in the merge. */
  release(onFailure: () => void): Promise<void> {
    if (this.#releasing !== undefined) return Promise.resolve();
    this.#releasing = this.#release(onFailure).finally(() => {
      this.#releasing = undefined;
    });
    return this.#releasing;
  }

  async #release(onFailure: () => void): Promise<void> {
    try {
      await this.releaseAll();
      this.#checkBooks();
      if (this.#sinks.every((sink) => sink.failure !== undefined || sink.abandoned)) onFailure();
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error));
      onFailure();
    }
  }

  /** The hosts' books, as often as heartbeats come; the sinks' wait for the end, since late rows may be on their way to them. */
  #checkBooks(): void {
    const nowNs = this.#clock.nowNs();
    if (nowNs - this.#checkedNs < CHECK_NS || this.#unbalanced.length > 0) return;
    this.#checkedNs = nowNs;
    this.#unbalanced = unbalanced(this.#hosts.map((host, index) => this.#row(host, index)), []);
    for (const problem of this.#unbalanced) this.#say(`the books do not balance at ${formatTime(nowNs, this.#clock.originSec)}: ${problem}`);
  }

  /** Writes all that nothing can precede any more. */
  async releaseAll(): Promise<void> {
    while (await this.releaseOnce());
  }

  /** The same, but one part of it. @returns whether there is more */
  async releaseOnce(): Promise<boolean> {
    const nowNs = this.#clock.nowNs();
    this.#recorder?.release(nowNs);
    const released = this.#merger.release(nowNs);
    for (const index of released.wentIdle) this.#say(`  ${this.#host(index).name}: says nothing; the others no longer wait for it`);
    for (const index of released.wentHeld) this.#say(`  ${this.#host(index).name}: is more than 10 s behind; the others no longer wait for it`);
    await this.#write(this.#inCausalOrder(released));
    return released.hasMore;
  }

  /** The host that all others wait for. */
  slowest(): number | undefined {
    return this.#merger.slowest();
  }

  /** Writes the rest, closes the sinks, prints the ledger. @returns whether nothing was lost and every line is accounted for */
  async finish(): Promise<boolean> {
    await this.#releasing;
    const problems: string[] = [...this.#unbalanced];
    try {
      for (let hasMore = true; hasMore; ) {
        const drained = this.#merger.drain();
        await this.#write(this.#inCausalOrder(drained));
        hasMore = drained.hasMore;
      }
      if (this.#sync !== undefined) await this.#write(this.#sync.flush());
      for (const sink of this.#sinks) await sink.close();
      this.#sayFailures();
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
    this.#spill.close();
    const rows = this.#hosts.map((host, index) => this.#row(host, index));
    problems.push(...unbalanced(rows, this.#sinks));
    this.#say(formatLedger(rows));
    const wrong = [...(this.#sync?.contradictions ?? [])].map((index) => this.#host(index).name);
    if (wrong.length > 0) this.#say(`--sync tcp: ${foldHosts(wrong)}: packets and clocks contradict each other: a clock is wrong beyond its bound, or addresses are translated on the way; their times are those of SSH there`);
    for (const problem of problems) this.#say(`the books do not balance: ${problem}`);
    // Whoever closes the only log has seen enough (`| head`); beside other logs it has holes.
    const torn = this.#sinks.filter((sink) => sink.failure !== undefined || (sink.missed > 0 && this.#sinks.length > 1));
    for (const sink of torn) this.#say(`${sink.name}: ${sink.missed} of ${sink.written + sink.missed} records are not in it`);
    return torn.length === 0 && problems.length === 0 && lostLines(rows) === 0 && this.#skippedProbes === 0;
  }

  #inCausalOrder({ rows, untilNs }: TakenRows): MergedRows {
    return this.#sync === undefined ? rows : this.#sync.take(rows, untilNs);
  }

  async #write(rows: MergedRows): Promise<void> {
    // Each sink gets the records, whatever another one's failure.
    await Promise.all(this.#sinks.map(async (sink) => sink.write(rows)));
    this.#sayFailures();
    if (rows.length > 0) this.#watch?.(rows);
  }

  #sayFailures(): void {
    for (const { failure } of this.#sinks) {
      if (failure === undefined || this.#said.has(failure)) continue;
      this.#said.add(failure);
      this.#say(formatError(failure));
    }
  }

  #row(host: LoggedHost, index: number): LedgerRow {
    return {
      host: host.name,
      counters: host.capture?.counters ?? newCounters(),
      merged: this.#merger.counts(index),
      held: this.#merger.held(index),
      gaps: host.gaps,
      clock: host.clock,
    };
  }

  /** What the ledger tells of rows: markers, and the widest bound. */
  #note(host: LoggedHost, { batch, from, to }: RowRun): void {
    for (let row = from; row < to; row += 1) {
      if (batch.kind[row] === GAP) host.gaps += 1;
      else if ((batch.errorNs[row] as number) > host.errorNs) host.errorNs = batch.errorNs[row] as number;
    }
  }

  #gap(index: number, reason: GapReason, detail: string, nowNs: number): void {
    const host = this.#host(index);
    host.gaps += 1;
    const cameTo = this.#merger.watermark(index);
    const tNs = Number.isFinite(cameTo) ? cameTo : nowNs;
    const sequence = (host.capture?.counters.records ?? 0) + 1;
    const batch = new RecordBatch({ host: index, hostName: host.name, epoch: 1 }, 1);
    batch.appendGap(sequence, tNs, { reason, lines: null, detail });
    this.#merger.push(index, { batch, from: 0, to: 1 }, nowNs);
  }

  #finishHost(index: number): void {
    this.#host(index).isOver = true;
    this.#merger.finish(index);
    if (this.#isComplete && this.active === 0) this.#over.resolve();
  }

  #host(index: number): LoggedHost {
    const host = this.#hosts[index];
    if (host === undefined) throw new RangeError(`host ${index} of ${this.#hosts.length}`);
    return host;
  }
}

function gapReasonOf(error: FleetTapError): GapReason {
  if (error.kind === 'unreachable') return 'connection-lost';
  return error.code === 'recording-cut' ? 'recording-cut' : 'stap-exit';
}
