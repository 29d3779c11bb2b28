// What comes in: pieces of each host's output. What goes out: one file a host and stream, made when the first byte comes.
// Guaranteed: a file of an earlier run is emptied first; pieces stand in order; a slow disk holds up no host until much is waiting, and then
// holds all up, so that memory stays bounded; a failure to write is kept as one sentence and stops nothing.
import { writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileReason } from '../base/file-reason.js';
import { fileNameOf } from './file-name.js';

export interface OutputFilesOptions {
  /** For new files, for example 0o600. */
  readonly mode: number;
  /** What follows the host's name in the file's name. */
  readonly stdout: string;
  readonly stderr: string;
  /** Bytes of one file; what is beyond is left out, and the file says so. */
  readonly limitBytes: number;
}

/** A file's pieces are written when they are this much, or at the end. */
const PIECE_BYTES = 256 * 1024;
/** Of all files together. */
const WAITING_LIMIT_BYTES = 32 * 2 ** 20;

interface OutputFile {
  readonly path: string;
  waiting: Buffer[];
  waitingBytes: number;
  totalBytes: number;
  isThere: boolean;
  /** The piece on its way to the disk. */
  writing: Promise<void> | undefined;
}

export class OutputFiles {
  readonly #folder: string;
  readonly #options: OutputFilesOptions;
  readonly #files = new Map<string, OutputFile>();
  #waitingBytes = 0;
  /** Why not all could be written. */
  problem: string | undefined;

  constructor(folder: string, options: OutputFilesOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  write(host: string, stream: 'stdout' | 'stderr', bytes: Buffer): void {
    const file = this.#file(host, stream);
    const { limitBytes } = this.#options;
    if (this.problem !== undefined || file.totalBytes > limitBytes) return;
    const room = limitBytes - file.totalBytes;
    file.totalBytes += bytes.length;
    const kept = bytes.length <= room ? bytes : Buffer.concat([bytes.subarray(0, room), Buffer.from('\n[fleet-tap kept no more]\n')]);
    file.waiting.push(kept);
    file.waitingBytes += kept.length;
    this.#waitingBytes += kept.length;
    if (file.waitingBytes >= PIECE_BYTES) this.#flush(file);
  }

  /** When all is written. */
  async finish(): Promise<void> {
    for (const file of this.#files.values()) {
      while (file.writing !== undefined || file.waitingBytes > 0) {
        this.#flush(file);
        await file.writing;
      }
    }
  }

  #file(host: string, stream: 'stdout' | 'stderr'): OutputFile {
    const key = `${stream} ${host}`;
    let file = this.#files.get(key);
    if (file === undefined) {
      const path = join(this.#folder, `${fileNameOf(host)}${this.#options[stream]}`);
      file = { path, waiting: [], waitingBytes: 0, totalBytes: 0, isThere: false, writing: undefined };
      this.#files.set(key, file);
    }
    return file;
  }

  /** One piece of a file at a time; the next one goes when it is large enough again, or at the end. */
  #flush(file: OutputFile): void {
    if (file.writing !== undefined || file.waitingBytes === 0) return;
    const bytes = Buffer.concat(file.waiting);
    const { mode } = this.#options;
    const flag = file.isThere ? 'a' : 'w';
    file.isThere = true;
    file.waiting = [];
    file.waitingBytes = 0;
    const failed = (error: unknown): void => {
      this.problem ??= `output is not kept in ${this.#folder}: ${fileReason(error, 'the folder is gone')}`;
    };
    const isMuch = this.#waitingBytes > WAITING_LIMIT_BYTES;
    const done = (): void => {
      this.#waitingBytes -= bytes.length;
    };
    if (isMuch) {
      // Nothing is read from any host meanwhile.
      try {
        writeFileSync(file.path, bytes, { mode, flag });
      } catch (error) {
        failed(error);
      }
      return done();
    }
    file.writing = writeFile(file.path, bytes, { mode, flag })
      .catch(failed)
      .finally(() => {
        done();
        file.writing = undefined;
        if (file.waitingBytes >= PIECE_BYTES) this.#flush(file);
      });
  }
}
