// What comes in: question-and-answer times between controller and host. What goes out: the host's clock offset and how far it can be wrong.
// The rule: the host's answer was read between our question and its arrival, so the offset lies within half the round trip of the
// middle, however unequal the two ways are (Cristian 1989; RFC 5905 section 8). The sample with the least uncertainty now is used
// (RFC 5905 section 10, clock filter), where a sample gets more uncertain with age because clocks drift.
// Unit: nanoseconds since the origin (base/clock.ts).

/** Two servers' clocks drift against each other by 5–30 µs/s (Huygens, NSDI 2018); this leaves a margin. */
const DRIFT_BOUND = 50e-6;
/** A change of (real − monotonic) between two heartbeats that is a step of the clock, not slewing by NTP (at most 500 µs/s). */
export const STEP_NS = 5e6;
const SAMPLES_KEPT = 16;

interface Sample {
  readonly offsetNs: number;
  readonly errorNs: number;
  readonly sentNs: number;
  readonly receivedNs: number;
}

/** A jump that a round trip has shown before any heartbeat did. */
interface SeenStep {
  readonly stepNs: number;
  readonly errorNs: number;
  readonly receivedNs: number;
}

export interface ClockEstimate {
  /** Host clock minus controller clock. */
  readonly offsetNs: number;
  /** The true offset lies within offsetNs ± errorNs. */
  readonly errorNs: number;
}

export interface Correction {
  /** To be added to a host's time; 0 when the offset cannot be told from the error (a good NTP host keeps its own stamps). */
  readonly correctionNs: number;
  readonly errorNs: number;
}

export class ClockOffset {
  #samples: Sample[] = [];
  #seen: SeenStep | undefined;

  /**
   * Takes one round trip.
   * @param sentNs controller time when the question left
   * @param hostNs host time in the answer
   * @param receivedNs controller time when the answer came
   * @param resolutionNs how coarse the host's answer is, for example 1000 for microseconds
   */
  add(sentNs: number, hostNs: number, receivedNs: number, resolutionNs: number): void {
    const roundTripNs = receivedNs - sentNs;
    if (!(roundTripNs >= 0) || Number.isNaN(hostNs)) return;
    const sample = { offsetNs: hostNs - (sentNs + receivedNs) / 2, errorNs: roundTripNs / 2 + resolutionNs, sentNs, receivedNs };
    const previous = this.estimate(receivedNs);
    // Two intervals that exclude each other: the host's clock was set in between, the old ones are about another clock.
    if (previous !== undefined) {
      const stepNs = sample.offsetNs - previous.offsetNs;
      const errorNs = previous.errorNs + sample.errorNs;
      if (Math.abs(stepNs) > errorNs) {
        this.#samples = [];
        this.#seen = { stepNs, errorNs, receivedNs };
      }
    }
    this.#samples.push(sample);
    if (this.#samples.length > SAMPLES_KEPT) this.#samples.splice(this.#leastUseful(receivedNs), 1);
  }

  /**
   * The host's clock was stepped by this much, some time after `afterNs` (controller time): what we know of it moves along.
   * A sample that is younger may have been taken on either side of the step: it then covers both.
   */
  shift(stepNs: number, afterNs: number): void {
    const seen = this.#seen;
    this.#seen = undefined;
    if (seen !== undefined && seen.receivedNs > afterNs && Math.abs(seen.stepNs - stepNs) <= seen.errorNs) return;
    this.#samples = this.#samples.map((sample) =>
      sample.receivedNs <= afterNs
        ? { ...sample, offsetNs: sample.offsetNs + stepNs }
        : { ...sample, offsetNs: sample.offsetNs + stepNs / 2, errorNs: sample.errorNs + Math.abs(stepNs) / 2 },
    );
  }

  /** @returns undefined before the first sample */
  estimate(nowNs: number): ClockEstimate | undefined {
    let best: ClockEstimate | undefined;
    for (const sample of this.#samples) {
      const errorNs = agedError(sample, nowNs);
      if (best === undefined || errorNs < best.errorNs) best = { offsetNs: sample.offsetNs, errorNs };
    }
    return best;
  }

  /** What to add to a host's time now. Without a sample nothing is known: no correction, infinite error. */
  correction(nowNs: number): Correction {
    const estimate = this.estimate(nowNs);
    if (estimate === undefined) return { correctionNs: 0, errorNs: Number.POSITIVE_INFINITY };
    const offsetNs = Math.round(estimate.offsetNs);
    if (Math.abs(offsetNs) <= estimate.errorNs) return { correctionNs: 0, errorNs: Math.ceil(Math.abs(offsetNs) + estimate.errorNs) };
    return { correctionNs: -offsetNs, errorNs: Math.ceil(estimate.errorNs + 0.5) };
  }

  #leastUseful(nowNs: number): number {
    let worst = 0;
    this.#samples.forEach((sample, index) => {
      const other = this.#samples[worst];
      if (other !== undefined && agedError(sample, nowNs) > agedError(other, nowNs)) worst = index;
    });
    return worst;
  }
}

/** The host may have read its clock as early as the question left. */
function agedError(sample: Sample, nowNs: number): number {
  return sample.errorNs + DRIFT_BOUND * Math.max(0, nowNs - sample.sentNs);
}
