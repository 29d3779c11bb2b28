// Waves: Ansible's sizes, and when the next one may go.
import { expect, it } from 'vitest';
import { FleetTapError } from '../../src/base/errors.js';
import { type CaptureOptions, capture } from '../../src/commands/capture.js';
import { deadAfterLoad, type Watched, waveSizes } from '../../src/commands/waves.js';
import { ALL_READY, newPerson, startFleet } from './person.js';

it.each([
  [3, undefined, [3]],
  [19, undefined, [19]],
  [20, undefined, [1, 2, 17]],
  [200, undefined, [1, 20, 179]],
  [10, '1,10%,100%', [1, 1, 8]],
  [10, '3', [3, 3, 3, 1]],
  [7, '1,50%', [1, 3, 3]],
  [5, '10%', [1, 1, 1, 1, 1]],
  [4, '100', [4]],
  [0, undefined, []],
] as const)('%i hosts, --serial %s', (hosts, words, sizes) => {
  expect(waveSizes(hosts, words)).toEqual(sizes);
});

it.each(['0', '0%', '101%', 'all', '1,,2', '', '-1', '1.5'])('refuses --serial %j', (words) => {
  expect(() => waveSizes(5, words)).toThrow(expect.objectContaining({ kind: 'input', code: 'serial' }));
});

const crash = new FleetTapError('unreachable', 'connection-lost', 'the connection was lost', { place: { host: 'b' } });
const watched = (name: string, changes: Partial<Watched> = {}): Watched => ({ name, loadedMs: performance.now(), heardMs: performance.now(), failure: undefined, isOver: false, ...changes });
const never = new AbortController().signal;

it('lets the next wave go when every host has spoken long enough after the load, or has failed in a way of its own', async () => {
  const loadedMs = performance.now();
  const alive = watched('a', { loadedMs, heardMs: loadedMs + 3_000 });
  const failed = watched('c', { isOver: true, failure: new FleetTapError('host', 'stap-missing', 'no') });
  expect(await deadAfterLoad([alive, failed], true, never)).toBeUndefined();
});

it('waits for a host that has not, and sees it die', async () => {
  const host = watched('b');
  const verdict = deadAfterLoad([host], true, never);
  host.failure = crash;
  host.isOver = true;
  expect(await verdict).toBe(crash);
});

it('takes a silent host for dead, however long its connection stays', async () => {
  const long = performance.now() - 40_000;
  expect(await deadAfterLoad([watched('d', { loadedMs: long, heardMs: Number.NEGATIVE_INFINITY })], true, never)).toMatchObject({ kind: 'unreachable', code: 'silent', place: { host: 'd' } });
});

it('of a script that says nothing, only the connection tells', async () => {
  expect(await deadAfterLoad([watched('e', { loadedMs: performance.now() - 3_000, heardMs: Number.NEGATIVE_INFINITY })], false, never)).toBeUndefined();
});

it('does not hold up Ctrl-C', async () => {
  expect(await deadAfterLoad([watched('f')], true, AbortSignal.abort())).toBeUndefined();
});

it('a host that dies with the kernel module in it stops the next wave, though it comes back', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person, ALL_READY);
  const options: CaptureOptions = { inventory: [fleet.inventoryFile], forks: 10, pattern: 'all', output: [], probes: 'by-inventory', order: 'live', limitSec: 60, serial: '1,100%' };
  const running = capture(options, person.context);
  await person.sees(/^\+ web01$/m);
  fleet.hosts.get('web01')?.cut();
  await person.sees(/^(app01,db01|db01,app01|\S+): not captured from: web01 was lost after its kernel module had been loaded \[wave-stopped\]$/m);
  await person.sees(/^\+ web01: after /m);
  person.interrupt();
  expect(await running).toBe(2);
  expect(person.stderr()).not.toMatch(/^\+ (app01|db01)/m);
  expect(new Set(person.stdout().split('\n').slice(0, -1).map((line) => line.split(/ +/)[1]))).toEqual(new Set(['web01']));
});
