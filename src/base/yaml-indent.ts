// What comes in: YAML in which a quoted text, or a list in brackets, goes on in lines that are not indented deep enough, or with tabs: PyYAML, and so Ansible, takes
// them, since the spaces before such lines mean nothing. What goes out: the same text with these lines indented. Pure. Lines stay lines; only columns in them change.

/** Deeper than people indent. */
const INDENT = ' '.repeat(40);

/**
 * @param at the line break behind which the reader has given the text up
 * @param quote with which it began
 * @returns undefined where it has no end, or nothing to be indented
 */
export function withIndentedLines(source: string, at: number, quote: string): string | undefined {
  const end = closingQuote(source, at, quote);
  if (end === undefined) return undefined;
  const lines = source.slice(at, end).split('\n');
  // A mark between documents ends even a quoted text.
  if (lines.some((line, index) => index > 0 && /^(---|\.\.\.)(\s|$)/.test(line))) return undefined;
  const indented = lines.map((line, index) => (index === 0 || line.startsWith(INDENT) ? line : line.replace(/^[ \t]*(?=[^\s]|$)/, (blank) => (index < lines.length - 1 && line.trim() === '' ? blank : INDENT))));
  const text = indented.join('\n');
  return text === source.slice(at, end) ? undefined : `${source.slice(0, at)}${text}${source.slice(end)}`;
}

/**
 * @param at where the reader has given up a list or a mapping in brackets
 * @returns undefined where the line is deep already, or a mark between documents, which ends even those
 */
export function withIndentedLine(source: string, at: number): string | undefined {
  const start = source.lastIndexOf('\n', at - 1) + 1;
  if (source.startsWith(INDENT, start) || /^(---|\.\.\.)(\s|$)/.test(source.slice(start, start + 4))) return undefined;
  return `${source.slice(0, start)}${INDENT}${source.slice(start)}`;
}

function closingQuote(source: string, from: number, quote: string): number | undefined {
  for (let index = from; index < source.length; index += 1) {
    if (quote === '"' && source[index] === '\\') index += 1;
    else if (source[index] === quote) {
      if (quote === '"' || source[index + 1] !== quote) return index;
      index += 1;
    }
  }
  return undefined;
}
