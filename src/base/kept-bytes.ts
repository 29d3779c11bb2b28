// What comes in: an output's chunks, of any size. What goes out: all of it as one.
// Guaranteed: what is kept costs hardly more memory than its bytes. A host that sends single bytes must not cost a Buffer for each of them, and a
// chunk is often a part of something larger (what came with one packet), which must not be kept for its sake.

const SMALLEST_BLOCK_BYTES = 256;
const LARGEST_BLOCK_BYTES = 256 * 1024;

export class KeptBytes {
  #blocks: Buffer[] = [];
  /** How much of the last block is full; all others are. */
  #full = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      const block = this.#roomy();
      const copied = chunk.copy(block, this.#full, at);
      this.#full += copied;
      this.#length += copied;
      at += copied;
    }
  }

  /** All that was pushed; it stays kept. */
  bytes(): Buffer {
    const last = this.#blocks.at(-1);
    if (last === undefined) return Buffer.alloc(0);
    if (this.#blocks.length > 1 || this.#full < last.length) {
      this.#blocks = [Buffer.concat([...this.#blocks.slice(0, -1), last.subarray(0, this.#full)])];
      this.#full = this.#length;
    }
    return this.#blocks[0] ?? last;
  }

  clear(): void {
    this.#blocks = [];
    this.#full = 0;
    this.#length = 0;
  }

  #roomy(): Buffer {
    const last = this.#blocks.at(-1);
    if (last !== undefined && this.#full < last.length) return last;
    const block = Buffer.allocUnsafeSlow(Math.min(Math.max(this.#length, SMALLEST_BLOCK_BYTES), LARGEST_BLOCK_BYTES));
    this.#blocks.push(block);
    this.#full = 0;
    return block;
  }
}
