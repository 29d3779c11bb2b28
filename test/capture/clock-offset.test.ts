import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ClockOffset, STEP_NS } from '../../src/capture/clock-offset.js';

const SEC = 1e9;
/** What doubles of this size cannot hold. */
const ROUNDING_NS = 2;

/** One question: pause before it, its way there, its way back. The two ways have nothing to do with each other. */
const way = fc.oneof(fc.integer({ min: 10_000, max: 300_000 }), fc.integer({ min: 0, max: 200_000_000 }));
const exchanges = fc.array(fc.record({ pauseNs: fc.integer({ min: 0, max: 20 * SEC }), thereNs: way, backNs: way }), { minLength: 1, maxLength: 40 });
const trueOffset = fc.integer({ min: -3600 * SEC, max: 3600 * SEC });
const resolution = fc.constantFrom(1, 1000);

/** Host time as the host tells it: cut, not rounded. */
const read = (hostNs: number, resolutionNs: number) => Math.floor(hostNs / resolutionNs) * resolutionNs;

function expectWithin(offset: ClockOffset, nowNs: number, truthNs: number): void {
  const estimate = offset.estimate(nowNs);
  if (estimate === undefined) throw new Error('there is no estimate');
  expect(Math.abs(estimate.offsetNs - truthNs)).toBeLessThanOrEqual(estimate.errorNs + ROUNDING_NS);
  const { correctionNs, errorNs } = offset.correction(nowNs);
  expect(Math.abs(-correctionNs - truthNs)).toBeLessThanOrEqual(errorNs + ROUNDING_NS);
}

describe('the truth lies within the bound', () => {
  test('however unequal the ways, however the clocks drift (to 200 µs/s)', () => {
    fc.assert(
      fc.property(trueOffset, fc.integer({ min: -200, max: 200 }), resolution, exchanges, fc.integer({ min: 0, max: 600 * SEC }), (startNs, driftPpm, resolutionNs, asked, laterNs) => {
        const truth = (nowNs: number) => startNs + driftPpm * 1e-6 * nowNs;
        const offset = new ClockOffset();
        let nowNs = 0;
        for (const { pauseNs, thereNs, backNs } of asked) {
          const sentNs = nowNs + pauseNs;
          const readNs = sentNs + thereNs;
          nowNs = readNs + backNs;
          offset.add(sentNs, read(readNs + truth(readNs), resolutionNs), nowNs, resolutionNs);
          expectWithin(offset, nowNs, truth(nowNs));
        }
        expectWithin(offset, nowNs + laterNs, truth(nowNs + laterNs));
      }),
      { numRuns: 500 },
    );
  });

  test('also when the clock is set and a heartbeat tells of it later, with round trips before, between and after', () => {
    const step = fc.oneof(fc.integer({ min: STEP_NS, max: 60 * STEP_NS }), fc.integer({ min: STEP_NS, max: 3600 * SEC })).chain((size) => fc.constantFrom(size, -size));
    fc.assert(
      fc.property(trueOffset, step, exchanges, exchanges, exchanges, fc.boolean(), (startNs, stepNs, before, between, after, nothingBetween) => {
        const offset = new ClockOffset();
        let nowNs = 0;
        let truthNs = startNs;
        const ask = ({ pauseNs, thereNs, backNs }: (typeof before)[number]) => {
          const sentNs = nowNs + pauseNs;
          nowNs = sentNs + thereNs + backNs;
          offset.add(sentNs, sentNs + thereNs + truthNs, nowNs, 1);
        };
        before.forEach(ask);
        const heartbeatNs = nowNs;
        truthNs += stepNs;
        if (!nothingBetween) between.forEach(ask);
        offset.shift(stepNs, heartbeatNs);
        expectWithin(offset, nowNs, truthNs);
        after.forEach((exchange) => {
          ask(exchange);
          expectWithin(offset, nowNs, truthNs);
        });
      }),
      { numRuns: 1000 },
    );
  });
});

describe('which sample counts', () => {
  const errorOf = (offset: ClockOffset, atNs: number) => offset.estimate(atNs)?.errorNs ?? Number.NaN;

  test('the quickest round trip, until it has aged', () => {
    const offset = new ClockOffset();
    offset.add(0, 1000 * 1e6, 1e6, 1);
    offset.add(SEC, SEC + 1000 * 1e6, SEC + 100e6, 1);
    expect(errorOf(offset, SEC + 100e6)).toBeLessThan(0.8e6);
    // Half of 1 ms grows by the drift limit and the wander, 215 µs/s: after 1000 s it is wider than half of 100 ms of a new one.
    offset.add(1000 * SEC, 1000 * SEC + 1000e6, 1000 * SEC + 100e6, 1);
    expect(errorOf(offset, 1000 * SEC + 100e6)).toBeGreaterThan(49e6);
  });

  test('all of them together say how the clock drifts, and the bound grows the less for it', () => {
    const offset = new ClockOffset();
    const drift = 120e-6;
    for (let sec = 0; sec <= 120; sec += 5) offset.add(sec * SEC, sec * SEC + 1e6 + 7e9 + drift * (sec * SEC + 1e6), sec * SEC + 2e6, 1000);
    const later = 180 * SEC;
    expect(Math.abs((offset.estimate(later)?.offsetNs ?? 0) - (7e9 + drift * later))).toBeLessThan(errorOf(offset, later));
    expect(errorOf(offset, later) - errorOf(offset, 120 * SEC)).toBeLessThan((60 * SEC * 200e-6) / 4);
  });

  test('a quick sample survives any number of slow ones that come soon after', () => {
    const offset = new ClockOffset();
    offset.add(0, 5e6, 1e6, 1);
    for (let index = 1; index < 200; index += 1) offset.add(index * 1e6, index * 1e6 + 5e6, index * 1e6 + 300e6, 1);
    expect(offset.estimate(500e6)?.errorNs).toBeLessThan(1e6);
  });

  test('one that contradicts the others takes their place: the clock was set', () => {
    const offset = new ClockOffset();
    offset.add(0, 0, 1e6, 1);
    offset.add(SEC, 61 * SEC, SEC + 1e6, 1);
    expect(Math.abs((offset.estimate(SEC + 1e6)?.offsetNs ?? 0) - (60 * SEC - 0.5e6))).toBeLessThan(1);
  });

  test('answers from before the question, or that are no time, are no samples', () => {
    const offset = new ClockOffset();
    offset.add(10, 10, 5, 1);
    offset.add(0, Number.NaN, 5, 1);
    offset.add(Number.NaN, 0, 5, 1);
    expect(offset.estimate(10)).toBeUndefined();
  });
});

describe('what is added to a host’s time', () => {
  test('nothing, and the bound is endless, while nothing is known', () => expect(new ClockOffset().correction(0)).toEqual({ correctionNs: 0, errorNs: Number.POSITIVE_INFINITY }));

  test('nothing when the offset cannot be told from the error', () => {
    const offset = new ClockOffset();
    offset.add(0, 0.5e6 + 400_000, 1e6, 0);
    const { correctionNs, errorNs } = offset.correction(0);
    expect(correctionNs).toBe(0);
    // The offset and its bound, and what half a round trip may drift.
    expect(errorNs).toBeGreaterThanOrEqual(900_000);
    expect(errorNs).toBeLessThan(900_000 + 1e6 * 250e-6);
  });

  test('the offset, when it is seen', () => {
    const offset = new ClockOffset();
    offset.add(0, 0.5e6 + 600_000, 1e6, 0);
    const { correctionNs, errorNs } = offset.correction(0.5e6);
    expect(correctionNs).toBe(-600_000);
    expect(errorNs).toBeGreaterThanOrEqual(500_000);
    expect(errorNs).toBeLessThan(500_000 + 1e6 * 250e-6);
  });

  test('never makes a host’s times go backwards once it has settled, whatever the samples say (no step)', () => {
    // Samples that may be wrong, and pauses in which the clock may drift away, by less than 50 ms together: that would be taken at once.
    const quickWay = fc.integer({ min: 10_000, max: 20_000_000 });
    const quick = fc.array(fc.record({ pauseNs: fc.integer({ min: 0, max: 10 * SEC }), thereNs: quickWay, backNs: quickWay }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.integer({ min: -SEC, max: SEC }), fc.integer({ min: -200, max: 200 }), quick, (startNs, driftPpm, asked) => {
        const offset = new ClockOffset();
        let nowNs = 0;
        for (let ms = 0; !offset.isSettled; ms += 1) offset.add(ms * 1e6 - 1e9, ms * 1e6 - 1e9 + 3e5 + startNs + driftPpm * 1e-6 * (ms * 1e6 - 1e9), ms * 1e6 - 1e9 + 6e5, 1);
        let rawBefore = Number.NEGATIVE_INFINITY;
        let before = Number.NEGATIVE_INFINITY;
        const truth = (atNs: number) => startNs + driftPpm * 1e-6 * atNs;
        for (const { pauseNs, thereNs, backNs } of asked) {
          // Lines arrive up to 200 ms after their event: on both sides of a new sample.
          for (const agoNs of [200e6, 100e6, 0]) {
            const atNs = nowNs - agoNs;
            const rawNs = atNs + truth(atNs);
            if (rawNs < rawBefore || offset.estimate(atNs) === undefined) continue;
            const correctedNs = rawNs + offset.correction(atNs).correctionNs;
            expect(correctedNs).toBeGreaterThanOrEqual(before - ROUNDING_NS);
            [rawBefore, before] = [rawNs, correctedNs];
          }
          const sentNs = nowNs + pauseNs;
          nowNs = sentNs + thereNs + backNs;
          offset.add(sentNs, sentNs + thereNs + truth(sentNs + thereNs), nowNs, 1);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('an offset that can be told from its error only now is approached, not jumped to: the clock has been the same all the time', () => {
    const aheadNs = 6.5e6;
    const offset = new ClockOffset();
    const ask = (atNs: number, wayNs: number) => offset.add(atNs, atNs + wayNs + aheadNs, atNs + 2 * wayNs, 1);
    for (let index = 0; index < 16; index += 1) ask(index * SEC, 9e6);
    expect(offset.correction(15.5 * SEC).correctionNs).toBe(0);
    ask(16 * SEC, 4e6);
    // 500 µs a second, NTP's own limit.
    expect(offset.correction(16.1 * SEC).correctionNs).toBeGreaterThan(-60_000);
    for (let index = 17; index < 40; index += 1) {
      const before = offset.correction(index * SEC - SEC / 2).correctionNs;
      ask(index * SEC, 4e6);
      expect(before - offset.correction(index * SEC + SEC / 2).correctionNs).toBeLessThanOrEqual(500_000 + 1);
    }
    expect(offset.correction(40 * SEC).correctionNs).toBeLessThan(-6e6);
  });

  test('is the best estimate at once when the first samples were slow', () => {
    const offset = new ClockOffset();
    offset.add(0, 600e6 + 7e9, 1200e6, 1);
    for (let index = 1; index < 16; index += 1) offset.add((1 + index) * SEC, (1 + index) * SEC + 5e5 + 7e9, (1 + index) * SEC + 1e6, 1);
    expect(offset.correction(18 * SEC).errorNs).toBeLessThan(2e6);
    // And later on, when it is far away.
    const late = new ClockOffset();
    for (let index = 0; index < 16; index += 1) late.add(index * SEC, index * SEC + 300e6 + 7e9, index * SEC + 400e6, 1);
    late.add(20 * SEC, 20 * SEC + 5e5 + 7e9, 20 * SEC + 1e6, 1);
    expect(late.correction(20 * SEC).errorNs).toBeLessThan(1e6);
  });

  test('does not depend on what was asked before', () => {
    const made = () => {
      const offset = new ClockOffset();
      offset.add(0, 2e9, 1e6, 1000);
      offset.add(5 * SEC, 5 * SEC + 2e9 + 4e5, 5 * SEC + 3e5, 1000);
      return offset;
    };
    const [asked, fresh] = [made(), made()];
    for (let ms = 0; ms < 5_000; ms += 7) asked.correction(5 * SEC + ms * 1e6);
    expect(asked.correction(10 * SEC)).toEqual(fresh.correction(10 * SEC));
  });
});

describe('a step', () => {
  const known = () => {
    const offset = new ClockOffset();
    offset.add(0, 0, 2e6, 0);
    return offset;
  };

  test('moves what was known before it, exactly', () => {
    const offset = known();
    offset.shift(SEC, 1 * SEC);
    expect(offset.correction(1e6).correctionNs).toBe(-(SEC - 1e6));
  });

  test('that a round trip has shown already is not counted twice', () => {
    const offset = known();
    offset.add(SEC, 11 * SEC, SEC + 2e6, 0);
    offset.shift(10 * SEC, 0.5 * SEC);
    expect(offset.correction(SEC + 2e6).correctionNs).toBe(-(10 * SEC - 1e6));
  });

  test('after one that a round trip has shown counts again', () => {
    const offset = known();
    offset.add(SEC, 11 * SEC, SEC + 2e6, 0);
    offset.shift(10 * SEC, 0.5 * SEC);
    offset.shift(10 * SEC, 2 * SEC);
    expect(offset.correction(SEC + 2e6).correctionNs).toBe(-(20 * SEC - 1e6));
  });
});
