// What comes in: an output's chunks, and the mark that ends it. What goes out: the bytes before the mark as they come, and those behind it.
// Guaranteed: every byte before the mark, none of the mark, under any chunking; what cannot be the mark's beginning is not kept waiting.

/** Nobody needs more of what is behind a mark, and a host may send it without end. */
export const REST_BYTES = 64;

export class UntilMark {
  readonly #mark: Buffer;
  readonly #emit: (chunk: Buffer) => void;
  #held: Buffer = Buffer.alloc(0);
  #rest: string | undefined;

  constructor(mark: Buffer, emit: (chunk: Buffer) => void) {
    this.#mark = mark;
    this.#emit = emit;
  }

  push(chunk: Buffer): void {
    if (this.#rest !== undefined) return void this.#behind(chunk);
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const at = bytes.indexOf(this.#mark);
    if (at !== -1) {
      this.#behind(bytes.subarray(at + this.#mark.length));
      if (at > 0) this.#emit(bytes.subarray(0, at));
      return;
    }
    const kept = this.#beginningAtEnd(bytes);
    this.#held = Buffer.from(bytes.subarray(bytes.length - kept));
    if (kept < bytes.length) this.#emit(bytes.subarray(0, bytes.length - kept));
  }

  /** What came after the mark, its first REST_BYTES; undefined before it. */
  rest(): string | undefined {
    return this.#rest;
  }

  #behind(bytes: Buffer): void {
    this.#rest = `${this.#rest ?? ''}${bytes.toString('latin1', 0, REST_BYTES)}`.slice(0, REST_BYTES);
  }

  /** The output ended without the mark: what was kept waiting was no mark. */
  end(): void {
    if (this.#held.length > 0) this.#emit(this.#held);
    this.#held = Buffer.alloc(0);
  }

  /** How many bytes at the end are the mark's first ones. */
  #beginningAtEnd(bytes: Buffer): number {
    for (let size = Math.min(this.#mark.length - 1, bytes.length); size > 0; size -= 1) {
      if (bytes[bytes.length - size] === this.#mark[0] && bytes.subarray(bytes.length - size).equals(this.#mark.subarray(0, size))) return size;
    }
    return 0;
  }
}
