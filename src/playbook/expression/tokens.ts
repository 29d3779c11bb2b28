// What comes in: template text and the offset where an expression starts. What goes out: its tokens, with offsets in that text.
// Guaranteed: strings are unescaped as Jinja does (lexer.py) in a condition, and are as they stand in {{ }}, where Ansible doubles backslashes
// (template/__init__.py, _escape_backslashes); a character that no expression may hold is an error with its place.
import type { TemplateSource } from '../template-source.js';

export interface Token {
  readonly kind: 'name' | 'integer' | 'float' | 'string' | 'operator' | 'end';
  /** The name, the operator, the digits, or the string's value. */
  readonly text: string;
  readonly at: number;
  readonly endsAt: number;
}

const OPERATORS = ['**', '//', '==', '!=', '<=', '>=', '+', '-', '*', '/', '%', '~', '<', '>', '=', '.', ':', ',', '|', '(', ')', '[', ']', '{', '}'];
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"', a: '\u0007', b: '\b', f: '\f', v: '\v', '\n': '' };

/**
 * @param isInTemplate the expression ends at `}}` outside of brackets; otherwise at the end of the text
 * @returns tokens, the last one of kind `end` (its `endsAt` is behind the `}}`)
 */
export function tokenize(source: TemplateSource, startAt: number, isInTemplate: boolean): Token[] {
  const { text } = source;
  const tokens: Token[] = [];
  let at = startAt;
  let depth = 0;
  for (;;) {
    at += /^\s*/.exec(text.slice(at))?.[0].length ?? 0;
    if (at >= text.length) {
      if (isInTemplate) throw source.error(startAt - 2, 'this {{ is not closed by }}', { code: 'template-syntax' });
      return [...tokens, { kind: 'end', text: '', at, endsAt: at }];
    }
    const rest = text.slice(at);
    const closing = /^-?\}\}/.exec(rest);
    if (isInTemplate && depth === 0 && closing !== null) {
      if (closing[0].length === 3) throw source.error(at, 'whitespace control (-}}) is not supported yet', { hint: 'write }}' });
      return [...tokens, { kind: 'end', text: '}}', at, endsAt: at + 2 }];
    }
    const token = nextToken(source, rest, at, isInTemplate);
    if ('([{'.includes(token.text) && token.kind === 'operator') depth += 1;
    if (')]}'.includes(token.text) && token.kind === 'operator') depth -= 1;
    tokens.push(token);
    at = token.endsAt;
  }
}

function nextToken(source: TemplateSource, rest: string, at: number, isRaw: boolean): Token {
  const name = /^[A-Za-z_]\w*/.exec(rest);
  if (name !== null) return { kind: 'name', text: name[0], at, endsAt: at + name[0].length };
  const number = /^\d[\d_]*(\.\d+)?([eE][+-]?\d+)?/.exec(rest);
  if (number !== null) {
    const kind = number[1] === undefined && number[2] === undefined ? 'integer' : 'float';
    return { kind, text: number[0].replaceAll('_', ''), at, endsAt: at + number[0].length };
  }
  const string = /^(?:'((?:[^'\\]|\\[\s\S])*)'|"((?:[^"\\]|\\[\s\S])*)")/.exec(rest);
  if (string !== null) {
    const inside = string[1] ?? string[2] ?? '';
    if (isRaw && inside.includes(rest.charAt(0))) {
      throw source.error(at, 'a backslash in front of a quote does not keep it in the string here: in {{ }} backslashes stay as they are', { code: 'template-syntax', hint: 'use the other kind of quotes' });
    }
    return { kind: 'string', text: isRaw ? inside : unescapeText(inside), at, endsAt: at + string[0].length };
  }
  if (rest.startsWith("'") || rest.startsWith('"')) throw source.error(at, 'this string is not closed', { code: 'template-syntax' });
  const operator = OPERATORS.find((candidate) => rest.startsWith(candidate));
  if (operator === undefined) {
    throw source.error(at, `the character ${JSON.stringify([...rest][0])} may not stand in an expression`, { code: 'template-syntax' });
  }
  return { kind: 'operator', text: operator, at, endsAt: at + operator.length };
}

function unescapeText(text: string): string {
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|([\s\S]))/g, (whole, hex: string | undefined, unicode: string | undefined, char: string | undefined) => {
    if (char !== undefined) return ESCAPES[char] ?? whole;
    return String.fromCharCode(Number.parseInt(hex ?? unicode ?? '', 16));
  });
}
