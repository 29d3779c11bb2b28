// What comes in: merged rows. What goes out: files of one format, one after the other when they are rotated.
// Guaranteed (G3): every row is counted once, as written or as missed; after a failure (a full disk) the log goes on elsewhere, this file keeps
// what was written whole and its .part, and `failure` says why. A rotated file takes no name that another one has; each is whole by itself.
import { FleetTapError } from '../base/errors.js';
import { fileReason } from '../base/file-reason.js';
import type { MergedRows } from '../base/merged-rows.js';
import type { Compression } from './compressor.js';
import type { LogFormat } from './format.js';
import { type FsyncPolicy, PartFile } from './part-file.js';
import { nextRotatedName } from './rotated-name.js';
import type { Sink } from './sink.js';

export interface Rotation {
  /** A new file once this one has reached so many bytes, before compression. */
  readonly sizeBytes?: number | undefined;
  /** A new file for each such stretch of event time. */
  readonly timeSec?: number | undefined;
}

export interface LogFileOptions {
  readonly compression: Compression;
  readonly fsync: FsyncPolicy;
  readonly rotation: Rotation;
  readonly originSec: number;
}

/** Rows that go into one of several files together: a file may be longer than its size by so many. */
const SLICE_ROWS = 256;

export class LogFile implements Sink {
  readonly name: string;
  readonly abandoned = false;
  written = 0;
  missed = 0;
  failure: FleetTapError | undefined;
  readonly #options: LogFileOptions;
  readonly #format: LogFormat;
  #file: PartFile | undefined;
  /** Of the file that is open, or was last, when files have numbers. */
  #number = 0;
  #opened = 0;
  /** Rows given to a file so far. */
  #given = 0;
  #period: number | undefined;
  /** Of the file that is open: bytes given to it, and rows and bytes that it is known to hold. */
  #bytes = 0;
  #rows = 0;
  #safeRows = 0;
  #safeBytes = 0;

  private constructor(name: string, format: LogFormat, options: LogFileOptions) {
    this.name = name;
    this.#format = format;
    this.#options = options;
  }

  /** Opens the first file. @throws FleetTapError kind `input` when it cannot be opened */
  static async open(name: string, format: LogFormat, options: LogFileOptions): Promise<LogFile> {
    const log = new LogFile(name, format, options);
    // Rotated by time, the first row says which file is the first.
    if (options.rotation.timeSec === undefined) await log.#begin().catch((error: unknown) => Promise.reject(notOpened(name, error as NodeJS.ErrnoException)));
    return log;
  }

  async write(rows: MergedRows): Promise<void> {
    const { sizeBytes, timeSec } = this.#options.rotation;
    const sliceRows = sizeBytes === undefined && timeSec === undefined ? Math.max(1, rows.length) : SLICE_ROWS;
    for (let from = 0; from < rows.length; from += sliceRows) {
      const part = sliceRows >= rows.length ? rows : slice(rows, from, Math.min(rows.length, from + sliceRows));
      if (this.failure !== undefined) {
        this.missed += part.length;
        continue;
      }
      const rowsBefore = this.#given;
      try {
        await this.#slice(part);
      } catch (error) {
        await this.#fail(error as NodeJS.ErrnoException);
        // Not given to a file, and so in no file's account.
        if (this.#given === rowsBefore) this.missed += part.length;
      }
    }
  }

  async close(): Promise<void> {
    this.#format.close?.();
    if (this.failure !== undefined) return;
    try {
      if (this.#file === undefined && this.#opened === 0) await this.#begin();
      await this.#end();
    } catch (error) {
      await this.#fail(error as NodeJS.ErrnoException);
    }
  }

  async #slice(rows: MergedRows): Promise<void> {
    const { sizeBytes, timeSec } = this.#options.rotation;
    // A late line stays in the file of the present.
    const period = timeSec === undefined ? undefined : Math.max(this.#period ?? Number.NEGATIVE_INFINITY, Math.floor((this.#options.originSec + firstNs(rows) / 1e9) / timeSec));
    const isFull = sizeBytes !== undefined && this.#rows > 0 && this.#bytes >= sizeBytes;
    if (this.#file === undefined || isFull || period !== this.#period) {
      await this.#end();
      this.#period = period;
      await this.#begin();
    }
    const file = this.#file;
    if (file === undefined) throw this.failure ?? new Error('no file is open');
    const bytes = await this.#format.format(rows);
    if (this.failure !== undefined) throw this.failure;
    this.#rows += rows.length;
    this.#given += rows.length;
    this.written += rows.length;
    this.#bytes += bytes.length;
    await file.write(bytes, () => {
      this.#safeRows += rows.length;
      this.#safeBytes += bytes.length;
      this.#format.recycle?.(bytes);
    });
    if (this.failure !== undefined) throw this.failure;
  }

  async #begin(): Promise<void> {
    const file = await this.#open();
    this.#opened += 1;
    file.onFailure((error) => void this.#fail(error));
    this.#file = file;
    const head = this.#format.begin();
    this.#bytes = head.length;
    this.#rows = 0;
    this.#safeRows = 0;
    this.#safeBytes = 0;
    if (head.length > 0) await file.write(head, () => (this.#safeBytes += head.length));
  }

  async #end(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    const tail = this.#format.end();
    if (tail.length > 0) await file.write(tail, () => {});
    await file.finish();
    this.#file = undefined;
    this.#rows = 0;
  }

  async #fail(error: NodeJS.ErrnoException): Promise<void> {
    if (this.failure !== undefined) return;
    const reason = fileReason(error, 'its folder is gone');
    this.failure = new FleetTapError('host', 'log-not-written', `${this.name} cannot be written: ${reason}`, { hint: 'free some space, or write the log elsewhere: -o FILE', cause: error });
    const file = this.#file;
    this.#file = undefined;
    // Of a compressed file nobody can say where a row ends.
    const isPlain = this.#options.compression === undefined;
    const missed = this.#rows - (isPlain ? this.#safeRows : 0);
    this.written -= missed;
    this.missed += missed;
    await file?.abandon(isPlain ? this.#safeBytes : file.safeBytes);
  }

  /** A name that nothing has yet, when it is rotated; else its own, whatever lies there. */
  async #open(): Promise<PartFile> {
    const { sizeBytes, timeSec } = this.#options.rotation;
    const { compression, fsync } = this.#options;
    if (sizeBytes === undefined && timeSec === undefined) return PartFile.open(this.name, compression, fsync, 'anew');
    const time = timeSec === undefined || this.#period === undefined ? undefined : this.#period * timeSec;
    for (;;) {
      const { path, number } = await nextRotatedName(this.name, time, sizeBytes !== undefined || time === undefined, this.#number);
      this.#number = number;
      const file = await PartFile.open(path, compression, fsync, 'unless-there').catch((error: NodeJS.ErrnoException) => error);
      if (file instanceof PartFile) return file;
      // Another run that writes here was quicker.
      if (file.code !== 'EEXIST') throw file;
    }
  }
}

function slice(rows: MergedRows, from: number, to: number): MergedRows {
  return { length: to - from, batches: rows.batches, batchOf: rows.batchOf.subarray(from, to), rowOf: rows.rowOf.subarray(from, to) };
}

function firstNs({ batches, batchOf, rowOf }: MergedRows): number {
  return batches[batchOf[0] as number]?.tNs[rowOf[0] as number] as number;
}

function notOpened(name: string, error: NodeJS.ErrnoException): FleetTapError {
  const reason = error.code === 'ENOENT' ? 'its folder does not exist' : error.code === 'EACCES' ? 'permission denied' : error.message;
  return new FleetTapError('input', 'log-not-opened', `${name} cannot be written: ${reason}`, { hint: 'name another file: -o FILE', cause: error });
}
