// What comes in: chunks of one host's output, cut anywhere. What goes out: stretches of bytes that hold whole lines only.
// Guaranteed: the same bytes give the same lines however they were cut; of a line that is longer than the limit and comes in pieces,
// limit + 1 bytes are kept: who reads it sees that it was longer. Nothing is decoded and nothing copied but lines cut by a chunk's end;
// the chunk's memory may be used again once `push` has returned.

const NEWLINE = 0x0a;

/** Takes whole lines: `bytes[start]` begins the first, `bytes[end]` is the newline of the last. */
export type TakeLines = (bytes: Buffer, start: number, end: number) => void;

export class WholeLines {
  readonly #keepBytes: number;
  #tail: Buffer[] = [];
  #tailBytes = 0;

  /** @param limitBytes bytes of a line, without the newline, beyond which it is cut */
  constructor(limitBytes: number) {
    this.#keepBytes = limitBytes + 1;
  }

  push(chunk: Buffer, take: TakeLines): void {
    let start = 0;
    if (this.#tailBytes > 0) {
      const end = chunk.indexOf(NEWLINE);
      this.#keep(chunk.subarray(0, end === -1 ? chunk.length : end));
      if (end === -1) return;
      const line = this.#takeTail();
      take(line, 0, line.length - 1);
      start = end + 1;
    }
    const last = chunk.lastIndexOf(NEWLINE);
    if (last >= start) {
      take(chunk, start, last);
      start = last + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  /** What is left without a newline when the stream has ended, with a newline added; or undefined. It is not a whole line. */
  end(): Buffer | undefined {
    return this.#tailBytes === 0 ? undefined : this.#takeTail();
  }

  #keep(piece: Buffer): void {
    const kept = piece.subarray(0, this.#keepBytes - this.#tailBytes);
    if (kept.length === 0) return;
    // A copy: the chunk's memory is not ours.
    this.#tail.push(Buffer.from(kept));
    this.#tailBytes += kept.length;
    // One byte at a time may come for hours: pieces do not pile up.
    if (this.#tail.length > 64) this.#tail = [Buffer.concat(this.#tail)];
  }

  #takeTail(): Buffer {
    const line = Buffer.concat([...this.#tail, Buffer.of(NEWLINE)]);
    this.#tail = [];
    this.#tailBytes = 0;
    return line;
  }
}
