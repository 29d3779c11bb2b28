// One host in the merge: its state, and the stretches of rows that wait, in the host's order.
import { type BatchOwner, GAP, RecordBatch, type RowRun } from '../base/record-batch.js';
import { packRows, type SpillStore, unpackRows } from './spill.js';

export type HostState =
  | 'joining' // started, has said nothing yet: holds the fleet, so that its first lines are not late
  | 'active'
  | 'idle' // said nothing for idleNs: holds nobody
  | 'held' // talks, but is too far behind: holds nobody until it has caught up
  | 'gap' // disconnected: holds nobody until it joins again
  | 'finished';

export interface MergeCounts {
  taken: number;
  emitted: number;
  late: number;
  /** Records whose time was raised to the host's previous one, because the host's order wins over microsecond inversions. */
  clamped: number;
  /** Rows that found no room, in memory or on disk. */
  dropped: number;
  /** Markers that merge itself put where rows were dropped. */
  markers: number;
}

interface WaitingRun {
  readonly batch: RecordBatch;
  from: number;
  to: number;
}

/** Rows that wait elsewhere. */
interface SpilledRun {
  readonly owner: BatchOwner;
  readonly block: number;
  readonly rows: number;
  readonly firstNs: number;
  readonly lastNs: number;
}

/** A block is not larger, so that one can be read back without a thought. */
const BLOCK_ROWS = 100_000;

/** So many rows of a host stay in memory when all others are spilled. */
const FIRST_ROWS = 32;

/** Of the oldest, such a part is given up at once. */
const GIVEN_PART = 1 / 8;

/** A marker that still counts what is dropped. */
interface OpenLoss {
  readonly reason: 'spill-full';
  /** null: markers of unknown losses are among them. */
  lines: number | null;
  readonly fromNs: number;
  toNs: number;
  detail: string;
  bytes: number;
}

export class HostQueue {
  state: HostState = 'joining';
  /** Nothing of this host will be earlier: moved by records and by heartbeats. */
  watermarkNs: number;
  /** When it last said something. */
  heardNs: number;
  /** It was lost, and joins again. */
  isBack = false;
  /** Its silence was found after a pause of ours: it gets until the next release. */
  spared = false;
  readonly counts: MergeCounts = { taken: 0, emitted: 0, late: 0, clamped: 0, dropped: 0, markers: 0 };
  /** Rows that wait. */
  rows = 0;
  /** Bytes of those in memory; `#held` is the whole fleet's. */
  bytes = 0;
  #runs: (WaitingRun | SpilledRun)[] = [];
  #loss: OpenLoss | undefined;
  /** The marker in front, while it counts what is given up behind it. */
  #given: { readonly run: WaitingRun; readonly loss: OpenLoss } | undefined;
  readonly #held: { bytes: number };
  readonly #store: SpillStore | undefined;

  constructor(watermarkNs: number, heardNs: number, held: { bytes: number }, store: SpillStore | undefined) {
    this.#held = held;
    this.#store = store;
    this.watermarkNs = watermarkNs;
    this.heardNs = heardNs;
  }

  get holds(): boolean {
    return this.state === 'joining' || this.state === 'active';
  }

  append(batch: RecordBatch, from: number, to: number): void {
    if (from === to) return;
    this.rows += to - from;
    this.#count(RecordBatch.bytesOf({ batch, from, to }));
    this.#loss = undefined;
    const last = this.#runs.at(-1);
    if (last !== undefined && 'batch' in last && last.batch === batch && last.to === from) last.to = to;
    else this.#runs.push({ batch, from, to });
  }

  /** Time of the last row that waits; -Infinity when none does. */
  get lastNs(): number {
    const last = this.#runs.at(-1);
    if (last === undefined) return Number.NEGATIVE_INFINITY;
    return 'batch' in last ? (last.batch.tNs[last.to - 1] as number) : last.lastNs;
  }

  get firstNs(): number {
    const first = this.#runs[0];
    if (first === undefined) return Number.POSITIVE_INFINITY;
    return 'batch' in first ? (first.batch.tNs[first.from] as number) : first.firstNs;
  }

  /**
   * Puts the rows at the end, all but the first that wait, into the store: they will be needed last.
   * @returns false when there was nothing to put there, or no room for it
   */
  spill(): boolean {
    this.#splitOnly();
    const tail: WaitingRun[] = [];
    let rows = 0;
    for (let index = this.#runs.length - 1; index > 0; index -= 1) {
      const run = this.#runs[index];
      if (run === undefined || !('batch' in run) || rows > BLOCK_ROWS || (tail[0] !== undefined && run.batch.epoch !== tail[0].batch.epoch)) break;
      tail.unshift(run);
      rows += run.to - run.from;
    }
    const [first, last] = [tail[0], tail.at(-1)];
    if (first === undefined || last === undefined) return false;
    const block = this.#store?.put(packRows(tail));
    if (block === undefined) return false;
    const { host, hostName, epoch } = first.batch;
    const times = { firstNs: first.batch.tNs[first.from] as number, lastNs: last.batch.tNs[last.to - 1] as number };
    this.#runs.splice(-tail.length, tail.length, { owner: { host, hostName, epoch }, block, rows, ...times });
    for (const run of tail) this.#count(-RecordBatch.bytesOf(run));
    this.#loss = undefined;
    return true;
  }

  /** Rows of one batch are one run, however many: where they are all that waits, the first of them stay and the others may go. */
  #splitOnly(): void {
    const [only] = this.#runs;
    if (this.#runs.length !== 1 || only === undefined || !('batch' in only) || only.to - only.from <= FIRST_ROWS) return;
    const middle = only.from + FIRST_ROWS;
    this.#runs.push({ batch: only.batch, from: middle, to: only.to });
    only.to = middle;
  }

  /** There is no room for these rows: a marker stands where the first of them would, and counts them. */
  drop(run: RowRun): void {
    const rows = run.to - run.from;
    if (rows === 0) return;
    this.counts.dropped += rows;
    if (this.#loss === undefined) {
      const fromNs = run.batch.tNs[run.from] as number;
      const loss: OpenLoss = { reason: 'spill-full', lines: 0, fromNs, toNs: fromNs, detail: '', bytes: 0 };
      const marker = new RecordBatch(run.batch, 1);
      marker.appendGap(run.batch.sequence[run.from] as number, fromNs, loss);
      this.append(marker, 0, 1);
      this.counts.taken += 1;
      this.counts.markers += 1;
      this.#loss = loss;
    }
    add(this.#loss, run);
  }

  /** Gives up the rows that have waited longest: a marker stands where the first of them stood, and counts them. @returns false when there are none */
  dropOldest(): boolean {
    const place = this.#given !== undefined && this.#runs[0] === this.#given.run ? 1 : 0;
    const oldest = this.#runs[place];
    if (oldest === undefined) return false;
    const whole = 'batch' in oldest ? oldest : this.#back(oldest);
    this.#runs[place] = whole;
    const run = { batch: whole.batch, from: whole.from, to: Math.min(whole.to, whole.from + Math.ceil(this.rows * GIVEN_PART)) };
    whole.from = run.to;
    if (whole.from === whole.to) this.#runs.splice(place, 1);
    this.rows -= run.to - run.from;
    this.counts.dropped += run.to - run.from;
    this.#count(-RecordBatch.bytesOf(run));
    add(this.#given?.loss ?? this.#giveUp(run), run);
    return true;
  }

  /** A marker in front, where this run began. */
  #giveUp({ batch, from }: RowRun): OpenLoss {
    const fromNs = batch.tNs[from] as number;
    const loss: OpenLoss = { reason: 'spill-full', lines: 0, fromNs, toNs: fromNs, detail: '', bytes: 0 };
    const marker = new RecordBatch(batch, 1);
    marker.appendGap(batch.sequence[from] as number, fromNs, loss);
    const run = { batch: marker, from: 0, to: 1 };
    this.#given = { run, loss };
    this.#runs.unshift(run);
    this.rows += 1;
    this.counts.taken += 1;
    this.counts.markers += 1;
    this.#count(RecordBatch.bytesOf(run));
    return loss;
  }

  /** How many rows are earlier than `limitNs`, or `inclusive` not later; of a block elsewhere all or none. */
  countUntil(limitNs: number, inclusive: boolean): number {
    if (this.lastNs < limitNs) return this.rows;
    let count = 0;
    for (const run of this.#runs) {
      if (!('batch' in run)) {
        if (run.firstNs > limitNs) break;
        count += run.rows;
        continue;
      }
      const end = firstAfter(run.batch.tNs, run.from, run.to, limitNs, inclusive);
      count += end - run.from;
      if (end < run.to) break;
    }
    return count;
  }

  /** Takes those rows out and adds their stretches to `taken`. */
  takeUntil(limitNs: number, inclusive: boolean, taken: RowRun[]): void {
    let whole = 0;
    for (const [index, waiting] of this.#runs.entries()) {
      if (!('batch' in waiting) && (waiting.firstNs > limitNs || (waiting.firstNs === limitNs && !inclusive))) break;
      const run = 'batch' in waiting ? waiting : this.#back(waiting);
      this.#runs[index] = run;
      const end = firstAfter(run.batch.tNs, run.from, run.to, limitNs, inclusive);
      if (end > run.from) {
        const out = { batch: run.batch, from: run.from, to: end };
        taken.push(out);
        this.#count(-RecordBatch.bytesOf(out));
        this.#loss = undefined;
      }
      this.rows -= end - run.from;
      this.counts.emitted += end - run.from;
      run.from = end;
      if (run === this.#given?.run) this.#given = undefined;
      if (end < run.to) break;
      whole += 1;
    }
    if (whole > 0) this.#runs.splice(0, whole);
  }

  #back({ block, owner, rows }: SpilledRun): WaitingRun {
    if (this.#store === undefined) throw new RangeError('nothing was spilled');
    const batch = unpackRows(this.#store.take(block), owner);
    const run = { batch, from: 0, to: rows };
    this.#count(RecordBatch.bytesOf(run));
    return run;
  }

  #count(bytes: number): void {
    this.bytes += bytes;
    this.#held.bytes += bytes;
  }
}

/** A marker counts these rows too. Markers among them count as what they stood for. */
function add(loss: OpenLoss, run: RowRun): void {
  for (let row = run.from; row < run.to; row += 1) {
    const lines = run.batch.kind[row] === GAP ? run.batch.gapOf(row).lines : 1;
    loss.lines = lines === null || loss.lines === null ? null : loss.lines + lines;
  }
  loss.toNs = run.batch.tNs[run.to - 1] as number;
  loss.bytes += RecordBatch.bytesOf(run);
  loss.detail = `no room for them in memory or on disk (${loss.bytes} bytes)`;
}

/** The first row whose time is not earlier than `limitNs`, or `inclusive` later; times never go down. */
function firstAfter(times: Float64Array, from: number, to: number, limitNs: number, inclusive: boolean): number {
  // Of many stretches that wait, nearly all go as a whole: one look at memory that has not been looked at for long instead of eight.
  if (from < to && (times[to - 1] as number) < limitNs) return to;
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const tNs = times[middle] as number;
    if (tNs < limitNs || (inclusive && tNs === limitNs)) low = middle + 1;
    else high = middle;
  }
  return low;
}
