// What merge gives and the sinks take: rows of many batches in the log's order, as pairs of indices.
//
//   for (let index = 0; index < rows.length; index += 1) {
//     const batch = rows.batches[rows.batchOf[index]];   // whose record it is: batch.hostName, batch.epoch
//     const row = rows.rowOf[index];                     // which one: batch.tNs[row], batch.kind[row], …
//   }
//
// Valid until the sink's `write` has settled; a sink that keeps something copies it.
import type { RecordBatch, RowRun } from './record-batch.js';
import type { LogRecord } from './record.js';

export interface MergedRows {
  readonly length: number;
  readonly batches: readonly RecordBatch[];
  /** Index into `batches`. The arrays may be longer than `length`. */
  readonly batchOf: Uint32Array;
  readonly rowOf: Uint32Array;
  /** The same rows stretch by stretch; where it is missing, nobody has them so. Reading each host's rows in one go spares the processor's caches. */
  readonly stretches?: Stretches | undefined;
}

export interface Stretches {
  readonly runs: readonly RowRun[];
  /** For each place in the log the row's number, when those of `runs` are counted one after the other; undefined: they stand in that order. */
  readonly order: Uint32Array | undefined;
}

/** All rows as objects, in order: for sinks that are not on the hot path, and tests. */
export function* recordsOf(rows: MergedRows): Generator<LogRecord, void, undefined> {
  for (let index = 0; index < rows.length; index += 1) {
    const batch = rows.batches[rows.batchOf[index] as number] as RecordBatch;
    yield batch.record(rows.rowOf[index] as number);
  }
}
