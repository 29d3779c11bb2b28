// Hosts that are lost while a capture runs, over real SSH to simulated hosts: the marker, the books, the exit status, and the same log from the recording.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type CaptureOptions, capture } from '../../src/commands/capture.js';
import { retryPauseMs } from '../../src/commands/captured-host.js';
import { merge } from '../../src/commands/merge.js';
import type { SimulatedHost } from '../../src/demo/simulated-host.js';
import { ALL_READY, newPerson, startFleet } from './person.js';
import type { RealRow as Row } from './real-hosts.js';

const rowsOf = (log: string): Row[] => log.split('\n').slice(0, -1).map((line) => JSON.parse(line) as Row);

/** A capture of three hosts that goes on until the test ends it; recorded, and logged as JSONL. */
async function start(changes: Partial<CaptureOptions> = {}) {
  const person = await newPerson();
  const fleet = await startFleet(person, ALL_READY);
  const file = join(person.folder, 'fleet.jsonl');
  const record = join(person.folder, 'recording');
  const options: CaptureOptions = { inventory: [fleet.inventoryFile], forks: 10, pattern: 'all', output: [file], probes: 'by-inventory', order: 'live', limitSec: 60, record, ...changes };
  const running = capture(options, person.context);
  await Promise.all(['web01', 'app01', 'db01'].map((host) => person.sees(new RegExp(`^\\+ ${host}$`, 'm'))));
  const end = async () => {
    person.interrupt();
    const status = await running;
    const log = await readFile(file, 'utf8');
    // The same once more, from the recording.
    const player = await newPerson();
    const again = join(player.folder, 'again.jsonl');
    const mergeStatus = await merge({ files: [record], output: [again], order: 'recorded' }, player.context);
    expect(await readFile(again, 'utf8')).toBe(log);
    return { status, mergeStatus, rows: rowsOf(log), ledger: person.stderr(), log, record };
  };
  /** Until the log holds so many rows of this host from here on. */
  const receives = async (host: string, rows = 5) => {
    const count = () => person.stdout().split('\n').filter((line) => line.includes(` ${host} `)).length;
    const before = count();
    await expect.poll(count, { timeout: 30_000, interval: 50 }).toBeGreaterThan(before + rows);
  };
  return { person, host: (name: string) => fleet.hosts.get(name) as SimulatedHost, end, receives };
}

/** Each row's place is behind those of its host before it, and every epoch counts from 1. */
function expectOrder(rows: readonly Row[]): void {
  const inTime = rows.filter((row) => !row.late).map((row) => row.t);
  expect(inTime).toEqual([...inTime].sort());
  for (const host of new Set(rows.map((row) => row.host))) {
    const own = rows.filter((row) => row.host === host && row.type === undefined);
    for (const epoch of new Set(own.map((row) => row.epoch))) {
      expect(own.filter((row) => row.epoch === epoch).map((row) => row.seq)).toEqual(own.filter((row) => row.epoch === epoch).map((_, index) => index + 1));
    }
  }
}

it('a connection that is cut is made again: a marker with its time range, then a new epoch; status 2', async () => {
  const { person, host, end, receives } = await start();
  await receives('app01');
  host('app01').cut();
  await person.sees(/^- app01$/m);
  await person.sees(/^\+ app01: after /m);
  await receives('app01');
  const { status, mergeStatus, rows, ledger } = await end();
  expect(status).toBe(2);
  expect(mergeStatus).toBe(2);
  expectOrder(rows);
  const gaps = rows.filter((row) => row.type === 'gap');
  expect(gaps).toMatchObject([{ host: 'app01', epoch: 2, seq: 0, late: false, reason: 'connection-lost', lines: null }]);
  const [gap] = gaps as [Row];
  expect(gap.from !== null && gap.to !== null && (gap.from ?? '') < (gap.to ?? '') && (gap.to ?? '') <= gap.t).toBe(true);
  const own = rows.filter((row) => row.host === 'app01');
  const place = own.indexOf(gap);
  expect(own.slice(0, place).every((row) => row.epoch === 1)).toBe(true);
  expect(own.slice(place).every((row) => row.epoch === 2)).toBe(true);
  expect(own.slice(place + 1).length).toBeGreaterThan(3);
  // Nobody knows how much: no 0 in the ledger; the others lost nothing.
  expect(ledger).toMatch(/^app01 +\d+ +0 +\? +0 /m);
  expect(ledger).toMatch(/^web01 +\d+ +0 +0 +0 /m);
  expect(ledger).not.toContain('balance');
});

it('a host that is down is tried until it is up again', async () => {
  const { person, host, end, receives } = await start();
  await host('db01').refuse();
  await person.sees(/^- db01$/m);
  // The others do not wait for it.
  await receives('web01', 20);
  await host('db01').listen();
  await person.sees(/^\+ db01: after /m);
  const { status, rows } = await end();
  expect(status).toBe(2);
  expectOrder(rows);
  expect(rows.filter((row) => row.type === 'gap')).toMatchObject([{ host: 'db01', epoch: 2, reason: 'connection-lost', lines: null, late: false }]);
  expect(rows.filter((row) => row.late)).toEqual([]);
});

it('one that does not come back has its marker at the end, open; status 4', async () => {
  const { person, host, end, receives } = await start();
  await host('db01').refuse();
  await person.sees(/^- db01$/m);
  await receives('web01');
  const { status, mergeStatus, rows, ledger } = await end();
  expect(status).toBe(4);
  expect(mergeStatus).toBe(2);
  expect(rows.filter((row) => row.type === 'gap')).toMatchObject([{ host: 'db01', epoch: 1, reason: 'connection-lost', lines: null, to: null, late: false }]);
  expect(ledger).toMatch(/^db01 +\d+ +0 +\? /m);
  await host('db01').listen();
});

it('is tried at once, then after 1, 2, 4 … 30 s, up to half of it less', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 7, 50].map((tries) => retryPauseMs(tries, 0) / 1000)).toEqual([0, 1, 2, 4, 8, 16, 30, 30, 30]);
  expect([0, 1, 6].map((tries) => retryPauseMs(tries, 1) / 1000)).toEqual([0, 0.5, 15]);
});
