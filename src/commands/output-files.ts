// What comes in: pieces of each host's output. What goes out: one file a host and stream, made when the first byte comes.
// Guaranteed: a file of an earlier run is emptied first; a failure to write is kept as one sentence and stops nothing.
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

export class OutputFiles {
  readonly #folder: string;
  readonly #options: OutputFilesOptions;
  readonly #bytes = new Map<string, number>();
  /** Why not all could be written. */
  problem: string | undefined;

  constructor(folder: string, options: OutputFilesOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  /** At once, without a queue: a host's output waits in no memory, and order needs no care. */
  write(host: string, stream: 'stdout' | 'stderr', bytes: Buffer): void {
    const file = join(this.#folder, `${fileNameOf(host)}${this.#options[stream]}`);
    const before = this.#bytes.get(file);
    const { limitBytes, mode } = this.#options;
    if (this.problem !== undefined || (before ?? 0) > limitBytes) return;
    const after = (before ?? 0) + bytes.length;
    this.#bytes.set(file, after);
    const kept = after <= limitBytes ? bytes : Buffer.concat([bytes.subarray(0, limitBytes - (before ?? 0)), Buffer.from('\n[fleet-tap kept no more]\n')]);
    try {
      if (before === undefined) writeFileSync(file, kept, { mode });
      else appendFileSync(file, kept);
    } catch (error) {
      this.problem = `output is not kept in ${this.#folder}: ${(error as Error).message}`;
    }
  }
}
