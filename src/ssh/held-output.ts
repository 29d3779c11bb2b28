// What comes in: an output's chunks. What goes out: the same bytes, from a mark on, to whoever listens later.
// Guaranteed: nothing is lost between the mark and the first listener; nothing is held for nobody once `drop` was called.

export class HeldOutput {
  #chunks: Buffer[] = [];
  #listener: ((chunk: Buffer) => void) | undefined;
  #dropping = false;
  length = 0;
  #cut = false;

  take(chunk: Buffer): void {
    if (this.#listener !== undefined) this.#listener(chunk);
    else if (!this.#dropping) {
      this.#chunks.push(chunk);
      this.length += chunk.length;
    }
  }

  /** What is held. */
  text(): string {
    return this.#joined().toString('latin1');
  }

  skip(bytes: number): void {
    this.#hold(this.#joined().subarray(bytes));
  }

  /** Throws away all up to the mark and the mark itself, once. @returns false when the mark has not come yet */
  cutAfter(mark: Buffer): boolean {
    if (this.#cut) return true;
    const at = this.#joined().indexOf(mark);
    if (at === -1) return false;
    this.#cut = true;
    this.skip(at + mark.length);
    return true;
  }

  /** From now on to this listener, what is held first. */
  give(listener: (chunk: Buffer) => void): void {
    const held = this.#joined();
    this.#listener = this.#listener === undefined ? listener : both(this.#listener, listener);
    this.#hold(Buffer.alloc(0));
    if (held.length > 0) listener(held);
  }

  /** What nobody listens to yet is not kept any longer. */
  drop(): void {
    this.#dropping = true;
    this.#hold(Buffer.alloc(0));
  }

  #joined(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  #hold(bytes: Buffer): void {
    this.#chunks = bytes.length === 0 ? [] : [bytes];
    this.length = bytes.length;
  }
}

function both(first: (chunk: Buffer) => void, second: (chunk: Buffer) => void): (chunk: Buffer) => void {
  return (chunk) => {
    first(chunk);
    second(chunk);
  };
}
