// Memory for batches of records: what those had whose rows have all gone out is used for the next ones. A fleet that prints a million lines a second
// fills a thousand batches in it; making the memory anew and collecting it took a tenth of a merge's time.
// It is one WebAssembly memory, so that compiled code can fill batches where they lie (capture/packet-reader.ts). Pages that nobody has touched cost nothing.
// Guaranteed: nobody gets memory that was not given back, or that anybody can still reach; there is so much and no more: beyond that, batches have memory
// of their own, which is collected.
import { type BatchOwner, Columns, RecordBatch, ROW_BYTES, type RowRun } from './record-batch.js';
import { PAGE_BYTES, wasmMemory } from './wasm-memory.js';

/**
 * Of a batch. Each column is a stretch of memory of its own: of larger batches of 500 hosts, more pages are written in turn than the processor remembers
 * the places of. Each host has one that is not full yet: 18 KB.
 */
export const MOST_ROWS = 256;
const BATCH_BYTES = MOST_ROWS * ROW_BYTES;
/** 271 MB: half of what may wait in memory. */
const MOST_BATCHES = 15_360;
/** In front of the batches: what compiled code works on beside them. */
export const DESK_BYTES = PAGE_BYTES;

export interface BatchMemory {
  readonly memory: WebAssembly.Memory;
  /** It never grows: the buffer stays the same. */
  readonly buffer: ArrayBuffer;
  readonly free: Columns[];
  /** So many were made. */
  batches: number;
}

let made: BatchMemory | 'none' | undefined;

export function batchMemory(): BatchMemory | undefined {
  if (made === undefined) {
    const pages = (DESK_BYTES + MOST_BATCHES * BATCH_BYTES) / PAGE_BYTES;
    const memory = wasmMemory(pages, pages);
    made = memory === undefined ? 'none' : { memory, buffer: memory.buffer, free: [], batches: 0 };
  }
  return made === 'none' ? undefined : made;
}

/** What nobody has given back is free again when nobody can reach it any more. */
const abandoned = new FinalizationRegistry<Columns>((columns) => void batchMemory()?.free.push(columns));

/** A batch of MOST_ROWS rows. */
export function newBatch(owner: BatchOwner): RecordBatch {
  const memory = batchMemory();
  let columns = memory?.free.pop();
  if (memory !== undefined && columns === undefined && memory.batches < MOST_BATCHES) {
    columns = new Columns(MOST_ROWS, memory.buffer, DESK_BYTES + memory.batches * BATCH_BYTES);
    memory.batches += 1;
  }
  if (columns === undefined) return new RecordBatch(owner, MOST_ROWS);
  const batch = new RecordBatch(owner, MOST_ROWS, columns);
  abandoned.register(batch, columns, batch);
  return batch;
}

/**
 * Rows that have gone out, to where nobody keeps them. A host's rows go out in its own order: with the last one of a batch all have gone.
 * The batch must not be touched afterwards.
 */
export function giveBack(gone: readonly RowRun[]): void {
  const memory = batchMemory();
  if (memory === undefined) return;
  for (const { batch, to } of gone) {
    if (to !== batch.capacity || batch.columns.buffer !== memory.buffer) continue;
    abandoned.unregister(batch);
    memory.free.push(batch.columns);
  }
}
