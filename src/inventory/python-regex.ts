// What comes in: a regular expression as Python's `re` reads it (what Ansible does with the pattern `~…`). What goes out: a RegExp that
// matches where re.match matches: from the beginning, not necessarily to the end.
// Guaranteed: where the two languages differ the expression is translated (named groups, `\A`, `\Z`, Unicode `\w \d \b`, `]` first in a set,
// flags at the beginning); what cannot be is refused by its name, never read as something else.

/** One sentence without a place or the expression; who asked adds them. */
export class RegexMistake extends Error {}

const WORD = String.raw`\p{L}\p{N}_`;
const FLAGS: Readonly<Record<string, string>> = { i: 'i', s: 's', m: 'm', u: '' };
/** Names of what Python has and JavaScript has not, by how it begins. */
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [/^\(\?>/, 'an atomic group (?>…)'],
  [/^\(\?\(/, 'a conditional group (?(…)…)'],
  [/^\(\?[aiLmsux]*-?[aiLmsux]*:/, 'flags for a part of the expression (?i:…)'],
  [/^\(\?[aiLmsux]+\)/, 'flags that do not stand at the beginning'],
];

/**
 * Of a whole text, not of its beginning only.
 * @param given flags of JavaScript that the expression does not name itself: i, m, g, y
 * @throws RegexMistake
 */
export function pythonPattern(expression: string, given: string): RegExp {
  const { source, flags } = translated(expression, given.includes('m'));
  return made(() => new RegExp(source, [...new Set(`v${flags}${given}`.replaceAll('m', ''))].join('')));
}

/** @throws RegexMistake */
export function pythonRegExp(expression: string): RegExp {
  const { source, flags } = translated(expression, false);
  return made(() => new RegExp(`^(?:${source})`, `v${flags.replaceAll('m', '')}`));
}

function translated(expression: string, isMultiline: boolean): { readonly source: string; readonly flags: string } {
  const head = /^\(\?([aiLmsux]+)\)/.exec(expression);
  const flags = [...new Set(head?.[1] ?? '')];
  const wrong = flags.find((flag) => FLAGS[flag] === undefined);
  if (wrong !== undefined) throw new RegexMistake(`the flag (?${wrong}) is not supported`);
  const rest = expression.slice(head?.[0].length ?? 0);
  return { source: translate(rest, flags.includes('s'), isMultiline || flags.includes('m')), flags: flags.map((flag) => FLAGS[flag] ?? '').join('') };
}

function made(make: () => RegExp): RegExp {
  try {
    return make();
  } catch (cause) {
    if (cause instanceof RegexMistake) throw cause;
    const message = cause instanceof Error ? cause.message.replace(/^Invalid regular expression: .*\/[a-z]*: /s, '') : String(cause);
    throw new RegexMistake(message.charAt(0).toLowerCase() + message.slice(1), { cause });
  }
}

function translate(text: string, dotMatchesAll: boolean, isMultiline: boolean): string {
  let out = '';
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    const match = pattern.exec(text.slice(at)) ?? undefined;
    if (match !== undefined) at += match[0].length;
    return match;
  };
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === '\\') out += escapeSource(take(ESCAPE)?.[0] ?? '\\', false, isMultiline);
    else if (char === '[') out += setSource(take(SET)?.[0]);
    else if (char === '(') out += groupSource(text.slice(at), take);
    else if (char === '.') {
      at += 1;
      out += dotMatchesAll ? '.' : '[^\\n]';
    } else if (char === '{') {
      const quantifier = take(/^\{(\d*)(,?)(\d*)\}/);
      if (quantifier !== undefined && quantifier[0] !== '{}' && quantifier[0] !== '{,}') out += `{${quantifier[1] || '0'}${quantifier[2]}${quantifier[3]}}`;
      else if (quantifier?.[0] === '{,}') out += '*';
      else if (quantifier !== undefined) out += '\\{\\}';
      else {
        at += 1;
        out += '\\{';
      }
      refusePossessive(text, at);
    } else {
      at += 1;
      if (char === '^' && isMultiline) out += '(?<![^\\n])';
      else if (char === '$') out += isMultiline ? '(?![^\\n])' : '(?=\\n?(?![^]))';
      else out += char === '}' || char === ']' || char === '/' ? `\\${char}` : char;
      if (/[*+?]/.test(char)) refusePossessive(text, at);
    }
  }
  return out;
}

const ESCAPE = /^\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[1-3][0-7]{2}|0[0-7]{0,2}|[1-9][0-9]?|[\s\S])?/u;
const SET = /^\[(?:\^|(?!\^))(?:\]|(?!\]))(?:\\[\s\S]|[^\]\\])*\]/u;

function refusePossessive(text: string, at: number): void {
  if (text.charAt(at) === '+') throw new RegexMistake('a possessive quantifier (*+, ++, ?+) is not supported');
}

function groupSource(text: string, take: (pattern: RegExp) => RegExpExecArray | undefined): string {
  const named = take(/^\(\?P<(\w+)>/u);
  if (named !== undefined) return `(?<${named[1]}>`;
  const reference = take(/^\(\?P=(\w+)\)/u);
  if (reference !== undefined) return `\\k<${reference[1]}>`;
  if (take(/^\(\?#[^)]*\)/) !== undefined) return '';
  const refused = REFUSED.find(([pattern]) => pattern.test(text) && !text.startsWith('(?:'));
  if (refused !== undefined) throw new RegexMistake(`${refused[1]} is not supported`);
  const known = take(/^\((?:\?(?::|=|!|<=|<!))?/);
  if (/^\(\?/.test(text) && known?.[0] === '(') throw new RegexMistake(`unknown group (${text.slice(1, 3)}…)`);
  return known?.[0] ?? '';
}

/** One escape, backslash included. */
function escapeSource(sequence: string, isInSet: boolean, isMultiline: boolean): string {
  const letter = sequence.charAt(1);
  if (letter === '') throw new RegexMistake('it ends with a backslash');
  if (letter === 'U') return `\\u{${sequence.slice(2)}}`;
  if (letter === '0' || /^\\[0-7]{3}$/.test(sequence) || (isInSet && /[1-7]/.test(letter))) return `\\u{${Number.parseInt(sequence.slice(1), 8).toString(16)}}`;
  if (letter === 'w') return isInSet ? WORD : `[${WORD}]`;
  if (letter === 'd') return '\\p{Nd}';
  if (letter === 'D') return '\\P{Nd}';
  if (letter === 'a') return '\\x07';
  if (letter === 'W') {
    return `[^${WORD}]`;
  }
  if (isInSet && letter === 'b') return '\\x08';
  if (letter === 'b') return `(?:(?<=[${WORD}])(?![${WORD}])|(?<![${WORD}])(?=[${WORD}]))`;
  if (letter === 'B') return `(?:(?<=[${WORD}])(?=[${WORD}])|(?<![${WORD}])(?![${WORD}]))`;
  if (letter === 'A') return isMultiline ? '(?<![^])' : '^';
  if (letter === 'Z') return isMultiline ? '(?![^])' : '$';
  if (/[fnrtvsSxu1-9]/.test(letter)) return sequence;
  if (/[A-Za-z]/.test(letter)) throw new RegexMistake(`bad escape ${sequence}`);
  return letter === '-' ? '\\x2d' : /[\\^$.*+?()[\]{}|/]/.test(letter) ? sequence : sequence.slice(1);
}

/** In Python a `]` that stands first is a member of the set; a JavaScript set needs more characters escaped. */
function setSource(set: string | undefined): string {
  if (set === undefined) throw new RegexMistake('a set [ is not closed');
  const open = set.startsWith('[^') ? '[^' : '[';
  const members = set.slice(open.length, -1).replace(/^\]/, '\\]').replace(/^-|-$/g, '\\-');
  return `${open}${members.replace(IN_SET, (part) => (part.startsWith('\\') ? escapeSource(part, true, false) : `\\${part}`))}]`;
}

const IN_SET = /\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|[\s\S])|[&!#%,:;<=>@`~()[{}/|$^.*+?]/gu;
