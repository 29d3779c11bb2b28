// What comes in: each host's rows in the host's order, and how far each host has come. What goes out: the fleet's rows in one order.
// Guaranteed:
//  1. sorted by (time, host, epoch, sequence), except rows marked late (G1);
//  2. rows of one host keep the host's order (G2); each goes out exactly once (G3);
//  3. a host that says nothing holds the others back for `idleNs` once, never longer (G6); in strict order it holds them as long as it is connected;
//  4. the same calls give the same rows: nothing here looks at a clock (G8).
// Pure: time comes in. The rule and its reasons: docs/architecture.md, "Order".
import type { MergedRows } from '../base/merged-rows.js';
import { LATE, type RecordBatch, type RowRun } from '../base/record-batch.js';
import { cutTime } from './cut-time.js';
import { HostQueue, type MergeCounts } from './host-queue.js';
import { RowOrder } from './order-rows.js';
import type { SpillStore } from './spill.js';

export type Order =
  | 'live' // a host silent for idleNs stops holding the others; what it says afterwards may be late
  | 'strict' // nothing is late: the fleet waits for every host that is connected
  | 'none'; // lines go out as they come, like stern

/** What happens when neither memory nor the spill has room. Hosts are read in any case: one that nobody reads fills its own memory. */
export type WhenFull =
  | 'drop-newest' // what comes is left out, until there is room
  | 'drop-oldest' // what has waited longest is left out
  | 'fail'; // as drop-newest, and the capture ends

export interface MergerOptions {
  readonly order: Order;
  /** Nanoseconds without a sign of life after which a host no longer holds the fleet. Never under 4 s: staprun may stall 2–3 s. */
  readonly idleNs: number;
  /** Nanoseconds that a host may take to say its first word. */
  readonly joinNs: number;
  /** Nanoseconds that a host which talks may be behind before it no longer holds the fleet; in live order only. */
  readonly maxHoldNs: number;
  /** Bytes of rows in memory; beyond that they go to `spill`, and when that is full they are dropped and counted. */
  readonly budgetBytes: number;
  readonly spill: SpillStore | undefined;
  readonly whenFull: WhenFull;
  /** Rows that one release gives at most, equal times aside. */
  readonly releaseRows: number;
}

/** No release for this long: this process stood still, and what hosts said in between may not have been read yet. */
const PAUSE_NS = 1e9;
/** Spilling goes on until this part of the budget is left: not one small block for each chunk. */
const SPILL_TO = 0.75;

const DEFAULT_MERGER_OPTIONS: MergerOptions = { order: 'live', idleNs: 5e9, joinNs: 60e9, maxHoldNs: 10e9, budgetBytes: 512 * 2 ** 20, spill: undefined, whenFull: 'drop-newest', releaseRows: 65_536 };

/** Rows in order, and how far the order is final. */
export interface TakenRows {
  readonly rows: MergedRows;
  /** The same, late ones aside, in each host's own order: the merge needs them no more. */
  readonly gone: readonly RowRun[];
  /** Nothing earlier than this will come any more, late rows aside. */
  readonly untilNs: number;
  /** There is more that may go out now. */
  readonly hasMore: boolean;
}

export interface Released extends TakenRows {
  /** Hosts that have just stopped holding the fleet: they said nothing. */
  readonly wentIdle: readonly number[];
  /** Hosts that have just stopped holding the fleet: they talk, but of long ago. */
  readonly wentHeld: readonly number[];
}

export class Merger {
  readonly #options: MergerOptions;
  readonly #hosts: HostQueue[] = [];
  readonly #rowOrder = new RowOrder();
  /** Time and host of the last row that went out in order; without an order nothing is last. */
  #emittedNs = Number.NEGATIVE_INFINITY;
  #emittedHost = -1;
  #releasedNs: number | undefined;
  #late: RowRun[] = [];
  readonly #held = { bytes: 0 };
  /** Set by what did not find room, until rows have gone out. */
  #isFull = false;
  /** Something was left out for want of room. */
  hasOverflowed = false;

  constructor(options: Partial<MergerOptions> = {}) {
    this.#options = { ...DEFAULT_MERGER_OPTIONS, ...options };
  }

  /** Takes a host in before its script is started. Hosts added first stand first among rows of equal time. */
  addHost(nowNs: number): number {
    return this.#hosts.push(new HostQueue(this.#emittedNs, nowNs, this.#held, this.#options.spill)) - 1;
  }

  /** Takes rows of one host, in its order. Their `tNs` may be raised, `errorNs` with it, and LATE set. */
  push(host: number, run: RowRun, nowNs: number): void {
    const queue = this.#heard(host, nowNs);
    const { batch, from, to } = run;
    if (from === to) return;
    // No row will be earlier than that: where the log has not come so far yet, none is late.
    const mayBeLate = queue.watermarkNs <= this.#emittedNs;
    queue.counts.clamped += raise(batch.tNs, batch.errorNs, from, to, queue.watermarkNs);
    queue.counts.taken += to - from;
    const hasRoom = this.#hasRoom();
    if (mayBeLate) this.#pushLate(host, queue, run, hasRoom);
    else keep(queue, batch, from, to, hasRoom);
    queue.watermarkNs = batch.tNs[to - 1] as number;
    this.#caughtUp(queue);
  }

  /** Rows of which some may be late. */
  #pushLate(host: number, queue: HostQueue, { batch, from, to }: RowRun, hasRoom: boolean): void {
    const { tNs, bits } = batch;
    const [emittedNs, emittedHost] = [this.#emittedNs, this.#emittedHost];
    let start = from;
    for (let row = from; row < to; row += 1) {
      const timeNs = tNs[row] as number;
      if (timeNs > emittedNs || (timeNs === emittedNs && host >= emittedHost)) continue;
      bits[row] = (bits[row] as number) | LATE;
      keep(queue, batch, start, row, hasRoom);
      this.#late.push({ batch, from: row, to: row + 1 });
      queue.counts.late += 1;
      queue.counts.emitted += 1;
      start = row + 1;
    }
    keep(queue, batch, start, to, hasRoom);
  }

  /** A sign of life that is no row yet: bytes. */
  heard(host: number, nowNs: number): void {
    this.#heard(host, nowNs);
  }

  /** A heartbeat: nothing of this host will be earlier than `watermarkNs`. */
  advance(host: number, watermarkNs: number, nowNs: number): void {
    const queue = this.#heard(host, nowNs);
    queue.watermarkNs = Math.max(queue.watermarkNs, watermarkNs);
    this.#caughtUp(queue);
  }

  /** The connection is gone: the host holds nobody until it joins again. */
  gap(host: number): void {
    this.#queue(host).state = 'gap';
  }

  /** A new run on the host, about to start; its clock may be another one than before. It holds the others until its first word, at most `idleNs`. */
  rejoin(host: number, nowNs: number): void {
    const queue = this.#queue(host);
    queue.state = 'joining';
    queue.isBack = true;
    queue.heardNs = nowNs;
    queue.spared = false;
    // 1 ns more where a host further down has had its turn at that time already.
    const freeNs = host < this.#emittedHost ? this.#emittedNs + 1 : this.#emittedNs;
    queue.watermarkNs = Math.max(queue.lastNs, freeNs);
  }

  finish(host: number): void {
    this.#queue(host).state = 'finished';
  }

  /** Rows that nothing can precede any more, at most about `releaseRows`. Late ones come first. */
  release(nowNs: number): Released {
    const { wentIdle, wentHeld } = this.#options.order === 'live' ? this.#letGo(nowNs) : { wentIdle: [], wentHeld: [] };
    this.#releasedNs = nowNs;
    let untilNs = Number.POSITIVE_INFINITY;
    let untilHost = this.#hosts.length;
    if (this.#options.order !== 'none') {
      this.#hosts.forEach((queue, index) => {
        if (!queue.holds || queue.watermarkNs >= untilNs) return;
        untilNs = queue.watermarkNs;
        untilHost = index;
      });
    }
    return { ...this.#take(untilNs, untilHost), wentIdle, wentHeld };
  }

  /** What is left, in order, about `releaseRows` at a time: the end of the capture. */
  drain(): TakenRows {
    return this.#take(Number.POSITIVE_INFINITY, this.#hosts.length);
  }

  /** How far the host has come: no record of its own will be earlier. -Infinity before its first word. */
  watermark(host: number): number {
    return this.#queue(host).watermarkNs;
  }

  /** The host that all others wait for, or undefined when nobody waits: where a reader of files reads on. */
  slowest(): number | undefined {
    let slowest: number | undefined;
    this.#hosts.forEach((queue, index) => {
      if (queue.holds && (slowest === undefined || queue.watermarkNs < this.#queue(slowest).watermarkNs)) slowest = index;
    });
    return slowest;
  }

  /** Bytes of rows in memory. */
  get heldBytes(): number {
    return this.#held.bytes;
  }

  /** Memory is at most half full: whoever can wait before giving more need not. */
  get hasRoom(): boolean {
    return this.#held.bytes <= this.#options.budgetBytes / 2;
  }

  counts(host: number): Readonly<MergeCounts> {
    return this.#queue(host).counts;
  }

  /** Rows taken and not yet given out. */
  held(host: number): number {
    return this.#queue(host).rows;
  }

  #letGo(nowNs: number): { wentIdle: number[]; wentHeld: number[] } {
    const wentIdle: number[] = [];
    const wentHeld: number[] = [];
    const paused = this.#releasedNs !== undefined && nowNs - this.#releasedNs > PAUSE_NS;
    this.#hosts.forEach((queue, index) => {
      if (!queue.holds) return;
      // A host that comes and goes does not hold the fleet for a minute each time.
      const limitNs = queue.state === 'joining' && !queue.isBack ? this.#options.joinNs : this.#options.idleNs;
      if (nowNs - queue.heardNs >= limitNs) {
        if (paused && !queue.spared) queue.spared = true;
        else {
          queue.state = 'idle';
          wentIdle.push(index);
        }
      } else if (queue.state === 'active' && !paused && nowNs - queue.watermarkNs > this.#options.maxHoldNs) {
        queue.state = 'held';
        wentHeld.push(index);
      }
    });
    return { wentIdle, wentHeld };
  }

  /** Up to the time `untilNs`; at exactly that time only hosts up to `untilHost`, which may still say more of it and comes before the rest. */
  #take(untilNs: number, untilHost: number): TakenRows {
    const sorts = this.#options.order !== 'none';
    const cut = this.#cut(untilNs, untilHost);
    const taken: RowRun[] = [];
    this.#hosts.forEach((queue, index) => {
      if (queue.rows > 0) queue.takeUntil(cut.untilNs, index <= cut.untilHost, taken);
    });
    if (taken.length > 0) this.#isFull = false;
    const late = this.#late;
    this.#late = [];
    const rows = this.#rowOrder.order(late, taken, sorts);
    if (sorts && taken.length > 0) this.#emits(taken);
    return { rows, gone: taken, untilNs: cut.untilNs, hasMore: cut.untilNs !== untilNs };
  }

  /** Remembers the last of these rows: the latest, and of equal ones that of the host that stands last. */
  #emits(taken: readonly RowRun[]): void {
    this.#emittedNs = Number.NEGATIVE_INFINITY;
    for (const { batch, to } of taken) {
      const lastNs = batch.tNs[to - 1] as number;
      if (lastNs < this.#emittedNs) continue;
      this.#emittedNs = lastNs;
      this.#emittedHost = batch.host;
    }
  }

  /** An earlier time, when too many rows would go at once. */
  #cut(untilNs: number, untilHost: number): { untilNs: number; untilHost: number } {
    const { releaseRows } = this.#options;
    const rows = this.#countUntil(untilNs, untilHost);
    if (rows <= releaseRows) return { untilNs, untilHost };
    const fromNs = Math.min(...this.#hosts.map((queue) => queue.firstNs));
    const toNs = Math.min(untilNs, Math.max(...this.#hosts.map((queue) => queue.lastNs)));
    const lowNs = cutTime({ fromNs, toNs, rows }, releaseRows, (ns) => this.#countUntil(ns, this.#hosts.length));
    // At least the earliest time goes; what is of the very time `untilNs` waits for its own rule.
    return lowNs < untilNs ? { untilNs: lowNs, untilHost: this.#hosts.length } : { untilNs, untilHost };
  }

  /** Makes room by spilling the longest queues. @returns false when there is none to be had */
  #hasRoom(): boolean {
    const { budgetBytes } = this.#options;
    if (this.#held.bytes <= budgetBytes) return true;
    if (this.#isFull) return false;
    for (const queue of this.#hosts.toSorted((left, right) => right.bytes - left.bytes)) {
      while (this.#held.bytes > SPILL_TO * budgetBytes && queue.spill());
      if (this.#held.bytes <= SPILL_TO * budgetBytes) break;
    }
    while (this.#options.whenFull === 'drop-oldest' && this.#held.bytes > SPILL_TO * budgetBytes && this.#dropOldest());
    this.#isFull = this.#held.bytes > budgetBytes;
    this.hasOverflowed ||= this.#isFull;
    return !this.#isFull;
  }

  /** Of the host that has most waiting. @returns false when nothing could be given up */
  #dropOldest(): boolean {
    this.hasOverflowed = true;
    const fullest = this.#hosts.reduce<HostQueue | undefined>((most, queue) => (most === undefined || queue.bytes > most.bytes ? queue : most), undefined);
    return fullest?.dropOldest() === true;
  }

  #countUntil(untilNs: number, untilHost: number): number {
    let count = 0;
    this.#hosts.forEach((queue, index) => {
      if (queue.rows > 0) count += queue.countUntil(untilNs, index <= untilHost);
    });
    return count;
  }

  #heard(host: number, nowNs: number): HostQueue {
    const queue = this.#queue(host);
    queue.heardNs = nowNs;
    queue.spared = false;
    if (queue.state === 'joining' || queue.state === 'idle') queue.state = 'active';
    return queue;
  }

  /** A host that was too far behind counts again when it is no further behind than the log. */
  #caughtUp(queue: HostQueue): void {
    if (queue.state === 'held' && queue.watermarkNs >= this.#emittedNs) queue.state = 'active';
  }

  #queue(host: number): HostQueue {
    const queue = this.#hosts[host];
    if (queue === undefined) throw new RangeError(`host ${host} of ${this.#hosts.length}`);
    return queue;
  }
}

/** The host's order wins over inversions: a time goes up to the one before, its bound with it. @returns how many did */
function raise(tNs: Float64Array, errorNs: Float64Array, from: number, to: number, watermarkNs: number): number {
  let raised = 0;
  // The sum tells V8 that it is a number: else each row's would be an object.
  let beforeNs = 0 + watermarkNs;
  for (let row = from; row < to; row += 1) {
    const timeNs = tNs[row] as number;
    if (timeNs < beforeNs) {
      errorNs[row] = (errorNs[row] as number) + beforeNs - timeNs;
      tNs[row] = beforeNs;
      raised += 1;
    } else beforeNs = timeNs;
  }
  return raised;
}

function keep(queue: HostQueue, batch: RecordBatch, from: number, to: number, hasRoom: boolean): void {
  if (hasRoom) queue.append(batch, from, to);
  else queue.drop({ batch, from, to });
}
