// What comes in: stretches of rows, host after host, each stretch with times that never go down. What goes out: the same rows in the order
// of time; equal times keep the order they came in: (host, epoch, sequence).
// The way: each row goes into one of as many buckets as there are rows, by its place between the least and the greatest time; buckets of
// more than one row are sorted. For times that are spread evenly, as packets' are, that is a constant number of steps for each row, whatever the
// number of hosts; a loser tree takes log2(hosts) (measured at 500 hosts: a third of its time). Buckets with many rows are taken apart in the same way again.
import type { MergedRows } from '../base/merged-rows.js';
import type { RecordBatch, RowRun } from '../base/record-batch.js';

/** Buckets up to this size are sorted by insertion. */
const INSERTION_ROWS = 24;
/** How often rows that crowd together are taken apart again before they are compared one with another. */
const MOST_PASSES = 4;

/** Keeps its arrays from call to call: what `order` gives is valid until the next call. */
export class RowOrder {
  #rows = 0;
  #times = new Float64Array(0);
  #batchOf = new Uint32Array(0);
  #rowOf = new Uint32Array(0);
  #order = new Uint32Array(0);
  #spare = new Uint32Array(0);
  #buckets = new Uint32Array(0);
  #outBatchOf = new Uint32Array(0);
  #outRowOf = new Uint32Array(0);

  /**
   * @param first stretches that go in front as they are (late ones)
   * @param sorts false = as they come, without an order
   */
  order(first: readonly RowRun[], runs: readonly RowRun[], sorts: boolean): MergedRows {
    const count = (all: readonly RowRun[]) => all.reduce((sum, { from, to }) => sum + to - from, 0);
    const firstRows = count(first);
    const total = firstRows + count(runs);
    this.#room(total);
    const batches: RecordBatch[] = [];
    const [times, batchOf, rowOf] = [this.#times, this.#batchOf, this.#rowOf];
    let at = 0;
    let isSorted = true;
    let beforeNs = Number.NEGATIVE_INFINITY;
    const all = first.length === 0 ? runs : [...first, ...runs];
    for (const { batch, from, to } of all) {
      if (batches.at(-1) !== batch) batches.push(batch);
      const place = batches.length - 1;
      const { tNs } = batch;
      if (at === firstRows) beforeNs = Number.NEGATIVE_INFINITY;
      for (let row = from; row < to; row += 1) {
        const timeNs = tNs[row] as number;
        times[at] = timeNs;
        batchOf[at] = place;
        rowOf[at] = row;
        if (timeNs < beforeNs) isSorted = isSorted && at < firstRows;
        beforeNs = timeNs;
        at += 1;
      }
    }
    if (!sorts || isSorted) return { length: total, batches, batchOf, rowOf };
    const order = this.#order;
    for (let index = 0; index < total; index += 1) order[index] = index;
    this.#sort(firstRows, total, 0);
    const [outBatchOf, outRowOf] = [this.#outBatchOf, this.#outRowOf];
    for (let index = 0; index < total; index += 1) {
      const from = order[index] as number;
      outBatchOf[index] = batchOf[from] as number;
      outRowOf[index] = rowOf[from] as number;
    }
    return { length: total, batches, batchOf: outBatchOf, rowOf: outRowOf, stretches: { runs: all, numberOf: order } };
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
    // Rows of deeper passes have buckets of their own: the arrays of a bucket's borders are needed after them.
    const buckets = pass === 0 ? this.#buckets.fill(0, 0, count + 1) : new Uint32Array(count + 1);
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
    this.#batchOf = new Uint32Array(this.#rows);
    this.#rowOf = new Uint32Array(this.#rows);
    this.#order = new Uint32Array(this.#rows);
    this.#spare = new Uint32Array(this.#rows);
    this.#buckets = new Uint32Array(this.#rows + 1);
    this.#outBatchOf = new Uint32Array(this.#rows);
    this.#outRowOf = new Uint32Array(this.#rows);
  }
}
