import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { LogRecord } from '../../src/base/record.js';
import { FileWriter } from '../../src/sinks/file-writer.js';
import { LogFile } from '../../src/sinks/log-file.js';
import { StreamSink } from '../../src/sinks/stream-sink.js';
import { TextFormat } from '../../src/sinks/text.js';
import { ThreadedText } from '../../src/sinks/threaded-text.js';
import { rowsOf } from '../base/rows.js';
import { anyLogs, ORIGIN_SEC, packet } from './packets.js';

const folder = mkdtempSync(join(tmpdir(), 'fleet-tap-thread-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TEXT = { originSec: ORIGIN_SEC, hostWidth: 10 };
const PROGRAM = new URL('../../dist/sinks/text-thread.js', import.meta.url);
const program = (code: string) => new URL(`data:text/javascript,import { parentPort } from 'node:worker_threads'; ${encodeURIComponent(code)}`);
const script = (...releases: (readonly LogRecord[])[]) => Buffer.concat(releases.map((records) => new TextFormat(TEXT).format(rowsOf(records)))).toString();

/** A log whose thread has started. */
async function withThread(leastRows = 0): Promise<ThreadedText> {
  const text = new ThreadedText(TEXT, { afterRows: 0, leastRows, program: PROGRAM });
  const rows = rowsOf(Array.from({ length: leastRows }, () => packet()));
  for (;;) {
    const bytes = text.format(rows);
    if (bytes instanceof Promise) {
      await bytes;
      return text;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('lines from another thread', () => {
  it('are those of this one, whatever they are', async () => {
    const text = await withThread();
    // Kept from log to log, as there: the columns grow with the addresses.
    const here = new TextFormat(TEXT);
    await fc.assert(
      fc.asyncProperty(anyLogs, async (records) => {
        const bytes = await text.format(rowsOf(records));
        const lines = Buffer.from(bytes).toString();
        // The next lines go where these were.
        text.recycle(bytes);
        expect(lines).toBe(here.format(rowsOf(records)).toString());
      }),
      { numRuns: 200, endOnFailure: true },
    );
    text.close();
  });

  it('reach a stream and a compressed file whole and in order', async () => {
    const releases = Array.from({ length: 40 }, (_, release) => Array.from({ length: 500 }, (_row, row) => packet({ host: `web${row % 7}`, tNs: release * 1e6 + row, sourcePort: row })));
    const out = join(folder, 'stream.log');
    const stream = new StreamSink('stdout', new FileWriter(openSync(out, 'w')), await withThread(), () => {});
    const file = await LogFile.open(join(folder, 'file.log.gz'), await withThread(), { compression: 'gzip', fsync: 'never', rotation: {}, originSec: ORIGIN_SEC });
    for (const records of releases) await Promise.all([stream.write(rowsOf(records)), file.write(rowsOf(records))]);
    await Promise.all([stream.close(), file.close()]);
    const expected = script(...releases);
    expect([stream.written, stream.missed, file.written, file.missed]).toEqual([20_000, 0, 20_000, 0]);
    expect(readFileSync(out, 'utf8')).toBe(expected);
    expect(gunzipSync(readFileSync(join(folder, 'file.log.gz'))).toString()).toBe(expected);
  });

  it('are not counted as written when the reader goes away meanwhile', async () => {
    const text = await withThread();
    const writer = new FileWriter(openSync(join(folder, 'gone.log'), 'w'));
    const sink = new StreamSink('stdout', writer, text, () => {});
    const writing = sink.write(rowsOf([packet()]));
    writer.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    await writing;
    expect([sink.written, sink.missed]).toEqual([0, 1]);
    await sink.close();
  });
});

describe('a thread that is of no use', () => {
  const LINES = [packet({ source: '2001:db8::1' }), packet({ sourcePort: 7 })];

  it('is not waited for while it starts', () => {
    const text = new ThreadedText(TEXT, { afterRows: 0, leastRows: 0, program: program('') });
    for (let release = 0; release < 3; release += 1) expect(text.format(rowsOf(LINES))).toBeInstanceOf(Buffer);
    text.close();
  });

  it('is not asked for a few rows', async () => {
    const text = await withThread(2);
    expect(text.format(rowsOf([packet()]))).toBeInstanceOf(Buffer);
    expect(text.format(rowsOf(LINES))).toBeInstanceOf(Promise);
    text.close();
  });

  it('is not started for a short log', () => {
    const text = new ThreadedText(TEXT);
    expect(String(text.format(rowsOf(LINES)))).toBe(script(LINES));
    text.close();
  });

  it.each([
    ['dies over its first lines', "parentPort.postMessage('ready'); parentPort.on('message', () => { throw new Error('out of memory'); });"],
    ['ends by itself', "parentPort.postMessage('ready'); parentPort.on('message', () => process.exit(1));"],
  ])('and one that %s: the lines are made here', async (_, code) => {
    const text = new ThreadedText(TEXT, { afterRows: 0, leastRows: 0, program: program(code) });
    let lines = text.format(rowsOf([]));
    while (!(lines instanceof Promise)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      lines = text.format(rowsOf(LINES));
    }
    expect(String(await lines)).toBe(script(LINES));
    expect(String(text.format(rowsOf(LINES)))).toBe(script(LINES));
    text.close();
  });

  it('that cannot be started does no harm', async () => {
    const text = new ThreadedText(TEXT, { afterRows: 0, leastRows: 0, program: new URL('./no-such-file.js', import.meta.url) });
    for (let release = 0; release < 3; release += 1) {
      expect(String(await text.format(rowsOf([packet()])))).toBe(script([packet()]));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    text.close();
  });
});
