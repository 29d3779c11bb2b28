// What comes in: a regular expression as Python's `re` reads it, and a replacement as re.sub reads it. What goes out: JavaScript's, with the same meaning.
// Guaranteed: (?P<name>), (?P=name), \A, \Z, \a, comments, (?i) and the like at the start; `.` matches all but \n, `$` before a last newline too.
// Pure. Not here: conditional groups (?(1)…), lookbehind that Python refuses, (?x): refused with a sentence.

export interface PythonRegexFlags {
  readonly ignoreCase?: boolean;
  readonly multiline?: boolean;
  readonly dotAll?: boolean;
  /** The subject is bytes, one a character: \w and the like are ASCII. */
  readonly bytes?: boolean;
}

export class PythonRegexError extends Error {}

/** @throws PythonRegexError with a sentence for what Python refuses, or what has no counterpart */
export function pythonRegex(pattern: string, flags: PythonRegexFlags = {}): RegExp {
  let { ignoreCase = false, multiline = false, dotAll = false } = flags;
  let ascii = flags.bytes === true;
  let rest = pattern;
  for (let global = /^\(\?([aiLmsux]+)\)/.exec(rest); global !== null; global = /^\(\?([aiLmsux]+)\)/.exec(rest)) {
    for (const letter of global[1] ?? '') {
      if (letter === 'i') ignoreCase = true;
      else if (letter === 'm') multiline = true;
      else if (letter === 's') dotAll = true;
      else if (letter === 'a') ascii = true;
      else if (letter === 'x') throw new PythonRegexError(`the flag (?x) in ${JSON.stringify(pattern)} is not supported`);
    }
    rest = rest.slice(global[0].length);
  }
  const source = translate(rest, { multiline, dotAll, ascii });
  try {
    // The unicode mode counts characters as Python does; the subject of bytes has none above U+00FF.
    return new RegExp(source, `dg${ignoreCase ? 'i' : ''}u`);
  } catch (error) {
    throw new PythonRegexError(`${JSON.stringify(pattern)} is not a regular expression: ${error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : String(error)}`);
  }
}

/** Of bytes: JavaScript's own \\s takes U+00A0 too. */
const SPACE = ' \\t\\n\\r\\f\\v';
/** Letters that have a meaning behind a backslash in both languages. */
const SAME = new Set([...'dDsSwWbBnrtfv0']);

function translate(pattern: string, { multiline, dotAll, ascii }: { multiline: boolean; dotAll: boolean; ascii: boolean }): string {
  let out = '';
  let inClass = false;
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern[at] as string;
    if (char === '\\') {
      const next = pattern[at + 1];
      if (next === undefined) throw new PythonRegexError(`${JSON.stringify(pattern)} ends with a backslash`);
      at += 1;
      const hex = /^(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})/.exec(pattern.slice(at));
      if (hex !== null) {
        out += `\\${hex[0]}`;
        at += hex[0].length - 1;
      } else if (ascii && (next === 's' || next === 'S')) out += next === 's' ? (inClass ? SPACE : `[${SPACE}]`) : inClass ? '\\S' : `[^${SPACE}]`;
      else if (!ascii && 'wWdDsSbB'.includes(next)) out += unicodeClass(next, inClass);
      else if (next === 'A' && !inClass) out += '(?<![\\s\\S])';
      else if (next === 'Z' && !inClass) out += '(?![\\s\\S])';
      else if (next === 'a') out += '\\x07';
      else if (next === 'b' && inClass) out += '\\b';
      else if (SAME.has(next)) out += next === '0' ? '\\x00' : `\\${next}`;
      else if (/[1-9]/.test(next) && !inClass) {
        const digits = /^\d{1,2}/.exec(pattern.slice(at))?.[0] ?? next;
        out += `(?:\\${digits})`;
        at += digits.length - 1;
      } else if (/[A-Za-z]/.test(next)) throw new PythonRegexError(`bad escape \\${next} in ${JSON.stringify(pattern)}`);
      else out += next === '-' && !inClass ? '-' : literal(next);
    } else if (inClass) {
      if (char === ']' && !/\[\^?$/.test(out)) {
        inClass = false;
        out += ']';
      } else if (char === '[' || (char === ']' && /\[\^?$/.test(out))) out += `\\${char}`;
      else if (/[&|~(){}/]/.test(char)) out += literal(char);
      else if (char === '-' && /(?:\\[dDsSwW]|\[\^?|\}|_)$/.test(out)) out += '\\-';
      else if (char === '-' && pattern[at + 1] === ']') out += '\\-';
      else if (char === '-' && pattern[at + 1] === '\\' && /[dDsSwW]/.test(pattern[at + 2] ?? '')) out += '\\-';
      else out += char;
    } else if (char === '[') {
      inClass = true;
      out += '[';
      if (pattern[at + 1] === '^') {
        out += '^';
        at += 1;
      }
    } else if (char === '(' && pattern[at + 1] === '?') {
      const group = /^\(\?(?:P<([A-Za-z_]\w*)>|P=([A-Za-z_]\w*)\)|#[^)]*\)|([imsa]+)?(?:-([ims]+))?:)/.exec(pattern.slice(at));
      if (group === null) {
        const look = /^\(\?(?:=|!|<=|<!)/.exec(pattern.slice(at));
        if (look === null) throw new PythonRegexError(`the group ${pattern.slice(at, at + 4)} in ${JSON.stringify(pattern)} is not supported`);
        out += look[0];
        at += look[0].length - 1;
      } else {
        if (group[1] !== undefined) out += `(?<${group[1]}>`;
        else if (group[2] !== undefined) out += `\\k<${group[2]}>`;
        else if (group[0].endsWith(':')) {
          if (group[3] !== undefined || group[4] !== undefined) throw new PythonRegexError(`flags inside of ${JSON.stringify(pattern)} are not supported: write them at its start`);
          out += '(?:';
        }
        at += group[0].length - 1;
      }
    } else if (char === '$') out += multiline ? '(?=\\n|(?![\\s\\S]))' : '(?=\\n?(?![\\s\\S]))';
    else if (char === '^') out += multiline ? '(?<=\\n|(?<![\\s\\S]))' : '(?<![\\s\\S])';
    else if (char === '.') out += dotAll ? '[\\s\\S]' : '[^\\n]';
    else if (char === '{') {
      const count = /^\{(\d*)(,?)(\d*)\}/.exec(pattern.slice(at));
      if (count === null || (count[1] === '' && count[3] === '')) out += '\\{';
      else {
        out += `{${count[1] === '' ? '0' : count[1]}${count[2]}${count[3]}}`;
        at += count[0].length - 1;
      }
    } else if (char === '}' || char === ']') out += `\\${char}`;
    else out += char;
  }
  if (inClass) throw new PythonRegexError(`unterminated character set in ${JSON.stringify(pattern)}`);
  return out;
}

/** What \w, \d, \s and \b are for texts (not bytes): Python's are Unicode's. */
function unicodeClass(letter: string, inClass: boolean): string {
  const word = '\\p{L}\\p{N}_';
  switch (letter) {
    case 'w':
      return inClass ? word : `[${word}]`;
    case 'W':
      return inClass ? '\\W' : `[^${word}]`;
    case 'd':
      return inClass ? '\\p{Nd}' : '\\p{Nd}';
    case 'D':
      return '\\P{Nd}';
    case 'b':
      return inClass ? '\\x08' : `(?:(?<=[${word}])(?![${word}])|(?<![${word}])(?=[${word}]))`;
    case 'B':
      return `(?:(?<=[${word}])(?=[${word}])|(?<![${word}])(?![${word}]))`;
    default:
      return `\\${letter}`;
  }
}

/** A character that means itself; in unicode mode only these may be escaped. */
function literal(char: string): string {
  return /[\^$\\.*+?()[\]{}|/-]/.test(char) ? `\\${char}` : char;
}

/** match.expand(template): \1, \g<1>, \g<name>, \n and the like. @throws PythonRegexError for a group that is not there */
export function expandReplacement(template: string, match: RegExpExecArray): string {
  return template.replace(/\\(g<([^>]*)>|[1-9]\d?|0[0-7]{0,2}|[\s\S]|$)/g, (_whole, what: string, name: string | undefined, at: number) => {
    const group = name ?? (/^[1-9]/.test(what) ? what : undefined);
    if (group !== undefined) {
      const isNumber = /^\d+$/.test(group);
      if (isNumber ? Number(group) >= match.length : !Object.hasOwn(match.groups ?? {}, group)) throw new PythonRegexError(isNumber ? `invalid group reference ${group} at position ${name === undefined ? at + 1 : at + 3}` : `unknown group name '${group}'`);
      return (isNumber ? match[Number(group)] : match.groups?.[group]) ?? '';
    }
    if (what.startsWith('0')) return String.fromCharCode(Number.parseInt(what, 8));
    const letters: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v', a: '\u0007', b: '\b', '\\': '\\' };
    const known = letters[what];
    if (known !== undefined) return known;
    if (/[A-Za-z]/.test(what)) throw new PythonRegexError(`bad escape \\${what} at position ${at}`);
    if (what === '') throw new PythonRegexError(`bad escape (end of pattern) at position ${at}`);
    return `\\${what}`;
  });
}

/** re.subn: the new text, and how often. An empty match beside a match before it counts, as since Python 3.7. */
export function substitute(regex: RegExp, replacement: string, subject: string): { readonly text: string; readonly count: number } {
  // Python reads the replacement before it looks for anything.
  const nothing = new RegExp(`${regex.source}|`, regex.flags).exec('');
  if (nothing !== null) expandReplacement(replacement, nothing);
  let text = '';
  let from = 0;
  let count = 0;
  for (const match of subject.matchAll(regex)) {
    text += subject.slice(from, match.index) + expandReplacement(replacement, match);
    from = match.index + match[0].length;
    count += 1;
  }
  return { text: text + subject.slice(from), count };
}

/** re.search. */
export function search(regex: RegExp, subject: string): RegExpExecArray | null {
  regex.lastIndex = 0;
  return regex.exec(subject);
}
