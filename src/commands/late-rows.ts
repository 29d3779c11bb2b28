// What comes in: released rows. What goes out: the late ones apart from those in order, as --late wants it.
// Markers stay where they are: what tells of a loss is never left out.
import type { MergedRows } from '../base/merged-rows.js';
import { GAP, LATE, type RecordBatch } from '../base/record-batch.js';

/** What becomes of a line that comes after a later one was written. */
export type LatePolicy =
  | 'mark' // written at once, marked `late`
  | 'drop' // left out; a marker counts them, once a second for each host
  | 'file'; // written to a log of their own

export interface SplitRows {
  readonly late: MergedRows;
  readonly rest: MergedRows;
}

export function splitLate(rows: MergedRows): SplitRows | undefined {
  const late: number[] = [];
  const rest: number[] = [];
  for (let index = 0; index < rows.length; index += 1) {
    const batch = rows.batches[rows.batchOf[index] as number] as RecordBatch;
    const row = rows.rowOf[index] as number;
    const isLate = ((batch.bits[row] as number) & LATE) !== 0;
    // Late ones stand in front.
    if (!isLate && late.length === 0 && rest.length === 0) return undefined;
    (isLate && batch.kind[row] !== GAP ? late : rest).push(index);
  }
  return late.length === 0 ? undefined : { late: chosen(rows, late), rest: chosen(rows, rest) };
}

function chosen({ batches, batchOf, rowOf }: MergedRows, indices: readonly number[]): MergedRows {
  return { length: indices.length, batches, batchOf: Uint32Array.from(indices, (index) => batchOf[index] as number), rowOf: Uint32Array.from(indices, (index) => rowOf[index] as number) };
}
