// What comes in: a text and a pattern, or a list of patterns, as ssh_config(5) PATTERNS and known_hosts have them. What goes out: does it match.
// Guaranteed: `*` and `?` only, no other sign means anything; time grows with text × pattern, never faster.

/** `*` stands for any number of characters, `?` for one. Upper and lower case differ. */
export function matchPattern(text: string, pattern: string): boolean {
  let at = 0;
  let inPattern = 0;
  // Where to go on when what follows the last `*` did not fit: the star takes one character more.
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    const sign = pattern[inPattern];
    if (sign === '*') {
      star = inPattern++;
      starAt = at;
    } else if (sign !== undefined && (sign === '?' || sign === text[at])) {
      at++;
      inPattern++;
    } else if (star >= 0) {
      inPattern = star + 1;
      at = ++starAt;
    } else {
      return false;
    }
  }
  while (pattern[inPattern] === '*') inPattern++;
  return inPattern === pattern.length;
}

/** Comma-separated patterns; one with `!` that matches decides against. Upper and lower case differ. */
export function matchPatternList(text: string, list: string): boolean {
  let matched = false;
  const patterns = list.split(',');
  // "a," is a list of one, as OpenSSH reads it; "a,,b" has an empty pattern, which matches an empty text.
  if (patterns.at(-1) === '') patterns.pop();
  for (const pattern of patterns) {
    const negated = pattern.startsWith('!');
    if (!matchPattern(text, negated ? pattern.slice(1) : pattern)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

/** A pattern list for host names: upper and lower case are the same. */
export function matchHostList(host: string, list: string): boolean {
  return matchPatternList(host.toLowerCase(), list.toLowerCase());
}
