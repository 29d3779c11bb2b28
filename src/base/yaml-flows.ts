// What comes in: YAML in which a list or mapping in brackets goes on in lines that are not indented deep enough: PyYAML, and so Ansible, takes them, since between
// brackets indentation means nothing. What goes out: the same text with these lines indented. Pure. Lines stay lines; only columns in them change.

/** Deeper than people indent. */
const INDENT = ' '.repeat(40);

/**
 * Indents lines up to the one that closes the innermost bracket that is open; of brackets around it the next call indents the rest.
 * @param at in the first line that is not indented
 * @returns undefined where no bracket is closed behind it
 */
export function withIndentedFlow(source: string, at: number): string | undefined {
  const start = source.lastIndexOf('\n', at - 1) + 1;
  const close = closingBracket(source, start);
  // It is indented already: something else is wrong.
  if (close === undefined || source.startsWith(INDENT, start)) return undefined;
  // A key may not go on over lines.
  if (/^[\]}][ \t]*:(\s|$)/.test(source.slice(close, close + 40))) return undefined;
  const lines = source.slice(start, close).split('\n');
  // A mark between documents ends brackets too.
  if (lines.some((line) => /^(---|\.\.\.)(\s|$)/.test(line))) return undefined;
  return `${source.slice(0, start)}${lines.map((line) => `${INDENT}${line}`).join('\n')}${source.slice(close)}`;
}

/** Where the first bracket is closed that was not opened from here on; texts in quotes and comments are passed over. */
function closingBracket(source: string, from: number): number | undefined {
  let depth = 0;
  let before = ',';
  for (let index = from; index < source.length; index += 1) {
    const char = source[index] as string;
    if (char === '#' && /\s/.test(source[index - 1] ?? '\n')) {
      const end = source.indexOf('\n', index);
      if (end === -1) return undefined;
      index = end;
    } else if ((char === '"' || char === "'") && /[[{,:]/.test(before)) {
      const end = new RegExp(char === '"' ? '"(?:[^"\\\\]|\\\\[\\s\\S])*"' : "'(?:[^']|'')*'", 'y');
      end.lastIndex = index;
      const text = end.exec(source)?.[0];
      if (text === undefined) return undefined;
      index += text.length - 1;
      before = char;
    } else if (char === '[' || char === '{') depth += 1;
    else if (char === ']' || char === '}') {
      if (depth === 0) return index;
      depth -= 1;
    }
    if (!/\s/.test(char)) before = char;
  }
  return undefined;
}
