// What comes in: a variable's value as an INI inventory writes it: `8080`, `0x10`, `[1, 'a']`, `hello`. What goes out: the value that Ansible
// gives it, which is Python's `ast.literal_eval`; what is no literal (`yes`, `01`, `web-1`) stays the text it is.
// Guaranteed: numbers, texts with prefixes and escapes, True, False, None, lists, dicts, tuples and sets (as lists), as Python 3.11 reads them.
// Stays a text, too: complex numbers, `...`, and bytes inside of a list, which Ansible itself cannot print as JSON.
import { PythonFloat, pythonFloat } from '../base/python-repr.js';
import { Mistake } from './mistake.js';
import { NotLiteral, readString } from './python-string.js';

const LIMIT_DEPTH = 90;
const SPACES = /[ \t\f]*/y;
const NUMBER = /(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|(?:[0-9](?:_?[0-9])*)?\.(?:[0-9](?:_?[0-9])*)?(?:[eE][-+]?[0-9](?:_?[0-9])*)?|[0-9](?:_?[0-9])*(?:[eE][-+]?[0-9](?:_?[0-9])*)?)/y;
const NAME = /[\p{L}_][\p{L}\p{N}_]*/uy;
const NAMES: ReadonlyMap<string, unknown> = new Map([
  ['True', true],
  ['False', false],
  ['None', null],
]);

/** @throws Mistake where Ansible gives up on the whole file (a list or dict as a key or in a set), or an integer is too big for a JavaScript number */
export function pythonValue(text: string): unknown {
  // Nearly all values end here: nothing that begins otherwise is a literal.
  if (!/^[ \t]*[-+0-9.'"[({TFNbBrRuUs]/.test(text) || /[\r\n\0]/.test(text)) return text;
  const reader = new Reader(text.replace(/^[ \t]+/, ''));
  try {
    return reader.whole();
  } catch (error) {
    if (error instanceof NotLiteral) return text;
    throw error;
  }
}

interface Element {
  readonly value: unknown;
  /** Lists, dicts and sets can be neither a key nor in a set. */
  readonly isHashable: boolean;
  readonly isBytes?: boolean;
}

class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  /** Python looks at keys when the whole is known to be a literal, so a text that is none stays a text. */
  #unhashable: string | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): unknown {
    const values = [this.#element()];
    let isTuple = false;
    while (this.#take(',')) {
      isTuple = true;
      if (this.#isAtEnd()) break;
      values.push(this.#element());
    }
    if (!this.#isAtEnd()) throw new NotLiteral();
    if (this.#unhashable !== undefined) throw new Mistake(this.#unhashable);
    if (isTuple && values.some((element) => element.isBytes === true)) throw new NotLiteral();
    return isTuple ? values.map((element) => element.value) : values[0]?.value;
  }

  #isAtEnd(): boolean {
    this.#skip();
    return this.#at === this.#text.length || this.#text.charAt(this.#at) === '#';
  }

  #skip(): void {
    SPACES.lastIndex = this.#at;
    SPACES.exec(this.#text);
    this.#at = SPACES.lastIndex;
  }

  #take(mark: string): boolean {
    this.#skip();
    if (this.#text.charAt(this.#at) !== mark) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #element(): Element {
    this.#skip();
    this.#depth += 1;
    if (this.#depth > LIMIT_DEPTH) throw new NotLiteral();
    const element = this.#bare();
    this.#depth -= 1;
    return element;
  }

  #bare(): Element {
    const char = this.#text.charAt(this.#at);
    if (char === '[') return { value: this.#items(']').values.map((item) => item.value), isHashable: false };
    if (char === '(') return this.#parenthesized();
    if (char === '{') return this.#braces();
    if (char === '-' || char === '+') return this.#signed(char);
    if (/[0-9.]/.test(char)) return { value: this.#number(), isHashable: true };
    const string = readString(this.#text, this.#at);
    if (string !== undefined) return this.#strings(string);
    const name = this.#match(NAME) ?? '';
    if (name === 'set' && this.#take('(') && this.#take(')')) return { value: [], isHashable: false };
    if (!NAMES.has(name)) throw new NotLiteral();
    return { value: NAMES.get(name), isHashable: true };
  }

  /** Texts that stand side by side are one. */
  #strings(first: { value: string; end: number; isBytes: boolean }): Element {
    let value = first.value;
    this.#at = first.end;
    for (;;) {
      this.#skip();
      const next = readString(this.#text, this.#at);
      if (next === undefined) break;
      if (next.isBytes !== first.isBytes) throw new NotLiteral();
      value += next.value;
      this.#at = next.end;
    }
    if (first.isBytes && this.#depth > 1) throw new NotLiteral();
    return { value, isHashable: true, isBytes: first.isBytes };
  }

  #signed(sign: string): Element {
    this.#at += 1;
    const isOpen = this.#take('(');
    this.#skip();
    if (!/[0-9.]/.test(this.#text.charAt(this.#at))) throw new NotLiteral();
    const number = this.#number();
    if (isOpen && !this.#take(')')) throw new NotLiteral();
    const negative = number instanceof PythonFloat ? pythonFloat(-number) : 0 - number;
    return { value: sign === '-' ? negative : number, isHashable: true };
  }

  #number(): number | PythonFloat {
    const written = this.#match(NUMBER);
    if (written === undefined || written === '.' || /^[\p{L}\p{N}_.]/u.test(this.#text.slice(this.#at))) throw new NotLiteral();
    const digits = written.replaceAll('_', '');
    const isWhole = /^\d+$/.test(digits);
    if (isWhole && /^0+[1-9]/.test(digits)) throw new NotLiteral();
    const value = Number(digits.toLowerCase());
    if ((isWhole || /^0[xXbBoO]/.test(digits)) && !Number.isSafeInteger(value)) {
      throw new Mistake(`the number ${written} is too big to be kept exactly`);
    }
    return isWhole || /^0[xXbBoO]/.test(digits) ? value : pythonFloat(value);
  }

  #items(end: string): { values: Element[]; hasComma: boolean } {
    this.#at += 1;
    const values: Element[] = [];
    let hasComma = false;
    while (!this.#take(end)) {
      if (values.length > 0 && !hasComma) throw new NotLiteral();
      values.push(this.#element());
      hasComma = this.#take(',');
    }
    return { values, hasComma: hasComma || values.length > 1 };
  }

  #parenthesized(): Element {
    const { values, hasComma } = this.#items(')');
    const first = values[0];
    if (first !== undefined && values.length === 1 && !hasComma) return first;
    return { value: values.map((item) => item.value), isHashable: values.every((item) => item.isHashable) };
  }

  #braces(): Element {
    this.#at += 1;
    const keys: Element[] = [];
    const values: unknown[] = [];
    let isDict: boolean | undefined;
    let hasComma = true;
    while (!this.#take('}')) {
      if (!hasComma) throw new NotLiteral();
      const key = this.#element();
      const hasColon = this.#take(':');
      isDict ??= hasColon;
      if (isDict !== hasColon) throw new NotLiteral();
      if (!key.isHashable) this.#unhashable ??= isDict ? 'a key of a dict may not be a list or a dict' : 'a set may not hold lists or dicts (for a template, put quotes around it)';
      keys.push(key);
      values.push(hasColon ? this.#element().value : key.value);
      hasComma = this.#take(',');
    }
    if (isDict === false) return { value: [...new Set(values)], isHashable: false };
    const object: Record<string, unknown> = {};
    for (const [index, { value: key }] of keys.entries()) {
      Object.defineProperty(object, Array.isArray(key) ? JSON.stringify(key) : String(key), { value: values[index], enumerable: true, configurable: true, writable: true });
    }
    return { value: object, isHashable: false };
  }
}
