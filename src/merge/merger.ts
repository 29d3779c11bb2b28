// What comes in: each host's records in the host's order, and how far each host has come. What goes out: the fleet's records in one order.
// Guaranteed:
//  1. sorted by (time, host, epoch, sequence), except records marked late (G1);
//  2. records of one host keep the host's order (G2); each goes out exactly once (G3);
//  3. a host that says nothing holds the others back for `idleNs` once, never longer (G6); in strict order it holds them as long as it is connected.
// Pure: time comes in. The rule and its reasons: docs/architecture.md, "Order".
import type { LogRecord } from '../base/record.js';

export type Order =
  | 'live' // a host silent for idleNs stops holding the others; what it says afterwards may be late
  | 'strict' // nothing is late: the fleet waits for every host that is connected
  | 'none'; // lines go out as they come, like stern

export interface MergerOptions {
  readonly order: Order;
  /** Nanoseconds without a sign of life after which a host no longer holds the fleet. Never under 4 s: staprun may stall 2–3 s. */
  readonly idleNs: number;
  /** Nanoseconds that a host may take to say its first word. */
  readonly joinNs: number;
}

/** No release for this long: this process stood still, and what hosts said in between may not have been read yet. */
const PAUSE_NS = 1e9;

const DEFAULT_MERGER_OPTIONS: MergerOptions = { order: 'live', idleNs: 5e9, joinNs: 60e9 };

type HostState =
  | 'joining' // started, has said nothing yet: holds the fleet, so that its first lines are not late
  | 'active'
  | 'idle' // said nothing for idleNs: holds nobody
  | 'gap' // disconnected: holds nobody until it joins again
  | 'finished';

interface HostQueue {
  readonly name: string;
  state: HostState;
  records: LogRecord[];
  /** Nothing of this host will be earlier: moved by records and by heartbeats. */
  watermarkNs: number;
  /** When it last said something. */
  heardNs: number;
  /** Its silence was found after a pause of ours: it gets until the next release. */
  spared: boolean;
  readonly counts: MergeCounts;
}

export interface MergeCounts {
  taken: number;
  emitted: number;
  late: number;
  /** Records whose time was raised to the host's previous one, because the host's order wins over microsecond inversions. */
  clamped: number;
}

export interface Released {
  readonly records: LogRecord[];
  /** Hosts that have just stopped holding the fleet. */
  readonly wentIdle: readonly number[];
}

export class Merger {
  readonly #options: MergerOptions;
  readonly #hosts: HostQueue[] = [];
  /** Time and host of the last record that went out in order; without an order nothing is last. */
  #emittedNs = Number.NEGATIVE_INFINITY;
  #emittedHost = -1;
  #releasedNs: number | undefined;
  #late: LogRecord[] = [];

  constructor(options: Partial<MergerOptions> = {}) {
    this.#options = { ...DEFAULT_MERGER_OPTIONS, ...options };
  }

  /** Takes a host in before its script is started. Hosts added first stand first among records of equal time. */
  addHost(name: string, nowNs: number): number {
    const counts = { taken: 0, emitted: 0, late: 0, clamped: 0 };
    this.#hosts.push({ name, state: 'joining', records: [], watermarkNs: this.#emittedNs, heardNs: nowNs, spared: false, counts });
    return this.#hosts.length - 1;
  }

  /** Takes records of one host, in its order. Their `tNs` may be raised, and `late` set. */
  push(host: number, records: readonly LogRecord[], nowNs: number): void {
    const queue = this.#heard(host, nowNs);
    for (const record of records) {
      if (record.tNs < queue.watermarkNs) {
        record.tNs = queue.watermarkNs;
        queue.counts.clamped += 1;
      }
      queue.watermarkNs = record.tNs;
      queue.counts.taken += 1;
      if (record.tNs < this.#emittedNs || (record.tNs === this.#emittedNs && host < this.#emittedHost)) {
        record.late = true;
        queue.counts.late += 1;
        queue.counts.emitted += 1;
        this.#late.push(record);
      } else queue.records.push(record);
    }
  }

  /** A heartbeat: nothing of this host will be earlier than `watermarkNs`. */
  advance(host: number, watermarkNs: number, nowNs: number): void {
    const queue = this.#heard(host, nowNs);
    queue.watermarkNs = Math.max(queue.watermarkNs, watermarkNs);
  }

  /** The connection is gone: the host holds nobody until it joins again. */
  gap(host: number): void {
    this.#queue(host).state = 'gap';
  }

  /** A new run on the host; its clock may be another one than before. */
  rejoin(host: number, nowNs: number): void {
    const queue = this.#queue(host);
    queue.state = 'joining';
    queue.heardNs = nowNs;
    queue.spared = false;
    // 1 ns more where a host further down has had its turn at that time already.
    const freeNs = host < this.#emittedHost ? this.#emittedNs + 1 : this.#emittedNs;
    queue.watermarkNs = Math.max(queue.records.at(-1)?.tNs ?? Number.NEGATIVE_INFINITY, freeNs);
  }

  finish(host: number): void {
    this.#queue(host).state = 'finished';
  }

  /** All records that nothing can precede any more. Late ones come first. */
  release(nowNs: number): Released {
    const wentIdle: number[] = [];
    const paused = this.#releasedNs !== undefined && nowNs - this.#releasedNs > PAUSE_NS;
    this.#releasedNs = nowNs;
    this.#hosts.forEach((queue, index) => {
      if (!this.#holds(queue) || this.#options.order !== 'live') return;
      const limitNs = queue.state === 'joining' ? this.#options.joinNs : this.#options.idleNs;
      if (nowNs - queue.heardNs < limitNs) return;
      if (paused && !queue.spared) {
        queue.spared = true;
        return;
      }
      queue.state = 'idle';
      wentIdle.push(index);
    });
    let untilNs = Number.POSITIVE_INFINITY;
    let untilHost = this.#hosts.length;
    this.#hosts.forEach((queue, index) => {
      if (!this.#holds(queue) || queue.watermarkNs >= untilNs || this.#options.order === 'none') return;
      untilNs = queue.watermarkNs;
      untilHost = index;
    });
    return { records: this.#take(untilNs, untilHost), wentIdle };
  }

  /** All that is left, in order: the end of the capture. */
  drain(): LogRecord[] {
    return this.#take(Number.POSITIVE_INFINITY, this.#hosts.length);
  }

  /** How far the host has come: no record of its own will be earlier. -Infinity before its first word. */
  watermark(host: number): number {
    return this.#queue(host).watermarkNs;
  }

  counts(host: number): Readonly<MergeCounts> {
    return this.#queue(host).counts;
  }

  /** Records taken and not yet given out. */
  held(host: number): number {
    return this.#queue(host).records.length;
  }

  /** Up to the time `untilNs`; at exactly that time only hosts up to `untilHost`, which may still say more of it and comes before the rest. */
  #take(untilNs: number, untilHost: number): LogRecord[] {
    const taken: LogRecord[] = [];
    this.#hosts.forEach((queue, index) => {
      const end = firstAfter(queue.records, untilNs, index <= untilHost);
      if (end === 0) return;
      queue.counts.emitted += end;
      for (const record of queue.records.splice(0, end)) taken.push(record);
      const lastNs = taken.at(-1)?.tNs ?? Number.NEGATIVE_INFINITY;
      if (lastNs < this.#emittedNs || this.#options.order === 'none') return;
      this.#emittedHost = lastNs > this.#emittedNs ? index : Math.max(index, this.#emittedHost);
      this.#emittedNs = lastNs;
    });
    // Runs of hosts one after the other and a stable sort: equal times keep (host, epoch, sequence), and TimSort merges the runs.
    if (this.#options.order !== 'none') taken.sort((left, right) => left.tNs - right.tNs);
    const late = this.#late;
    this.#late = [];
    return late.length === 0 ? taken : [...late, ...taken];
  }

  #heard(host: number, nowNs: number): HostQueue {
    const queue = this.#queue(host);
    queue.heardNs = nowNs;
    queue.spared = false;
    if (queue.state === 'joining' || queue.state === 'idle') queue.state = 'active';
    return queue;
  }

  #holds(queue: HostQueue): boolean {
    return queue.state === 'joining' || queue.state === 'active';
  }

  #queue(host: number): HostQueue {
    const queue = this.#hosts[host];
    if (queue === undefined) throw new RangeError(`host ${host} of ${this.#hosts.length}`);
    return queue;
  }
}

/** How many records at the front are earlier than `limitNs`, or `inclusive` not later; the records' times never go down. */
function firstAfter(records: readonly LogRecord[], limitNs: number, inclusive: boolean): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const tNs = records[middle]?.tNs ?? 0;
    if (tNs < limitNs || (inclusive && tNs === limitNs)) low = middle + 1;
    else high = middle;
  }
  return low;
}
