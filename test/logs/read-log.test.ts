// Logs are read back as they were written, in every format and compression; what is no log is refused with its line.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { LogRecord } from '../../src/base/record.js';
import { printable } from '../../src/base/host-text.js';
import { readLog } from '../../src/logs/read-log.js';
import { FORMATS } from '../../src/sinks/index.js';
import { rowsOf } from '../base/rows.js';
import { anyLogs, formatted, OPTIONS, ORIGIN_SEC, packet } from '../sinks/packets.js';

const folder = mkdtempSync(join(tmpdir(), 'fleet-tap-read-log-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function readBack(bytes: Buffer): Promise<LogRecord[]> {
  const file = join(folder, 'log');
  writeFileSync(file, bytes);
  const all: LogRecord[] = [];
  await readLog(file, ORIGIN_SEC, (records, originSec) => {
    expect(originSec).toBe(ORIGIN_SEC);
    all.push(...records);
  });
  return all;
}

/** What a format keeps of a record. @param digits of the fraction of a second */
function kept(record: LogRecord, format: 'text' | 'jsonl' | 'csv'): unknown {
  const grainNs = format === 'text' ? 1000 : 1;
  const shared = { type: record.type, host: record.host, tNs: Math.floor(record.tNs / grainNs) * grainNs, late: record.late };
  // Text joins spaces, as people read them; JSONL and CSV keep all.
  const words = (text: string) => (format === 'text' ? printable(text).replaceAll('\n', '\\n').replaceAll(/ +/g, ' ').trim() : printable(text));
  if (record.type === 'gap') {
    const [fromNs, toNs] = [record.fromNs, record.toNs].map((ns) => (ns === null ? null : Math.floor(ns / grainNs) * grainNs));
    return { ...shared, reason: record.reason, lines: record.lines, fromNs, toNs, text: words(record.detail) };
  }
  if (record.type === 'observed') return { ...shared, text: words(record.text) };
  const { protocol, source, destination, sourcePort, destinationPort, flags, payloadBytes, correctionNs } = record;
  return { ...shared, protocol, source, destination, sourcePort, destinationPort, flags, ...(format === 'text' ? {} : { payloadBytes, correctionNs }) };
}

describe.each(['text', 'jsonl', 'csv'] as const)('%s', (name) => {
  const bytesOf = (records: readonly LogRecord[]): Buffer => {
    const format = FORMATS[name](OPTIONS);
    return Buffer.concat([format.begin(), formatted(format, rowsOf(records)), format.end()]);
  };

  it('gives back what was written', () =>
    fc.assert(
      fc.asyncProperty(anyLogs, async (records) => {
        expect((await readBack(bytesOf(records))).map((record) => kept(record, name))).toEqual(records.map((record) => kept(record, name)));
      }),
      { numRuns: 60 },
    ));

  it('compressed with gzip, and late', async () => {
    const records = [packet({ tNs: 3_000 }), packet({ tNs: 1_000, late: true })];
    expect((await readBack(gzipSync(bytesOf(records)))).map((record) => kept(record, name))).toEqual(records.map((record) => kept(record, name)));
  });
});

describe('refused', () => {
  it.each([
    ['an empty file', '', 1, 'empty: no host received anything'],
    ['any other text', 'hello world\n', 1, 'not a time'],
    ['a line in the middle', '2026-11-25T10:00:00.000001Z web01 10.0.0.1 10.0.0.2 1 2 UDP\noops\n', 2, 'not a time'],
    ['a line that is cut', '2026-11-25T10:00:00.000001Z web01 10.0.0.1 10.0.0.2 1 2 UDP\n2026-11-25T10:00:00.000001Z web01 10.0.0.1 10.0', 2, 'not a line'],
    ['a port that is none', '2026-11-25T10:00:00.000001Z web01 10.0.0.1 10.0.0.2 1 99999 UDP\n', 1, 'port'],
    ['JSON of something else', '{"t":"2026-11-25T10:00:00.000001Z","host":"a"}\n', 1, 'not a record'],
    ['broken JSON', '{"t":"2026-11-25T10:00:00.000001Z"\n', 1, 'not JSON'],
  ])('%s', async (_, text, line, sentence) => {
    await expect(readBack(Buffer.from(text))).rejects.toMatchObject({ kind: 'input', code: 'log-unreadable', message: expect.stringContaining(sentence), place: { line } });
  });

  it('a compressed log that is cut', async () => {
    const bytes = gzipSync(Buffer.from('2026-11-25T10:00:00.000001Z web01 10.0.0.1 10.0.0.2 1 2 UDP\n'.repeat(1000)));
    await expect(readBack(bytes.subarray(0, bytes.length - 20))).rejects.toMatchObject({ kind: 'input', message: expect.stringContaining('to its end') });
  });

  it('pcapng, and a file that is not there', async () => {
    const format = FORMATS.pcapng(OPTIONS);
    await expect(readBack(Buffer.from(format.begin()))).rejects.toMatchObject({ message: expect.stringContaining('pcapng') });
    await expect(readLog(join(folder, 'none'), undefined, () => {})).rejects.toMatchObject({ kind: 'input' });
  });
});
