import { expect, test } from 'vitest';
import { newCounters } from '../../src/base/counters.js';
import { ClockOffset } from '../../src/capture/clock-offset.js';
import { FleetLog } from '../../src/commands/fleet-log.js';
import { batchOf } from '../base/rows.js';
import { record } from '../merge/fleet-model.js';

function start() {
  const said: string[] = [];
  const clock = { originSec: 1_795_428_000, ns: 0, nowNs: () => clock.ns };
  const log = new FleetLog({ order: 'live', sync: 'ssh' }, clock, [], (line) => void said.push(line));
  const host = { counters: newCounters(), offset: new ClockOffset() };
  log.attach(log.addHost('h0'), host);
  const say = (sequence: number, counted: boolean) => {
    log.progress(0, { runs: [batchOf(0, [record(0, 1, sequence, sequence)])], watermarkNs: sequence, beganNs: undefined, completeNs: undefined, notes: [] }, clock.ns);
    if (!counted) return;
    host.counters.received += 1;
    host.counters.records += 1;
  };
  return { said, clock, log, say };
}

test('books that balance are not spoken of', async () => {
  const { said, clock, log, say } = start();
  for (let sequence = 1; sequence < 10; sequence += 1) {
    clock.ns += 250e6;
    say(sequence, true);
    await log.release(() => {});
  }
  expect(await log.finish()).toBe(true);
  expect(said.join()).not.toContain('balance');
});

test('books that do not are told within a heartbeat, once, and the end says so too', async () => {
  const { said, clock, log, say } = start();
  say(1, true);
  await log.release(() => {});
  for (const sequence of [2, 3]) {
    clock.ns += 200e6;
    say(sequence, false);
    await log.release(() => {});
  }
  expect(said).toEqual(['the books do not balance at 2026-11-23T10:00:00.200000Z: h0: 1 records and 0 markers, but 2 went into the merge']);
  expect(await log.finish()).toBe(false);
});
