// What comes in: two texts as lines. What goes out: a unified diff as Python's difflib.unified_diff gives it (Ratcliff and Obershelp, with its
// rule for popular lines), which is what Ansible shows. Pure.

type Match = readonly [a: number, b: number, size: number];
type Opcode = readonly [tag: 'equal' | 'replace' | 'delete' | 'insert', a0: number, a1: number, b0: number, b1: number];

/** From this many lines on, lines that make up more than one in a hundred are not looked for. */
const POPULAR_FROM = 200;

/** Lines with their ends, as str.splitlines(keepends=True) cuts at newlines. */
export function linesWithEnds(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** @param context lines around a change */
export function unifiedDiff(before: readonly string[], after: readonly string[], beforeName: string, afterName: string, context: number): string[] {
  const out: string[] = [];
  for (const group of groups(opcodes(before, after), context)) {
    if (out.length === 0) out.push(`--- ${beforeName}\n`, `+++ ${afterName}\n`);
    const [first, last] = [group[0], group.at(-1)];
    if (first === undefined || last === undefined) continue;
    out.push(`@@ -${range(first[1], last[2])} +${range(first[3], last[4])} @@\n`);
    for (const [tag, a0, a1, b0, b1] of group) {
      if (tag === 'equal') out.push(...before.slice(a0, a1).map((line) => ` ${line}`));
      else out.push(...before.slice(a0, a1).map((line) => `-${line}`), ...after.slice(b0, b1).map((line) => `+${line}`));
    }
  }
  return out;
}

function range(start: number, stop: number): string {
  const length = stop - start;
  if (length === 1) return String(start + 1);
  return `${length === 0 ? start : start + 1},${length}`;
}

function opcodes(a: readonly string[], b: readonly string[]): Opcode[] {
  const found: Opcode[] = [];
  let [i, j] = [0, 0];
  for (const [ai, bj, size] of matches(a, b)) {
    const tag = i < ai && j < bj ? 'replace' : i < ai ? 'delete' : j < bj ? 'insert' : undefined;
    if (tag !== undefined) found.push([tag, i, ai, j, bj]);
    [i, j] = [ai + size, bj + size];
    if (size > 0) found.push(['equal', ai, i, bj, j]);
  }
  return found;
}

function matches(a: readonly string[], b: readonly string[]): Match[] {
  const places = new Map<string, number[]>();
  for (const [index, line] of b.entries()) places.set(line, [...(places.get(line) ?? []), index]);
  if (b.length >= POPULAR_FROM) for (const [line, indices] of places) if (indices.length > Math.floor(b.length / 100) + 1) places.delete(line);
  const found: Match[] = [];
  const open: [number, number, number, number][] = [[0, a.length, 0, b.length]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [alo, ahi, blo, bhi] = next;
    const [i, j, size] = longest(a, b, places, alo, ahi, blo, bhi);
    if (size === 0) continue;
    found.push([i, j, size]);
    if (alo < i && blo < j) open.push([alo, i, blo, j]);
    if (i + size < ahi && j + size < bhi) open.push([i + size, ahi, j + size, bhi]);
  }
  found.sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  const joined: Match[] = [];
  for (const [i, j, size] of found) {
    const last = joined.at(-1);
    if (last !== undefined && last[0] + last[2] === i && last[1] + last[2] === j) joined[joined.length - 1] = [last[0], last[1], last[2] + size];
    else joined.push([i, j, size]);
  }
  return [...joined, [a.length, b.length, 0]];
}

/** The longest run of equal lines; of several the first in `a`, then in `b`. */
function longest(a: readonly string[], b: readonly string[], places: ReadonlyMap<string, readonly number[]>, alo: number, ahi: number, blo: number, bhi: number): Match {
  let [besti, bestj, best] = [alo, blo, 0];
  let lengths = new Map<number, number>();
  for (let i = alo; i < ahi; i += 1) {
    const next = new Map<number, number>();
    for (const j of places.get(a[i] as string) ?? []) {
      if (j < blo) continue;
      if (j >= bhi) break;
      const size = (lengths.get(j - 1) ?? 0) + 1;
      next.set(j, size);
      if (size > best) [besti, bestj, best] = [i - size + 1, j - size + 1, size];
    }
    lengths = next;
  }
  // Popular lines beside the match belong to it.
  while (besti > alo && bestj > blo && a[besti - 1] === b[bestj - 1]) [besti, bestj, best] = [besti - 1, bestj - 1, best + 1];
  while (besti + best < ahi && bestj + best < bhi && a[besti + best] === b[bestj + best]) best += 1;
  return [besti, bestj, best];
}

/** Changes that are near each other, with their context. */
function groups(codes: readonly Opcode[], context: number): Opcode[][] {
  const list = [...codes];
  const first = list[0];
  if (first?.[0] === 'equal') list[0] = ['equal', Math.max(first[1], first[2] - context), first[2], Math.max(first[3], first[4] - context), first[4]];
  const last = list.at(-1);
  if (last?.[0] === 'equal') list[list.length - 1] = ['equal', last[1], Math.min(last[2], last[1] + context), last[3], Math.min(last[4], last[3] + context)];
  const found: Opcode[][] = [];
  let group: Opcode[] = [];
  for (const [tag, a0, a1, b0, b1] of list) {
    if (tag === 'equal' && a1 - a0 > 2 * context) {
      group.push([tag, a0, Math.min(a1, a0 + context), b0, Math.min(b1, b0 + context)]);
      found.push(group);
      group = [[tag, Math.max(a0, a1 - context), a1, Math.max(b0, b1 - context), b1]];
    } else group.push([tag, a0, a1, b0, b1]);
  }
  if (group.length > 0 && !(group.length === 1 && group[0]?.[0] === 'equal')) found.push(group);
  return found.filter((one) => !(one.length === 1 && one[0]?.[0] === 'equal'));
}
