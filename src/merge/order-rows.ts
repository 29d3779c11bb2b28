// What comes in: stretches of rows, host after host, each stretch with times that never go down. What goes out: the same rows in the order
// of time; equal times keep the order they came in: (host, epoch, sequence).
// The way: each row goes into one of as many buckets as there are rows, by its place between the least and the greatest time; buckets of
// more than one row are sorted. For times that are spread evenly, as packets' are, that is a constant number of steps for each row, whatever the
// number of hosts; a loser tree takes log2(hosts) (measured at 500 hosts: a third of its time). Buckets with many rows are taken apart in the same way again.
import type { MergedRows } from '../base/merged-rows.js';
import type { RowRun } from '../base/record-batch.js';
import { OrderedRows, Pairs } from './ordered-rows.js';

/** Buckets up to this size are sorted by insertion. */
const INSERTION_ROWS = 24;
/** How often rows that crowd together are taken apart again before they are compared one with another. */
const MOST_PASSES = 4;

/** Keeps its arrays from call to call: what `order` gives is valid until the next call. */
export class RowOrder {
  #rows = 0;
  #times = new Float64Array(0);
  #bucketOf = new Uint32Array(0);
  #order = new Uint32Array(0);
  #spare = new Uint32Array(0);
  #buckets = new Uint32Array(0);
  readonly #pairs = new Pairs();

  /**
   * @param first stretches that go in front as they are (late ones)
   * @param sorts false = as they come, without an order
   */
  order(first: readonly RowRun[], runs: readonly RowRun[], sorts: boolean): MergedRows {
    const firstRows = countRows(first);
    const total = firstRows + countRows(runs);
    const all = first.length === 0 ? runs : [...first, ...runs];
    if (!sorts || isAscending(runs)) return new OrderedRows(this.#pairs, all, total, undefined);
    this.#room(total);
    this.#sortRuns(runs, firstRows, total);
    return new OrderedRows(this.#pairs, all, total, this.#order);
  }

  /** Rows `from` to `to` of all; those before stay in front. */
  #sortRuns(runs: readonly RowRun[], from: number, to: number): void {
    const [times, order, bucketOf] = [this.#times, this.#order, this.#bucketOf];
    for (let index = 0; index < from; index += 1) order[index] = index;
    let least = Number.POSITIVE_INFINITY;
    let greatest = Number.NEGATIVE_INFINITY;
    for (const { batch, from: first, to: end } of runs) {
      least = Math.min(least, batch.tNs[first] as number);
      greatest = Math.max(greatest, batch.tNs[end - 1] as number);
    }
    const count = to - from;
    const scale = (count - 1) / (greatest - least);
    if (!Number.isFinite(scale)) {
      let at = from;
      for (const { batch, from: first, to: end } of runs) for (let row = first; row < end; row += 1, at += 1) [times[at], order[at]] = [batch.tNs[row] as number, at];
      order.subarray(from, to).sort((left, right) => (times[left] as number) - (times[right] as number) || left - right);
      return;
    }
    const buckets = this.#buckets.fill(0, 0, count + 1);
    let at = from;
    for (const { batch, from: first, to: end } of runs) at = intoBuckets(batch.tNs, first, end, { times, bucketOf, buckets, at, least, scale });
    const most = sumUp(buckets, count);
    scatter(bucketOf, buckets, order, from, to);
    // Each bucket's place has moved to its end.
    let begin = 0;
    for (let bucket = 0; most > INSERTION_ROWS && bucket < count; bucket += 1) {
      const end = buckets[bucket] as number;
      if (end - begin > INSERTION_ROWS) this.#sort(from + begin, from + end, 1);
      begin = end;
    }
    this.#insertion(from, to);
  }

  #sort(from: number, to: number, pass: number): void {
    if (to - from <= INSERTION_ROWS) return this.#insertion(from, to);
    const [times, order, spare] = [this.#times, this.#order, this.#spare];
    let least = Number.POSITIVE_INFINITY;
    let greatest = Number.NEGATIVE_INFINITY;
    for (let index = from; index < to; index += 1) {
      const timeNs = times[order[index] as number] as number;
      if (timeNs < least) least = timeNs;
      if (timeNs > greatest) greatest = timeNs;
    }
    if (least === greatest) return;
    const count = to - from;
    const scale = (count - 1) / (greatest - least);
    if (pass === MOST_PASSES || !Number.isFinite(scale)) {
      order.subarray(from, to).sort((left, right) => (times[left] as number) - (times[right] as number) || left - right);
      return;
    }
    // A bucket's borders are needed after those within it.
    const buckets = new Uint32Array(count + 1);
    for (let index = from; index < to; index += 1) {
      const bucket = (((times[order[index] as number] as number) - least) * scale) >>> 0;
      buckets[bucket + 1] = (buckets[bucket + 1] as number) + 1;
    }
    for (let bucket = 1; bucket <= count; bucket += 1) buckets[bucket] = (buckets[bucket] as number) + (buckets[bucket - 1] as number);
    for (let index = from; index < to; index += 1) {
      const source = order[index] as number;
      const bucket = (((times[source] as number) - least) * scale) >>> 0;
      const place = buckets[bucket] as number;
      buckets[bucket] = place + 1;
      spare[from + place] = source;
    }
    order.set(spare.subarray(from, to), from);
    // Each bucket's place has moved to its end.
    let begin = 0;
    for (let bucket = 0; bucket < count; bucket += 1) {
      const end = buckets[bucket] as number;
      if (end - begin > 1) this.#sort(from + begin, from + end, pass + 1);
      begin = end;
    }
  }

  #insertion(from: number, to: number): void {
    const [times, order] = [this.#times, this.#order];
    for (let index = from + 1; index < to; index += 1) {
      const moving = order[index] as number;
      const timeNs = times[moving] as number;
      let place = index;
      while (place > from && (times[order[place - 1] as number] as number) > timeNs) {
        order[place] = order[place - 1] as number;
        place -= 1;
      }
      order[place] = moving;
    }
  }

  #room(rows: number): void {
    if (rows <= this.#rows) return;
    this.#rows = Math.max(1024, 2 * rows);
    this.#times = new Float64Array(this.#rows);
    this.#bucketOf = new Uint32Array(this.#rows);
    this.#order = new Uint32Array(this.#rows);
    this.#spare = new Uint32Array(this.#rows);
    this.#buckets = new Uint32Array(this.#rows + 1);
  }
}

// What follows are functions of their own, and short: V8 compiles such a loop once and for all. In the middle of a long function it is compiled
// again and again, each time a line behind it is reached for the first time.

interface Distribution {
  readonly times: Float64Array;
  readonly bucketOf: Uint32Array;
  readonly buckets: Uint32Array;
  readonly at: number;
  readonly least: number;
  readonly scale: number;
}

/** Counts a stretch's rows into buckets, each in the place behind its bucket. @returns the next row's number */
function intoBuckets(tNs: Float64Array, from: number, to: number, { times, bucketOf, buckets, at, least, scale }: Distribution): number {
  const shift = at - from;
  for (let row = from; row < to; row += 1) {
    const timeNs = tNs[row] as number;
    const bucket = ((timeNs - least) * scale) >>> 0;
    times[row + shift] = timeNs;
    bucketOf[row + shift] = bucket;
    buckets[bucket + 1] = (buckets[bucket + 1] as number) + 1;
  }
  return to + shift;
}

/** Counts become places. @returns the greatest count */
function sumUp(buckets: Uint32Array, count: number): number {
  let most = 0;
  let sum = 0;
  for (let bucket = 1; bucket <= count; bucket += 1) {
    const rows = buckets[bucket] as number;
    if (rows > most) most = rows;
    sum += rows;
    buckets[bucket] = sum;
  }
  return most;
}

function scatter(bucketOf: Uint32Array, buckets: Uint32Array, order: Uint32Array, from: number, to: number): void {
  for (let number = from; number < to; number += 1) {
    const bucket = bucketOf[number] as number;
    const place = buckets[bucket] as number;
    buckets[bucket] = place + 1;
    order[from + place] = number;
  }
}

function countRows(runs: readonly RowRun[]): number {
  let rows = 0;
  for (const { from, to } of runs) rows += to - from;
  return rows;
}

/** Whether the stretches are in order one after the other: within each, times never go down. */
function isAscending(runs: readonly RowRun[]): boolean {
  let beforeNs = Number.NEGATIVE_INFINITY;
  for (const { batch, from, to } of runs) {
    if ((batch.tNs[from] as number) < beforeNs) return false;
    beforeNs = batch.tNs[to - 1] as number;
  }
  return true;
}
