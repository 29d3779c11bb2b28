// What comes in: records. What goes out: the text log on a stream: a file, or standard output.
// Guaranteed: a reader that goes away (a closed pipe) ends the writing quietly and is told once; any other failure is an error with its reason.
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { FleetTapError } from '../base/errors.js';
import type { MergedRows } from '../base/merged-rows.js';
import type { Sink } from './sink.js';
import { TextFormat, type TextFormatOptions } from './text.js';

export class TextSink implements Sink {
  readonly name: string;
  written = 0;
  abandoned = false;
  readonly #format: TextFormat;
  readonly #stream: Writable;
  readonly #ownsStream: boolean;
  #failure: FleetTapError | undefined;

  /** @param onReaderGone called once when nobody reads any more */
  constructor(name: string, stream: Writable, ownsStream: boolean, options: TextFormatOptions, onReaderGone: () => void) {
    this.name = name;
    this.#format = new TextFormat(options);
    this.#stream = stream;
    this.#ownsStream = ownsStream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') {
        if (!this.abandoned) onReaderGone();
        this.abandoned = true;
      } else {
        const reason = error.code === 'ENOSPC' ? 'the disk is full' : error.message;
        this.#failure = new FleetTapError('host', 'log-not-written', `${name} cannot be written: ${reason}`, { hint: 'free some space, or write the log elsewhere: -o FILE', cause: error });
      }
    });
  }

  write(rows: MergedRows): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.abandoned || rows.length === 0) return undefined;
    const keepsUp = this.#stream.write(this.#format.format(rows));
    this.written += rows.length;
    if (keepsUp) return undefined;
    return this.#room();
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

  async close(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.abandoned) return;
    if (this.#ownsStream) {
      this.#stream.end();
      await finished(this.#stream).catch(() => {});
    } else await new Promise<void>((resolve) => this.#stream.write('', () => resolve()));
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** @throws FleetTapError kind `input` when the file cannot be opened */
export async function openTextFile(file: string, options: TextFormatOptions): Promise<Sink> {
  const stream = createWriteStream(file, { mode: 0o644 });
  await new Promise<void>((resolve, reject) => {
    stream.once('open', () => resolve());
    stream.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ENOENT' ? 'its folder does not exist' : error.code === 'EACCES' ? 'permission denied' : error.message;
      reject(new FleetTapError('input', 'log-not-opened', `${file} cannot be written: ${reason}`, { hint: 'name another file: -o FILE', cause: error }));
    });
  });
  return new TextSink(file, stream, true, options, () => {});
}
