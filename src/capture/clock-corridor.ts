// What comes in: clock samples, each an interval in which the offset lay at its time. What goes out: the range of offsets at any time that
// agrees with all of them. Pure.
// The rule: over minutes a clock's offset is a line, offset + drift × time (Trace Compass and Huygens fit the same). The pairs (offset, drift)
// that pass through every sample's interval are a convex polygon; its corners give the least and the greatest offset at any time.
// A clock's rate itself wanders: an interval grows by WANDER for each second of its age.

/** Host clocks are believed to be wrong by at most this rate (reference merge M7): seconds per second. */
export const DRIFT_LIMIT = 200e-6;
/** How much the rate itself may change: NTP's CLOCK_PHI. */
const WANDER = 15e-6;
/** More samples add nothing that these do not say. */
const SAMPLES_KEPT = 32;
/** The newest ones are kept whatever they say: the next may be about another clock. */
const NEWEST_KEPT = 8;

export interface OffsetSample {
  /** Host clock minus controller clock lay within offsetNs ± errorNs at atNs. */
  readonly offsetNs: number;
  readonly errorNs: number;
  readonly atNs: number;
  readonly receivedNs: number;
}

/** Offset against the newest sample's, and drift in ns per ns. */
interface Corner {
  readonly offsetNs: number;
  readonly drift: number;
}

export class ClockCorridor {
  /** In order of time. */
  readonly samples: readonly OffsetSample[];
  /** Offset and drift of each corner, one after the other: they are asked for with every chunk of every host. */
  readonly #corners: Float64Array;

  constructor(samples: readonly OffsetSample[]) {
    this.samples = samples;
    this.#corners = Float64Array.from(cornersOf(samples).flatMap(({ offsetNs, drift }) => [offsetNs, drift]));
  }

  /** @returns undefined when no line agrees with this sample and the others */
  with(sample: OffsetSample): ClockCorridor | undefined {
    const corridor = new ClockCorridor(thinned([...this.samples, sample]));
    return corridor.#corners.length === 0 ? undefined : corridor;
  }

  /** The least and the greatest offset at a time; endless before the first sample. */
  range(atNs: number): { readonly lowNs: number; readonly highNs: number } {
    const newest = this.samples.at(-1);
    if (newest === undefined) return { lowNs: Number.NEGATIVE_INFINITY, highNs: Number.POSITIVE_INFINITY };
    const aheadNs = atNs - newest.atNs;
    let lowNs = Number.POSITIVE_INFINITY;
    let highNs = Number.NEGATIVE_INFINITY;
    const corners = this.#corners;
    for (let at = 0; at < corners.length; at += 2) {
      const offsetNs = (corners[at] as number) + (corners[at + 1] as number) * aheadNs;
      if (offsetNs < lowNs) lowNs = offsetNs;
      if (offsetNs > highNs) highNs = offsetNs;
    }
    const wanderNs = WANDER * Math.abs(aheadNs);
    return { lowNs: newest.offsetNs + lowNs - wanderNs, highNs: newest.offsetNs + highNs + wanderNs };
  }
}

/** The polygon of all (offset, drift) that agree with every sample; empty when there is none. Offsets count from the newest sample's. */
function cornersOf(samples: readonly OffsetSample[]): Corner[] {
  const newest = samples.at(-1);
  if (newest === undefined) return [];
  const { errorNs } = newest;
  let corners: Corner[] = [
    { offsetNs: -errorNs, drift: -DRIFT_LIMIT },
    { offsetNs: errorNs, drift: -DRIFT_LIMIT },
    { offsetNs: errorNs, drift: DRIFT_LIMIT },
    { offsetNs: -errorNs, drift: DRIFT_LIMIT },
  ];
  for (const sample of samples) {
    if (sample === newest) continue;
    const ageNs = newest.atNs - sample.atNs;
    const middleNs = sample.offsetNs - newest.offsetNs;
    const reachNs = sample.errorNs + WANDER * Math.abs(ageNs);
    corners = cut(corners, (corner) => middleNs + reachNs - (corner.offsetNs - corner.drift * ageNs));
    corners = cut(corners, (corner) => corner.offsetNs - corner.drift * ageNs - (middleNs - reachNs));
  }
  return corners;
}

/** The part of a convex polygon where a linear function is not negative (Sutherland and Hodgman 1974). */
function cut(corners: readonly Corner[], inside: (corner: Corner) => number): Corner[] {
  const kept: Corner[] = [];
  corners.forEach((corner, index) => {
    const next = corners[(index + 1) % corners.length] ?? corner;
    const here = inside(corner);
    const there = inside(next);
    if (here >= 0) kept.push(corner);
    if (here < 0 !== there < 0) {
      const part = here / (here - there);
      kept.push({ offsetNs: corner.offsetNs + part * (next.offsetNs - corner.offsetNs), drift: corner.drift + part * (next.drift - corner.drift) });
    }
  });
  return kept;
}

/** Drops, when there are too many, the less exact of the two neighbours that are closest for their age. */
function thinned(samples: readonly OffsetSample[]): readonly OffsetSample[] {
  if (samples.length <= SAMPLES_KEPT) return samples;
  const newestNs = samples.at(-1)?.atNs ?? 0;
  let drop = 0;
  let closest = Number.POSITIVE_INFINITY;
  for (let index = 0; index + 1 < samples.length - NEWEST_KEPT; index += 1) {
    const [left, right] = [samples[index], samples[index + 1]];
    if (left === undefined || right === undefined) break;
    const closeness = (right.atNs - left.atNs) / (newestNs - left.atNs + 1);
    if (closeness >= closest) continue;
    closest = closeness;
    drop = left.errorNs > right.errorNs ? index : index + 1;
  }
  return samples.toSpliced(drop, 1);
}
