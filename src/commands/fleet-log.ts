// What comes in: each host's progress. What goes out: the merged log in the sinks, and at the end the ledger.
// Guaranteed: what a host delivers is merged, written and counted once; a host that ends by itself leaves a gap marker in its place, one that is
// lost and comes back has it before the first line of its new epoch; what influences the log is recorded before it does.
import { type Clock, formatTime } from '../base/clock.js';
import { type HostCounters, newCounters } from '../base/counters.js';
import { deferred } from '../base/deferred.js';
import { type FleetTapError, formatError } from '../base/errors.js';
import { printable } from '../base/host-text.js';
import type { GapReason } from '../base/record.js';
import type { ClockOffset } from '../capture/clock-offset.js';
import type { RecordedRun } from '../capture/recording-format.js';
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
  epoch: number;
  /** Until then nothing is missing beside what markers tell; null while nobody knows. */
  completeNs: number | null;
  /** Of the last row in this epoch. */
  sequence: number;
  gaps: number;
  /** Markers of which nobody knows how many lines they stand for. */
  unknownGaps: number;
  /** The run that was lost, until its marker stands in the log. */
  away: Away | undefined;
  notes: number;
  isOver: boolean;
  clock: LedgerRow['clock'];
  /** The widest error bound that a record of this host went out with. */
  errorNs: number;
}

/** Since when nothing is known of a host, and why. */
interface Away {
  readonly reason: GapReason;
  readonly detail: string;
  readonly fromNs: number | null;
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
  /** The fleet waits for a lost host too: what is read from files will come. Default: false. */
  readonly waitsForLost?: boolean;
}

export class FleetLog {
  readonly #spill = new SpillFiles();
  readonly #merger: Merger;
  readonly #waitsForLost: boolean;
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

  constructor({ order, sync, waitsForLost = false }: FleetLogOptions, clock: Clock, sinks: readonly Sink[], say: (line: string) => void, recorder?: Recorder, watch?: (rows: MergedRows) => void) {
    this.#recorder = recorder;
    this.#watch = watch;
    this.#merger = new Merger({ order, spill: this.#spill });
    this.#waitsForLost = waitsForLost;
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
    this.#hosts.push({ name, capture: undefined, epoch: 1, completeNs: null, sequence: 0, gaps: 0, unknownGaps: 0, away: undefined, notes: 0, isOver: false, clock: undefined, errorNs: 0 });
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

  /** A host that was lost is tried again: whatever was known of its clock counts no more. */
  again(index: number, hostCapture: LoggedCapture): void {
    this.#recorder?.again(index, this.#clock.nowNs());
    this.attach(index, hostCapture);
  }

  /** A run of the script is about to start; the first one of a host, or the next after one that was lost. */
  run(index: number, run: RecordedRun, nowNs: number): void {
    this.#recorder?.run(index, run, nowNs);
    const host = this.#host(index);
    if (run.epoch === host.epoch) return;
    host.epoch = run.epoch;
    host.sequence = 0;
    host.completeNs = null;
    if (!this.#waitsForLost) this.#merger.rejoin(index, nowNs);
  }

  /** What a host has sent. It is recorded already. */
  progress(index: number, progress: StreamProgress, nowNs: number): void {
    const host = this.#host(index);
    this.#merger.heard(index, nowNs);
    if (host.away !== undefined) this.#isBack(index, progress, nowNs);
    for (const run of progress.runs) {
      this.#note(host, run);
      this.#merger.push(index, run, nowNs);
    }
    if (progress.completeNs !== undefined) host.completeNs = progress.completeNs;
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
    this.#runIsOver(index, warnings, nowNs);
    if (error !== undefined) {
      if (host.away === undefined) this.#gap(index, gapReasonOf(error), error.message, host.completeNs ?? this.#cameTo(index), null, nowNs);
      this.#say(formatError(error));
    }
    this.#finishHost(index, nowNs);
    this.#say(`- ${host.name}`);
  }

  /** The run on this host is over, and the host is tried again: until it is back it holds nobody. */
  lost(index: number, error: FleetTapError, warnings: readonly RunWarning[]): void {
    const host = this.#host(index);
    const nowNs = this.#clock.nowNs();
    this.#recorder?.lost(index, error, warnings, nowNs);
    this.#runIsOver(index, warnings, nowNs);
    host.away ??= { reason: gapReasonOf(error), detail: error.message, fromNs: host.completeNs ?? this.#cameTo(index) };
    if (!this.#waitsForLost) this.#merger.gap(index);
    this.#say(formatError(error));
    this.#say(`- ${host.name}`);
  }

  #runIsOver(index: number, warnings: readonly RunWarning[], nowNs: number): void {
    const host = this.#host(index);
    const estimate = host.capture?.offset.estimate(nowNs);
    if (estimate !== undefined) host.clock = { offsetNs: estimate.offsetNs, errorNs: Math.max(estimate.errorNs, host.errorNs) };
    for (const warning of warnings.filter((one) => one.kind !== 'other')) {
      this.#say(`  ${host.name}: ${warning.text}`);
      if (warning.kind === 'skipped') this.#skippedProbes += warning.count;
      if (warning.kind !== 'error') this.#gap(index, 'kernel-drop', warning.text, null, this.#cameTo(index), nowNs);
    }
  }

  /** The marker stands before the first row of the new epoch, as soon as anything says when that is. */
  #isBack(index: number, { beganNs, runs: [first], watermarkNs }: StreamProgress, nowNs: number): void {
    const toNs = beganNs ?? first?.batch.tNs[first.from] ?? watermarkNs;
    if (toNs !== undefined) this.#endAway(index, toNs, nowNs);
  }

  #endAway(index: number, toNs: number | null, nowNs: number): void {
    const host = this.#host(index);
    if (host.away === undefined) return;
    const { reason, detail, fromNs } = host.away;
    host.away = undefined;
    this.#gap(index, reason, detail, fromNs, toNs, nowNs);
  }

  /** It could not be started. */
  failed(index: number, error: FleetTapError): void {
    const nowNs = this.#clock.nowNs();
    this.#recorder?.failed(index, error, nowNs);
    this.#say(formatError(error));
    this.#finishHost(index, nowNs);
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
    return torn.length === 0 && problems.length === 0 && lostLines(rows) === 0 && rows.every((row) => row.unknownGaps === 0) && this.#skippedProbes === 0;
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
      unknownGaps: host.unknownGaps,
      clock: host.clock,
    };
  }

  /** What the ledger tells of rows: markers, and the widest bound. */
  #note(host: LoggedHost, { batch, from, to }: RowRun): void {
    host.sequence = batch.sequence[to - 1] as number;
    for (let row = from; row < to; row += 1) {
      if (batch.kind[row] === GAP) host.gaps += 1;
      else if ((batch.errorNs[row] as number) > host.errorNs) host.errorNs = batch.errorNs[row] as number;
    }
  }

  /** A marker behind the host's last row, of a number of lines that nobody knows. */
  #gap(index: number, reason: GapReason, detail: string, fromNs: number | null, toNs: number | null, nowNs: number): void {
    const host = this.#host(index);
    host.gaps += 1;
    host.unknownGaps += 1;
    const { epoch, sequence } = host;
    const batch = new RecordBatch({ host: index, hostName: host.name, epoch }, 1);
    batch.appendGap(sequence, Math.max(this.#cameTo(index) ?? toNs ?? nowNs, toNs ?? Number.NEGATIVE_INFINITY), { reason, lines: null, fromNs, toNs, detail });
    this.#merger.push(index, { batch, from: 0, to: 1 }, nowNs);
  }

  /** How far the host has come; null before its first word. */
  #cameTo(index: number): number | null {
    const cameTo = this.#merger.watermark(index);
    return Number.isFinite(cameTo) ? cameTo : null;
  }

  #finishHost(index: number, nowNs: number): void {
    const host = this.#host(index);
    if (host.away !== undefined) {
      // It never came back: its marker stands where the log is, not where it has been long ago.
      if (!this.#waitsForLost) this.#merger.rejoin(index, nowNs);
      this.#endAway(index, null, nowNs);
    }
    host.isOver = true;
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
  return error.code === 'recording-cut' || error.code === 'lease-over' ? error.code : 'stap-exit';
}
