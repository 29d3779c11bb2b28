// What comes in: a log's file: text, JSONL or CSV, plain or compressed. What goes out: its records, in blocks.
// Guaranteed: what the file is shows in its content, not its name; a line that is not a log's is refused with file:line; no more than a block is held.
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { FleetTapError } from '../base/errors.js';
import type { LogRecord } from '../base/record.js';
import { csvCells, csvReader, jsonlReader, type LineReader, NotALogLine, textReader, timeNs } from './log-lines.js';

const BLOCK_BYTES = 256 * 1024;
/** Our own longest line is a script's, of at most 1 MiB, escaped. */
const LINE_LIMIT = 8 * 2 ** 20;
const GZIP = 0x1f8b;
const ZSTD = 0xfd2fb528;
const PCAPNG = 0x0a0d0d0a;

const ownUnzstd = (zlib as unknown as { createZstdDecompress?: () => NodeJS.ReadWriteStream & Readable }).createZstdDecompress;

/**
 * Reads all of a log.
 * @param originSec what times are counted from; undefined: the second of the log's first record
 * @param take called with each block of records, and what their times are counted from
 * @throws FleetTapError kind `input`
 */
export async function readLog(file: string, originSec: number | undefined, take: (records: readonly LogRecord[], originSec: number) => void): Promise<void> {
  const log = new LogText(file, originSec);
  let isEmpty = true;
  for await (const lines of blocksOfLines(file, await decompressed(file))) {
    isEmpty = false;
    take(log.read(lines), log.originSec);
  }
  // Whose packets it lacks is not known either: a rule about a host could not be told from a slip in its name.
  if (isEmpty) throw mistake(file, 1, 'the log is empty: no host received anything', 'a recording says of which hosts, also where nothing was received: capture --record DIR');
}

/** A log's lines → records; the first lines say which format it is. */
class LogText {
  readonly #file: string;
  #number = 0;
  #names: readonly string[] | undefined;
  #reader: LineReader | undefined;
  #row: string | undefined;
  originSec: number;

  constructor(file: string, originSec: number | undefined) {
    this.#file = file;
    this.originSec = originSec ?? Number.NaN;
  }

  read(lines: readonly string[]): LogRecord[] {
    const records: LogRecord[] = [];
    try {
      for (const line of lines) {
        this.#number += 1;
        const whole = this.#names === undefined ? line : this.#wholeRow(line);
        if (whole === undefined) continue;
        this.#reader ??= this.#readerFor(whole);
        const record = this.#reader?.(whole);
        if (record !== undefined) records.push(record);
      }
    } catch (error) {
      if (error instanceof NotALogLine) throw mistake(this.#file, this.#number, error.message);
      throw error;
    }
    return records;
  }

  /** CSV: a row goes on over line ends inside of quotes. @returns undefined while it does */
  #wholeRow(line: string): string | undefined {
    const row = this.#row === undefined ? line : `${this.#row}\n${line}`;
    const isWhole = (row.match(/"/g)?.length ?? 0) % 2 === 0;
    this.#row = isWhole ? undefined : row;
    return isWhole ? row : undefined;
  }

  /** @returns undefined while only headers came */
  #readerFor(line: string): LineReader | undefined {
    if (line === '' || line.startsWith('Time (UTC)')) return undefined;
    if (this.#names === undefined && line.startsWith('t,host,')) {
      this.#names = csvCells(line);
      return undefined;
    }
    const names = this.#names;
    const time = line.startsWith('{') ? /"t":"([^"]*)"/.exec(line)?.[1] : names === undefined ? line.split(' ', 1)[0] : csvCells(line)[names.indexOf('t')];
    const firstNs = timeNs(time ?? '', 0);
    if (Number.isNaN(this.originSec)) this.originSec = Math.floor(firstNs / 1e9);
    if (line.startsWith('{')) return jsonlReader(this.originSec);
    return names === undefined ? textReader(this.originSec) : csvReader(names, this.originSec);
  }
}

function mistake(file: string, line: number, sentence: string, hint = 'name a recording (capture --record DIR), or a text, JSONL or CSV log of fleet-tap'): FleetTapError {
  return new FleetTapError('input', 'log-unreadable', sentence, { place: { file, line }, hint });
}

async function decompressed(file: string): Promise<Readable> {
  const head = Buffer.alloc(4);
  try {
    const handle = await open(file);
    await handle.read(head, 0, 4, 0).finally(() => handle.close());
  } catch (error) {
    throw new FleetTapError('input', 'log-unreadable', `${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  const kind = head.readUInt32LE();
  if (kind === PCAPNG) throw new FleetTapError('input', 'log-unreadable', `${file} is pcapng, which says less than the other formats`, { hint: 'name the recording, or the text, JSONL or CSV log' });
  if (kind === ZSTD && ownUnzstd === undefined) throw new FleetTapError('input', 'no-zstd', `${file} is compressed with zstd, and Node ${process.versions.node} cannot read that`, { hint: `zstd -d ${file}` });
  const stream = createReadStream(file, { highWaterMark: BLOCK_BYTES });
  if (head.readUInt16BE() === GZIP) return piped(stream, zlib.createGunzip());
  return kind === ZSTD && ownUnzstd !== undefined ? piped(stream, ownUnzstd()) : stream;
}

function piped(from: Readable, through: NodeJS.ReadWriteStream & Readable): Readable {
  from.on('error', (error) => through.destroy(error));
  return from.pipe(through);
}

/** Whole lines, without their ends; a last one without a newline too. */
async function* blocksOfLines(file: string, stream: Readable): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of stream) {
      const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LINE_LIMIT) throw new FleetTapError('input', 'log-unreadable', `${file} has a line of more than ${LINE_LIMIT / 2 ** 20} MiB: this is not a log of fleet-tap`);
      yield lines.map(withoutReturn);
    }
  } catch (error) {
    if (error instanceof FleetTapError) throw error;
    throw new FleetTapError('input', 'log-unreadable', `${file} cannot be read to its end: ${(error as Error).message}`, { cause: error });
  }
  if (rest !== '') yield [withoutReturn(rest)];
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
