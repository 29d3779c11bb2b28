// What comes in: stretches of rows and their order. What goes out: the same as pairs of indices (base/merged-rows.ts), made when somebody asks for
// them: a text log is written stretch by stretch and does not.
import type { MergedRows, Stretches } from '../base/merged-rows.js';
import type { RecordBatch, RowRun } from '../base/record-batch.js';

/** Arrays that are used again and again. */
export class Pairs {
  batchOf = new Uint32Array(0);
  rowOf = new Uint32Array(0);
  /** In the log's order. */
  outBatchOf = new Uint32Array(0);
  outRowOf = new Uint32Array(0);

  room(rows: number): void {
    if (rows <= this.batchOf.length) return;
    const most = Math.max(1024, 2 * rows);
    this.batchOf = new Uint32Array(most);
    this.rowOf = new Uint32Array(most);
    this.outBatchOf = new Uint32Array(most);
    this.outRowOf = new Uint32Array(most);
  }
}

export class OrderedRows implements MergedRows {
  readonly length: number;
  readonly batches: readonly RecordBatch[];
  readonly stretches: Stretches;
  readonly #pairs: Pairs;
  #arrays: { readonly batchOf: Uint32Array; readonly rowOf: Uint32Array } | undefined;

  /** @param order for each place in the log the row's number; undefined: as they come */
  constructor(pairs: Pairs, runs: readonly RowRun[], length: number, order: Uint32Array | undefined) {
    this.#pairs = pairs;
    this.length = length;
    this.batches = batchesOf(runs);
    this.stretches = { runs, order };
  }

  get batchOf(): Uint32Array {
    return (this.#arrays ?? this.#spread()).batchOf;
  }

  get rowOf(): Uint32Array {
    return (this.#arrays ?? this.#spread()).rowOf;
  }

  #spread(): { readonly batchOf: Uint32Array; readonly rowOf: Uint32Array } {
    const { runs, order } = this.stretches;
    this.#pairs.room(this.length);
    const { batchOf, rowOf, outBatchOf, outRowOf } = this.#pairs;
    let number = 0;
    let place = -1;
    let before: RecordBatch | undefined;
    for (const { batch, from, to } of runs) {
      if (batch !== before) place += 1;
      before = batch;
      batchOf.fill(place, number, number + to - from);
      for (let row = from; row < to; row += 1, number += 1) rowOf[number] = row;
    }
    this.#arrays = { batchOf, rowOf };
    if (order === undefined) return this.#arrays;
    for (let index = 0; index < this.length; index += 1) {
      outBatchOf[index] = batchOf[order[index] as number] as number;
      outRowOf[index] = rowOf[order[index] as number] as number;
    }
    this.#arrays = { batchOf: outBatchOf, rowOf: outRowOf };
    return this.#arrays;
  }
}

function batchesOf(runs: readonly RowRun[]): RecordBatch[] {
  const batches: RecordBatch[] = [];
  for (const { batch } of runs) if (batches.at(-1) !== batch) batches.push(batch);
  return batches;
}
