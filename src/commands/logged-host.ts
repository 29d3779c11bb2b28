// One host in the fleet's log. What comes in: what it has sent, and what becomes of its runs. What goes out: its rows and gap markers into the
// merge, and its line of the ledger.
// Guaranteed: a run that was lost has one marker, with its time range, before the first row of the next one, or at the end; every marker that
// stands for a number of lines that nobody knows is counted as such.
import type { HostCounters } from '../base/counters.js';
import { newCounters } from '../base/counters.js';
import type { FleetTapError } from '../base/errors.js';
import type { GapReason } from '../base/record.js';
import { GAP, RecordBatch, type RowRun } from '../base/record-batch.js';
import type { ClockOffset } from '../capture/clock-offset.js';
import type { StreamProgress } from '../capture/host-stream.js';
import type { LedgerRow } from '../merge/ledger.js';
import type { Merger } from '../merge/merger.js';
import type { RunWarning } from '../systemtap/run-warnings.js';

/** Where a host's books and clock are kept. */
export interface LoggedCapture {
  readonly counters: HostCounters;
  readonly offset: ClockOffset;
}

/** Since when nothing is known of a host, and why. */
interface Away {
  readonly reason: GapReason;
  readonly detail: string;
  readonly fromNs: number | null;
}

const TELL_LATE_NS = 1e9;

export class LoggedHost {
  readonly name: string;
  capture: LoggedCapture | undefined;
  notes = 0;
  isOver = false;
  readonly #index: number;
  readonly #merger: Merger;
  /** The fleet waits for it while it is lost. */
  readonly #isWaitedFor: boolean;
  #epoch = 1;
  /** Of the last row in this epoch. */
  #sequence = 0;
  /** Until then nothing is missing beside what markers tell; null while nobody knows. */
  #completeNs: number | null = null;
  #gaps = 0;
  /** Markers of which nobody knows how many lines they stand for. */
  #unknownGaps = 0;
  /** Packets that the script could not read, as it said at its end: no line came of them. */
  #unread = 0;
  /** The run that was lost, until its marker stands in the log. */
  #away: Away | undefined;
  /** Late lines that were left out and not told yet. */
  #lateLines = 0;
  #lateFromNs = 0;
  #lateToNs = 0;
  #lateSinceNs = 0;
  #clock: LedgerRow['clock'];
  /** The widest error bound that a record went out with. */
  #errorNs = 0;

  constructor(name: string, index: number, merger: Merger, isWaitedFor: boolean) {
    this.name = name;
    this.#index = index;
    this.#merger = merger;
    this.#isWaitedFor = isWaitedFor;
  }

  /** A run is about to start. One after a run that was lost holds the others until its first word. */
  begins(epoch: number, nowNs: number): void {
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#sequence = 0;
    this.#completeNs = null;
    if (!this.#isWaitedFor) this.#merger.rejoin(this.#index, nowNs);
  }

  take(progress: StreamProgress, nowNs: number): void {
    this.#merger.heard(this.#index, nowNs);
    if (this.#away !== undefined) this.#isBack(progress, nowNs);
    for (const run of progress.runs) {
      this.#note(run);
      this.#merger.push(this.#index, run, nowNs);
    }
    if (progress.completeNs !== undefined) this.#completeNs = progress.completeNs;
    if (progress.watermarkNs !== undefined) this.#merger.advance(this.#index, progress.watermarkNs, nowNs);
  }

  /** The script has ended; what staprun said of losses is a marker. */
  runIsOver(warnings: readonly RunWarning[], nowNs: number): void {
    const estimate = this.capture?.offset.estimate(nowNs);
    if (estimate !== undefined) this.#clock = { offsetNs: estimate.offsetNs, errorNs: Math.max(estimate.errorNs, this.#errorNs) };
    for (const { kind, text, count } of warnings) {
      if (kind === 'unread') {
        this.#unread += count;
        this.#gap('unreadable', text, null, this.#cameTo(), nowNs, count);
      } else if (kind !== 'error') this.#gap('kernel-drop', text, null, this.#cameTo(), nowNs);
    }
  }

  /** Its run has ended in an error, and no other follows. */
  fails(error: FleetTapError, nowNs: number): void {
    if (this.#away === undefined) this.#gap(gapReasonOf(error), error.message, this.#completeNs ?? this.#cameTo(), null, nowNs);
  }

  /** Its run was lost, and another is tried: until then it holds nobody. */
  goesAway(error: FleetTapError): void {
    this.#away ??= { reason: gapReasonOf(error), detail: error.message, fromNs: this.#completeNs ?? this.#cameTo() };
    if (!this.#isWaitedFor) this.#merger.gap(this.#index);
  }

  /** A late line of it was left out. */
  leavesOut(tNs: number, nowNs: number): void {
    if (this.#lateLines === 0) [this.#lateFromNs, this.#lateToNs, this.#lateSinceNs] = [tNs, tNs, nowNs];
    this.#lateLines += 1;
    this.#lateFromNs = Math.min(this.#lateFromNs, tNs);
    this.#lateToNs = Math.max(this.#lateToNs, tNs);
  }

  /** Tells of late lines that were left out a while ago, or `always`. @returns whether there was something to tell */
  tellsLate(nowNs: number, always: boolean): boolean {
    if (this.#lateLines === 0 || (!always && nowNs - this.#lateSinceNs < TELL_LATE_NS)) return false;
    const lines = this.#lateLines;
    this.#lateLines = 0;
    this.#gap('late', 'they came after later ones were written', this.#lateFromNs, this.#lateToNs, nowNs, lines);
    return true;
  }

  /** Nothing more will come. */
  finish(nowNs: number): void {
    if (this.#away !== undefined) {
      // It never came back: its marker stands where the log is, not where it has been long ago.
      if (!this.#isWaitedFor) this.#merger.rejoin(this.#index, nowNs);
      this.#endAway(null, nowNs);
    }
    this.isOver = true;
    this.#merger.finish(this.#index);
  }

  ledgerRow(): LedgerRow {
    return {
      host: this.name,
      counters: this.capture?.counters ?? newCounters(),
      merged: this.#merger.counts(this.#index),
      held: this.#merger.held(this.#index),
      gaps: this.#gaps,
      unknownGaps: this.#unknownGaps,
      unread: this.#unread,
      clock: this.#clock,
    };
  }

  /** The marker stands before the first row of the new epoch, as soon as anything says when that is. */
  #isBack({ beganNs, runs: [first], watermarkNs }: StreamProgress, nowNs: number): void {
    const toNs = beganNs ?? first?.batch.tNs[first.from] ?? watermarkNs;
    if (toNs !== undefined) this.#endAway(toNs, nowNs);
  }

  #endAway(toNs: number | null, nowNs: number): void {
    if (this.#away === undefined) return;
    const { reason, detail, fromNs } = this.#away;
    this.#away = undefined;
    this.#gap(reason, detail, fromNs, toNs, nowNs);
  }

  /** What the ledger tells of rows: markers, and the widest bound. */
  #note({ batch, from, to }: RowRun): void {
    this.#sequence = batch.sequence[to - 1] as number;
    for (let row = from; row < to; row += 1) {
      if (batch.kind[row] === GAP) this.#gaps += 1;
      else if ((batch.errorNs[row] as number) > this.#errorNs) this.#errorNs = batch.errorNs[row] as number;
    }
  }

  /** A marker behind the host's last row; unless it is said, nobody knows of how many lines. */
  #gap(reason: GapReason, detail: string, fromNs: number | null, toNs: number | null, nowNs: number, lines: number | null = null): void {
    this.#gaps += 1;
    if (lines === null) this.#unknownGaps += 1;
    const batch = new RecordBatch({ host: this.#index, hostName: this.name, epoch: this.#epoch }, 1);
    batch.appendGap(this.#sequence, Math.max(this.#cameTo() ?? toNs ?? nowNs, toNs ?? Number.NEGATIVE_INFINITY), { reason, lines, fromNs, toNs, detail });
    this.#merger.push(this.#index, { batch, from: 0, to: 1 }, nowNs);
  }

  /** How far the host has come; null before its first word. */
  #cameTo(): number | null {
    const cameTo = this.#merger.watermark(this.#index);
    return Number.isFinite(cameTo) ? cameTo : null;
  }
}

function gapReasonOf(error: FleetTapError): GapReason {
  if (error.kind === 'unreachable') return 'connection-lost';
  return error.code === 'recording-cut' || error.code === 'lease-over' ? error.code : 'stap-exit';
}
