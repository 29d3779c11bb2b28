// What comes in: bytes. What goes out: one file, plain or compressed, that bears its name only when it is whole (NAME.part until then).
// Guaranteed: `safeBytes` counts what the system took, in order; a file that fails keeps its .part, cut after the last bytes that were taken
// whole; what is no regular file (a device, a pipe) is written under its own name.
import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { type Compression, compressorFor } from './compressor.js';
import { AT_ONCE_BYTES } from './write-size.js';

/** When what was written is forced onto the disk. */
export type FsyncPolicy =
  | 'never' // the system decides: a power cut may cost what was written last
  | 'end' // before the file takes its name
  | 'each'; // after each write: slow, and a power cut costs nothing that was written

const BUFFER_BYTES = 4 * 2 ** 20;

export class PartFile {
  readonly #name: string;
  readonly #written: string;
  readonly #handle: FileHandle;
  readonly #fsync: FsyncPolicy;
  readonly #file: Writable;
  readonly #stream: Writable;
  /** Bytes of the file itself that the system took. */
  safeBytes = 0;

  private constructor(name: string, written: string, handle: FileHandle, compression: Compression, fsync: FsyncPolicy) {
    this.#name = name;
    this.#written = written;
    this.#handle = handle;
    this.#fsync = fsync;
    this.#file = new Writable({
      highWaterMark: BUFFER_BYTES,
      write: (chunk: Buffer, _encoding, done) => void this.#put(chunk).then(() => done(), done),
    });
    const compressor = compression === undefined ? undefined : compressorFor(compression);
    compressor?.pipe(this.#file);
    compressor?.on('error', (error) => this.#file.destroy(error));
    this.#file.on('error', () => compressor?.destroy());
    this.#stream = compressor ?? this.#file;
  }

  /** @throws the system's error; EEXIST when something of that name, or its .part, was there and it says `unless-there` */
  static async open(name: string, compression: Compression, fsync: FsyncPolicy, how: 'anew' | 'unless-there'): Promise<PartFile> {
    const before = await stat(name).catch(() => undefined);
    if (before !== undefined && how === 'unless-there') throw Object.assign(new Error(`${name} exists`), { code: 'EEXIST' });
    const written = before === undefined || before.isFile() ? `${name}.part` : name;
    return new PartFile(name, written, await open(written, how === 'anew' ? 'w' : 'wx', 0o644), compression, fsync);
  }

  /** @returns a promise when it is behind. Failures are told by `finish` and `failed`. */
  write(bytes: Uint8Array, taken: () => void): Promise<void> | undefined {
    if (this.#stream.write(bytes, (error) => error ?? taken()) || this.#stream.destroyed) return undefined;
    return new Promise((resolve) => {
      const go = () => {
        for (const event of ['drain', 'error', 'close']) this.#stream.off(event, go);
        resolve();
      };
      for (const event of ['drain', 'error', 'close']) this.#stream.on(event, go);
    });
  }

  onFailure(listener: (error: NodeJS.ErrnoException) => void): void {
    this.#file.on('error', listener);
  }

  /** Writes the rest, and gives the file its name. @throws the system's error */
  async finish(): Promise<void> {
    this.#stream.end();
    await finished(this.#file);
    if (this.#written !== this.#name) {
      if (this.#fsync !== 'never') await this.#handle.sync();
      await this.#handle.close();
      await rename(this.#written, this.#name);
      if (this.#fsync !== 'never') await syncFolder(dirname(this.#name));
    } else await this.#handle.close();
  }

  /** After a failure: cuts the file after `bytes`, the last ones that make sense, and lets go of it. */
  async abandon(bytes: number): Promise<void> {
    this.#file.destroy();
    if (this.#written !== this.#name) await this.#handle.truncate(bytes).catch(() => {});
    await this.#handle.close().catch(() => {});
  }

  async #put(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      const { bytesWritten } = await this.#handle.write(chunk, at, Math.min(chunk.length - at, AT_ONCE_BYTES));
      at += bytesWritten;
    }
    if (this.#fsync === 'each' && this.#written !== this.#name) await this.#handle.datasync();
    this.safeBytes += chunk.length;
  }
}

/** A new name is safe only when its folder is (fsync(2)). */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().catch(() => {});
  await handle.close();
}
