// Python's idea of white space and of lines, which is wider than JavaScript's in some characters and narrower in one (U+FEFF).
// Source: the Python documentation of str.isspace and str.splitlines.

const SPACE = String.raw`\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`;
const ENDS = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, 'g');
const LINE_END = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/;

/** `str.strip()` */
export function strip(text: string): string {
  return text.replace(ENDS, '');
}

/** `str.splitlines()`, but with one more, empty line where the text ends with a line break. */
export function splitLines(text: string): string[] {
  return text.split(LINE_END);
}

/** By code point, as Python compares strings. */
export function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  let at = 0;
  while (at < a.length && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
  if (Number.isNaN(left)) return -1;
  if (Number.isNaN(right)) return 1;
  // Halves of characters beyond U+FFFF come after all others.
  const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);
  return rank(left) - rank(right);
}
