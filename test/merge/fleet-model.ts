// A merger under a manual clock, beside a model of it that is too slow to be used and too simple to be wrong: arrays, and sort.
import { expect } from 'vitest';
import type { LogRecord } from '../../src/base/record.js';
import { Merger, type MergerOptions, type Order, type Released } from '../../src/merge/merger.js';
import { batchOf, objects, recordsOfRuns } from '../base/rows.js';

type Rows = Released['rows'];

export const SEC = 1e9;
/** Short, so that hosts often go idle in few steps. */
export const IDLE_NS = 2 * SEC;
export const JOIN_NS = 4 * SEC;

export function record(host: number, epoch: number, sequence: number, tNs: number): LogRecord {
  return { type: 'observed', host: `h${host}`, epoch, sequence, tNs, text: '', late: false };
}

export const hostOf = (one: LogRecord): number => Number(one.host.slice(1));

/** (time, host, epoch, sequence): what the log is sorted by. */
export function inOrder(left: LogRecord, right: LogRecord): number {
  return left.tNs - right.tNs || hostOf(left) - hostOf(right) || left.epoch - right.epoch || left.sequence - right.sequence;
}

const keyOf = (one: LogRecord): string => `${one.host} ${one.epoch} ${one.sequence}`;

interface ModelHost {
  state: 'joining' | 'active' | 'idle' | 'gap' | 'finished';
  heardNs: number;
  watermarkNs: number;
  epoch: number;
  sequence: number;
  wasIdle: boolean;
  isBack: boolean;
}

export class FleetModel {
  readonly merger: Merger;
  readonly out: LogRecord[] = [];
  readonly pushed: LogRecord[] = [];
  readonly hosts: ModelHost[] = [];
  readonly #order: Order;
  nowNs = 0;

  readonly #byKey = new Map<string, LogRecord>();

  constructor(order: Order, hosts: number, options: Partial<MergerOptions> = {}) {
    this.#order = order;
    this.merger = new Merger({ order, idleNs: IDLE_NS, joinNs: JOIN_NS, maxHoldNs: Number.POSITIVE_INFINITY, ...options });
    for (let host = 0; host < hosts; host += 1) this.add();
  }

  add(): void {
    const index = this.merger.addHost(this.nowNs);
    expect(index).toBe(this.hosts.length);
    this.hosts.push({ state: 'joining', heardNs: this.nowNs, watermarkNs: this.last?.tNs ?? Number.NEGATIVE_INFINITY, epoch: 1, sequence: 0, wasIdle: false, isBack: false });
  }

  say(index: number, times: readonly number[]): void {
    const host = this.#heard(index);
    const records = times.map((tNs) => record(index, host.epoch, ++host.sequence, tNs));
    this.pushed.push(...records);
    const run = batchOf(index, records);
    this.merger.push(index, run, this.nowNs);
    // What merge has raised or marked, the model sees too.
    recordsOfRuns([run]).forEach((one, place) => void Object.assign(records[place] as LogRecord, one));
    for (const one of records) this.#byKey.set(keyOf(one), one);
    for (const one of records) {
      const tNs = Math.max(times[records.indexOf(one)] as number, host.watermarkNs);
      expect(one.tNs, 'raised to the host’s own time, and no further').toBe(tNs);
      host.watermarkNs = tNs;
      if (one.late) expect(host.wasIdle, 'late only if its host had been declared idle (G1)').toBe(true);
    }
    this.#check();
  }

  heartbeat(index: number, watermarkNs: number): void {
    const host = this.#heard(index);
    host.watermarkNs = Math.max(host.watermarkNs, watermarkNs);
    this.merger.advance(index, watermarkNs, this.nowNs);
    this.#check();
  }

  gap(index: number): void {
    this.#host(index).state = 'gap';
    this.merger.gap(index);
    this.#check();
  }

  rejoin(index: number): void {
    const host = this.#host(index);
    this.merger.rejoin(index, this.nowNs);
    Object.assign(host, { state: 'joining', heardNs: this.nowNs, epoch: host.epoch + 1, sequence: 0, wasIdle: false, isBack: true, watermarkNs: this.merger.watermark(index) });
    const held = this.held().filter((one) => hostOf(one) === index);
    for (const one of held) expect(host.watermarkNs).toBeGreaterThanOrEqual(one.tNs);
  }

  finish(index: number): void {
    this.#host(index).state = 'finished';
    this.merger.finish(index);
    this.#check();
  }

  /** Time passes, then what can go goes; the model says what must have gone and who went idle. */
  tick(ns: number): LogRecord[] {
    this.nowNs += ns;
    const silent = this.hosts.flatMap((host, index) => {
      const limitNs = host.state === 'joining' ? (host.isBack ? IDLE_NS : JOIN_NS) : host.state === 'active' ? IDLE_NS : Number.POSITIVE_INFINITY;
      return this.#order === 'live' && this.nowNs - host.heardNs >= limitNs ? [index] : [];
    });
    const records: LogRecord[] = [];
    const wentIdle: number[] = [];
    for (let hasMore = true; hasMore; ) {
      const released = this.merger.release(this.nowNs);
      records.push(...this.#known(released.rows));
      wentIdle.push(...released.wentIdle);
      hasMore = released.hasMore;
    }
    expect(wentIdle).toEqual(silent);
    for (const index of silent) Object.assign(this.#host(index), { state: 'idle', wasIdle: true });
    this.out.push(...records);
    this.#check();
    const holding = this.hosts.flatMap((host, index) => (host.state === 'joining' || host.state === 'active' ? [{ host, index }] : []));
    for (const one of this.held()) {
      const holder = holding.find(({ host, index }) => host.watermarkNs < one.tNs || (host.watermarkNs === one.tNs && index < hostOf(one)));
      expect(holder, `somebody holds ${one.host} at ${one.tNs}`).toBeDefined();
      expect(this.#order).not.toBe('none');
    }
    return records;
  }

  drain(): LogRecord[] {
    const records: LogRecord[] = [];
    for (let hasMore = true; hasMore; ) {
      const drained = this.merger.drain();
      records.push(...this.#known(drained.rows));
      hasMore = drained.hasMore;
    }
    this.out.push(...records);
    this.#check();
    return records;
  }

  held(): LogRecord[] {
    const gone = new Set(this.out);
    return this.pushed.filter((one) => !gone.has(one));
  }

  /** The last record that went out in order; without an order there is none. */
  get last(): LogRecord | undefined {
    return this.#order === 'none' ? undefined : this.out.filter((one) => !one.late).at(-1);
  }

  /** G1, G2 and G3 of all that has come out so far. */
  checkOutput(): void {
    if (this.#order === 'none') expect(this.out.filter((one) => one.late)).toEqual([]);
    else {
      const sorted = this.out.filter((one) => !one.late);
      expect(sorted).toEqual([...sorted].sort(inOrder));
    }
    this.hosts.forEach((_, index) => {
      const own = this.out.filter((one) => hostOf(one) === index);
      expect(own, 'the host’s own order (G2)').toEqual(this.pushed.filter((one) => hostOf(one) === index).slice(0, own.length));
    });
    expect(new Set(this.out).size, 'nothing twice (G3)').toBe(this.out.length);
  }

  /** The objects that were pushed, in the order of these rows. */
  #known(rows: Rows): LogRecord[] {
    return objects(rows).map((one) => {
      const known = this.#byKey.get(keyOf(one));
      expect(known, 'what came out is what went in').toEqual(one);
      return known as LogRecord;
    });
  }

  #check(): void {
    this.hosts.forEach((host, index) => {
      const { taken, emitted, late } = this.merger.counts(index);
      const own = this.pushed.filter((one) => hostOf(one) === index);
      expect(taken).toBe(own.length);
      expect(taken).toBe(emitted + this.merger.held(index));
      expect(late).toBe(own.filter((one) => one.late).length);
      expect(this.merger.watermark(index)).toBe(host.watermarkNs);
    });
  }

  #heard(index: number): ModelHost {
    const host = this.#host(index);
    if (host.state === 'joining' || host.state === 'idle') host.state = 'active';
    host.heardNs = this.nowNs;
    return host;
  }

  #host(index: number): ModelHost {
    const host = this.hosts[index];
    if (host === undefined) throw new RangeError(`host ${index}`);
    return host;
  }
}
