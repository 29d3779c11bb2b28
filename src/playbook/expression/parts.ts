// What comes in: a template. What goes out: its parts: plain text, tokens of each {{ }}, tokens of each {% %}; comments and raw are resolved here.
// Guaranteed: whitespace as Jinja's lexer leaves it (lexer.py): signs - and +, trim_blocks, lstrip_blocks, the last line break.
import type { TemplateSource } from '../template-source.js';
import { type Token, tokenize } from './tokens.js';

export interface Syntax {
  readonly variableStart: string;
  readonly variableEnd: string;
  readonly blockStart: string;
  readonly blockEnd: string;
  readonly commentStart: string;
  readonly commentEnd: string;
  /** The line break behind a tag goes. */
  readonly trimBlocks: boolean;
  /** Spaces in front of a tag that stands first in its line go. */
  readonly lstripBlocks: boolean;
  /** What a line break of the template's own text becomes. */
  readonly newline: string;
  /** A playbook's text: backslashes in strings of {{ }} stand for themselves. */
  readonly isRaw: boolean;
}

export const PLAYBOOK_SYNTAX: Syntax = {
  variableStart: '{{', variableEnd: '}}', blockStart: '{%', blockEnd: '%}', commentStart: '{#', commentEnd: '#}', trimBlocks: true, lstripBlocks: false, newline: '\n', isRaw: true,
};

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output' | 'tag'; readonly at: number; readonly tokens: readonly Token[] };

/** @param startAt where the template begins in the source, behind a `#jinja2:` line */
export function templateParts(source: TemplateSource, syntax: Syntax, startAt = 0): Part[] {
  const { text } = source;
  const end = text.endsWith('\n') ? text.length - 1 : text.length;
  const parts: Part[] = [];
  const openings = [syntax.variableStart, syntax.blockStart, syntax.commentStart].toSorted((a, b) => b.length - a.length);
  const add = (piece: string): void => {
    if (piece !== '') parts.push({ kind: 'text', text: syntax.newline === '\n' ? piece : piece.replaceAll('\n', syntax.newline) });
  };
  let at = startAt;
  let isAtLineStart = true;
  while (at < end) {
    const [open, mark] = nextOpening(text, at, end, openings);
    if (mark === undefined) {
      add(text.slice(at, end));
      break;
    }
    const behind = open + mark.length;
    const sign = /[-+]/.test(text.charAt(behind)) && (mark !== syntax.variableStart || text.charAt(behind) === '-') ? text.charAt(behind) : '';
    add(before(text.slice(at, open), sign, syntax.lstripBlocks && mark !== syntax.variableStart, isAtLineStart));
    const inside = behind + sign.length;
    if (mark === syntax.commentStart) at = commentEnd(source, open, inside, syntax);
    else if (mark === syntax.variableStart) {
      const tokens = tokenize(source, inside, { end: syntax.variableEnd, openAt: open, isRaw: syntax.isRaw });
      parts.push({ kind: 'output', at: open, tokens });
      at = afterMark(text, tokens.at(-1), false);
    } else {
      const raw = new RegExp(`^\\s*raw\\s*(-?)${escaped(syntax.blockEnd)}`).exec(text.slice(inside));
      if (raw !== null) {
        const start = inside + raw[0].length + (raw[1] === '-' ? leadingSpaces(text.slice(inside + raw[0].length)) : 0);
        const found = rawEnd(source, open, start, syntax);
        add(found.text);
        at = found.endsAt;
      } else {
        const tokens = tokenize(source, inside, { end: syntax.blockEnd, openAt: open });
        parts.push({ kind: 'tag', at: open, tokens });
        at = afterMark(text, tokens.at(-1), syntax.trimBlocks);
      }
    }
    isAtLineStart = text.charAt(at - 1) === '\n';
  }
  return parts;
}

function nextOpening(text: string, from: number, end: number, openings: readonly string[]): readonly [number, string | undefined] {
  let best: readonly [number, string | undefined] = [end, undefined];
  for (const mark of openings) {
    const found = text.indexOf(mark, from);
    if (found !== -1 && found < best[0]) best = [found, mark];
  }
  return best;
}

function before(text: string, sign: string, stripsLine: boolean, isAtLineStart: boolean): string {
  if (sign === '-') return text.replace(/\s+$/, '');
  if (sign === '+' || !stripsLine) return text;
  const lineAt = text.lastIndexOf('\n') + 1;
  return (lineAt > 0 || isAtLineStart) && /^\s*$/.test(text.slice(lineAt)) ? text.slice(0, lineAt) : text;
}

function leadingSpaces(text: string): number {
  return /^\s*/.exec(text)?.[0].length ?? 0;
}

function afterMark(text: string, end: Token | undefined, trims: boolean): number {
  const at = end?.endsAt ?? text.length;
  if (end?.text.startsWith('-') === true) return at + leadingSpaces(text.slice(at));
  return trims && end?.text.startsWith('+') !== true && text.charAt(at) === '\n' ? at + 1 : at;
}

function commentEnd(source: TemplateSource, open: number, inside: number, { commentStart, commentEnd: mark, trimBlocks }: Syntax): number {
  const { text } = source;
  const close = text.indexOf(mark, inside);
  if (close === -1) throw source.error(open, `this ${commentStart} is not closed by ${mark}`, { code: 'template-syntax' });
  const at = close + mark.length;
  const sign = text.charAt(close - 1);
  if (sign === '-' && close > inside) return at + leadingSpaces(text.slice(at));
  return trimBlocks && !(sign === '+' && close > inside) && text.charAt(at) === '\n' ? at + 1 : at;
}

function rawEnd(source: TemplateSource, open: number, start: number, { blockStart, blockEnd, trimBlocks, lstripBlocks }: Syntax): { readonly text: string; readonly endsAt: number } {
  const pattern = new RegExp(`${escaped(blockStart)}([-+]?)\\s*endraw\\s*([-+]?)${escaped(blockEnd)}`, 'g');
  pattern.lastIndex = start;
  const found = pattern.exec(source.text);
  if (found === null) throw source.error(open, `this ${blockStart} raw ${blockEnd} has no ${blockStart} endraw ${blockEnd}`, { code: 'template-syntax' });
  const at = found.index + found[0].length;
  const more = found[2] === '-' ? leadingSpaces(source.text.slice(at)) : trimBlocks && found[2] !== '+' && source.text.charAt(at) === '\n' ? 1 : 0;
  return { text: before(source.text.slice(start, found.index), found[1] ?? '', lstripBlocks, false), endsAt: at + more };
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
