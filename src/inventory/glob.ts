// What comes in: a shell glob as Python's fnmatch reads it: `*`, `?`, `[abc]`, `[!abc]`. What goes out: a RegExp for the whole name.
// Guaranteed: every other character stands for itself; a bracket that is not closed, too.

export function globToRegExp(glob: string): RegExp {
  let source = '';
  for (let i = 0; i < glob.length; i++) {
    const char = glob.charAt(i);
    if (char === '*') source += '.*';
    else if (char === '?') source += '.';
    else if (char === '[') {
      const end = closingBracket(glob, i);
      source += end === -1 ? '\\[' : setSource(glob.slice(i + 1, end));
      if (end !== -1) i = end;
    } else source += char.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
  }
  return new RegExp(`^${source}$`, 'su');
}

/** The first character of a set may be a bracket itself. */
function closingBracket(glob: string, open: number): number {
  const first = glob.charAt(open + 1) === '!' ? open + 2 : open + 1;
  return glob.indexOf(']', glob.charAt(first) === ']' ? first + 1 : first);
}

function setSource(set: string): string {
  const isNegated = set.startsWith('!');
  const members = (isNegated ? set.slice(1) : set).replace(/[\\\]^[]/g, '\\$&');
  // A range that runs backwards (`[c-a]`) matches nothing in fnmatch and is an error in a RegExp.
  const kept = members.replace(/([^\\])-([^\\])/gu, (range, low: string, high: string) => (low > high ? '' : range));
  if (kept === '') return isNegated ? '.' : '(?!)';
  return `[${isNegated ? '^' : ''}${kept.replace(/^-|-$/g, '\\-')}]`;
}
