// What comes in: texts, one after the other, and where they stand. What goes out: lines of YAML, as libyaml's emitter writes them (emitter.c).
// Guaranteed: its choice of style, its folding after column 80, its escapes; columns count characters.
// Not here: which nodes there are, and their order (yaml-dump.ts).

const WIDTH = 80;

export interface TextPlace {
  /** Of lines after the first. */
  readonly indent: number;
  /** A key stands on one line, whatever its length. */
  readonly isKey: boolean;
  /** Read back without quotes, it is what it is. */
  readonly mayBePlain: boolean;
}

/** What of a text decides its style (yaml_emitter_analyze_scalar). */
export interface TextAnalysis {
  readonly isMultiline: boolean;
  readonly mayBePlain: boolean;
  readonly mayBeQuoted: boolean;
  readonly mayBeBlock: boolean;
}

/** libyaml's: a tab and what lies beyond U+FFFF are not among them. */
const NOT_PRINTABLE = /[^\n\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u;
const BREAK = /[\r\n\x85\u2028\u2029]/;

export function analyzeText(text: string): TextAnalysis {
  if (text === '') return { isMultiline: false, mayBePlain: true, mayBeQuoted: true, mayBeBlock: false };
  const isMultiline = BREAK.test(text);
  const isSpecial = NOT_PRINTABLE.test(text);
  const hasBreakSpace = /[\r\n\x85\u2028\u2029] /.test(text);
  const hasSpaceBreak = / [\r\n\x85\u2028\u2029]/.test(text);
  const isEdged = /^[ \r\n\x85\u2028\u2029]|[ \r\n\x85\u2028\u2029]$/.test(text);
  // Blank, break or end.
  const blank = String.raw`(?=[ \t\r\n\x85\u2028\u2029\0]|$)`;
  const begins = new RegExp(String.raw`^(?:---|\.\.\.|[#,[\]{}&*!|>'"%@${'`'}]|[?:-]${blank})`).test(text);
  const holds = new RegExp(String.raw`.:${blank}|[ \t\r\n\x85\u2028\u2029\0]#`, 's').test(text);
  const isImpossible = hasSpaceBreak || isSpecial;
  return {
    isMultiline,
    mayBePlain: !(isMultiline || isImpossible || hasBreakSpace || isEdged || begins || holds),
    mayBeQuoted: !(isImpossible || hasBreakSpace),
    mayBeBlock: !(isImpossible || text.endsWith(' ')),
  };
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '0', '\x07': 'a', '\b': 'b', '\t': 't', '\n': 'n', '\v': 'v', '\f': 'f', '\r': 'r', '\x1b': 'e', '"': '"', '\\': '\\', '\x85': 'N', '\xa0': '_', '\u2028': 'L', '\u2029': 'P',
};

export class YamlWriter {
  #text = '';
  #column = 0;
  /** The last that was written is a space, or nothing. */
  #isBlank = true;
  /** Only the indent has been written on this line, and dashes. */
  isIndented = true;

  finish(): string {
    return this.#column === 0 ? this.#text : `${this.#text}\n`;
  }

  /** `-`, `:`, `?`, `&id001`, `!vault`. @param keepsIndent a mapping may begin behind it on this line */
  indicator(text: string, needsSpace: boolean, keepsIndent = false): void {
    if (needsSpace && !this.#isBlank) this.#put(' ');
    this.#put(text);
    this.#isBlank = false;
    this.isIndented = this.isIndented && keepsIndent;
  }

  newLine(indent: number): void {
    if (!this.isIndented || this.#column > indent || (this.#column === indent && !this.#isBlank)) this.#break();
    if (this.#column < indent) this.#put(' '.repeat(indent - this.#column));
    this.#isBlank = true;
    this.isIndented = true;
  }

  text(text: string, place: TextPlace): void {
    const analysis = analyzeText(text);
    const chars = [...text];
    if (!(place.isKey && analysis.isMultiline)) {
      if (analysis.mayBePlain && place.mayBePlain && !(text === '' && place.isKey)) return this.#plain(chars, place);
      if (analysis.mayBeQuoted) return this.#quoted(chars, place);
    }
    this.#doubleQuoted(chars, place);
  }

  literal(text: string, indent: number): void {
    if (!analyzeText(text).mayBeBlock) return this.#doubleQuoted([...text], { indent, isKey: false, mayBePlain: false });
    this.indicator(`|${/^[ \n]/.test(text) ? '2' : ''}${text.endsWith('\n') ? (/(^|\n)\n$/.test(text) ? '+' : '') : '-'}`, true);
    this.#break();
    const lines = text.split('\n');
    for (const [index, line] of lines.entries()) {
      if (index === lines.length - 1 && line === '') break;
      if (line !== '') this.newLine(indent);
      this.#put(line);
      if (index < lines.length - 1) this.#break();
    }
    this.isIndented = this.#column === 0;
    this.#isBlank = this.#column === 0;
  }

  #plain(chars: readonly string[], { indent, isKey }: TextPlace): void {
    if (!this.#isBlank && chars.length > 0) this.#put(' ');
    for (const [index, char] of chars.entries()) {
      const isFoldable = char === ' ' && chars[index - 1] !== ' ' && chars[index + 1] !== ' ';
      if (isFoldable && !isKey && this.#column > WIDTH) this.newLine(indent);
      else this.#put(char);
      this.#ends();
    }
    this.#ends();
  }

  #quoted(chars: readonly string[], { indent, isKey }: TextPlace): void {
    this.indicator("'", true);
    let isBroken = false;
    for (const [index, char] of chars.entries()) {
      const isFoldable = char === ' ' && index > 0 && index < chars.length - 1 && chars[index - 1] !== ' ' && chars[index + 1] !== ' ';
      if (isFoldable && !isKey && this.#column > WIDTH) {
        this.newLine(indent);
        this.isIndented = false;
      } else if (BREAK.test(char)) {
        if (!isBroken && char === '\n') this.#break();
        if (char === '\n') this.#break();
        else this.#put(char, -this.#column);
        isBroken = true;
        this.isIndented = true;
        continue;
      } else {
        if (isBroken) this.newLine(indent);
        this.#put(char === "'" ? "''" : char);
        this.isIndented = false;
      }
      isBroken = false;
    }
    if (isBroken) this.newLine(indent);
    this.#put("'");
    this.#ends();
  }

  #doubleQuoted(chars: readonly string[], { indent, isKey }: TextPlace): void {
    this.indicator('"', true);
    for (const [index, char] of chars.entries()) {
      if (NOT_PRINTABLE.test(char) || BREAK.test(char) || char === '"' || char === '\\') this.#put(escaped(char));
      else if (char === ' ' && !isKey && chars[index - 1] !== ' ' && this.#column > WIDTH && index > 0 && index < chars.length - 1) {
        this.newLine(indent);
        if (chars[index + 1] === ' ') this.#put('\\');
        this.isIndented = false;
      } else this.#put(char);
    }
    this.#put('"');
    this.#ends();
  }

  #ends(): void {
    this.#isBlank = false;
    this.isIndented = false;
  }

  #put(text: string, columns = [...text].length): void {
    this.#text += text;
    this.#column += columns;
  }

  #break(): void {
    this.#text += '\n';
    this.#column = 0;
    this.isIndented = true;
    this.#isBlank = true;
  }
}

function escaped(char: string): string {
  const short = ESCAPES[char];
  if (short !== undefined) return `\\${short}`;
  const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase();
  return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`;
}
