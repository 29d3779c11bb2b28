// What comes in: each host's progress. What goes out: the merged log in the sinks, and at the end the ledger.
// Guaranteed: what a host delivers is merged, written and counted once; a host that ends by itself leaves a gap marker in its place, one that is
// lost and comes back has it before the first line of its new epoch; what influences the log is recorded before it does.
import { type Clock, formatTime } from '../base/clock.js';
import { giveBack } from '../base/batch-memory.js';
import { deferred } from '../base/deferred.js';
import { FleetTapError, formatError } from '../base/errors.js';
import { printable } from '../base/host-text.js';
import type { RecordedRun } from '../capture/recording-format.js';
import { type LatePolicy, splitLate } from './late-rows.js';
import { type LoggedCapture, LoggedHost } from './logged-host.js';
import type { Recorder } from './recorder.js';
import { SpillFiles } from './spill-files.js';
import type { StreamProgress } from '../capture/host-stream.js';
import type { MergedRows } from '../base/merged-rows.js';
import type { RecordBatch } from '../base/record-batch.js';
import { foldHosts } from '../inventory/fold.js';
import { formatLedger, lostLines, unbalanced } from '../merge/ledger.js';
import { CausalSync } from '../merge/causal-sync.js';
import { Merger, type Order, type TakenRows, type WhenFull } from '../merge/merger.js';
import type { Sink } from '../sinks/sink.js';
import type { RunWarning } from '../systemtap/run-warnings.js';

/** Notes of one host that are shown; more are only counted. */
const NOTES_SHOWN = 5;
/** The script's heartbeats come as often. */
const CHECK_NS = 200e6;

const OVERFULL = new FleetTapError('host', 'queue-full', 'neither memory nor the spill has room for more lines: the capture ends, as --when-full fail says', { hint: 'more room: --memory, --spill, --spill-size; or a sink that keeps up' });

/** Where times come from beside the hosts' clocks. */
export type Sync =
  | 'ssh' // round trips alone: two events nearer than the sum of their bounds may stand in either order
  | 'tcp'; // segments and their acknowledgements too: no cause stands after its effect; the log is 2 s later

export interface FleetLogOptions {
  readonly order: Order;
  readonly sync: Sync;
  /** The fleet waits for a lost host too: what is read from files will come. Default: false. */
  readonly waitsForLost?: boolean;
  /** Default: `mark`. With `file`, `lateSink` gets them. */
  readonly late?: LatePolicy | undefined;
  readonly lateSink?: Sink | undefined;
  readonly limits?: QueueLimits | undefined;
}

/** How much may wait, and where. */
export interface QueueLimits {
  /** Bytes of rows in memory. Default: 512 MiB. */
  readonly memoryBytes?: number | undefined;
  /** Bytes on disk beyond that; 0: none. Default: 4 GiB. */
  readonly spillBytes?: number | undefined;
  /** The folder for them. Default: the system's for temporary files. */
  readonly spillFolder?: string | undefined;
  /** Default: `drop-newest`. */
  readonly whenFull?: WhenFull | undefined;
}

export class FleetLog {
  readonly #spill: SpillFiles;
  readonly #merger: Merger;
  readonly #waitsForLost: boolean;
  readonly #late: LatePolicy;
  readonly #lateSink: Sink | undefined;
  readonly #endsWhenFull: boolean;
  /** Rows that went elsewhere than to the sinks. */
  #aside = 0;
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

  constructor({ order, sync, waitsForLost = false, late = 'mark', lateSink, limits = {} }: FleetLogOptions, clock: Clock, sinks: readonly Sink[], say: (line: string) => void, recorder?: Recorder, watch?: (rows: MergedRows) => void) {
    this.#recorder = recorder;
    this.#watch = watch;
    const { memoryBytes, spillBytes, spillFolder, whenFull = 'drop-newest' } = limits;
    this.#spill = new SpillFiles(spillFolder, spillBytes);
    this.#merger = new Merger({ order, spill: this.#spill, whenFull, ...(memoryBytes === undefined ? {} : { budgetBytes: memoryBytes }) });
    this.#late = late;
    this.#lateSink = lateSink;
    this.#endsWhenFull = whenFull === 'fail';
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
    const nowNs = this.#clock.nowNs();
    const index = this.#merger.addHost(nowNs);
    this.#hosts.push(new LoggedHost(name, index, this.#merger, this.#waitsForLost));
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
    this.#host(index).begins(run.epoch, nowNs);
  }

  /** What a host has sent. It is recorded already. */
  progress(index: number, progress: StreamProgress, nowNs: number): void {
    const host = this.#host(index);
    host.take(progress, nowNs);
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
    this.#runIsOver(host, warnings, nowNs);
    if (error !== undefined) {
      host.fails(error, nowNs);
      this.#say(formatError(error));
    }
    this.#finishHost(host, nowNs);
    this.#say(`- ${host.name}`);
  }

  /** The run on this host is over, and the host is tried again: until it is back it holds nobody. */
  lost(index: number, error: FleetTapError, warnings: readonly RunWarning[]): void {
    const host = this.#host(index);
    const nowNs = this.#clock.nowNs();
    this.#recorder?.lost(index, error, warnings, nowNs);
    this.#runIsOver(host, warnings, nowNs);
    host.goesAway(error);
    this.#say(formatError(error));
    this.#say(`- ${host.name}`);
  }

  #runIsOver(host: LoggedHost, warnings: readonly RunWarning[], nowNs: number): void {
    const told = warnings.filter((one) => one.kind !== 'other');
    host.runIsOver(told, nowNs);
    for (const warning of told) {
      this.#say(`  ${host.name}: ${warning.text}`);
      if (warning.kind === 'skipped') this.#skippedProbes += warning.count;
    }
  }

  /** It could not be started. */
  failed(index: number, error: FleetTapError): void {
    const nowNs = this.#clock.nowNs();
    this.#recorder?.failed(index, error, nowNs);
    this.#say(formatError(error));
    this.#finishHost(this.#host(index), nowNs);
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
      if (this.#isOverfull()) onFailure();
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
    this.#unbalanced = unbalanced(this.#hosts.map((host) => host.ledgerRow()), []);
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
    await this.#write(this.#inCausalOrder(await this.#withoutLate(released, nowNs)));
    // --sync tcp keeps rows for a while.
    if (this.#sync === undefined) giveBack(released.gone);
    for (const host of this.#hosts) host.tellsLate(nowNs, false);
    return released.hasMore;
  }

  /** The host that all others wait for. */
  slowest(): number | undefined {
    return this.#merger.slowest();
  }

  /** There is memory for more before what may go out is written. */
  get hasRoom(): boolean {
    return this.#merger.hasRoom;
  }

  /** Writes the rest, closes the sinks, prints the ledger. @returns whether nothing was lost and every line is accounted for */
  async finish(): Promise<boolean> {
    await this.#releasing;
    const problems: string[] = [...this.#unbalanced];
    try {
      for (let hasMore = true; hasMore; ) {
        const nowNs = this.#clock.nowNs();
        const drained = this.#merger.drain();
        await this.#write(this.#inCausalOrder(await this.#withoutLate(drained, nowNs)));
        hasMore = drained.hasMore || this.#hosts.filter((host) => host.tellsLate(nowNs, true)).length > 0;
      }
      if (this.#sync !== undefined) await this.#write(this.#sync.flush());
      for (const sink of this.#allSinks) await sink.close();
      this.#sayFailures();
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
    this.#spill.close();
    const rows = this.#hosts.map((host) => host.ledgerRow());
    problems.push(...unbalanced(rows, this.#sinks, this.#aside));
    const lateSink = this.#lateSink;
    if (lateSink !== undefined && lateSink.written + lateSink.missed !== this.#aside) problems.push(`${lateSink.name}: ${this.#aside} late records, but ${lateSink.written} were written and ${lateSink.missed} missed`);
    this.#say(formatLedger(rows));
    const wrong = [...(this.#sync?.contradictions ?? [])].map((index) => this.#host(index).name);
    if (wrong.length > 0) this.#say(`--sync tcp: ${foldHosts(wrong)}: packets and clocks contradict each other: a clock is wrong beyond its bound, or addresses are translated on the way; their times are those of SSH there`);
    for (const problem of problems) this.#say(`the books do not balance: ${problem}`);
    // Whoever closes the only log has seen enough (`| head`); beside other logs it has holes.
    const torn = this.#allSinks.filter((sink) => sink.failure !== undefined || (sink.missed > 0 && this.#sinks.length > 1));
    for (const sink of torn) this.#say(`${sink.name}: ${sink.missed} of ${sink.written + sink.missed} records are not in it`);
    return torn.length === 0 && problems.length === 0 && lostLines(rows) === 0 && rows.every((row) => row.unknownGaps === 0) && this.#skippedProbes === 0;
  }

  get #allSinks(): readonly Sink[] {
    return this.#lateSink === undefined ? this.#sinks : [...this.#sinks, this.#lateSink];
  }

  /** --when-full fail: the capture is over at the first line that found no room. */
  #isOverfull(): boolean {
    if (!this.#endsWhenFull || !this.#merger.hasOverflowed) return false;
    this.#sayOnce(OVERFULL);
    return true;
  }

  /** Late rows go where --late wants them. */
  async #withoutLate(taken: TakenRows, nowNs: number): Promise<TakenRows> {
    const split = this.#late === 'mark' ? undefined : splitLate(taken.rows);
    if (split === undefined) return taken;
    this.#aside += split.late.length;
    if (this.#late === 'file') await this.#lateSink?.write(split.late);
    else {
      const { batches, batchOf, rowOf, length } = split.late;
      for (let index = 0; index < length; index += 1) {
        const batch = batches[batchOf[index] as number] as RecordBatch;
        this.#host(batch.host).leavesOut(batch.tNs[rowOf[index] as number] as number, nowNs);
      }
    }
    return { ...taken, rows: split.rest };
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
    for (const { failure } of this.#allSinks) {
      if (failure !== undefined) this.#sayOnce(failure);
    }
  }

  #sayOnce(failure: FleetTapError): void {
    if (this.#said.has(failure)) return;
    this.#said.add(failure);
    this.#say(formatError(failure));
  }

  #finishHost(host: LoggedHost, nowNs: number): void {
    host.finish(nowNs);
    if (this.#isComplete && this.active === 0) this.#over.resolve();
  }

  #host(index: number): LoggedHost {
    const host = this.#hosts[index];
    if (host === undefined) throw new RangeError(`host ${index} of ${this.#hosts.length}`);
    return host;
  }
}
