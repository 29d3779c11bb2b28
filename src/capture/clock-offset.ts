// What comes in: question-and-answer times between controller and host. What goes out: the host's clock offset and how far it can be wrong.
// The rule: the host's answer was read between our question and its arrival, so the offset then lies within half the round trip of the
// middle, however unequal the two ways are (Cristian 1989; RFC 5905 section 8). Of all samples together clock-corridor.ts makes the lines
// offset + drift × time that agree with every one of them; the estimate is the middle of what those lines allow, the error half of it.
// Guaranteed: while the host's clock drifts by at most DRIFT_LIMIT, the truth lies within the bound; once settled, what is added to a host's
// times moves by at most SLEW_LIMIT, so that they never go backwards, except where the clock was set or the first samples were bad.
// Unit: nanoseconds since the origin (base/clock.ts).
import { ClockCorridor, DRIFT_LIMIT, type OffsetSample } from './clock-corridor.js';

/** How fast a new estimate takes the old one's place: NTP's own limit for slewing (adjtimex(2), 500 ppm). */
const SLEW_LIMIT = 500e-6;
/** Until this many samples have come, from the start or from a step on, the newest estimate is taken as it is. */
const SETTLING_SAMPLES = 16;
/**
 * A better estimate that is further away than this is taken at once: to slew would take over 100 s, with a bound that wide. Not the 5 ms of a step: a
 * busy host's offset can be told from its error only when it is larger than that, and has been the same all the time.
 */
const AT_ONCE_NS = 50e6;
/** A new estimate is aimed at over this time, about the pause between two samples. */
const SLEW_NS = 5e9;
/** A change of (real − monotonic) between two heartbeats that is a step of the clock, not slewing by NTP (at most 500 µs/s). */
export const STEP_NS = 5e6;

/** A jump that a round trip has shown before any heartbeat did. */
interface SeenStep {
  readonly stepNs: number;
  readonly errorNs: number;
  readonly receivedNs: number;
}

/** The offset that is taken out of a host's times, from a time on: a straight line. */
interface SlewLine {
  readonly fromNs: number;
  readonly offsetNs: number;
  readonly slope: number;
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
  #corridor = new ClockCorridor([]);
  #seen: SeenStep | undefined;
  /** Samples since the start or the last step. */
  #taken = 0;
  /** The newest line, and the one before it for times before the newest begins. */
  #lines: SlewLine[] = [];

  /** Enough samples have come; more are wanted at once until then. */
  get isSettled(): boolean {
    return this.#taken >= SETTLING_SAMPLES;
  }

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
    const errorNs = (roundTripNs / 2) * (1 + DRIFT_LIMIT) + resolutionNs;
    const sample: OffsetSample = { offsetNs: hostNs - (sentNs + receivedNs) / 2, errorNs, atNs: (sentNs + receivedNs) / 2, receivedNs };
    const before = this.#corridor.range(sample.atNs);
    const both = this.#corridor.with(sample);
    // No line agrees with all: the host's clock was set in between, the old ones are about another clock.
    if (both === undefined) {
      const stepNs = sample.offsetNs - (before.lowNs + before.highNs) / 2;
      this.#seen = { stepNs, errorNs: (before.highNs - before.lowNs) / 2 + errorNs, receivedNs };
      this.#taken = 0;
    }
    this.#taken += 1;
    this.#corridor = both ?? new ClockCorridor([sample]);
    this.#aim(receivedNs);
  }

  /**
   * The host's clock was stepped by this much, some time after `afterNs` (controller time): what we know of it moves along.
   * A sample that is younger may have been taken on either side of the step: it then covers both.
   */
  shift(stepNs: number, afterNs: number): void {
    const seen = this.#seen;
    this.#seen = undefined;
    if (seen !== undefined && seen.receivedNs > afterNs && Math.abs(seen.stepNs - stepNs) <= seen.errorNs) return;
    const moved = this.#corridor.samples.map((sample) =>
      sample.receivedNs <= afterNs
        ? { ...sample, offsetNs: sample.offsetNs + stepNs }
        : { ...sample, offsetNs: sample.offsetNs + stepNs / 2, errorNs: sample.errorNs + Math.abs(stepNs) / 2 },
    );
    this.#corridor = new ClockCorridor(moved);
    this.#taken = 0;
    const newest = moved.at(-1);
    if (newest !== undefined) this.#aim(newest.receivedNs);
  }

  /** @returns undefined before the first sample */
  estimate(nowNs: number): ClockEstimate | undefined {
    if (this.#corridor.samples.length === 0) return undefined;
    const { lowNs, highNs } = this.#corridor.range(nowNs);
    return { offsetNs: (lowNs + highNs) / 2, errorNs: (highNs - lowNs) / 2 };
  }

  /**
   * What to add to a host's time. Without a sample nothing is known: no correction, infinite error.
   * A function of the samples taken so far and of `atNs` alone, whatever was asked before.
   * @param atNs controller time of the event
   */
  correction(atNs: number): Correction {
    const line = this.#lineAt(atNs);
    if (line === undefined) return { correctionNs: 0, errorNs: Number.POSITIVE_INFINITY };
    const offsetNs = Math.round(line.offsetNs + line.slope * (atNs - line.fromNs));
    const { lowNs, highNs } = this.#corridor.range(atNs);
    return { correctionNs: offsetNs === 0 ? 0 : -offsetNs, errorNs: Math.ceil(Math.max(highNs - offsetNs, offsetNs - lowNs, 0)) };
  }

  #lineAt(atNs: number): SlewLine | undefined {
    const [newest, before] = this.#lines;
    return newest !== undefined && before !== undefined && atNs < newest.fromNs ? before : newest;
  }

  /** A new line from what is taken out now towards the estimate; on the estimate itself while it settles, or where it is far away. */
  #aim(fromNs: number): void {
    const [current] = this.#lines;
    const wantedNs = this.#target(fromNs, fromNs);
    const takenNs = current === undefined ? wantedNs : current.offsetNs + current.slope * (fromNs - current.fromNs);
    const isAtOnce = !this.isSettled || Math.abs(wantedNs - takenNs) > AT_ONCE_NS;
    const startNs = isAtOnce ? wantedNs : takenNs;
    const slope = (this.#target(fromNs, fromNs + SLEW_NS) - startNs) / SLEW_NS;
    const line = { fromNs, offsetNs: startNs, slope: Math.max(-SLEW_LIMIT, Math.min(SLEW_LIMIT, slope)) };
    this.#lines = current === undefined || isAtOnce ? [line] : [line, current];
  }

  /** The estimate for `atNs`, or 0 where today's cannot be told from its error. */
  #target(nowNs: number, atNs: number): number {
    const now = this.estimate(nowNs);
    if (now === undefined || Math.abs(now.offsetNs) <= now.errorNs) return 0;
    return this.estimate(atNs)?.offsetNs ?? 0;
  }
}
