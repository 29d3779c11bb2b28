// The batch that a host's rows are written to now. Batches begin small, so that 500 quiet hosts cost little, and grow with the traffic.
import { MOST_ROWS, newBatch } from '../base/batch-memory.js';
import type { BatchOwner, RecordBatch } from '../base/record-batch.js';
import type { StreamProgress } from './host-stream.js';

const FIRST_ROWS = 64;

export class OpenBatch {
  readonly #owner: BatchOwner;
  #rows = FIRST_ROWS;
  #told = 0;
  batch: RecordBatch;

  constructor(owner: BatchOwner) {
    this.#owner = owner;
    this.batch = newBatch(owner, FIRST_ROWS);
  }

  /** Call when the batch is full: what it holds goes into `progress`, and a new one stands ready. */
  next(progress: StreamProgress): RecordBatch {
    this.tell(progress);
    this.#rows = Math.min(this.#rows * 2, MOST_ROWS);
    this.#told = 0;
    this.batch = newBatch(this.#owner, this.#rows);
    return this.batch;
  }

  /** Rows written since the last time go into `progress`. */
  tell(progress: StreamProgress): void {
    const { batch } = this;
    if (batch.length > this.#told) progress.runs.push({ batch, from: this.#told, to: batch.length });
    this.#told = batch.length;
  }
}
