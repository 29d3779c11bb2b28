// What comes in: one line of an ssh_config. What goes out: its keyword and words, split as OpenSSH splits them.
// Two ways of splitting, as in OpenSSH: of a value (quotes of both kinds, a few backslashes, `#` ends it), and of a Match line (double quotes
// only, `=` may stand between a criterion and its word).

/** @returns undefined when a quote is not closed */
export function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (text[at] === ' ' || text[at] === '\t') at++;
    const first = text[at];
    if (first === undefined || first === '#') return words;
    let word = '';
    let quote = '';
    for (; ; at++) {
      const sign = text[at];
      if (sign === undefined) {
        if (quote !== '') return undefined;
        break;
      }
      const next = text[at + 1] ?? '';
      if (sign === '\\' && (next === "'" || next === '"' || next === '\\' || (quote === '' && next === ' '))) {
        word += next;
        at++;
      } else if (quote === '' && (sign === ' ' || sign === '\t')) break;
      else if (quote === '' && (sign === '"' || sign === "'")) quote = sign;
      else if (sign === quote) quote = '';
      else word += sign;
    }
    words.push(word);
  }
}

/** `Key value`, `Key=value`, `Key = value`. @returns undefined for a line without a keyword: empty, or a comment */
export function splitKeyword(line: string): { readonly keyword: string; readonly rest: string } | undefined {
  const match = /^[ \t\r]*("[^"]*"|[^ \t\r\n"=]+)[ \t\r\n]*=?[ \t\r\n]*(.*)$/s.exec(line.replace(/[ \t\r\n\f]+$/, ''));
  const [, keyword, rest] = match ?? [];
  if (keyword === undefined || rest === undefined || keyword.startsWith('#')) return undefined;
  return { keyword: keyword.replace(/"/g, '').toLowerCase(), rest };
}

/** The words of a Match line. @returns undefined when a quote is not closed */
export function splitCriteria(text: string): string[] | undefined {
  const words: string[] = [];
  let left = text.replace(/^[ \t\r\n]+/, '');
  while (left !== '') {
    // A quote in mid-word begins a quoted part and ends the word with it.
    const match = /^([^ \t\r\n"=]*)(?:"([^"]*)"[ \t\r\n]*|[ \t\r\n]*=[ \t\r\n]*|[ \t\r\n]+|$)/.exec(left);
    if (match === null) return undefined;
    words.push(`${match[1] ?? ''}${match[2] ?? ''}`);
    left = left.slice(match[0].length);
  }
  return words;
}
