// What comes in: a name that nobody knows, and the names that exist. What goes out: the few that were probably meant.

const LIMIT_NAMES = 3;

/** At most three names, nearest first; a name is near when a third of its letters or fewer differ (one in short names). */
function nearNames(wrong: string, known: Iterable<string>): string[] {
  const limit = Math.max(1, Math.floor(wrong.length / 3));
  const near: { name: string; distance: number }[] = [];
  for (const name of new Set(known)) {
    if (Math.abs(name.length - wrong.length) > limit) continue;
    const distance = editDistance(wrong.toLowerCase(), name.toLowerCase());
    if (distance <= limit) near.push({ name, distance });
  }
  near.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return near.slice(0, LIMIT_NAMES).map(({ name }) => name);
}

/** `did you mean web1 or web2?`, or undefined when nothing is near. */
export function didYouMean(wrong: string, known: Iterable<string>): string | undefined {
  const names = nearNames(wrong, known);
  return names.length === 0 ? undefined : `did you mean ${names.join(' or ')}?`;
}

/** As didYouMean; and a name that is `wrong` cut short, as `dest` of `destination` and `src` of `source`, goes before the near ones. */
export function didYouMeanShort(wrong: string, known: readonly string[]): string | undefined {
  const short = known.filter((name) => name.length >= 3 && name.length < wrong.length && name[0] === wrong[0] && isWithin(name, wrong));
  return short.length === 1 ? `did you mean ${short[0]}?` : didYouMean(wrong, known);
}

/** All letters of `name`, in their order, are in `text`. */
function isWithin(name: string, text: string): boolean {
  let at = 0;
  for (const char of text) if (char === name[at]) at++;
  return at === name.length;
}

/** Letters to insert, remove, replace, or swap with the next one. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? (beforePrevious[j - 2] ?? Number.POSITIVE_INFINITY) + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, replace, swap));
    }
    beforePrevious = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}
