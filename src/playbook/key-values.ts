// What comes in: arguments as one string: `src=a dest="b c" creates=/x echo hi`. What goes out: pairs, and what is no pair.
// As Ansible splits them (parsing/splitter.py): quotes and {{ }} hold words together; a backslash at the end of a line joins it to the next; for command and its like only a few names are pairs.
// Pure.

export interface KeyValues {
  readonly pairs: readonly (readonly [name: string, value: string])[];
  /** What is left, as it was written, with the spaces around it: a pair takes those behind it along. '' when nothing is. */
  readonly rest: string;
}

/** The names that are pairs in the free form of command, shell, script and raw. */
const FREE_FORM_PAIRS = new Set(['creates', 'removes', 'chdir', 'executable', 'warn', 'stdin', 'stdin_add_newline', 'strip_empty_ends', 'expand_argument_vars']);

/** @param isFreeForm the string is a command: other pairs belong to it */
export function splitKeyValues(text: string, isFreeForm: boolean): KeyValues {
  const pairs: [string, string][] = [];
  const found = words(text);
  const begin = found[0]?.start ?? text.length;
  let rest = '';
  let isPairLast = false;
  for (const [index, { word, start }] of found.entries()) {
    const next = found[index + 1]?.start ?? text.length;
    if (word === '\\') {
      if (!isPairLast) rest += behindBackslash(text.slice(start + 1, next));
      continue;
    }
    // Whatever stands in front of the first "=" that has no backslash is a name, be it a piece of a template.
    const [, name = '', value = ''] = /^([\s\S]+?)(?<!\\)=([\s\S]*)$/.exec(decoded(word)) ?? [];
    isPairLast = name !== '' && (!isFreeForm || FREE_FORM_PAIRS.has(name));
    if (isPairLast) pairs.push([name.trim(), unquoted(value.trim())]);
    else rest += text.slice(start, next);
  }
  if (rest === '') return { pairs, rest };
  // The space between it and the pairs behind it is nobody's.
  return { pairs, rest: text.slice(0, begin) + (isPairLast ? rest.replace(/ $/, '') : rest) };
}

/** A backslash that stands alone goes, at the end of a line with the break: the line goes on. What is left of the spaces behind it. */
function behindBackslash(spaces: string): string {
  return spaces.slice(spaces.startsWith('\n') && spaces.length > 1 ? 2 : 1);
}

function words(text: string): { word: string; start: number }[] {
  const found: { word: string; start: number }[] = [];
  let start = -1;
  let quote = '';
  let depth = 0;
  for (let at = 0; at <= text.length; at += 1) {
    const char = text[at] ?? ' ';
    const isEnd = at === text.length;
    if (!isEnd && quote === '' && (text.startsWith('{{', at) || text.startsWith('{%', at) || text.startsWith('{#', at))) depth += 1;
    else if (!isEnd && quote === '' && depth > 0 && (text.startsWith('}}', at) || text.startsWith('%}', at) || text.startsWith('#}', at))) depth -= 1;
    else if (depth === 0 && (char === '"' || char === "'") && text[at - 1] !== '\\') quote = quote === '' ? char : quote === char ? '' : quote;
    const isSpace = /\s/.test(char) && quote === '' && depth === 0;
    if (isSpace || isEnd) {
      if (start !== -1) found.push({ word: text.slice(start, at), start });
      start = -1;
    } else if (start === -1) start = at;
  }
  return found;
}

/** Ansible refuses such a text, whatever it is for. A backslash takes a quote's meaning away. */
export function hasOpenQuote(text: string): boolean {
  let quote = '';
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index] ?? '';
    if ((char === '"' || char === "'") && text[index - 1] !== '\\') quote = quote === '' ? char : quote === char ? '' : quote;
  }
  return quote !== '';
}

const ESCAPE = /\\U([0-9a-fA-F]{8})|\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|\\([\\'"abfnrtv])/g;
const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\', "'": "'", '"': '"', a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** Escapes as in a text of Python (parsing/splitter.py, _decode_escapes); `\N{NAME}` stays. */
function decoded(word: string): string {
  return word.replace(ESCAPE, (_, long?: string, short?: string, byte?: string, single?: string) => {
    const code = long ?? short ?? byte;
    return code === undefined ? (ESCAPED[single ?? ''] ?? '') : Number.parseInt(code, 16) > 0x10ffff ? '' : String.fromCodePoint(Number.parseInt(code, 16));
  });
}

/** parsing/quoting.py, unquote */
function unquoted(value: string): string {
  const first = value[0];
  return value.length > 1 && (first === '"' || first === "'") && value.at(-1) === first && value.at(-2) !== '\\' ? value.slice(1, -1) : value;
}
