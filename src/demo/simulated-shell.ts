// What comes in: what ssh/shell-loop.ts writes to its shell. What goes out: the scripts in it, for a host that has no shell.
// It reads all modes of a frame (`MODE NONCE BYTES CODE`): a script quoted in the line, or in the bytes after it.

/** The script's quoted text follows, from the quote on. */
const BEFORE = "; ft_s='";

export interface FramedScript {
  readonly nonce: string;
  readonly script: string;
}

export class FrameReader {
  #bytes = Buffer.alloc(0);

  /** @returns the scripts that are complete with these bytes */
  push(chunk: Buffer): FramedScript[] {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    const found: FramedScript[] = [];
    for (;;) {
      const end = this.#bytes.indexOf('\n');
      if (end === -1) return found;
      const [mode, nonce = '', count, ...code] = this.#bytes.toString('utf8', 0, end).split(' ');
      const after = end + 1 + Number(count);
      if (this.#bytes.length < after) return found;
      const words = code.join(' ');
      found.push({ nonce, script: mode === 'l' ? scriptIn(words.slice(words.lastIndexOf(BEFORE) + BEFORE.length - 1)) : this.#bytes.toString('utf8', end + 1, after - nonce.length) });
      this.#bytes = this.#bytes.subarray(after);
    }
  }
}

/** Quoted text of a script in one line, from the first quote on: single quotes, `\'`, and a variable for each newline. */
export function scriptIn(text: string): string {
  return text.replace(/'([^']*)'|\\(')|"\$ft_l"/g, (piece, plain?: string, quoteMark?: string) => plain ?? quoteMark ?? (piece === '' ? '' : '\n'));
}
