import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogRecord } from '../../src/base/record.js';
import { Merger, type MergerOptions, type Order } from '../../src/merge/merger.js';
import { batchOf, objects } from '../base/rows.js';
import { FleetModel, hostOf, IDLE_NS, inOrder, JOIN_NS, record, SEC } from './fleet-model.js';

type Act =
  | { readonly kind: 'say'; readonly host: number; readonly times: readonly number[] }
  | { readonly kind: 'heartbeat'; readonly host: number; readonly tNs: number }
  | { readonly kind: 'tick'; readonly ns: number }
  | { readonly kind: 'gap' | 'rejoin' | 'finish'; readonly host: number }
  | { readonly kind: 'add' };

/** Few times, so that many are equal. */
const time = fc.integer({ min: 0, max: 12 });
const someHost = fc.nat(3);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('say' as const), host: someHost, times: fc.array(time, { maxLength: 4 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('heartbeat' as const), host: someHost, tNs: time }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('tick' as const), ns: fc.constantFrom(0, 0.05 * SEC, 0.9 * SEC, SEC) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('gap' as const, 'rejoin' as const, 'finish' as const), host: someHost }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'add' as const }) },
);

/** Does what can be done: a host that is gone says nothing. */
function perform(fleet: FleetModel, one: Act): void {
  if (one.kind === 'add') return fleet.hosts.length < 4 ? fleet.add() : undefined;
  if (one.kind === 'tick') return void fleet.tick(one.ns);
  const host = fleet.hosts[one.host];
  if (host === undefined || host.state === 'finished' || (host.state === 'gap') !== (one.kind === 'rejoin')) return;
  if (one.kind === 'say') fleet.say(one.host, one.times);
  else if (one.kind === 'heartbeat') fleet.heartbeat(one.host, one.tNs);
  else fleet[one.kind](one.host);
}

describe('whatever hosts do', () => {
  test.each<Order>(['live', 'strict', 'none'])('%s: sorted but for late ones, in the host’s order, each once; nothing is held without a reason', (order) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(act, { maxLength: 80, size: 'max' }), (hosts, acts) => {
        const fleet = new FleetModel(order, hosts);
        for (const one of acts) {
          perform(fleet, one);
          if (order === 'strict') expect(fleet.pushed.some((pushed) => pushed.late)).toBe(false);
        }
        fleet.drain();
        fleet.checkOutput();
        expect(fleet.held()).toEqual([]);
      }),
      { numRuns: 250 },
    );
  });
});

/** One host's life: what it prints, cut into what arrives together. */
const word = fc.record({ tNs: time, isHeartbeat: fc.boolean() });
type Word = { readonly tNs: number; readonly isHeartbeat: boolean };
const lives = fc.array(fc.array(word, { maxLength: 12 }), { minLength: 1, maxLength: 4 });

/** @param steps which host's next `size` words arrive, and whether something may go out afterwards */
function play(order: Order, said: readonly (readonly Word[])[], steps: readonly (readonly [host: number, size: number, release: boolean])[], finishes: boolean): LogRecord[] {
  const fleet = new FleetModel(order, said.length);
  const places = said.map(() => 0);
  const arrive = (host: number, size: number) => {
    const words = said[host]?.slice(places[host], (places[host] ?? 0) + size) ?? [];
    places[host] = (places[host] ?? 0) + words.length;
    let times: number[] = [];
    for (const { tNs, isHeartbeat } of words) {
      if (!isHeartbeat) times.push(tNs);
      else {
        fleet.say(host, times);
        times = [];
        fleet.heartbeat(host, tNs);
      }
    }
    if (words.length > 0) fleet.say(host, times);
    if (finishes && words.length > 0 && places[host] === said[host]?.length) fleet.finish(host);
  };
  for (const [host, size, release] of steps) {
    arrive(host % said.length, size);
    if (release) fleet.tick(0);
  }
  said.forEach((words, host) => void arrive(host, words.length));
  fleet.drain();
  fleet.checkOutput();
  return fleet.out;
}

describe('any chunking, any interleaving of hosts', () => {
  test.each<Order>(['live', 'strict'])('%s: gives the same log, and it is what sort makes of all', (order) => {
    const steps = fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 5 }), fc.boolean()), { maxLength: 40 });
    fc.assert(
      fc.property(lives, steps, steps, fc.boolean(), (said, first, second, finishes) => {
        const log = play(order, said, first, finishes);
        expect(play(order, said, second, finishes)).toEqual(log);
        const raised = said.flatMap((words, host) => {
          let tNs = Number.NEGATIVE_INFINITY;
          let sequence = 0;
          return words.flatMap((one) => {
            tNs = Math.max(tNs, one.tNs);
            return one.isHeartbeat ? [] : [record(host, 1, ++sequence, tNs)];
          });
        });
        expect(log).toEqual(raised.sort(inOrder));
      }),
      { numRuns: 200 },
    );
  });

  test('clocks that are all off by the same amount move the log, and change nothing else', () => {
    fc.assert(
      fc.property(lives, fc.integer({ min: -1e15, max: 1e15 }), (said, byNs) => {
        const moved = said.map((words) => words.map((one) => ({ ...one, tNs: one.tNs + byNs })));
        expect(play('strict', moved, [], true).map((one) => ({ ...one, tNs: one.tNs - byNs }))).toEqual(play('strict', said, [], true));
      }),
    );
  });

  test('another order of hosts changes the place of equal times only', () => {
    fc.assert(
      fc.property(lives, (said) => {
        const key = (host: (one: LogRecord) => number) => (one: LogRecord) => `${String(one.tNs).padStart(3, '0')} ${host(one)} ${one.sequence}`;
        const log = play('strict', said, [], true);
        const turned = play('strict', [...said].reverse(), [], true);
        expect(turned.map((one) => one.tNs)).toEqual(log.map((one) => one.tNs));
        expect(turned.map(key((one) => said.length - 1 - hostOf(one))).sort()).toEqual(log.map(key(hostOf)).sort());
      }),
    );
  });
});

describe('a host that says nothing', () => {
  const times = (records: readonly LogRecord[]) => records.map((one) => `${one.host}@${one.tNs}`);
  /** Two hosts that have spoken; the second is ahead. */
  const two = (order: Order = 'live') => {
    const fleet = new FleetModel(order, 2);
    fleet.say(0, [1]);
    fleet.say(1, [2, 3]);
    fleet.tick(0);
    return fleet;
  };
  const wait = (fleet: FleetModel, ns: number): LogRecord[] => {
    const gone: LogRecord[] = [];
    for (let leftNs = ns; leftNs > 0; leftNs -= SEC) {
      gone.push(...fleet.tick(Math.min(leftNs, SEC)));
      fleet.heartbeat(1, 3);
    }
    return gone;
  };

  test('idle-fires-at-exactly-T: holds the others so long and not a nanosecond longer', () => {
    const fleet = two();
    expect(wait(fleet, IDLE_NS - 1)).toEqual([]);
    expect(times(fleet.tick(1))).toEqual(['h1@2', 'h1@3']);
  });

  test('stall-shorter-than-idle-is-never-late', () => {
    const fleet = two();
    wait(fleet, IDLE_NS - 1);
    fleet.say(0, [2]);
    fleet.heartbeat(0, 3);
    expect(times(fleet.tick(1))).toEqual(['h0@2', 'h1@2']);
    expect(fleet.pushed.some((one) => one.late)).toBe(false);
  });

  test('holds them once: what it says afterwards is late until it has caught up', () => {
    const fleet = two();
    wait(fleet, IDLE_NS);
    fleet.say(0, [2, 3, 4]);
    expect(fleet.pushed.filter((one) => hostOf(one) === 0).map((one) => one.late)).toEqual([false, true, true, false]);
    fleet.say(1, [5]);
    expect(times(fleet.tick(0))).toEqual(['h0@2', 'h0@3', 'h0@4']);
    fleet.checkOutput();
  });

  test('strict: holds them as long as it is connected', () => {
    const fleet = two('strict');
    expect(wait(fleet, 1000 * SEC)).toEqual([]);
    fleet.gap(0);
    expect(times(fleet.tick(0))).toEqual(['h1@2', 'h1@3']);
  });

  test('and has never said anything holds them for the time to join', () => {
    const fleet = new FleetModel('live', 2);
    fleet.say(1, [2]);
    expect(wait(fleet, JOIN_NS - 1)).toEqual([]);
    expect(times(fleet.tick(1))).toEqual(['h1@2']);
  });

  test('all-idle-releases, also what lies ahead', () => {
    const fleet = two();
    expect(fleet.tick(IDLE_NS / 2)).toEqual([]);
    expect(times(fleet.tick(IDLE_NS / 2))).toEqual(['h1@2', 'h1@3']);
  });

  test('finished-is-not-infinity: the others still wait for each other, and nothing becomes late', () => {
    const fleet = new FleetModel('live', 3);
    for (const host of [0, 1, 2]) fleet.say(host, [1]);
    fleet.finish(0);
    fleet.say(1, [5]);
    expect(times(fleet.tick(0))).toEqual(['h0@1', 'h1@1', 'h2@1']);
    fleet.say(2, [4]);
    expect(times(fleet.tick(0))).toEqual(['h2@4']);
    expect(fleet.pushed.some((one) => one.late)).toBe(false);
  });

  test('idle-timer-runs-only-while-reading: after a pause of ours it gets until the next release, once', () => {
    const merger = new Merger({ idleNs: IDLE_NS, maxHoldNs: Number.POSITIVE_INFINITY });
    merger.addHost(0);
    merger.addHost(0);
    for (const host of [0, 1]) merger.push(host, batchOf(host, [record(host, 1, 1, 1)]), 0);
    merger.release(0);
    // This process stood still for a minute; h1's bytes were waiting all the time.
    expect(merger.release(60 * SEC).wentIdle).toEqual([]);
    merger.push(1, batchOf(1, [record(1, 1, 2, 2)]), 60 * SEC);
    expect(merger.release(60.05 * SEC).wentIdle).toEqual([0]);
    // A pause at each release does not save it for ever.
    expect(merger.release(120 * SEC).wentIdle).toEqual([]);
    expect(merger.release(180 * SEC).wentIdle).toEqual([1]);
  });
});

describe('equal times', () => {
  test('equal-timestamps-stable: by host, whichever came first', () => {
    const fleet = new FleetModel('live', 2);
    fleet.heartbeat(0, 5);
    fleet.say(1, [5, 5, 6]);
    expect(fleet.tick(0), 'h0 may still have something to say of 5').toEqual([]);
    fleet.say(0, [5]);
    fleet.heartbeat(0, 6);
    expect(fleet.tick(0).map((one) => `${one.host} ${one.sequence}`)).toEqual(['h0 1', 'h1 1', 'h1 2']);
  });

  test('sequence-restart-new-epoch: the old run first', () => {
    const fleet = new FleetModel('live', 1);
    fleet.say(0, [5, 5]);
    fleet.gap(0);
    fleet.rejoin(0);
    fleet.say(0, [5]);
    fleet.drain();
    expect(fleet.out.map((one) => [one.epoch, one.sequence])).toEqual([[1, 1], [1, 2], [2, 1]]);
    fleet.checkOutput();
  });

  test('a host that joins again at the very time of one further down is not late', () => {
    const fleet = new FleetModel('live', 2);
    fleet.say(0, [1]);
    fleet.gap(0);
    fleet.say(1, [5]);
    fleet.tick(0);
    fleet.rejoin(0);
    fleet.say(0, [5]);
    fleet.drain();
    expect(fleet.out.map((one) => [one.host, one.late])).toEqual([['h0', false], ['h1', false], ['h0', false]]);
    fleet.checkOutput();
  });
});

test('unless told otherwise: live, 5 s of silence, 60 s until the first word', () => {
  const merger = new Merger();
  const idleAt = (ns: number) => merger.release(ns * SEC).wentIdle;
  merger.addHost(0);
  merger.addHost(0);
  merger.advance(0, 54 * SEC, 54 * SEC);
  for (let past = 0; past <= 58; past += 1) expect(idleAt(past)).toEqual([]);
  expect([idleAt(59), idleAt(60)]).toEqual([[0], [1]]);
});

test('microseconds between a host’s CPUs are raised to the host’s order, and counted', () => {
  const fleet = new FleetModel('live', 1);
  fleet.say(0, [10, 8, 9, 11]);
  expect(fleet.drain().map((one) => one.tNs)).toEqual([10, 10, 10, 11]);
  expect(fleet.merger.counts(0)).toEqual({ taken: 4, emitted: 4, late: 0, clamped: 2, dropped: 0, markers: 0 });
});

test('a host that was never added is a mistake of ours', () => {
  expect(() => new Merger().push(0, batchOf(0, [record(0, 1, 1, 1)]), 0)).toThrow(RangeError);
  expect(() => new Merger().finish(-1)).toThrow(RangeError);
});

describe('a host that talks, but of long ago', () => {
  const behind = (options: Partial<MergerOptions> = {}) => {
    const merger = new Merger({ maxHoldNs: 10 * SEC, ...options });
    for (const host of [0, 1]) {
      merger.addHost(0);
      merger.advance(host, 1, 0);
    }
    const times = (nowNs: number) => objects(merger.release(nowNs).rows).map((one) => `${one.tNs / SEC}${one.late ? ' late' : ''}`);
    const say = (host: number, sequence: number, tNs: number, nowNs: number) => merger.push(host, batchOf(host, [record(host, 1, sequence, tNs)]), nowNs);
    return { merger, times, say };
  };

  test('holds the others for maxHoldNs; what it says then is late until it has caught up', () => {
    const { merger, times, say } = behind();
    for (let sec = 1; sec <= 10; sec += 1) {
      say(1, sec, sec * SEC, sec * SEC);
      merger.advance(0, 2, sec * SEC);
      expect(merger.release(sec * SEC)).toMatchObject({ wentHeld: [], wentIdle: [] });
    }
    expect(merger.release(10 * SEC + 3)).toMatchObject({ wentHeld: [0], rows: { length: 10 } });
    say(0, 1, 9 * SEC, 11 * SEC);
    say(0, 2, 10.5 * SEC, 11 * SEC);
    say(1, 11, 11 * SEC, 11 * SEC);
    // It counts again: the record of 11 s waits for it.
    expect(times(11 * SEC)).toEqual(['9 late', '10.5']);
  });

  test('strict order waits', () => {
    const { merger, times, say } = behind({ order: 'strict' });
    say(1, 1, 2, SEC);
    expect(times(1000 * SEC)).toEqual([]);
    expect(merger.slowest()).toBe(0);
  });
});

test('one release gives about as many rows as it may, and says that there are more', () => {
  fc.assert(
    fc.property(lives, fc.integer({ min: 1, max: 5 }), (said, releaseRows) => {
      const whole = new FleetModel('strict', said.length);
      const parts = new FleetModel('strict', said.length, { releaseRows });
      for (const fleet of [whole, parts]) {
        said.forEach((words, host) => void fleet.say(host, words.map((one) => one.tNs)));
        fleet.tick(0);
        fleet.drain();
        fleet.checkOutput();
      }
      expect(parts.out).toEqual(whole.out);
    }),
  );
  const merger = new Merger({ order: 'none', releaseRows: 2 });
  merger.addHost(0);
  merger.push(0, batchOf(0, [1, 2, 3].map((tNs) => record(0, 1, tNs, tNs))), 0);
  expect(merger.release(0)).toMatchObject({ hasMore: true, rows: { length: 2 } });
  expect(merger.release(0)).toMatchObject({ hasMore: false, rows: { length: 1 } });
});
