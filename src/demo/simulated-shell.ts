// What comes in: what ssh/shell-loop.ts writes to its shell. What goes out: the scripts in it, for a host that has no shell.
// It reads both modes of a frame (`MODE NONCE BYTES CODE`): a script quoted in the line, or in the bytes after it.

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
      const after = end + 1 + (mode === 'f' ? Number(count) : 0);
      if (this.#bytes.length < after) return found;
      found.push({ nonce, script: mode === 'f' ? this.#bytes.toString('utf8', end + 1, after) : unquoted(code.join(' ')) });
      this.#bytes = this.#bytes.subarray(after);
    }
  }
}

/** What `ft_s=` is set to: single quotes, `\'`, and a variable for each newline. */
function unquoted(code: string): string {
  const words = code.slice(code.lastIndexOf("; ft_s='") + '; ft_s='.length);
  return words.replace(/'([^']*)'|\\(')|"\$ft_l"/g, (piece, plain?: string, quoteMark?: string) => plain ?? quoteMark ?? (piece === '' ? '' : '\n'));
}
