// The batch that a host's rows are written to now.
import { newBatch } from '../base/batch-memory.js';
import type { BatchOwner, RecordBatch } from '../base/record-batch.js';
import type { StreamProgress } from './host-stream.js';

export class OpenBatch {
  readonly #owner: BatchOwner;
  #told = 0;
  batch: RecordBatch;

  constructor(owner: BatchOwner) {
    this.#owner = owner;
    this.batch = newBatch(owner);
  }

  /** Call when the batch is full: what it holds goes into `progress`, and a new one stands ready. */
  next(progress: StreamProgress): RecordBatch {
    this.tell(progress);
    this.#told = 0;
    this.batch = newBatch(this.#owner);
    return this.batch;
  }

  /** Rows written since the last time go into `progress`. */
  tell(progress: StreamProgress): void {
    const { batch } = this;
    if (batch.length > this.#told) progress.runs.push({ batch, from: this.#told, to: batch.length });
    this.#told = batch.length;
  }
}
