// What comes in: host names. What goes out: the short form for people: `db1,web[01-40]`, as ClusterShell's `nodeset -f` writes it.
// Guaranteed: `unfold` gives back exactly the names of `foldHosts`, padding included: web1 and web01 are two hosts.

/** A name cut at its numbers: `web`, `-ib`, `` around the lists of numbers that stand between them. */
interface Block {
  readonly texts: readonly string[];
  /** One list of numbers (as written) for each gap between two texts. */
  readonly numbers: readonly (readonly string[])[];
}

/** Names that differ in one number only become a range; sorted by what stands around the numbers, duplicates once. */
export function foldHosts(names: readonly string[]): string {
  const blocks = new Map<string, Block[]>();
  for (const name of new Set(names)) {
    const texts = name.split(/\d+/);
    const key = texts.join('\0');
    const numbers = (name.match(/\d+/g) ?? []).map((number) => [number]);
    const same = blocks.get(key);
    if (same === undefined) blocks.set(key, [{ texts, numbers }]);
    else same.push({ texts, numbers });
  }
  const keys = [...blocks.keys()].sort();
  return keys.flatMap((key) => mergeBlocks(blocks.get(key) ?? []).map(formatBlock)).join(',');
}

/** Joins blocks that are equal in all numbers but one, the last number first. */
function mergeBlocks(blocks: Block[]): Block[] {
  let merged = blocks;
  const axes = blocks[0]?.numbers.length ?? 0;
  for (let axis = axes - 1; axis >= 0; axis--) {
    const groups = new Map<string, Block[]>();
    for (const block of merged) {
      const key = JSON.stringify(block.numbers.with(axis, []));
      groups.set(key, [...(groups.get(key) ?? []), block]);
    }
    merged = [...groups.values()].map((group) => {
      const first = group[0] as Block;
      const values = sortNumbers(group.flatMap((block) => block.numbers[axis] ?? []));
      return { texts: first.texts, numbers: first.numbers.with(axis, values) };
    });
  }
  return merged;
}

function formatBlock({ texts, numbers }: Block): string {
  return texts.map((text, index) => text + (index < numbers.length ? formatNumbers(numbers[index] ?? []) : '')).join('');
}

function formatNumbers(values: readonly string[]): string {
  if (values.length === 1) return values[0] ?? '';
  const runs: { first: string; last: string }[] = [];
  for (const value of values) {
    const run = runs.at(-1);
    if (run !== undefined && follows(run.last, value)) run.last = value;
    else runs.push({ first: value, last: value });
  }
  return `[${runs.map(({ first, last }) => (first === last ? first : `${first}-${last}`)).join(',')}]`;
}

function isPadded(number: string): boolean {
  return number.length > 1 && number.startsWith('0');
}

function follows(before: string, after: string): boolean {
  const sameForm = before.length === after.length || (!isPadded(before) && !isPadded(after));
  return sameForm && BigInt(after) === BigInt(before) + 1n;
}

/** Unpadded numbers first, then each padded width; within it by value. */
function sortNumbers(values: readonly string[]): string[] {
  const widths = new Set(values.filter(isPadded).map((value) => value.length));
  const width = (value: string): number => (widths.has(value.length) ? value.length : 0);
  return [...values].sort((a, b) => width(a) - width(b) || (BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0));
}

/**
 * The names of one folded word, for example `web[01-03,07]`.
 * @returns undefined when it is no such word, or stands for more than a million names
 */
export function unfold(word: string): string[] | undefined {
  const open = word.indexOf('[');
  if (open === -1) return [word];
  const close = word.indexOf(']', open);
  const list = word.slice(open + 1, close);
  if (close === -1 || !/^\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*$/.test(list)) return undefined;
  const tails = unfold(word.slice(close + 1));
  if (tails === undefined) return undefined;
  const numbers: string[] = [];
  for (const part of list.split(',')) {
    const [first = '', last = first] = part.split('-');
    if (Number(last) - Number(first) > 1_000_000 || Number(last) < Number(first)) return undefined;
    for (let value = Number(first); value <= Number(last); value++) numbers.push(String(value).padStart(isPadded(first) ? first.length : 0, '0'));
  }
  if (numbers.length * tails.length > 1_000_000) return undefined;
  return numbers.flatMap((number) => tails.map((tail) => `${word.slice(0, open)}${number}${tail}`));
}
