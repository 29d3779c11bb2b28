// What comes in: one line of an INI inventory that defines a host. What goes out: its words, each with the column where it begins.
// Guaranteed: the words of Python's `shlex.split(line, comments=True)`: quotes join, `\` escapes outside of quotes and in double ones (there only
// before `"` and `\`), `#` begins a comment wherever it stands outside of quotes, even inside a word; only space, tab and line breaks separate.
import { Mistake } from './mistake.js';

export interface Word {
  readonly text: string;
  /** Counts from 1. */
  readonly column: number;
}

/** A line that cannot be split. */
export class WordMistake extends Mistake {
  /** Counts from 1. */
  readonly column: number;
  constructor(message: string, column: number) {
    super(message, 'quote a value that has quotes, spaces or # in it: name="it\'s"');
    this.column = column;
  }
}

const SEPARATORS = ' \t\r\n';

/** @throws WordMistake */
export function splitWords(line: string): Word[] {
  const words: Word[] = [];
  let at = 0;
  while (at < line.length) {
    const char = line.charAt(at);
    if (char === '#') break;
    if (SEPARATORS.includes(char)) at += 1;
    else {
      const { text, end } = readWord(line, at);
      words.push({ text, column: at + 1 });
      at = end;
    }
  }
  return words;
}

function readWord(line: string, start: number): { text: string; end: number } {
  let text = '';
  let at = start;
  while (at < line.length) {
    const char = line.charAt(at);
    if (char === '#' || SEPARATORS.includes(char)) break;
    if (char === '"' || char === "'") {
      const quoted = readQuoted(line, at);
      text += quoted.text;
      at = quoted.end;
    } else if (char === '\\') {
      if (at + 1 >= line.length) throw new WordMistake('a backslash stands at the end of the line, where it escapes nothing', at + 1);
      text += line.charAt(at + 1);
      at += 2;
    } else {
      text += char;
      at += 1;
    }
  }
  return { text, end: at };
}

function readQuoted(line: string, start: number): { text: string; end: number } {
  const quote = line.charAt(start);
  let text = '';
  for (let at = start + 1; at < line.length; at++) {
    const char = line.charAt(at);
    if (char === quote) return { text, end: at + 1 };
    if (char === '\\' && quote === '"') {
      at += 1;
      const next = line.charAt(at);
      text += next === '"' || next === '\\' ? next : `\\${next}`;
    } else text += char;
  }
  throw new WordMistake(`the quote ${quote} is not closed`, start + 1);
}
