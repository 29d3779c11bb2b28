// What comes in: merged rows. What goes out: one format on a stream that is not ours to end: standard output.
// Guaranteed (G3): every row is counted once, as written or as missed; a reader that goes away (a closed pipe) ends the writing quietly and is
// told once; after any other failure `failure` says why, and the log goes on elsewhere.
import type { Writable } from 'node:stream';
import { FleetTapError } from '../base/errors.js';
import { fileReason } from '../base/file-reason.js';
import type { MergedRows } from '../base/merged-rows.js';
import { FileWriter } from './file-writer.js';
import type { LogFormat } from './format.js';
import type { Sink } from './sink.js';

export class StreamSink implements Sink {
  readonly name: string;
  written = 0;
  missed = 0;
  abandoned = false;
  failure: FleetTapError | undefined;
  readonly #format: LogFormat;
  readonly #stream: Writable;
  /** What is written has left this process: other streams may keep it for their readers. */
  readonly #keepsNothing: boolean;
  #hasBegun = false;

  /** @param onReaderGone called once when nobody reads any more */
  constructor(name: string, stream: Writable, format: LogFormat, onReaderGone: () => void) {
    this.name = name;
    this.#format = format;
    this.#stream = stream;
    this.#keepsNothing = stream === process.stdout || stream instanceof FileWriter;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') {
        if (!this.abandoned) onReaderGone();
        this.abandoned = true;
      } else {
        const reason = fileReason(error);
        this.failure ??= new FleetTapError('host', 'log-not-written', `${name} cannot be written: ${reason}`, { hint: 'free some space, or write the log elsewhere: -o FILE', cause: error });
      }
    });
  }

  write(rows: MergedRows): Promise<void> | undefined {
    if (rows.length === 0) return undefined;
    if (this.#isOver) {
      this.missed += rows.length;
      return undefined;
    }
    this.#begin();
    const bytes = this.#format.format(rows);
    return bytes instanceof Promise ? bytes.then((made) => this.#put(made, rows.length)) : this.#put(bytes, rows.length);
  }

  #put(bytes: Uint8Array, rows: number): Promise<void> | undefined {
    // Its reader may have gone while the bytes were made.
    if (this.#isOver) {
      this.missed += rows;
      return undefined;
    }
    this.written += rows;
    const keepsUp = this.#stream.write(bytes, (error) => {
      if (error === undefined || error === null) {
        if (this.#keepsNothing) this.#format.recycle?.(bytes);
        return;
      }
      this.written -= rows;
      this.missed += rows;
    });
    return keepsUp ? undefined : this.#room();
  }

  async close(): Promise<void> {
    this.#format.close?.();
    if (this.#isOver) return;
    this.#begin();
    await new Promise<void>((resolve) => {
      this.#stream.once('error', () => resolve());
      this.#stream.once('close', () => resolve());
      this.#stream.write(this.#format.end(), () => resolve());
    });
  }

  get #isOver(): boolean {
    return this.abandoned || this.failure !== undefined;
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const head = this.#format.begin();
    if (head.length > 0) this.#stream.write(head);
  }

  /** When the stream takes more, or never will again. Leaves nothing behind: a capture of a day waits a million times. */
  #room(): Promise<void> {
    const events = ['drain', 'error', 'close'];
    return new Promise((resolve) => {
      const go = () => {
        for (const event of events) this.#stream.off(event, go);
        resolve();
      };
      for (const event of events) this.#stream.on(event, go);
    });
  }
}
