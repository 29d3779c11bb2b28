// What comes in: a command's outputs as they come, and its options. What goes out: what is kept of them, and the first byte too many.
// Guaranteed: never more than the limit is kept; output that is passed on is not kept.
import { KeptBytes } from '../base/kept-bytes.js';
import type { RunOptions } from './session.js';

/** Of stdout, and of stderr. */
export const DEFAULT_LIMIT_BYTES = 8 * 2 ** 20;

type Name = 'stdout' | 'stderr';

export class CollectedOutput {
  readonly #listeners: Record<Name, ((chunk: Buffer) => void) | undefined>;
  readonly #kept: Record<Name, KeptBytes> = { stdout: new KeptBytes(), stderr: new KeptBytes() };
  readonly #total: Record<Name, number> = { stdout: 0, stderr: 0 };
  readonly #limits: Record<Name, number>;
  readonly #tooMuch: (name: Name, limitBytes: number) => void;
  #closed = false;

  /** @param tooMuch called once; nothing is kept afterwards */
  constructor(options: RunOptions, tooMuch: (name: Name, limitBytes: number) => void) {
    this.#listeners = { stdout: options.onStdout, stderr: options.onStderr };
    const limitOf = (name: Name) => options.limitBytes ?? (this.#listeners[name] === undefined ? DEFAULT_LIMIT_BYTES : Number.POSITIVE_INFINITY);
    this.#limits = { stdout: limitOf('stdout'), stderr: limitOf('stderr') };
    this.#tooMuch = tooMuch;
  }

  stdout(chunk: Buffer): void {
    this.#take('stdout', chunk);
  }

  stderr(chunk: Buffer): void {
    this.#take('stderr', chunk);
  }

  bytes(name: Name): Buffer {
    return this.#kept[name].bytes();
  }

  /** What comes from now on is read and dropped. */
  close(): void {
    this.#closed = true;
    this.#kept.stdout.clear();
    this.#kept.stderr.clear();
  }

  #take(name: Name, chunk: Buffer): void {
    if (this.#closed) return;
    this.#total[name] += chunk.length;
    if (this.#total[name] > this.#limits[name]) {
      this.close();
      this.#tooMuch(name, this.#limits[name]);
      return;
    }
    const listener = this.#listeners[name];
    if (listener === undefined) this.#kept[name].push(chunk);
    else listener(chunk);
  }
}
