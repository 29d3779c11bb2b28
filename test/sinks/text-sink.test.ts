import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LogRecord } from '../../src/base/record.js';
import type { MergedRows } from '../../src/base/merged-rows.js';
import { rowsOf } from '../base/rows.js';
import { openTextFile, TextSink } from '../../src/sinks/text-sink.js';

const options = { originSec: 1_795_428_000, hostWidth: 5 };
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleet-tap-sinks-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function records(count: number, firstNs = 0, late = false): MergedRows {
  const all = Array.from({ length: count }, (_, index) => ({ type: 'observed' as const, host: `web0${index % 3}`, epoch: 1, sequence: index + 1, tNs: firstNs + index * 400, text: `line ${9 - (index % 10)}`, late }) satisfies LogRecord);
  return rowsOf(all);
}

/** A stream that takes what it is given when it is told to. */
function slowStream(highWaterMark = 1): { stream: Writable; taken: string[]; take: () => void } {
  const taken: string[] = [];
  let next: (() => void) | undefined;
  const stream = new Writable({
    highWaterMark,
    write: (chunk, _, done) => {
      taken.push(String(chunk));
      next = done;
    },
  });
  return { stream, taken, take: () => next?.() };
}

const isSettled = async (promise: Promise<unknown>): Promise<boolean> => {
  const pending = Symbol('pending');
  await new Promise((resolve) => setImmediate(resolve));
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
};

describe('a file', () => {
  test('holds all lines, in order, and `sort` agrees', async () => {
    const file = join(folder, 'order.log');
    const sink = await openTextFile(file, options);
    for (let batch = 0; batch < 20; batch += 1) await sink.write(records(1000, batch * 400_000));
    await sink.close();
    expect(sink).toMatchObject({ name: file, written: 20_000, abandoned: false });
    const text = await readFile(file, 'utf8');
    expect(text.split('\n')).toHaveLength(20_001);
    const check = (words: readonly string[], input?: string) => spawnSync('sort', words, { env: { ...process.env, LC_ALL: 'C' }, input, encoding: 'utf8' });
    // By time: within a microsecond the host's order counts, not the text.
    expect(check(['-s', '-c', '-k1,1', file])).toMatchObject({ status: 0, stderr: '' });
    const lines = text.split('\n');
    const late = [...lines.slice(10, 20), ...lines.slice(0, 10)].join('\n');
    expect(check(['-s', '-c', '-k1,1'], `${late}\n`).status).toBe(1);
  });

  test('is emptied first, and readable by others', async () => {
    const file = join(folder, 'again.log');
    for (const count of [5, 1]) {
      const sink = await openTextFile(file, options);
      await sink.write(records(count));
      await sink.close();
    }
    expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(2);
    expect((await stat(file)).mode & 0o777 & ~0o022).toBe(0o644);
  });

  test.each([
    ['no-such-folder/a.log', /its folder does not exist/],
    ['.', /EISDIR/],
  ])('that cannot be opened is an input error: %s', async (name, message) => {
    await expect(openTextFile(join(folder, name), options)).rejects.toMatchObject({ kind: 'input', code: 'log-not-opened', message: expect.stringMatching(message), hint: expect.stringContaining('-o FILE') });
  });
});

describe('a full disk', () => {
  test('is an error that says so, at close', async () => {
    const sink = await openTextFile('/dev/full', options);
    const behind = sink.write(records(1));
    await expect(Promise.resolve(behind).then(() => sink.close())).rejects.toMatchObject({ kind: 'host', code: 'log-not-written', message: '/dev/full cannot be written: the disk is full', hint: expect.stringContaining('-o FILE') });
    expect(sink.abandoned).toBe(false);
  });

  test('and at the next write; who waits for room is not left waiting', async () => {
    const sink = await openTextFile('/dev/full', options);
    const behind = sink.write(records(2000));
    expect(behind).toBeInstanceOf(Promise);
    await behind;
    expect(() => sink.write(records(1))).toThrow(expect.objectContaining({ code: 'log-not-written' }));
    await expect(sink.close()).rejects.toMatchObject({ code: 'log-not-written' });
  });
});

describe('a reader that goes away', () => {
  test('ends the writing quietly and is told once', async () => {
    // `head` reads one line of what would go on for ever.
    const head = spawn('head', ['-n', '1'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const chunks: Buffer[] = [];
    head.stdout.on('data', (chunk: Buffer) => void chunks.push(chunk));
    let gone = 0;
    const sink = new TextSink('stdout', head.stdin, false, options, () => {
      gone += 1;
    });
    while (!sink.abandoned) {
      await sink.write(records(1000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(gone).toBe(1);
    const { written } = sink;
    expect(sink.write(records(5))).toBeUndefined();
    expect(sink.written).toBe(written);
    await sink.close();
    if (head.exitCode === null) await once(head, 'close');
    expect(Buffer.concat(chunks).toString()).toBe('2026-11-23T10:00:00.000000Z web00 observed line 9\n');
    expect(gone).toBe(1);
  });

  test('is told once also when each of many writes fails', async () => {
    const stream = new Writable({ autoDestroy: false, emitClose: false, write: (_chunk, _, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })) });
    let gone = 0;
    const sink = new TextSink('stdout', stream, false, options, () => {
      gone += 1;
    });
    sink.write(records(1));
    stream.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    await new Promise((resolve) => setImmediate(resolve));
    expect([gone, sink.abandoned]).toEqual([1, true]);
    await sink.close();
  });

  test('any other failure is not that', async () => {
    const stream = new Writable({ write: (_chunk, _, done) => done(Object.assign(new Error('write EIO'), { code: 'EIO' })) });
    const sink = new TextSink('stdout', stream, false, options, () => expect.fail('the reader is there'));
    await sink.write(records(100));
    await new Promise((resolve) => setImmediate(resolve));
    await expect(sink.close()).rejects.toMatchObject({ message: 'stdout cannot be written: write EIO' });
  });
});

describe('a stream that is behind', () => {
  test('is waited for, and nothing is left behind on it however often', async () => {
    const { stream, take } = slowStream();
    const sink = new TextSink('stdout', stream, false, options, () => {});
    const listeners = () => ['drain', 'error', 'close'].map((event) => stream.listenerCount(event));
    const before = listeners();
    for (let batch = 0; batch < 50; batch += 1) {
      const behind = sink.write(records(1)) as Promise<void>;
      expect(await isSettled(behind)).toBe(false);
      take();
      await behind;
      expect(listeners()).toEqual(before);
    }
  });

  test('that is destroyed leaves nobody waiting', async () => {
    const { stream } = slowStream();
    const sink = new TextSink('stdout', stream, false, options, () => {});
    const behind = sink.write(records(1));
    expect(behind).toBeInstanceOf(Promise);
    stream.destroy();
    await behind;
  });

  test('that keeps up is not waited for; nothing to write is nothing', () => {
    const { stream, taken } = slowStream(1e6);
    const sink = new TextSink('stdout', stream, false, options, () => {});
    expect(sink.write(records(3))).toBeUndefined();
    expect(sink.write(records(0))).toBeUndefined();
    expect(sink.written).toBe(3);
    expect(taken).toHaveLength(1);
  });

  test('standard output is flushed by close and stays open', async () => {
    const { stream, take } = slowStream(1e6);
    const sink = new TextSink('stdout', stream, false, options, () => {});
    sink.write(records(3));
    const closed = sink.close();
    expect(await isSettled(closed)).toBe(false);
    take();
    expect(await isSettled(closed)).toBe(false);
    take();
    await closed;
    expect([stream.writableEnded, stream.destroyed]).toEqual([false, false]);
  });
});
