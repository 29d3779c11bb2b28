// One host in the merge: its state, and the stretches of rows that wait, in the host's order.
import type { RecordBatch, RowRun } from '../base/record-batch.js';

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
}

interface WaitingRun {
  readonly batch: RecordBatch;
  from: number;
  to: number;
}

export class HostQueue {
  state: HostState = 'joining';
  /** Nothing of this host will be earlier: moved by records and by heartbeats. */
  watermarkNs: number;
  /** When it last said something. */
  heardNs: number;
  /** Its silence was found after a pause of ours: it gets until the next release. */
  spared = false;
  readonly counts: MergeCounts = { taken: 0, emitted: 0, late: 0, clamped: 0 };
  /** Rows that wait. */
  rows = 0;
  #runs: WaitingRun[] = [];

  constructor(watermarkNs: number, heardNs: number) {
    this.watermarkNs = watermarkNs;
    this.heardNs = heardNs;
  }

  get holds(): boolean {
    return this.state === 'joining' || this.state === 'active';
  }

  append(batch: RecordBatch, from: number, to: number): void {
    if (from === to) return;
    this.rows += to - from;
    const last = this.#runs.at(-1);
    if (last !== undefined && last.batch === batch && last.to === from) last.to = to;
    else this.#runs.push({ batch, from, to });
  }

  /** Time of the last row that waits; -Infinity when none does. */
  get lastNs(): number {
    const last = this.#runs.at(-1);
    return last === undefined ? Number.NEGATIVE_INFINITY : (last.batch.tNs[last.to - 1] as number);
  }

  get firstNs(): number {
    const first = this.#runs[0];
    return first === undefined ? Number.POSITIVE_INFINITY : (first.batch.tNs[first.from] as number);
  }

  /** How many rows are earlier than `limitNs`, or `inclusive` not later. */
  countUntil(limitNs: number, inclusive: boolean): number {
    let count = 0;
    for (const run of this.#runs) {
      const end = firstAfter(run.batch.tNs, run.from, run.to, limitNs, inclusive);
      count += end - run.from;
      if (end < run.to) break;
    }
    return count;
  }

  /** Takes those rows out and adds their stretches to `taken`. */
  takeUntil(limitNs: number, inclusive: boolean, taken: RowRun[]): void {
    let whole = 0;
    for (const run of this.#runs) {
      const end = firstAfter(run.batch.tNs, run.from, run.to, limitNs, inclusive);
      if (end > run.from) taken.push({ batch: run.batch, from: run.from, to: end });
      this.rows -= end - run.from;
      this.counts.emitted += end - run.from;
      run.from = end;
      if (end < run.to) break;
      whole += 1;
    }
    if (whole > 0) this.#runs.splice(0, whole);
  }
}

/** The first row whose time is not earlier than `limitNs`, or `inclusive` later; times never go down. */
function firstAfter(times: Float64Array, from: number, to: number, limitNs: number, inclusive: boolean): number {
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
