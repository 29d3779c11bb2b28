// Memory for batches of records: what those had whose rows have all gone out is used for the next ones. A fleet that prints a million lines a second
// fills a thousand batches in it; making the memory anew and collecting it took a tenth of a merge's time.
// It is one WebAssembly memory, so that compiled code can fill batches where they lie (capture/packet-reader.ts). Pages that nobody has touched cost nothing.
// Guaranteed: nobody gets memory that was not given back; there is so much and no more: beyond that, batches have memory of their own, which is collected.
import { type BatchOwner, RecordBatch, ROW_BYTES, type RowRun } from './record-batch.js';

/**
 * Of batches that have reached their full size: those of quiet hosts are small, and few. Each column is a stretch of memory of its own: of larger batches
 * of 500 hosts, more pages are written in turn than the processor remembers the places of.
 */
export const MOST_ROWS = 256;
const BATCH_BYTES = MOST_ROWS * ROW_BYTES;
const MOST_BATCHES = 4096;
const PAGE_BYTES = 65_536;
/** In front of the batches: what compiled code works on beside them. */
export const DESK_BYTES = PAGE_BYTES;

interface BatchMemory {
  readonly memory: WebAssembly.Memory;
  /** It never grows: the buffer stays the same. */
  readonly buffer: ArrayBuffer;
  /** Where free batches begin. */
  readonly free: number[];
}

let made: BatchMemory | undefined;

export function batchMemory(): BatchMemory {
  if (made === undefined) {
    const pages = (DESK_BYTES + MOST_BATCHES * BATCH_BYTES) / PAGE_BYTES;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    made = { memory, buffer: memory.buffer, free: Array.from({ length: MOST_BATCHES }, (_, index) => DESK_BYTES + (MOST_BATCHES - 1 - index) * BATCH_BYTES) };
  }
  return made;
}

export function newBatch(owner: BatchOwner, rows: number): RecordBatch {
  if (rows !== MOST_ROWS) return new RecordBatch(owner, rows);
  const { buffer, free } = batchMemory();
  const start = free.pop();
  return start === undefined ? new RecordBatch(owner, rows) : new RecordBatch(owner, rows, buffer, start);
}

/**
 * Rows that have gone out, to where nobody keeps them. A host's rows go out in its own order: with the last one of a batch all have gone.
 * The batch must not be touched afterwards.
 */
export function giveBack(gone: readonly RowRun[]): void {
  for (const { batch, to } of gone) {
    if (to === batch.capacity && batch.buffer === made?.buffer) made.free.push(batch.start);
  }
}
