// What comes in: chunks of one host's output, cut anywhere. What goes out: whole lines, without their newline.
// Guaranteed: the same bytes give the same lines however they were cut; a line longer than the limit is kept up to the limit and
// counted; a character cut in two is whole again, because only whole lines are decoded.

export interface SplitLine {
  readonly text: string;
  /** Bytes of the line beyond the limit, which were left out; 0 for nearly all. */
  readonly skippedBytes: number;
}

const NEWLINE = 0x0a;

export class LineSplitter {
  readonly #limitBytes: number;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #skippedBytes = 0;

  /** @param limitBytes bytes of a line that are kept, without the newline */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** All lines that this chunk completes. */
  push(chunk: Buffer): SplitLine[] {
    const lines: SplitLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end));
      lines.push(this.#take());
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
    return lines;
  }

  /** What is left without a newline when the stream has ended, or undefined. It is not a whole line. */
  end(): SplitLine | undefined {
    return this.#tailBytes + this.#skippedBytes === 0 ? undefined : this.#take();
  }

  #keep(piece: Buffer): void {
    const room = this.#limitBytes - this.#tailBytes;
    const kept = piece.length <= room ? piece : piece.subarray(0, room);
    this.#skippedBytes += piece.length - kept.length;
    if (kept.length === 0) return;
    this.#tail.push(kept);
    this.#tailBytes += kept.length;
  }

  #take(): SplitLine {
    const [only] = this.#tail;
    const bytes = this.#tail.length === 1 && only !== undefined ? only : Buffer.concat(this.#tail);
    const line = { text: bytes.toString('utf8'), skippedBytes: this.#skippedBytes };
    this.#tail = [];
    this.#tailBytes = 0;
    this.#skippedBytes = 0;
    return line;
  }
}
