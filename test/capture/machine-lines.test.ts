import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newCounters } from '../../src/base/counters.js';
import type { LogRecord } from '../../src/base/record.js';
import { ClockOffset } from '../../src/capture/clock-offset.js';
import { MachineLines } from '../../src/capture/machine-lines.js';
import { ManualClock } from './fake-session.js';
import { ObjectLines } from './wire-line.js';

const SEC = 1e9;
const clock = new ManualClock();
/** `ns` after the origin, as the host's kernel says it. */
const at = (ns: number) => clock.digits(ns);
const mono = (ns: number) => String(86_400 * SEC + ns);
const udp = (ns: number) => `U ${at(ns)} 10.0.0.1 10.0.0.2 53 5353 20`;
const heartbeat = (ns: number, count: number, letter = 'H', monoNs = ns) => `${letter} ${at(ns)} ${mono(monoNs)} ${count}`;
const begin = (ns: number) => `B 1 ${at(ns)} ${mono(ns)}`;

function start(offset = exact()) {
  const counters = newCounters();
  const lines = new ObjectLines(new MachineLines({ host: 0, hostName: 'web01', epoch: 3 }, clock, offset, counters));
  return { lines, counters, offset };
}

/** A host whose clock is ahead by `offsetNs`, known to 1 ms. */
function exact(offsetNs = 0): ClockOffset {
  const offset = new ClockOffset();
  offset.add(-1e6, offsetNs, 1e6, 0);
  return offset;
}

const gaps = (records: readonly LogRecord[]) => records.filter((record) => record.type === 'gap');
const packets = (records: readonly LogRecord[]) => records.filter((record) => record.type === 'packet');

describe('packets', () => {
  test('carry host, epoch, a sequence from 1, raw time, correction and bound', () => {
    const { lines } = start(exact(4 * SEC));
    const { records } = lines.push([`T ${at(5 * SEC)} 2001:0db8:0000:0000:0000:0000:0000:0001 ::1 80 20373 011000 7 8 9 10`, udp(5 * SEC + 1)], 2 * SEC);
    expect(records).toEqual([
      expect.objectContaining({ type: 'packet', host: 'web01', epoch: 3, sequence: 1, rawNs: 5 * SEC, correctionNs: -4 * SEC, tNs: SEC, protocol: 'tcp', source: '2001:db8::1', destination: '::1', flags: '011000', seq: 7, ack: 8, window: 9, payloadBytes: 10, late: false }),
      expect.objectContaining({ sequence: 2, tNs: SEC + 1, protocol: 'udp', flags: '' }),
    ]);
    const errors = packets(records).map((record) => record.errorNs);
    expect(errors.every((errorNs) => errorNs >= 1e6 && errorNs < 1.5e6)).toBe(true);
  });

  test('sequence numbers go on from chunk to chunk', () => {
    const { lines } = start();
    expect([1, 2, 3].flatMap((ns) => packets(lines.push([udp(ns), udp(ns)], SEC).records)).map((record) => record.sequence)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe('marks', () => {
  test('the first line is the beginning', () => {
    const { lines } = start();
    expect(lines.push([udp(1)], SEC).beganNs).toBeUndefined();
    expect(lines.push([begin(0), udp(1)], SEC).beganNs).toBe(0);
    expect(lines.push([udp(2)], SEC).beganNs).toBeUndefined();
  });

  test('a heartbeat says how far the host has come, on our clock; packets say nothing of it', () => {
    const { lines } = start(exact(4 * SEC));
    expect(lines.push([udp(5 * SEC)], 2 * SEC).watermarkNs).toBeUndefined();
    expect(lines.push([heartbeat(5.5 * SEC, 1), heartbeat(5.7 * SEC, 1)], 2 * SEC).watermarkNs).toBe(1.7 * SEC);
  });
});

describe('lines that never came', () => {
  test('what a heartbeat announced must have come 2 s later: lines of other CPUs may be on their way for so long', () => {
    const { lines, counters } = start();
    expect(gaps(lines.push([begin(0), udp(1), heartbeat(2, 3)], SEC).records)).toEqual([]);
    expect(gaps(lines.push([heartbeat(1.9 * SEC, 3)], 2 * SEC).records)).toEqual([]);
    const { records } = lines.push([udp(2), heartbeat(2 * SEC + 2, 3)], 3 * SEC);
    expect(gaps(records)).toEqual([expect.objectContaining({ host: 'web01', epoch: 3, sequence: 2, tNs: 2 * SEC + 2, reason: 'kernel-drop', lines: 1 })]);
    expect(counters).toMatchObject({ lost: 1, announced: 3, records: 2 });
    expect(gaps(lines.push([heartbeat(5 * SEC, 3), heartbeat(6 * SEC, 3)], 7 * SEC).records), 'told once').toEqual([]);
  });

  test('lines that were printed after a heartbeat do not stand for those that it announced', () => {
    const { lines } = start();
    lines.push([begin(0), heartbeat(1, 7)], SEC);
    const said = Array.from({ length: 15 }, (_, beat) => lines.push([...Array.from({ length: 20 }, (_line, index) => udp(beat * 2e8 + 2 + index)), heartbeat((beat + 1) * 2e8, 7 + 20 * (beat + 1))], 4 * SEC).records);
    expect(said.flatMap(gaps)).toMatchObject([{ reason: 'kernel-drop', lines: 7, fromNs: 0, toNs: 1, tNs: 2.2 * SEC }]);
  });

  test('what comes later still is no loss in the end', () => {
    const { lines, counters } = start();
    expect(gaps(lines.push([begin(0), heartbeat(2, 3), heartbeat(3 * SEC, 3)], 4 * SEC).records)).toMatchObject([{ lines: 3 }]);
    const { records, notes } = lines.push([udp(1), udp(1), heartbeat(4 * SEC, 4, 'E')], 5 * SEC);
    expect(gaps(records)).toEqual([]);
    expect(notes).toEqual(['1 lines that were taken for lost have come late']);
    expect(counters).toMatchObject({ lost: 2, records: 2 });
  });

  test('at the end all must have come', () => {
    const { lines, counters } = start();
    expect(gaps(lines.push([heartbeat(1, 0), heartbeat(2, 5, 'E')], SEC).records)).toMatchObject([{ lines: 5 }]);
    expect(counters.lost).toBe(5);
  });

  test('one that came and could not be read is not lost as well', () => {
    const { lines, counters } = start();
    expect(gaps(lines.push(['U 12 nonsense', 'T also', heartbeat(1, 2), heartbeat(2, 2, 'E')], SEC).records)).toMatchObject([{ reason: 'unreadable', lines: 2, fromNs: null, toNs: 1 }]);
    expect(counters).toMatchObject({ malformed: 2, lost: 0 });
  });

  test('an unreadable heartbeat does not hide a lost packet', () => {
    const { lines, counters } = start();
    expect(gaps(lines.push(['H nonsense', heartbeat(1, 1), heartbeat(2, 1, 'E')], SEC).records)).toMatchObject([{ lines: 1 }]);
    expect(counters).toMatchObject({ malformed: 1, lost: 1 });
  });

  test('any lines dropped anywhere are found, no more and no fewer, and every line is counted once', () => {
    const line = fc.record({ isMark: fc.boolean(), comes: fc.boolean() });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), fc.array(fc.nat(60), { maxLength: 5 }), (plan, cuts) => {
        const { lines, counters } = start();
        let printed = 0;
        let lost = 0;
        const arrived = plan.flatMap(({ isMark, comes }, index) => {
          if (isMark) return [heartbeat(index, printed)];
          printed += 1;
          if (comes) return [udp(index)];
          lost += 1;
          return [];
        });
        arrived.push('a banner', 'U broken', heartbeat(100, printed + 1, 'E'));
        let from = 0;
        const records: LogRecord[] = [];
        for (const cut of [...cuts.sort((left, right) => left - right), arrived.length]) {
          records.push(...lines.push(arrived.slice(from, cut), SEC).records);
          from = Math.max(from, cut);
        }
        expect(gaps(records).filter((gap) => gap.reason === 'kernel-drop').reduce((sum, gap) => sum + (gap.lines ?? Number.NaN), 0)).toBe(lost);
        expect(counters.lost).toBe(lost);
        expect(counters.received).toBe(arrived.length);
        expect(counters.received).toBe(counters.records + counters.marks + counters.notes + counters.malformed);
        expect(packets(records)).toHaveLength(printed - lost);
      }),
    );
  });
});

describe('what a rate cap keeps back', () => {
  test('is said once a second and at the end, and is no loss', () => {
    const { lines, counters } = start();
    const suppressed = (ns: number, total: number) => heartbeat(ns, total, 'S');
    const said = [0.2, 0.4, 0.6, 1.3, 1.5].map((second, index) => gaps(lines.push([suppressed(second * SEC, 10 * index), heartbeat(second * SEC, 0)], 2 * SEC).records));
    expect(said.map((all) => all.map((gap) => gap.lines))).toEqual([[], [10], [], [], [30]]);
    const atEnd = lines.push([suppressed(1.6 * SEC, 47), heartbeat(1.6 * SEC, 0, 'E')], 2 * SEC);
    expect(gaps(atEnd.records)).toMatchObject([{ reason: 'rate-cap', lines: 7 }]);
    expect(counters).toMatchObject({ lost: 0, marks: 12, malformed: 0 });
  });
});

describe('what is no record', () => {
  test('is a note, or counted as malformed when it should have been one', () => {
    const { lines, counters } = start();
    expect(lines.push(['WARNING: something', '', 'Hello', 'T 1'], SEC).notes).toEqual(['WARNING: something', '', 'Hello']);
    expect(counters).toMatchObject({ received: 4, notes: 3, malformed: 1 });
  });
});

describe('a clock that is set', () => {
  test.each([3600 * SEC, -3600 * SEC])('by %d ns: the correction moves along, and a note says so', (stepNs) => {
    const { lines } = start();
    lines.push([begin(0.1 * SEC)], 0.2 * SEC);
    const { records, notes } = lines.push([heartbeat(0.5 * SEC + stepNs, 0, 'H', 0.5 * SEC), udp(0.6 * SEC + stepNs)], 0.8 * SEC);
    expect(notes).toEqual([`the clock was set by ${(stepNs / SEC).toFixed(3)} s`]);
    expect(packets(records)[0]?.tNs).toBe(0.6 * SEC);
  });

  test('by less than 5 ms is slewing', () => {
    const { lines } = start();
    lines.push([heartbeat(0, 0)], SEC);
    expect(lines.push([heartbeat(4.9e6, 0, 'H', 0)], SEC).notes).toEqual([]);
  });

  test('ahead, before a heartbeat tells: nothing is received before it happened, and the bound holds the truth', () => {
    const { lines } = start();
    lines.push([heartbeat(0.5 * SEC, 0)], 0.6 * SEC);
    const { records } = lines.push([udp(0.55 * SEC + 3600 * SEC)], 0.75 * SEC);
    const [packet] = packets(records);
    expect(packet).toMatchObject({ tNs: 0.75 * SEC, rawNs: 3600.55 * SEC });
    expect(0.75 * SEC - (packet?.errorNs ?? Number.NaN)).toBeLessThanOrEqual(0.55 * SEC);
    expect(packet?.errorNs).toBeLessThan(0.3 * SEC);
    expect((packet?.rawNs ?? 0) + (packet?.correctionNs ?? 0)).toBe(packet?.tNs);
  });

  test('a host that lies about its time cannot put records or its watermark into the future', () => {
    const day = 86_400 * SEC;
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: -day, max: day }), fc.integer({ min: 0, max: day }), fc.boolean())), fc.boolean(), (said, isMeasured) => {
        const { lines } = start(isMeasured ? exact() : new ClockOffset());
        said.forEach(([ns, monoNs, isMark], index) => {
          const nowNs = index * SEC;
          const { records, watermarkNs } = lines.push([isMark ? heartbeat(ns, 0, 'H', monoNs) : udp(ns)], nowNs);
          expect(watermarkNs ?? nowNs).toBeLessThanOrEqual(nowNs);
          for (const record of records) expect(record.tNs).toBeLessThanOrEqual(nowNs);
        });
      }),
    );
  });
});
