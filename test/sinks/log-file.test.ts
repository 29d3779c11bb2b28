// Files: whole or .part, rotated, compressed, on a full disk.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FORMATS, type FormatName } from '../../src/sinks/index.js';
import { LogFile, type LogFileOptions } from '../../src/sinks/log-file.js';
import { rowsOf } from '../base/rows.js';
import { OPTIONS, ORIGIN_SEC, packet } from './packets.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleet-tap-log-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (file: string, changes: Partial<LogFileOptions> = {}, format: FormatName = 'text') => LogFile.open(file, FORMATS[format](OPTIONS), { compression: undefined, fsync: 'never', rotation: {}, originSec: ORIGIN_SEC, ...changes });
const rows = (count: number, firstNs = 0, stepNs = 1e6) => rowsOf(Array.from({ length: count }, (_, index) => packet({ sequence: index + 1, tNs: firstNs + index * stepNs })));
const linesOf = async (file: string) => (await readFile(file, 'utf8')).split('\n').length - 1;

it.each(['never', 'end', 'each'] as const)('has its name only when it is whole, fsync %s', async (fsync) => {
  const file = join(folder, 'fleet.log');
  await writeFile(file, 'of yesterday\n');
  const log = await open(file, { fsync });
  await log.write(rows(1000));
  expect(await readFile(file, 'utf8')).toBe('of yesterday\n');
  await log.close();
  expect(await linesOf(file)).toBe(1000);
  expect(await readdir(folder)).toEqual(['fleet.log']);
  expect((await stat(file)).mode & 0o777 & ~0o022).toBe(0o644);
  expect(log).toMatchObject({ written: 1000, missed: 0, failure: undefined });
});

it.each([['gzip', 'gz', 'gzip'], ['zstd', 'zst', 'zstd']] as const)('%s: its own program finds it whole', async (compression, ending, program) => {
  const file = join(folder, `fleet.jsonl.${ending}`);
  const log = await open(file, { compression }, 'jsonl');
  for (let batch = 0; batch < 4; batch += 1) await log.write(rows(1000, batch * 1e9));
  await log.close();
  expect(log.failure).toBeUndefined();
  execFileSync(program, ['-q', '-t', file]);
  const text = execFileSync(program, ['-q', '-d', '-c', file], { maxBuffer: 2 ** 26 }).toString();
  expect(text.split('\n')).toHaveLength(4001);
});

it('rotates by size: every file whole, each row once', async () => {
  const log = await open(join(folder, 'fleet.csv'), { rotation: { sizeBytes: 100_000 } }, 'csv');
  for (let batch = 0; batch < 10; batch += 1) await log.write(rows(700, batch * 1e9));
  await log.close();
  const files = (await readdir(folder)).sort();
  expect(files.length).toBeGreaterThan(5);
  expect(files).toEqual(files.map((_, index) => `fleet-${String(index + 1).padStart(4, '0')}.csv`));
  let total = 0;
  for (const file of files) {
    const text = await readFile(join(folder, file), 'utf8');
    expect(text).toMatch(/^t,host,epoch,/);
    expect(text.length).toBeLessThan(150_000);
    total += text.split('\r\n').length - 2;
  }
  expect(total).toBe(7000);
  expect(log).toMatchObject({ written: 7000, missed: 0 });
});

it('rotates by event time; a late row stays in the file of the present', async () => {
  const log = await open(join(folder, 'fleet.log.gz'), { compression: 'gzip', rotation: { timeSec: 60 } });
  await log.write(rows(3, 0));
  await log.write(rows(2, 61e9));
  await log.write(rows(1, 59e9));
  await log.close();
  expect((await readdir(folder)).sort()).toEqual(['fleet-20261123T100000Z.log.gz', 'fleet-20261123T100100Z.log.gz']);
  const second = execFileSync('gzip', ['-dc', join(folder, 'fleet-20261123T100100Z.log.gz')]).toString();
  expect(second.split('\n')).toHaveLength(4);
});

it('numbers go on after those of earlier runs, whole or not: nothing that was written is overwritten', async () => {
  const others = ['fleet-0001.csv', 'fleet-0007.csv.part', 'fleet-12.csv', 'fleet-0009.csv.gz', 'fleet-20261123T100000Z-0030.csv', 'fleet2-0099.csv'];
  for (const name of others) await writeFile(join(folder, name), name);
  for (const first of [8, 10]) {
    const log = await open(join(folder, 'fleet.csv'), { rotation: { sizeBytes: 15_000 } }, 'csv');
    await log.write(rows(500));
    await log.close();
    const mine = (await readdir(folder)).filter((name) => !others.includes(name)).sort();
    expect(mine).toEqual(Array.from({ length: first - 6 }, (_, index) => `fleet-${String(index + 8).padStart(4, '0')}.csv`));
  }
  for (const name of others) expect(await readFile(join(folder, name), 'utf8')).toBe(name);
});

it('a stretch of time whose file is there already gets a number', async () => {
  for (const expected of [['fleet-20261123T100000Z.log'], ['fleet-20261123T100000Z-0002.log', 'fleet-20261123T100000Z.log'], ['fleet-20261123T100000Z-0002.log', 'fleet-20261123T100000Z-0003.log', 'fleet-20261123T100000Z.log']]) {
    const log = await open(join(folder, 'fleet.log'), { rotation: { timeSec: 60 } });
    await log.write(rows(3, 0));
    await log.close();
    expect((await readdir(folder)).sort()).toEqual(expected);
  }
});

it('two runs that write to one name at once share no file', async () => {
  const logs = await Promise.all([1, 2, 3].map(() => open(join(folder, 'fleet.log'), { rotation: { sizeBytes: 1e6 } })));
  for (const log of logs) await log.write(rows(10));
  await Promise.all(logs.map((log) => log.close()));
  expect((await readdir(folder)).sort()).toEqual(['fleet-0001.log', 'fleet-0002.log', 'fleet-0003.log']);
  for (const name of await readdir(folder)) expect(await linesOf(join(folder, name))).toBe(10);
});

it('each rotated pcapng can be read alone', async () => {
  const log = await open(join(folder, 'fleet.pcapng'), { rotation: { sizeBytes: 20_000 } }, 'pcapng');
  for (let batch = 0; batch < 6; batch += 1) await log.write(rows(256, batch * 1e9));
  await log.close();
  const sections = await Promise.all((await readdir(folder)).map(async (file) => (await readFile(join(folder, file))).readUInt32LE(0)));
  expect(sections.length).toBeGreaterThan(1);
  expect(new Set(sections)).toEqual(new Set([0x0a0d0d0a]));
});

it.each([
  ['no-such-folder/a.log', /its folder does not exist/],
  ['.', /./],
])('that cannot be opened is an input error: %s', async (name, message) => {
  await expect(open(join(folder, name))).rejects.toMatchObject({ kind: 'input', code: 'log-not-opened', message: expect.stringMatching(message), hint: expect.stringContaining('-o FILE') });
});

const zstdOfNode = 'createZstdCompress' in zlib;
describe.runIf(!zstdOfNode)(`the program zstd ${zstdOfNode ? 'skipped: this Node has a zstd of its own' : ''}`, () => {
  const program = () => {
    const [line, ...more] = execFileSync('ps', ['-o', 'pid=,pgid=,comm=', '--ppid', String(process.pid)]).toString().split('\n').filter((entry) => entry.trim().endsWith(' zstd'));
    expect(more).toEqual([]);
    const [pid, group] = (line ?? '').trim().split(/ +/).map(Number);
    return { pid: Number(pid), group: Number(group) };
  };

  it('is not in the process group that a terminal interrupts', async () => {
    const log = await open(join(folder, 'fleet.log.zst'), { compression: 'zstd' });
    const { pid, group } = program();
    expect(group).toBe(pid);
    await log.close();
  });

  it('that is killed costs this log, and leaves nobody waiting', async () => {
    const file = join(folder, 'fleet.log.zst');
    const log = await open(file, { compression: 'zstd' });
    await log.write(rows(1000));
    process.kill(program().pid, 'SIGKILL');
    for (let batch = 1; batch < 20; batch += 1) await log.write(rows(1000, batch * 1e9));
    await log.close();
    expect(log).toMatchObject({ written: 0, missed: 20_000, failure: { code: 'log-not-written', message: `${file} cannot be written: the program zstd ended before its time, with SIGKILL` } });
    expect(await readdir(folder)).toEqual(['fleet.log.zst.part']);
  });
});

describe('a full disk', () => {
  it('is told, every row is counted as missed, and nobody is left waiting', async () => {
    const log = await open('/dev/full');
    await log.write(rows(2000));
    await log.write(rows(5));
    await log.close();
    expect(log).toMatchObject({ written: 0, missed: 2005, failure: { kind: 'host', code: 'log-not-written', message: '/dev/full cannot be written: the disk is full' } });
    expect(existsSync('/dev/full.part')).toBe(false);
  });

  const mounts = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', '-o', 'size=64k', 'none', tmpdir()]).status === 0;
  it.runIf(mounts)(`keeps what was written whole: rows in the file + rows missed = rows given ${mounts ? '' : 'skipped: no mount namespace here'}`, async () => {
    await mkdir(join(folder, 'small'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', join(folder, 'small')]);
    try {
      const log = await open(join(folder, 'small', 'fleet.log'));
      for (let batch = 0; batch < 10; batch += 1) await log.write(rows(1000, batch * 1e9));
      await log.close();
      expect(log.failure?.message).toContain('the disk is full');
      expect(await readdir(join(folder, 'small'))).toEqual(['fleet.log.part']);
      const text = await readFile(join(folder, 'small', 'fleet.log.part'), 'utf8');
      expect(text.endsWith('\n')).toBe(true);
      expect(text.split('\n').length - 1).toBe(log.written);
      expect(log.written).toBeGreaterThan(1000);
      expect(log.written + log.missed).toBe(10_000);
    } finally {
      execFileSync('umount', [join(folder, 'small')]);
    }
  });
});
