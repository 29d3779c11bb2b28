// What comes in: a span of time with more rows than may go at once, and how many rows are there up to a time. What goes out: a time up to which few enough go.
// Cost: one to three counts for rows that are spread evenly, as they mostly are; each looks into every host's queue.

/** Narrowings of the span until it holds few enough rows; every other one halves it. */
const MOST_STEPS = 96;
/** Or until so large a part of them would go; and what is aimed at. */
const [ENOUGH, WANTED] = [0.75, 0.9];

interface Span {
  /** The first row's time. */
  readonly fromNs: number;
  readonly toNs: number;
  /** More than `mostRows`. */
  readonly rows: number;
}

/**
 * @param countUntil rows that are not later than a time
 * @returns a time of the span up to which at most `mostRows` go; `fromNs` where more have that very time
 */
export function cutTime({ fromNs, toNs, rows }: Span, mostRows: number, countUntil: (ns: number) => number): number {
  let [lowNs, lowRows] = [fromNs, 0];
  let [highNs, highRows] = [toNs, rows];
  for (let step = 0; step < MOST_STEPS; step += 1) {
    // By turns where it would be if rows were spread evenly, and in the middle, which is never far off for long.
    const isHalf = step % 2 === 1;
    const share = isHalf ? 1 / 2 : Math.min(1, Math.max(0, (WANTED * mostRows - lowRows) / (highRows - lowRows)));
    const ns = lowNs + (highNs - lowNs) * share;
    if (ns <= lowNs || ns >= highNs) {
      if (isHalf) break;
      continue;
    }
    const found = countUntil(ns);
    if (found > mostRows) [highNs, highRows] = [ns, found];
    else [lowNs, lowRows] = [ns, found];
    if (found <= mostRows && found >= ENOUGH * mostRows) break;
  }
  return lowNs;
}
