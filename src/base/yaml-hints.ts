// What comes in: a text that is no YAML, and what the parser says of it. What goes out: what its writer most likely has to do about it.
import { type CST, type ErrorCode, Parser } from 'yaml';

const BY_CODE: Partial<Readonly<Record<ErrorCode, string>>> = {
  TAB_AS_INDENT: 'YAML is indented with spaces only; your editor has inserted a tab',
  BAD_INDENT: 'indent what belongs together with the same number of spaces',
  BAD_DQ_ESCAPE: 'in double quotes a backslash is written twice; between single quotes it stays as it is',
  BAD_SCALAR_START: 'put the value in quotes',
  MULTIPLE_DOCS: 'one file holds one document: remove the second `---`',
  MISSING_CHAR: 'a key is followed by a colon and a space; a quote or bracket that is opened is closed',
  TAG_RESOLVE_FAILED: 'remove the tag (the word that starts with !), or write the value itself',
  BLOCK_AS_IMPLICIT_KEY: 'a value that contains ": " must be quoted; or the next line is indented too far',
  MULTILINE_IMPLICIT_KEY: 'a key is followed by a colon and a space',
};

export const TEMPLATE_HINT = 'a value that begins with {{, or stands within { } or [ ] and holds {{, is put in quotes: "{{ … }}"';

/** @param offset where the parser stopped */
export function yamlHint({ code, message }: { readonly code: ErrorCode; readonly message: string }, text: string, offset: number): string | undefined {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const line = /^.*/.exec(text.slice(start))?.[0] ?? '';
  if (code === 'UNEXPECTED_TOKEN' && hasBareTemplate(line)) return TEMPLATE_HINT;
  const before = text.slice(start, offset).trimEnd();
  if (code === 'UNEXPECTED_TOKEN' && /["']$/.test(before)) return before.endsWith("'") ? "quote the whole value; within single quotes a ' is written twice" : 'quote the whole value, not a part of it';
  if (code === 'UNEXPECTED_TOKEN' && /[[{]/.test(text[offset] ?? '')) return 'within a list or mapping of one line a value that holds [ or { is put in quotes';
  if (code === 'BAD_INDENT' && message.startsWith('Flow')) return `close the ${message.startsWith('Flow map') ? '{' : '['} that is open above`;
  if (code === 'BLOCK_AS_IMPLICIT_KEY' && /^\s*-[A-Za-z_]/.test(line)) return 'a dash is followed by a space';
  const opened = code === 'MISSING_CHAR' ? openQuote(text) : undefined;
  if (opened !== undefined) return `the quote that opens in line ${text.slice(0, opened).split('\n').length} is not closed there`;
  return BY_CODE[code];
}

/** `name: {{ x }}`, `- {{ x }}`, or within a list or mapping of one line. */
function hasBareTemplate(line: string): boolean {
  const bare = line.replace(/"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'/g, '""');
  return /(?:[:-]\s+|[{[,]\s*)\{\{/.test(bare) || /[{[][^}\]]*\{\{/.test(bare);
}

/** Where the scalar begins whose quote is open at the end. */
function openQuote(text: string): number | undefined {
  let found: number | undefined;
  const look = (token: unknown): void => {
    if (Array.isArray(token)) return token.forEach(look);
    if (typeof token !== 'object' || token === null) return;
    const { type, source, offset } = token as Partial<CST.FlowScalar>;
    const quote = type === 'double-quoted-scalar' ? '"' : type === 'single-quoted-scalar' ? "'" : undefined;
    if (quote !== undefined && source !== undefined && (source.length < 2 || !source.endsWith(quote))) found ??= offset;
    Object.values(token).forEach(look);
  };
  for (const token of new Parser().parse(text)) look(token);
  return found;
}
