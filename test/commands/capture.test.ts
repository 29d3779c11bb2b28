// The main job against simulated hosts, over real SSH: the log, the faults that each concern one host, and the exit status.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type CaptureOptions, capture } from '../../src/commands/capture.js';
import { merge } from '../../src/commands/merge.js';
import type { SimulatedFleet } from '../../src/demo/simulated-fleet.js';
import { newKeyPair } from '../../src/demo/keys.js';
import { ALL_READY, newPerson, READY_FACTS, startFleet } from './person.js';

function options(fleet: SimulatedFleet, changes: Partial<CaptureOptions> = {}): CaptureOptions {
  return { inventory: [fleet.inventoryFile], forks: 10, pattern: 'all', forSec: 1, output: [], probes: 'by-inventory', order: 'live', limitSec: 60, ...changes };
}

interface Line {
  readonly time: string;
  readonly host: string;
  readonly rest: string;
}

function linesOf(log: string): Line[] {
  return log
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [time = '', host = '', ...rest] = line.split(/ +/);
      return { time, host, rest: rest.join(' ') };
    });
}

it('writes one log of all hosts, sorted by event time although their clocks differ by seconds, to stdout and to the file', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person, ALL_READY);
  const file = join(person.folder, 'fleet.log');
  expect(await capture(options(fleet, { output: [file] }), person.context), person.stderr()).toBe(0);
  const log = person.stdout();
  expect(await readFile(file, 'utf8')).toBe(log);
  const lines = linesOf(log);
  expect(new Set(lines.map((line) => line.host))).toEqual(new Set(['web01', 'app01', 'db01']));
  expect(lines.map((line) => line.time)).toEqual(lines.map((line) => line.time).toSorted());
  // web01 asks app01: SYN there, SYN-ACK here, ACK there, one after the other. Hosts begin and end one after the other too: a handshake counts
  // when both were there before and long enough behind it (a visit is over after 10 ms).
  const spans = ['web01', 'app01'].map((name) => lines.filter(({ host }) => host === name).map(({ time }) => Date.parse(time)));
  const isWhole = (time: string) => spans.every((times) => Math.min(...times) < Date.parse(time) && Math.max(...times) > Date.parse(time) + 20);
  const handshakes = lines.flatMap(({ time, host, rest }, index) => {
    const syn = /^10\.20\.0\.10 10\.20\.0\.20 (\d+) 8080 0 0 0 0 1 0$/.exec(rest);
    return host === 'app01' && syn !== null && isWhole(time) ? [{ index, port: syn[1] }] : [];
  });
  expect(handshakes.length).toBeGreaterThan(0);
  for (const { index, port } of handshakes) {
    const answer = lines.findIndex(({ host, rest }) => host === 'web01' && rest === `10.20.0.20 10.20.0.10 8080 ${port} 0 1 0 0 1 0`);
    const final = lines.findIndex(({ host, rest }) => host === 'app01' && rest === `10.20.0.10 10.20.0.20 ${port} 8080 0 1 0 0 0 0`);
    expect([index, answer, final]).toEqual([index, answer, final].toSorted((a, b) => a - b));
  }
  expect(person.stderr()).toMatch(/^web01 .* \+3\.\d+ s ± /m);
});

it('compiles once for a kernel, and not again for the same script', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person, ALL_READY);
  await capture(options(fleet, { forSec: 0.2 }), person.context);
  expect(person.stderr().match(/compiling on/g)).toHaveLength(1);
  await capture(options(fleet, { forSec: 0.2 }), person.context);
  expect(person.stderr().match(/compiling on/g)).toHaveLength(1);
  expect(person.stderr()).toContain('compiled before');
});

it('goes on with the other hosts when one is unreachable, and ends with 4', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person, ALL_READY);
  fleet.inventory.all.hosts.gone01 = { ansible_host: '127.0.0.1', ansible_port: 1 };
  await fleet.writeInventory();
  expect(await capture(options(fleet), person.context)).toBe(4);
  expect(person.stderr()).toContain('gone01: nothing listens at 127.0.0.1:1 [connect-refused]');
  expect(new Set(linesOf(person.stdout()).map((line) => line.host)).size).toBe(3);
});

it('refuses a host whose key is not the known one, before any credential leaves', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person, ALL_READY);
  const lines = (await readFile(fleet.knownHostsFile, 'utf8')).split('\n');
  const [address = ''] = (lines[0] ?? '').split(' ');
  await writeFile(fleet.knownHostsFile, [`${address} ${newKeyPair().publicLine}`, ...lines.slice(1)].join('\n'));
  expect(await capture(options(fleet, { hostKeyChecking: 'accept-new' }), person.context)).toBe(4);
  expect(person.stderr()).toMatch(/^web01: .*\[host-key-changed\]/m);
  expect(new Set(linesOf(person.stdout()).map((line) => line.host))).toEqual(new Set(['app01', 'db01']));
});

it('refuses an unknown host key with the command that accepts it; accept-new takes it and remembers', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person, ALL_READY);
  await writeFile(fleet.knownHostsFile, '');
  expect(await capture(options(fleet, { forSec: 0.2 }), person.context)).toBe(4);
  expect(person.stderr()).toMatch(/^db01: .*\[host-key-unknown\]\n {2}hint: .*(ssh-keyscan|accept-new)/m);
  expect(person.stdout()).toBe('');
  expect(await capture(options(fleet, { forSec: 0.2, hostKeyChecking: 'accept-new' }), person.context)).toBe(0);
  expect(await capture(options(fleet, { forSec: 0.2, hostKeyChecking: 'yes' }), person.context)).toBe(0);
});

it('says which login was refused, and what was tried', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person, ALL_READY);
  await writeFile(fleet.keyFile, newKeyPair().privateKey, { mode: 0o600 });
  expect(await capture(options(fleet), person.context)).toBe(4);
  expect(person.stderr()).toMatch(/^web01: 127\.0\.0\.1:\d+ refused the login as root \(tried: key .*\/key; it takes: publickey\) \[login-refused\]\n {2}hint: /m);
});

it.each([
  ['symbols-missing', { ...READY_FACTS, symbols: '6.12.0-demo-amd64\n' }, 'the debug symbols of kernel 6.12.0-demo-amd64 are not installed here'],
  ['headers-missing', { ...READY_FACTS, headers: '6.12.0-demo-amd64\n' }, 'the headers of kernel 6.12.0-demo-amd64 are not installed here'],
  ['stap-missing', { ...READY_FACTS, stap: '' }, 'staprun is not installed'],
  ['container', { ...READY_FACTS, virtualization: 'virt=lxc\n' }, 'this is a container (lxc)'],
])('names what a host lacks: %s', async (code, facts, sentence) => {
  const person = await newPerson();
  const fleet = await startFleet(person, { db01: facts });
  expect(await capture(options(fleet, { pattern: 'db01' }), person.context)).toBe(2);
  expect(person.stderr()).toContain(`db01: ${sentence}`);
  expect(person.stderr()).toContain(`[${code}]\n  hint: `);
});

it('ends normally on Ctrl-C when it had no end of its own, and with 130 when it had', async () => {
  for (const [forSec, status] of [[undefined, 0], [600, 130]] as const) {
    const person = await newPerson();
    const fleet = await startFleet(person, ALL_READY);
    const running = capture(options(fleet, { forSec }), person.context);
    await Promise.all(['web01', 'app01', 'db01'].map((host) => person.sees(new RegExp(`^\\+ ${host}$`, 'm'))));
    person.interrupt();
    expect(await running).toBe(status);
    expect(person.stderr()).toMatch(/^- web01$/m);
  }
});

it('says once from whom it captures, when the scripts run on all that can be captured from: CI waits for that', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person, { ...ALL_READY, db01: { ...READY_FACTS, stap: '' } });
  const running = capture(options(fleet, { forSec: undefined }), person.context);
  await person.sees(/^capturing from /m);
  expect(person.stderr()).toMatch(/^\+ (web01|app01)\n\+ (web01|app01)\ncapturing from (web01,app01|app01,web01)$/m);
  person.interrupt();
  expect(await running).toBe(2);
});

it('refuses what is wrong before any host is dialled', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person, ALL_READY);
  await expect(capture(options(fleet, { pattern: 'wbe01' }), person.context)).rejects.toMatchObject({ kind: 'input', code: 'pattern-unknown' });
  await expect(capture(options(fleet, { script: join(person.folder, 'none.stp') }), person.context)).rejects.toMatchObject({ kind: 'input', code: 'script-unreadable' });
  await expect(capture(options(fleet, { output: [join(person.folder, 'none', 'fleet.log')] }), person.context)).rejects.toMatchObject({ kind: 'input' });
  await expect(capture(options(fleet, { spill: join(person.folder, 'none') }), person.context)).rejects.toMatchObject({ kind: 'input', code: 'spill-unwritable' });
  await expect(capture(options(fleet, { output: ['same.log'], late: 'same.log' }), person.context)).rejects.toMatchObject({ kind: 'input', code: 'output-twice' });
  expect(person.stderr()).toBe('');
});

function linesOfJson(text: string): unknown[] {
  return text.split('\n').slice(0, -1).map((line) => JSON.parse(line) as unknown);
}

it('late lines have a file of their own; what there was room for is in the recording', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person, ALL_READY);
  const [late, folder] = [join(person.folder, 'late.jsonl'), join(person.folder, 'recording')];
  expect(await capture(options(fleet, { late, memory: 2 ** 20, spill: person.folder, spillSize: 2 ** 20, whenFull: 'fail', record: folder }), person.context), person.stderr()).toBe(0);
  // A machine that stood still for 5 s may have had some.
  for (const line of linesOfJson(await readFile(late, 'utf8'))) expect(line).toMatchObject({ late: true });
  const again = await newPerson();
  expect(await merge({ files: [folder], output: [], order: 'recorded' }, again.context), again.stderr()).toBe(0);
  expect(again.stdout()).toBe(person.stdout());
});
