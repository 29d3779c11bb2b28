// What comes in: scripts that one host is to run in one round trip. What goes out: one script, and a reader of its output that tells each part's answer
// as soon as it is there.
// Guaranteed: each part runs in a subshell of its own, in order; one that does not end with exit status 0 is the last that runs. The first one is the
// task's: it has the input and the standard error. The others have neither, and what they print comes when they are over, at once and with one newline
// behind it: a packet for each line is what a host and its connection are busy with otherwise.
import type { HostText } from '../base/host-text.js';
import type { CommandResult } from '../ssh/session.js';

/**
 * @param nonce of letters and digits; nothing on the host may guess it
 * @param common whole commands: one that stands in several of the scripts, by itself, goes once, as a function
 * @param between what is done before the second script, for all behind it
 */
export function together(scripts: readonly string[], nonce: string, common: readonly string[] = [], between = ''): string {
  let written = scripts;
  const functions: string[] = [];
  for (const text of common) {
    const lines = `\n${text}\n`;
    if (written.filter((script) => script.includes(lines)).length < 2) continue;
    const name = `ft_part${functions.length}`;
    functions.push(`${name}() {\n${text}\n}\n`);
    written = written.map((script) => script.replace(lines, () => `\n${name} "$@"\n`));
  }
  const [first = '', ...others] = written;
  const goOn = '[ "$ft_e" = 0 ] || exit 0\n';
  const part = (script: string) => `ft_o=$(\n${script}\n)\nft_e=$?; printf '%s\\n${nonce} %s\\n' "$ft_o" "$ft_e"; ${goOn}`;
  // The first line says what runs.
  return `${first.slice(0, first.indexOf('\n'))}\n${functions.join('')}(\n${first}\n)\nft_e=$?; printf '${nonce} %s\\n' "$ft_e"; ${goOn}exec </dev/null 2>/dev/null\n${between}${others.map(part).join('')}`;
}

export class TogetherReader {
  readonly #mark: Buffer;
  readonly #told: (answer: CommandResult) => void;
  #bytes: Buffer = Buffer.alloc(0);
  /** Looked through for the mark. */
  #searched = 0;

  /** @param told called for each part that is over, in order; its standard error is not among it */
  constructor(nonce: string, told: (answer: CommandResult) => void) {
    this.#mark = Buffer.from(`${nonce} `);
    this.#told = told;
  }

  push(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    for (;;) {
      const at = this.#bytes.indexOf(this.#mark, this.#searched);
      const end = at === -1 ? -1 : this.#bytes.indexOf('\n', at);
      if (end === -1) {
        this.#searched = at === -1 ? Math.max(0, this.#bytes.length - this.#mark.length) : at;
        return;
      }
      const stdout = this.#bytes.toString('utf8', 0, at) as HostText;
      const status = Number(this.#bytes.toString('latin1', at + this.#mark.length, end));
      this.#bytes = this.#bytes.subarray(end + 1);
      this.#searched = 0;
      this.#told({ status, stdout, stderr: '' as HostText });
    }
  }

  /** What came behind the last part that is over. */
  rest(): HostText {
    return this.#bytes.toString('utf8') as HostText;
  }
}
