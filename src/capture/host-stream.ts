// What comes in: the bytes that one host's script prints, in chunks, each with its arrival time. What goes out: records in columns.
// Guaranteed: the same bytes at the same times give the same records however they were cut (G8); every line is counted once.
import type { HostCounters } from '../base/counters.js';
import type { RowRun } from '../base/record-batch.js';
import { WholeLines } from './whole-lines.js';

/** Longer lines are cut and counted; our own are under 200 bytes. */
export const LINE_LIMIT_BYTES = 4096;

/** What a chunk of a host's output amounts to. */
export interface StreamProgress {
  /** Rows of the host's batches, in the host's order. */
  readonly runs: RowRun[];
  /** Nothing earlier than this will come any more (corrected); undefined when the chunk said nothing of it. */
  watermarkNs: number | undefined;
  /** When the script began, in the chunk that says so: its first line, or what is known instead. */
  beganNs: number | undefined;
  /** Every line that the host printed until then has come, or is in a marker; undefined when the chunk said nothing of it. */
  completeNs: number | undefined;
  /** For a person: clock steps, lines that are no records. */
  readonly notes: string[];
}

export interface LineReader {
  /** Takes whole lines; `bytes[end]` is the last one's newline. Adds to `progress`. */
  take(bytes: Buffer, start: number, end: number, nowNs: number, progress: StreamProgress): void;
  /** The script has begun, and has not said that it ends: what it printed last may be missing. */
  readonly lacksEnd: boolean;
}

export class HostStream {
  readonly #reader: LineReader;
  readonly #counters: HostCounters;
  readonly #lines = new WholeLines(LINE_LIMIT_BYTES);

  constructor(reader: LineReader, counters: HostCounters) {
    this.#reader = reader;
    this.#counters = counters;
  }

  /** @param nowNs when the chunk was received */
  push(chunk: Buffer, nowNs: number): StreamProgress {
    const progress: StreamProgress = { runs: [], watermarkNs: undefined, beganNs: undefined, completeNs: undefined, notes: [] };
    this.#lines.push(chunk, (bytes, start, end) => this.#reader.take(bytes, start, end, nowNs, progress));
    return progress;
  }

  /** The stream has ended: a last line without a newline is no whole line, and counted as that. */
  end(): void {
    const rest = this.#lines.end();
    if (rest === undefined) return;
    this.#counters.received += 1;
    this.#counters.truncated += 1;
    if (rest.length - 1 > LINE_LIMIT_BYTES) this.#counters.oversized += 1;
  }
}
