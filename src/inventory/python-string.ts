// What comes in: a place in a text where a Python string may begin: 'a', "a", '''a''', with the prefixes r, u, b and their pairs.
// What goes out: its value and where it ends. Guaranteed: escapes as Python 3.11 reads them; bytes come out as the text they spell in UTF-8.
// Not here: f-strings, which are no literals; `\N{name}`, which needs the names of all characters.

/** The text is no Python literal, so it stands for itself. */
export class NotLiteral extends Error {}

export interface PythonString {
  readonly value: string;
  readonly end: number;
  readonly isBytes: boolean;
}

const OPENING = /([rR]|[uU]|[bB]|[rR][bB]|[bB][rR])?('''|"""|'|")/y;
const ESCAPE = /\\(?:(x)([0-9a-fA-F]{2})|(u)([0-9a-fA-F]{4})|(U)([0-9a-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g;
const LETTERS: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v', '\\': '\\', "'": "'", '"': '"' };

/** @returns undefined where no string begins. @throws NotLiteral where one begins that Python does not accept */
export function readString(text: string, at: number): PythonString | undefined {
  OPENING.lastIndex = at;
  const opening = OPENING.exec(text);
  if (opening === null) return undefined;
  const [whole, prefix = '', quote = ''] = opening;
  const start = at + whole.length;
  const close = closing(text, start, quote);
  const body = text.slice(start, close);
  const isBytes = /b/i.test(prefix);
  if (isBytes && /[^\x00-\x7f]/.test(body)) throw new NotLiteral();
  const value = /r/i.test(prefix) ? body : unescaped(body, isBytes);
  return { value: isBytes ? Buffer.from(value, 'latin1').toString('utf8') : value, end: close + quote.length, isBytes };
}

function closing(text: string, start: number, quote: string): number {
  for (let at = start; at < text.length; at++) {
    if (text.charAt(at) === '\\') at += 1;
    else if (text.startsWith(quote, at)) return at;
  }
  throw new NotLiteral();
}

function unescaped(body: string, isBytes: boolean): string {
  if (!body.includes('\\')) return body;
  return body.replace(ESCAPE, (whole: string, ...groups: (string | undefined)[]) => {
    const [x, hex = '', u, four = '', big, eight = '', octal, letter = ''] = groups;
    if (x !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & (isBytes ? 0xff : 0x1ff));
    if (isBytes) return LETTERS[letter] ?? (letter === 'x' ? refuse() : whole);
    if (u !== undefined) return String.fromCharCode(Number.parseInt(four, 16));
    if (big !== undefined) {
      const code = Number.parseInt(eight, 16);
      return code > 0x10ffff ? refuse() : String.fromCodePoint(code);
    }
    return 'xuUN'.includes(letter) ? refuse() : (LETTERS[letter] ?? whole);
  });
}

function refuse(): never {
  throw new NotLiteral();
}
