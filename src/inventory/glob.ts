// What comes in: a shell glob as Python's fnmatch reads it: `*`, `?`, `[abc]`, `[a-c]`, `[!abc]`. What goes out: a RegExp for the whole name.
// Guaranteed: every other character stands for itself; a bracket that is not closed, too.

export function globToRegExp(glob: string): RegExp {
  const chars = [...glob];
  let source = '';
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? '';
    if (char === '*') source += source.endsWith('.*?') ? '' : '.*?';
    else if (char === '?') source += '.';
    else if (char === '[') {
      const end = closingBracket(chars, i);
      source += end === -1 ? '\\[' : setSource(chars.slice(i + 1, end));
      if (end !== -1) i = end;
    } else source += escapeRegExp(char);
  }
  return new RegExp(`^${source}$`, 'su');
}

/** The first character of a set may be a bracket itself. */
function closingBracket(chars: readonly string[], open: number): number {
  const first = chars[open + 1] === '!' ? open + 2 : open + 1;
  return chars.indexOf(']', chars[first] === ']' ? first + 1 : first);
}

function setSource(set: readonly string[]): string {
  const isNegated = set[0] === '!';
  const members = isNegated ? set.slice(1) : set;
  let kept = '';
  for (let i = 0; i < members.length; i++) {
    const low = members[i] ?? '';
    const high = members[i + 1] === '-' ? members[i + 2] : undefined;
    if (high === undefined) kept += escapeRegExp(low);
    else {
      // A range that runs backwards (`[c-a]`) matches nothing in fnmatch and is an error in a RegExp.
      if ((low.codePointAt(0) ?? 0) <= (high.codePointAt(0) ?? 0)) kept += `${escapeRegExp(low)}-${escapeRegExp(high)}`;
      i += 2;
    }
  }
  if (kept === '') return isNegated ? '.' : '(?!)';
  return `[${isNegated ? '^' : ''}${kept}]`;
}

/** For a RegExp with the flag `u`, inside and outside of a set. */
function escapeRegExp(char: string): string {
  return char === '-' ? '\\x2d' : char.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
}
