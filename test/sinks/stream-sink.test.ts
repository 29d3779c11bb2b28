import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { LogRecord } from '../../src/base/record.js';
import type { MergedRows } from '../../src/base/merged-rows.js';
import { rowsOf } from '../base/rows.js';
import { FORMATS } from '../../src/sinks/index.js';
import { StreamSink } from '../../src/sinks/stream-sink.js';

const text = () => FORMATS.text({ originSec: 1_795_428_000, hostWidth: 5, hosts: [], outgoing: false });

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

describe('a reader that goes away', () => {
  test('ends the writing quietly and is told once', async () => {
    // `head` reads one line of what would go on for ever.
    const head = spawn('head', ['-n', '1'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const chunks: Buffer[] = [];
    head.stdout.on('data', (chunk: Buffer) => void chunks.push(chunk));
    let gone = 0;
    const sink = new StreamSink('stdout', head.stdin, text(), () => {
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
    const sink = new StreamSink('stdout', stream, text(), () => {
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
    const sink = new StreamSink('stdout', stream, text(), () => expect.fail('the reader is there'));
    await sink.write(records(100));
    await new Promise((resolve) => setImmediate(resolve));
    await sink.close();
    expect(sink).toMatchObject({ abandoned: false, written: 0, missed: 100, failure: { code: 'log-not-written', message: 'stdout cannot be written: write EIO' } });
    expect(sink.write(records(5))).toBeUndefined();
    expect(sink.missed).toBe(105);
  });
});

describe('a stream that is behind', () => {
  test('is waited for, and nothing is left behind on it however often', async () => {
    const { stream, take } = slowStream();
    const sink = new StreamSink('stdout', stream, text(), () => {});
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
    const sink = new StreamSink('stdout', stream, text(), () => {});
    const behind = sink.write(records(1));
    expect(behind).toBeInstanceOf(Promise);
    stream.destroy();
    await behind;
  });

  test('that keeps up is not waited for; nothing to write is nothing', () => {
    const { stream, taken } = slowStream(1e6);
    const sink = new StreamSink('stdout', stream, text(), () => {});
    expect(sink.write(records(3))).toBeUndefined();
    expect(sink.write(records(0))).toBeUndefined();
    expect(sink.written).toBe(3);
    expect(taken).toHaveLength(1);
  });

  test('standard output is flushed by close and stays open', async () => {
    const { stream, take } = slowStream(1e6);
    const sink = new StreamSink('stdout', stream, text(), () => {});
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
