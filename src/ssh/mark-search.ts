// What comes in: what is held of an output, again and again while it grows. What goes out: where marks stand in it.
// Guaranteed: each byte is looked at once, however small the chunks are that it comes in: who sends a megabyte byte by byte must not cost minutes.
import type { HeldOutput } from './held-output.js';

/** Where a mark stands for the last time. */
export class LastMark {
  readonly #mark: Buffer;
  #from = 0;
  #last = -1;

  constructor(mark: string) {
    this.#mark = Buffer.from(mark);
  }

  /** @returns where what is behind the mark begins; undefined before it has come */
  end(held: HeldOutput): number | undefined {
    for (let at = held.indexOf(this.#mark, this.#from); at !== -1; at = held.indexOf(this.#mark, this.#from)) {
      this.#last = at;
      this.#from = at + 1;
    }
    this.#from = Math.max(this.#from, held.length - this.#mark.length + 1);
    return this.#last === -1 ? undefined : this.#last + this.#mark.length;
  }
}

/** A process id and what stands behind it take no more. */
const LINE_BYTES = 24;

export interface OpeningLine {
  readonly pid: number;
  /** Something was said on a terminal first (become.ts). */
  readonly isOnTerminal: boolean;
  /** Where the line ends. */
  readonly end: number;
}

/** The line in which a shell says that it is there (remote-command.ts). */
export class OpeningLineSearch {
  readonly #nonce: Buffer;
  #from = 0;

  constructor(nonce: string) {
    this.#nonce = Buffer.from(nonce);
  }

  find(stdout: HeldOutput): OpeningLine | undefined {
    for (;;) {
      const at = stdout.indexOf(this.#nonce, this.#from);
      this.#from = at === -1 ? Math.max(this.#from, stdout.length - this.#nonce.length + 1) : at;
      if (at === -1) return undefined;
      const begin = at + this.#nonce.length;
      const text = stdout.text(begin, begin + LINE_BYTES);
      const said = /^ (\d+)( t)?\n/.exec(text);
      if (said !== null) return { pid: Number(said[1]), isOnTerminal: said[2] !== undefined, end: begin + said[0].length };
      if (text.length < LINE_BYTES && !text.includes('\n')) return undefined;
      // Not it: a shell that shows what it reads.
      this.#from = at + 1;
    }
  }
}
