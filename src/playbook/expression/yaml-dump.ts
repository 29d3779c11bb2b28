// What comes in: a value and a style. What goes out: YAML, as Ansible's dumper writes it (PyYAML's representer, libyaml's emitter): keys sorted,
// lines folded behind 80 columns, texts quoted where they would read as something else.
// Not here: anchors for things that occur twice, which PyYAML makes of identity; block scalars, which it never chooses by itself.
import { isFloat, dictEntries, isDict, isNumber, Range, typeName } from './kinds.js';
import { allocate, spend } from './budget.js';
import { compareValues } from './compare.js';
import { DateTime } from '../../base/datetime.js';
import { FilterError } from './filter-error.js';
import { Undefined, UndefinedUse } from './undefined.js';
import { repr } from './values.js';
import { BREAKS, isSimpleKey, scalarStyle } from './yaml-scalar-style.js';

export interface YamlStyle {
  readonly indent: number;
  /** What stands in brackets: everything, lists and mappings of plain values, nothing. */
  readonly flow: 'all' | 'leaves' | 'none';
  readonly isSorted: boolean;
  readonly widthChars: number;
  readonly allowsUnicode: boolean;
  readonly hasStart: boolean;
  readonly hasEnd: boolean;
}

/** @throws FilterError for what YAML does not hold */
export function dumpYaml(value: unknown, style: YamlStyle): string {
  return new Emitter(style).document(value);
}

interface Context {
  readonly isInMapping?: boolean;
  readonly isKey?: boolean;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '0', '\x07': 'a', '\b': 'b', '\t': 't', '\n': 'n', '\v': 'v', '\f': 'f', '\r': 'r', '\x1b': 'e', '"': '"', '\\': '\\', '\x85': 'N', '\xa0': '_', '\u2028': 'L', '\u2029': 'P',
};

class Emitter {
  readonly #style: YamlStyle;
  readonly #step: number;
  readonly #width: number;
  #out = '';
  #column = 0;
  #indent = -1;
  #flowLevel = 0;
  /** The last character was white space; nothing but white space and indicators stand in this line. */
  #isWhite = true;
  #isIndention = true;

  constructor(style: YamlStyle) {
    this.#style = style;
    this.#step = style.indent > 1 && style.indent < 10 ? style.indent : 2;
    this.#width = style.widthChars > this.#step * 2 ? style.widthChars : style.widthChars < 0 ? Number.POSITIVE_INFINITY : 80;
  }

  document(value: unknown): string {
    if (this.#style.hasStart) this.#indicator('---', true);
    this.#node(value, {});
    if (!this.#out.endsWith('\n')) this.#lineBreak();
    if (this.#style.hasEnd) this.#out += '...\n';
    return this.#out;
  }

  #node(value: unknown, context: Context): void {
    spend(1);
    if (value instanceof Undefined) throw new UndefinedUse(value);
    if (this.#indent > 2000) throw new FilterError('is given something nested too deeply');
    if (value instanceof Range) throw new FilterError(`cannot write ${value.printed}: make a list of it with | list`);
    const isList = Array.isArray(value);
    if (!isList && !isDict(value)) {
      this.#scalar(value, context);
      return;
    }
    const children = isList ? (value as readonly unknown[]) : dictEntries(value as Parameters<typeof dictEntries>[0]).flat();
    const isFlow = this.#flowLevel > 0 || children.length === 0 || this.#style.flow === 'all' || (this.#style.flow === 'leaves' && children.every((child) => !Array.isArray(child) && !isDict(child)));
    const outer = this.#indent;
    if (isList) {
      if (isFlow) this.#flow('[', ']', value as readonly unknown[], (item) => this.#node(item, {}));
      else {
        const isIndentless = context.isInMapping === true && !this.#isIndention;
        if (outer < 0) this.#indent = 0;
        else if (!isIndentless) this.#indent = outer + this.#step;
        for (const item of value as readonly unknown[]) {
          this.#newLine();
          this.#indicator('-', true, false, true);
          this.#node(item, {});
        }
      }
    } else {
      const entries = this.#sorted(dictEntries(value as Parameters<typeof dictEntries>[0]));
      if (isFlow) this.#flow('{', '}', entries, ([key, item]) => this.#flowEntry(key, item));
      else {
        this.#indent = outer < 0 ? 0 : outer + this.#step;
        for (const [key, item] of entries) {
          this.#newLine();
          this.#blockEntry(key, item);
        }
      }
    }
    this.#indent = outer;
  }

  #sorted(entries: (readonly [unknown, unknown])[]): (readonly [unknown, unknown])[] {
    if (!this.#style.isSorted) return entries;
    try {
      return entries.toSorted(([a], [b]) => compareValues(a, b));
    } catch (error) {
      if (error instanceof FilterError) return entries; // so does PyYAML
      throw error;
    }
  }

  #flow<T>(open: string, close: string, items: readonly T[], write: (item: T) => void): void {
    const outer = this.#indent;
    this.#indicator(open, true, true);
    this.#flowLevel += 1;
    this.#indent = outer < 0 ? this.#step : outer + this.#step;
    for (const [index, item] of items.entries()) {
      if (index > 0) this.#indicator(',', false);
      if (this.#column > this.#width) this.#newLine();
      write(item);
    }
    this.#flowLevel -= 1;
    this.#indent = outer;
    this.#indicator(close, false);
  }

  #flowEntry(key: unknown, item: unknown): void {
    if (isSimple(key)) {
      this.#node(key, { isKey: true });
      this.#indicator(':', false);
    } else {
      this.#indicator('?', true);
      this.#node(key, {});
      if (this.#column > this.#width) this.#newLine();
      this.#indicator(':', true);
    }
    this.#node(item, { isInMapping: true });
  }

  #blockEntry(key: unknown, item: unknown): void {
    if (isSimple(key)) {
      this.#node(key, { isKey: true });
      this.#indicator(':', false);
    } else {
      this.#indicator('?', true, false, true);
      this.#node(key, {});
      this.#newLine();
      this.#indicator(':', true, false, true);
    }
    this.#node(item, { isInMapping: true });
  }

  #scalar(value: unknown, { isKey = false }: Context): void {
    const text = scalarText(value);
    allocate(text.length);
    const style = scalarStyle(text, typeof value === 'string', { isKey, isInFlow: this.#flowLevel > 0, allowsUnicode: this.#style.allowsUnicode });
    const outer = this.#indent;
    // A scalar that goes on in a next line is indented below what it belongs to.
    this.#indent = outer < 0 ? this.#step : outer + this.#step;
    if (style === 'plain') this.#plain(text, !isKey);
    else if (style === 'single') this.#single(text, !isKey);
    else this.#double([...text], !isKey);
    this.#indent = outer;
  }

  #plain(text: string, splits: boolean): void {
    if (text === '') return;
    if (!this.#isWhite) this.#write(' ');
    [this.#isWhite, this.#isIndention] = [false, false];
    for (const run of text.match(/ +|[^ ]+/g) ?? []) {
      if (run === ' ' && this.#column > this.#width && splits) {
        this.#newLine();
        [this.#isWhite, this.#isIndention] = [false, false];
      } else this.#write(run);
    }
  }

  #single(text: string, splits: boolean): void {
    this.#indicator("'", true);
    const runs = text.match(/ +|[\n\x85\u2028\u2029]+|[^ \n\x85\u2028\u2029]+/g) ?? [];
    let at = 0;
    for (const run of runs) {
      if (run === ' ' && this.#column > this.#width && splits && at > 0 && at + 1 < text.length) this.#newLine();
      else if (BREAKS.includes(run.charAt(0))) {
        if (run.startsWith('\n')) this.#lineBreak();
        for (const char of run) this.#lineBreak(char);
        this.#newLine();
      } else {
        this.#write(run.replaceAll("'", "''"));
        if (!run.startsWith(' ')) this.#isIndention = false;
      }
      at += run.length;
    }
    [this.#isWhite, this.#isIndention] = [false, false];
    this.#indicator("'", false);
  }

  #double(chars: readonly string[], splits: boolean): void {
    this.#indicator('"', true);
    let isSpace = false;
    for (const [index, char] of chars.entries()) {
      const wasSpace = isSpace;
      isSpace = char === ' ';
      const isPlain = /[ !#-[\]-~]/.test(char) || (this.#style.allowsUnicode && /[\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u.test(char));
      // The line break stands for this space; one behind it would be taken for the next line's indentation.
      if (isSpace && !wasSpace && splits && this.#column > this.#width && index > 0 && index < chars.length - 1) {
        this.#newLine();
        if (chars[index + 1] === ' ') this.#write('\\');
        continue;
      }
      if (isPlain) this.#write(char);
      else {
        const code = char.codePointAt(0) ?? 0;
        const hex = code.toString(16).toUpperCase();
        this.#write(`\\${ESCAPES[char] ?? (code <= 0xff ? `x${hex.padStart(2, '0')}` : code <= 0xffff ? `u${hex.padStart(4, '0')}` : `U${hex.padStart(8, '0')}`)}`);
      }
    }
    [this.#isWhite, this.#isIndention] = [false, false];
    this.#indicator('"', false);
  }

  #indicator(mark: string, needsSpace: boolean, leavesSpace = false, isIndention = false): void {
    this.#write(needsSpace && !this.#isWhite ? ` ${mark}` : mark);
    this.#isWhite = leavesSpace;
    this.#isIndention = this.#isIndention && isIndention;
  }

  #newLine(): void {
    const indent = Math.max(0, this.#indent);
    if (!this.#isIndention || this.#column > indent || (this.#column === indent && !this.#isWhite)) this.#lineBreak();
    if (this.#column < indent) {
      this.#write(' '.repeat(indent - this.#column));
      this.#isWhite = true;
    }
  }

  #lineBreak(char = '\n'): void {
    this.#out += char;
    this.#column = 0;
    [this.#isWhite, this.#isIndention] = [true, true];
  }

  #write(text: string): void {
    this.#out += text;
    this.#column += [...text].length;
  }
}

function isSimple(key: unknown): boolean {
  if (Array.isArray(key) || isDict(key)) return false;
  return isSimpleKey(scalarText(key));
}

function scalarText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (value instanceof DateTime) return value.toString();
  if (!isNumber(value)) throw new FilterError(`cannot write a ${typeName(value)}`);
  if (!isFloat(value)) return repr(value);
  const number = Number(value);
  if (Number.isNaN(number)) return '.nan';
  if (!Number.isFinite(number)) return number > 0 ? '.inf' : '-.inf';
  const text = repr(value);
  return text.includes('.') ? text : text.replace('e', '.0e');
}
