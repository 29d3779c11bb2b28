// What comes in: an output's chunks. What goes out: the same bytes, from a mark on, to whoever listens later.
// Guaranteed: nothing is lost between the mark and the first listener; nothing is held for nobody once `drop` was called; looking for a mark
// costs no more time than there are bytes, however small the chunks are.

const FIRST_BYTES = 1024;

export class HeldOutput {
  /** Grows by half its size at least; the first `length` bytes count. */
  #bytes: Buffer = Buffer.alloc(0);
  #listener: ((chunk: Buffer) => void) | undefined;
  #dropping = false;
  length = 0;
  #cut = false;
  #searched = 0;

  take(chunk: Buffer): void {
    if (this.#listener !== undefined) this.#listener(chunk);
    else if (!this.#dropping) this.#append(chunk);
  }

  /** What is held, or a part of it. */
  text(from = 0, to = this.length): string {
    return this.#bytes.toString('latin1', from, Math.min(to, this.length));
  }

  /** @returns -1 where the mark does not stand at `from` or behind it */
  indexOf(mark: Buffer, from: number): number {
    return this.#held().indexOf(mark, from);
  }

  skip(bytes: number): void {
    this.#bytes = this.#bytes.subarray(bytes);
    this.length -= bytes;
  }

  /** Throws away all up to the mark and the mark itself, once. @returns false when the mark has not come yet */
  cutAfter(mark: Buffer): boolean {
    if (this.#cut) return true;
    const at = this.indexOf(mark, this.#searched);
    this.#searched = Math.max(0, this.length - mark.length + 1);
    if (at === -1) return false;
    this.#cut = true;
    this.skip(at + mark.length);
    return true;
  }

  /** From now on to this listener, what is held first. */
  give(listener: (chunk: Buffer) => void): void {
    const held = this.#held();
    this.#listener = this.#listener === undefined ? listener : both(this.#listener, listener);
    this.#forget();
    if (held.length > 0) listener(held);
  }

  /** What nobody listens to yet is not kept any longer. */
  drop(): void {
    this.#dropping = true;
    this.#forget();
  }

  #held(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  #append(chunk: Buffer): void {
    const needed = this.length + chunk.length;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, Math.ceil(this.length * 1.5), FIRST_BYTES));
      this.#held().copy(grown);
      this.#bytes = grown;
    }
    chunk.copy(this.#bytes, this.length);
    this.length = needed;
  }

  #forget(): void {
    this.#bytes = Buffer.alloc(0);
    this.length = 0;
  }
}

function both(first: (chunk: Buffer) => void, second: (chunk: Buffer) => void): (chunk: Buffer) => void {
  return (chunk) => {
    first(chunk);
    second(chunk);
  };
}
