// One line of the wire format as an object, for tests.
import type { LogRecord } from '../../src/base/record.js';
import { RecordBatch } from '../../src/base/record-batch.js';
import { newCounters } from '../../src/base/counters.js';
import { BEGIN, END, HEARTBEAT, PACKET, WireParser } from '../../src/capture/wire-format.js';
import { HostStream, type LineReader, type StreamProgress } from '../../src/capture/host-stream.js';
import { recordsOfRuns } from '../base/rows.js';

const KINDS = new Map([[BEGIN, 'begin'], [HEARTBEAT, 'heartbeat'], [END, 'end']]);

type PacketRecord = Extract<LogRecord, { type: 'packet' }>;
export interface WireMark {
  readonly kind: string;
  readonly realNs: number;
  readonly monoNs: number;
  readonly count: number;
}

/** A packet's fields, a mark's, or undefined for what was refused. Times count from `originSec`. */
export function parseWireLine(line: string, originSec = 0): PacketRecord | WireMark | undefined {
  const bytes = Buffer.from(`${line}\n`);
  const parser = new WireParser(originSec);
  const batch = new RecordBatch({ host: 0, hostName: 'web01', epoch: 1 }, 1);
  const kind = parser.parse(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length, batch);
  if (kind === PACKET) {
    if (parser.newlineAt !== bytes.length - 1) throw new Error(`read to ${parser.newlineAt} of ${bytes.length}`);
    return batch.record(0) as PacketRecord;
  }
  const name = KINDS.get(kind);
  if (name === undefined) return undefined;
  if (parser.newlineAt !== bytes.length - 1) throw new Error(`read to ${parser.newlineAt} of ${bytes.length}`);
  return { kind: name, realNs: parser.realNs, monoNs: parser.monoNs, count: parser.count };
}

/** Packet lines that one reader reads one after the other; undefined for what it refuses. */
export function parseWireLines(lines: readonly string[]): (PacketRecord | undefined)[] {
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const parser = new WireParser(0);
  let at = 0;
  return lines.map((line) => {
    const batch = new RecordBatch({ host: 0, hostName: 'web01', epoch: 1 }, 1);
    const kind = parser.parse(bytes, view, at, bytes.length, batch);
    at += line.length + 1;
    return kind === PACKET ? (batch.record(0) as PacketRecord) : undefined;
  });
}

export interface ObjectProgress extends StreamProgress {
  readonly records: LogRecord[];
}

/** A reader that is given lines as strings and tells its records as objects. */
export class ObjectLines {
  readonly #stream: HostStream;

  constructor(reader: LineReader) {
    this.#stream = new HostStream(reader, newCounters());
  }

  push(lines: readonly string[], nowNs: number): ObjectProgress {
    const progress = this.#stream.push(Buffer.from(lines.map((line) => `${line}\n`).join('')), nowNs);
    return { ...progress, records: recordsOfRuns(progress.runs) };
  }
}
