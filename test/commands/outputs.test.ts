// Several sinks at once, from the command: every format from a file's name, standard output clean, sinks that fail.
import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import * as zlib from 'node:zlib';
import { expect, it, onTestFinished, vi } from 'vitest';
import { type CaptureOptions, capture } from '../../src/commands/capture.js';
import type { CommandContext } from '../../src/commands/context.js';
import { size } from '../../src/commands/options.js';
import type { SimulatedFleet } from '../../src/demo/simulated-fleet.js';
import { ALL_READY, newPerson, startFleet } from './person.js';

const options = (fleet: SimulatedFleet, changes: Partial<CaptureOptions> = {}): CaptureOptions => ({ inventory: [fleet.inventoryFile], forks: 10, pattern: 'all', forSec: 1, output: [], probes: 'by-inventory', order: 'live', limitSec: 60, ...changes });

it('writes every format at once, each with the same packets, and standard output is the log alone', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person, ALL_READY);
  const file = (name: string) => join(person.folder, 'out', name);
  execFileSync('mkdir', [join(person.folder, 'out')]);
  const names = ['a.log', 'a.jsonl', 'a.csv', 'a.pcapng', 'a.log.gz', 'a.jsonl.zst'];
  expect(await capture(options(fleet, { output: ['-', ...names.map(file)] }), person.context), person.stderr()).toBe(0);
  expect((await readdir(join(person.folder, 'out'))).sort()).toEqual([...names].sort());
  const log = person.stdout();
  expect(log.split('\n').slice(0, -1).every((line) => /^\d{4}-.*Z (web01|app01|db01) /.test(line))).toBe(true);
  expect(await readFile(file('a.log'), 'utf8')).toBe(log);
  expect(execFileSync('gzip', ['-dc', file('a.log.gz')]).toString()).toBe(log);
  const jsonl = await readFile(file('a.jsonl'), 'utf8');
  expect(execFileSync('zstd', ['-q', '-d', '-c', file('a.jsonl.zst')]).toString()).toBe(jsonl);
  const lines = log.split('\n').length - 1;
  expect(lines).toBeGreaterThan(10);
  expect(jsonl.split('\n').length - 1).toBe(lines);
  expect((await readFile(file('a.csv'), 'utf8')).split('\r\n').length - 2).toBe(lines);
  const shark = execFileSync('tshark', ['-n', '-r', file('a.pcapng'), '-T', 'fields', '-e', 'frame.interface_name', '-e', 'frame.interface_description'], { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
  expect(shark.split('\n').length - 1).toBe(lines);
  expect(shark).toContain('web01\ttrixie 6.12.0-demo-amd64');
});

it('a full disk costs one log: the others go on, its missing records are counted, and the exit status is 2', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person, ALL_READY);
  const file = join(person.folder, 'whole.log');
  expect(await capture(options(fleet, { output: ['/dev/full', file] }), person.context)).toBe(2);
  const lines = (await readFile(file, 'utf8')).split('\n').length - 1;
  expect(lines).toBeGreaterThan(10);
  expect(person.stderr()).toContain('/dev/full cannot be written: the disk is full [log-not-written]');
  expect(person.stderr()).toContain(`/dev/full: ${lines} of ${lines} records are not in it`);
  expect(person.stderr()).not.toContain('do not balance');
});

class ClosedPipe extends Writable {
  override _write(_chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  }
}

it('a closed pipe ends a capture that has no other log, quietly; beside a file it does not', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person, ALL_READY);
  const piped = (): CommandContext => ({ ...person.context, stdout: new ClosedPipe({ autoDestroy: false }) });
  expect(await capture(options(fleet, { forSec: undefined }), piped()), person.stderr()).toBe(0);
  const file = join(person.folder, 'whole.log');
  expect(await capture(options(fleet, { output: [file] }), piped())).toBe(2);
  expect(person.stderr()).toMatch(/stdout: \d+ of \d+ records are not in it/);
  expect((await readFile(file, 'utf8')).split('\n').length).toBeGreaterThan(10);
});

it('a person at the terminal sees the live view instead of lines when the log goes to a file', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person, ALL_READY);
  const context: CommandContext = { ...person.context, stdout: Object.assign(person.context.stdout, { isTTY: true }), stderr: Object.assign(person.context.stderr, { isTTY: true }) };
  expect(await capture(options(fleet, { output: [join(person.folder, 'a.log')] }), context)).toBe(0);
  expect(person.stdout()).toBe('');
  expect(person.stderr()).toMatch(/3 hosts, \d+ lines, 0 lost, \d+ resets\nhost +lines\/s/);
});

it('refuses outputs that make no sense, before any host is dialled', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person, ALL_READY);
  const refused = (changes: Partial<CaptureOptions>) => capture(options(fleet, changes), person.context).catch((error: { code: string }) => error.code);
  const at = (name: string) => join(person.folder, name);
  expect(await refused({ output: [at('a.log'), at('./a.log')] })).toBe('output-twice');
  expect(await refused({ output: [at('a.xlsx')] })).toBe('format');
  expect(await refused({ output: [at('none/a.log')] })).toBe('output-unwritable');
  expect(await refused({ output: [at('a.pcapng')], script: fleet.inventoryFile })).toBe('format');
  expect(await refused({ filter: { port: ['http'] } })).toBe('filter');
  expect(await refused({ filter: { port: ['80'] }, script: fleet.inventoryFile })).toBe('filter');
  expect(await refused({ filter: { iface: 'eth0' }, probes: 'symbols' })).toBe('filter');
  expect(await refused({ serial: '0' })).toBe('serial');
  expect(person.stderr()).toBe('');
});

const zstdOfNode = 'createZstdCompress' in zlib;
it.runIf(!zstdOfNode)(`zstd is refused where nothing can write it, before any host is dialled ${zstdOfNode ? 'skipped: this Node has a zstd of its own' : ''}`, async () => {
  const person = await newPerson();
  const fleet = await startFleet(person, ALL_READY);
  vi.stubEnv('PATH', person.folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  await expect(capture(options(fleet, { output: [join(person.folder, 'a.log.zst')] }), person.context)).rejects.toMatchObject({ kind: 'input', code: 'no-zstd' });
  expect(person.stderr()).toBe('');
});

it('sizes are in powers of 1024', () => {
  expect(['4096', '100M', '1.5g', '2KiB'].map(size)).toEqual([4096, 100 * 2 ** 20, 1.5 * 2 ** 30, 2048]);
  expect(() => size('big')).toThrow('write a size');
});
