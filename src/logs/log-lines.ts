// What comes in: one line of a text, JSONL or CSV log of ours. What goes out: its record; undefined for a line that is none (a header, an empty one).
// Guaranteed: a line that is neither is a mistake with a sentence; nothing is guessed. What a format leaves out is NaN.
import { isIP } from 'node:net';
import type { GapReason, LogRecord, PacketRecord } from '../base/record.js';

export type LineReader = (line: string) => LogRecord | undefined;

/** Thrown with a sentence that begins with what is wrong: the reader of the file adds the place. */
export class NotALogLine extends Error {}

const TEXT_TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{1,9})Z$/;

/** Seconds of a log's first time; what readers count from. */
export function timeNs(text: string, originSec: number): number {
  const match = TEXT_TIME.exec(text);
  const ms = match === null ? Number.NaN : Date.parse(`${match[1]}Z`);
  if (Number.isNaN(ms) || match === null) throw new NotALogLine(`"${text.slice(0, 40)}" is not a time`);
  return (ms / 1000 - originSec) * 1e9 + Number((match[2] as string).padEnd(9, '0'));
}

/** `time host source destination sport dport U A P R S F` as sinks/text.ts writes it. */
export function textReader(originSec: number): LineReader {
  return (line) => {
    if (line === '' || line.startsWith('Time (UTC)') || line.startsWith('#')) return undefined;
    const words = line.split(/ +/);
    const [time = '', host = '', source = '', destination = ''] = words;
    const tNs = timeNs(time, originSec);
    const late = source === 'gap' || source === 'observed' ? words.at(-1) === 'late' : words[words[6] === 'UDP' ? 7 : 12] === 'late';
    if (source === 'gap') {
      const said = /^lines=(\d+|unknown) from=(\S+) to=(\S+) ?(.*)$/s.exec(words.slice(4).join(' '));
      if (said === null) throw new NotALogLine('a gap says lines=… from=… to=…');
      const [, lines, from, to, detail = ''] = said;
      return gap(host, tNs, late, destination, lines, timeOrNull(from, originSec), timeOrNull(to, originSec), late ? detail.replace(/ late$/, '') : detail);
    }
    if (source === 'observed') return { type: 'observed', host, epoch: 1, sequence: 0, tNs, text: words.slice(3).join(' '), late };
    const isUdp = words[6] === 'UDP';
    const flags = isUdp ? '' : words.slice(6, 12).join('');
    if (isIP(source) === 0 || isIP(destination) === 0 || !(isUdp || /^[01]{6}$/.test(flags))) throw new NotALogLine('this is not a line of a fleet-tap log');
    return packet({ host, tNs, late, protocol: isUdp ? 'udp' : 'tcp', source, destination, sourcePort: Number(words[4]), destinationPort: Number(words[5]), flags });
  };
}

export function jsonlReader(originSec: number): LineReader {
  return (line) => {
    if (line.trim() === '') return undefined;
    let fields: unknown;
    try {
      fields = JSON.parse(line);
    } catch (error) {
      throw new NotALogLine(`this is not JSON: ${(error as Error).message}`);
    }
    if (typeof fields !== 'object' || fields === null) throw new NotALogLine('this is not an object');
    return fromFields(fields as Record<string, unknown>, originSec);
  };
}

/** @param names the header's cells */
export function csvReader(names: readonly string[], originSec: number): LineReader {
  return (line) => {
    if (line === '') return undefined;
    const cells = csvCells(line);
    return fromFields(Object.fromEntries(names.map((name, index) => [name, cells[index] === '' ? null : cells[index]])), originSec);
  };
}

export function csvCells(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) => (quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"')));
}

/** The fields of sinks/fields.ts; numbers may be text, as CSV has them. */
function fromFields(fields: Record<string, unknown>, originSec: number): LogRecord {
  const text = (name: string) => String(fields[name] ?? '');
  const number = (name: string) => (fields[name] === null || fields[name] === undefined ? Number.NaN : Number(fields[name]));
  const tNs = timeNs(text('t'), originSec);
  const host = text('host');
  const late = text('late') === 'true';
  if (fields.type === 'gap') return gap(host, tNs, late, text('reason'), fields.lines === null ? 'unknown' : text('lines'), timeOrNull(fields.from, originSec), timeOrNull(fields.to, originSec), text('text'));
  if (fields.type === 'observed') return { type: 'observed', host, epoch: 1, sequence: 0, tNs, text: text('text'), late };
  const isUdp = fields.proto === 'udp';
  if (!(isUdp || fields.proto === 'tcp') || isIP(text('src')) === 0 || isIP(text('dst')) === 0) throw new NotALogLine('this is not a record of a fleet-tap log');
  const letters = text('flags');
  const flags = isUdp ? '' : [...'UAPRSF'].map((letter) => (letters.includes(letter) ? '1' : '0')).join('');
  const known = { correctionNs: number('corr_ns'), errorNs: number('err_ns'), payloadBytes: number('bytes') };
  return packet({ host, tNs, late, protocol: isUdp ? 'udp' : 'tcp', source: text('src'), destination: text('dst'), sourcePort: number('sport'), destinationPort: number('dport'), flags }, known);
}

type Known = Pick<PacketRecord, 'correctionNs' | 'errorNs' | 'payloadBytes'>;
const UNKNOWN: Known = { correctionNs: Number.NaN, errorNs: Number.NaN, payloadBytes: Number.NaN };

function packet(said: Pick<PacketRecord, 'host' | 'tNs' | 'late' | 'protocol' | 'source' | 'destination' | 'sourcePort' | 'destinationPort' | 'flags'>, known = UNKNOWN): PacketRecord {
  const isPort = (port: number) => Number.isInteger(port) && port >= 0 && port <= 65_535;
  if (!isPort(said.sourcePort) || !isPort(said.destinationPort)) throw new NotALogLine('a port is not a number from 0 to 65535');
  return { type: 'packet', epoch: 1, sequence: 0, rawNs: Number.NaN, seq: 0, ack: 0, window: 0, ...said, ...known };
}

function gap(host: string, tNs: number, late: boolean, reason: string, lines: string | undefined, fromNs: number | null, toNs: number | null, detail: string): LogRecord {
  const count = lines === 'unknown' ? null : Number(lines);
  if (Number.isNaN(count)) throw new NotALogLine('the lines of a gap are a number, or nothing');
  return { type: 'gap', host, epoch: 1, sequence: 0, tNs, reason: reason as GapReason, lines: count, fromNs, toNs, detail, late };
}

function timeOrNull(text: unknown, originSec: number): number | null {
  return typeof text !== 'string' || text === 'unknown' ? null : timeNs(text, originSec);
}
