// What comes in: one line and a width. What goes out: its lines, broken as Python's textwrap breaks them (spaces at the ends of lines go).
// Source: the Python library reference, "textwrap".

interface WrapStyle {
  readonly widthChars: number;
  readonly breaksLongWords: boolean;
  readonly breaksOnHyphens: boolean;
}

export function wrapText(line: string, { widthChars, breaksLongWords, breaksOnHyphens }: WrapStyle): string[] {
  const pattern = breaksOnHyphens ? /\s+|[^\s\p{L}\p{N}_]*[\p{L}_](?:[^\s-]*[\p{L}\p{N}_])?-(?=[\p{L}_]{2})|[^\s]*?[\p{L}]{2}-(?=[\p{L}_]{2})|[^\s-]+(?:-+(?![\p{L}_]{2})[^\s-]*)*|-+[^\s-]*/gu : /\s+|\S+/g;
  const chunks = (line.match(pattern) ?? []).reverse();
  const lines: string[] = [];
  while (chunks.length > 0) {
    const current: string[] = [];
    let length = 0;
    if (lines.length > 0 && chunks.at(-1)?.trim() === '') chunks.pop();
    while (chunks.length > 0 && length + [...(chunks.at(-1) ?? '')].length <= widthChars) {
      const chunk = chunks.pop() ?? '';
      current.push(chunk);
      length += [...chunk].length;
    }
    const next = chunks.at(-1);
    if (next !== undefined && [...next].length > widthChars) {
      if (breaksLongWords) {
        const characters = [...next];
        const space = Math.max(1, widthChars - length);
        const hyphen = breaksOnHyphens ? characters.lastIndexOf('-', space - 1) : -1;
        const end = characters.slice(0, Math.max(0, hyphen)).some((one) => one !== '-') ? hyphen + 1 : space;
        current.push(characters.slice(0, end).join(''));
        chunks[chunks.length - 1] = characters.slice(end).join('');
      } else if (current.length === 0) current.push(chunks.pop() ?? '');
    }
    if (current.at(-1)?.trim() === '') current.pop();
    if (current.length > 0) lines.push(current.join(''));
  }
  return lines;
}
