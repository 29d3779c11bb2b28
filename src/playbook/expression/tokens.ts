// What comes in: template text and the offset where an expression or a tag starts. What goes out: its tokens, with offsets in that text.
// Guaranteed: strings are unescaped as Jinja does (lexer.py); in a playbook's {{ }} they are as they stand, since Ansible doubles backslashes
// there (template/__init__.py, _escape_backslashes); a character that no expression may hold is an error with its place.
import type { TemplateSource } from '../template-source.js';

export interface Token {
  readonly kind: 'name' | 'integer' | 'float' | 'string' | 'operator' | 'end';
  /** The name, the operator, the digits, or the string's value; of the end, the mark that ends it. */
  readonly text: string;
  readonly at: number;
  readonly endsAt: number;
}

export interface TokenOptions {
  /** `}}` or `%}`; undefined: the expression ends with the text. */
  readonly end?: string | undefined;
  /** Where the tag was opened, for the error when it is not closed. */
  readonly openAt?: number;
  /** Backslashes in strings stand for themselves. */
  readonly isRaw?: boolean;
}

const OPERATORS = ['**', '//', '==', '!=', '<=', '>=', '+', '-', '*', '/', '%', '~', '<', '>', '=', '.', ':', ',', '|', '(', ')', '[', ']', '{', '}', ';'];
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"', a: '\u0007', b: '\b', f: '\f', v: '\v', '\n': '' };
const NAME = /[\p{L}_][\p{L}\p{N}_]*/uy;
const FLOAT = /(?<!\.)(?:\d+_)*\d+(?:\.(?:\d+_)*\d+(?:[eE][+-]?(?:\d+_)*\d+)?|[eE][+-]?(?:\d+_)*\d+)/y;
const INTEGER = /0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\da-fA-F])+|[1-9](?:_?\d)*|0(?:_?0)*/y;
const STRING = /'((?:[^'\\]|\\[\s\S])*)'|"((?:[^"\\]|\\[\s\S])*)"/y;
const SPACES = /\s*/y;

/** @returns tokens, the last one of kind `end`; its `text` is the mark with its sign, its `endsAt` is behind it */
export function tokenize(source: TemplateSource, startAt: number, options: TokenOptions = {}): Token[] {
  const { text } = source;
  const { end, openAt = startAt - 2, isRaw = false } = options;
  const tokens: Token[] = [];
  const open: string[] = [];
  let at = startAt;
  for (;;) {
    SPACES.lastIndex = at;
    at += SPACES.exec(text)?.[0].length ?? 0;
    if (at >= text.length) {
      if (end !== undefined) throw source.error(openAt, `this ${text.slice(openAt, openAt + 2)} is not closed by ${end}`, { code: 'template-syntax' });
      return [...tokens, { kind: 'end', text: '', at, endsAt: at }];
    }
    if (end !== undefined && open.length === 0) {
      const mark = [`-${end}`, ...(end === '%}' ? [`+${end}`] : []), end].find((candidate) => text.startsWith(candidate, at));
      if (mark !== undefined) return [...tokens, { kind: 'end', text: mark, at, endsAt: at + mark.length }];
    }
    const token = nextToken(source, at, isRaw);
    if (token.kind === 'operator') balance(source, token, open);
    tokens.push(token);
    at = token.endsAt;
  }
}

function balance(source: TemplateSource, token: Token, open: string[]): void {
  const close = { '(': ')', '[': ']', '{': '}' }[token.text];
  if (close !== undefined) open.push(close);
  if (!')]}'.includes(token.text)) return;
  const expected = open.pop();
  if (expected !== token.text) throw source.error(token.at, expected === undefined ? `this ${token.text} closes nothing` : `"${expected}" should stand here, but "${token.text}" does`, { code: 'template-syntax' });
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function nextToken(source: TemplateSource, at: number, isRaw: boolean): Token {
  const { text } = source;
  const name = match(NAME, text, at)?.[0];
  if (name !== undefined) return { kind: 'name', text: name, at, endsAt: at + name.length };
  const float = match(FLOAT, text, at)?.[0];
  if (float !== undefined) return { kind: 'float', text: float.replaceAll('_', ''), at, endsAt: at + float.length };
  const integer = match(INTEGER, text, at)?.[0];
  if (integer !== undefined) return { kind: 'integer', text: integer.replaceAll('_', ''), at, endsAt: at + integer.length };
  const string = match(STRING, text, at);
  if (string !== null) {
    const inside = string[1] ?? string[2] ?? '';
    return { kind: 'string', text: isRaw ? inside : unescapeText(inside), at, endsAt: at + string[0].length };
  }
  const char = text.charAt(at);
  if (char === "'" || char === '"') throw source.error(at, 'this string is not closed', { code: 'template-syntax' });
  const operator = OPERATORS.find((candidate) => text.startsWith(candidate, at));
  if (operator === undefined) throw source.error(at, `the character ${JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0))} may not stand in an expression`, { code: 'template-syntax' });
  return { kind: 'operator', text: operator, at, endsAt: at + operator.length };
}

function unescapeText(text: string): string {
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g, (whole, x?: string, u?: string, big?: string, octal?: string, char?: string) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    if (char !== undefined) return ESCAPES[char] ?? whole;
    const code = Number.parseInt(x ?? u ?? big ?? '', 16);
    return code > 0x10ffff ? whole : String.fromCodePoint(code);
  });
}
