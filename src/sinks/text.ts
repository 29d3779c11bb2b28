// What comes in: merged rows. What goes out: the text log's bytes, one line for each, in aligned columns:
//   time host source destination sport dport U A P R S F      (UDP stands where TCP has its flags, as in the well-known table)
//   time host observed TEXT                                    (a script without times: stamped when received)
//   time host gap REASON lines=N|unknown DETAIL
// Guaranteed: the times of sorted lines sort as text too (`LC_ALL=C sort -s -c -k1,1`), but for late ones, which end with `late`;
// nothing that a host printed can move the cursor.
import { formatTime } from '../base/clock.js';
import { printable } from '../base/host-text.js';
import { ipv6Text } from '../base/ip-address.js';
import type { MergedRows } from '../base/merged-rows.js';
import { DESTINATION_IPV6, LATE, OBSERVED, type RecordBatch, SOURCE_IPV6, UDP } from '../base/record-batch.js';
import { writeFlags, writeIpv4, writePort, writeTriple } from './text-bytes.js';

const IPV4_WIDTH = 15;
const IPV6_WIDTH = 39;
const SPACE = 0x20;
const NEWLINE = 0x0a;
/** `2026-11-23T10:00:00.`, then six digits and a Z. */
const SECOND_BYTES = 20;
/** A packet's line without its host is never longer. */
const PACKET_BYTES = 27 + 1 + 2 * (IPV6_WIDTH + 1) + 2 * 6 + 11 + 6 + 2;

export interface TextFormatOptions {
  readonly originSec: number;
  /** Width of the host column: the longest name. */
  readonly hostWidth: number;
}

export class TextFormat {
  readonly #options: TextFormatOptions;
  readonly #hosts = new Map<string, Uint8Array>();
  /** Grows to the longest address seen, so that IPv6 costs IPv4-only fleets nothing. */
  #addressWidth = IPV4_WIDTH;
  /** The second that `#second` spells, in nanoseconds since the origin. */
  #secondNs = Number.NaN;
  #second = new Uint8Array(SECOND_BYTES);

  constructor(options: TextFormatOptions) {
    this.#options = options;
  }

  /** The columns' names, for a person. */
  header(): string {
    const time = 'Time (UTC)'.padEnd(27);
    return `${time} ${'Host'.padEnd(this.#options.hostWidth)} ${'Source IP'.padStart(IPV4_WIDTH)} ${'Dest IP'.padStart(IPV4_WIDTH)} SPort DPort U A P R S F`;
  }

  /** All lines, each with its newline. */
  format(rows: MergedRows): Buffer {
    const asides = rows.batches.map((batch) => batch.asides.length > 0);
    const hosts = rows.batches.map((batch) => this.#host(batch.hostName));
    const widest = hosts.reduce((most, host) => Math.max(most, host.length), 0);
    let out = Buffer.allocUnsafe(rows.length * (PACKET_BYTES + widest));
    let at = 0;
    for (let index = 0; index < rows.length; index += 1) {
      const place = rows.batchOf[index] as number;
      const batch = rows.batches[place] as RecordBatch;
      const row = rows.rowOf[index] as number;
      if (asides[place] === true && (batch.kind[row] as number) >= OBSERVED) {
        const line = Buffer.from(this.#aside(batch, row));
        const need = at + line.length + (rows.length - index) * (PACKET_BYTES + widest);
        if (need > out.length) {
          const larger = Buffer.allocUnsafe(2 * need);
          larger.set(out.subarray(0, at));
          out = larger;
        }
        out.set(line, at);
        at += line.length;
      } else at = this.#packet(out, at, batch, row, hosts[place] as Uint8Array);
    }
    return out.subarray(0, at);
  }

  #packet(out: Uint8Array, start: number, batch: RecordBatch, row: number, host: Uint8Array): number {
    let at = this.#time(out, start, batch.tNs[row] as number);
    for (let index = 0; index < host.length; index += 1) out[at + index] = host[index] as number;
    at += host.length;
    const bits = batch.bits[row] as number;
    const source = batch.source[row] as number;
    const destination = batch.destination[row] as number;
    if ((bits & (SOURCE_IPV6 | DESTINATION_IPV6)) === 0) {
      at = writeIpv4(out, at, source, this.#addressWidth);
      out[at] = SPACE;
      at = writeIpv4(out, at + 1, destination, this.#addressWidth);
    } else {
      const texts = [(bits & SOURCE_IPV6) === 0 ? undefined : ipv6Text(batch.ipv6, 4 * source), (bits & DESTINATION_IPV6) === 0 ? undefined : ipv6Text(batch.ipv6, 4 * destination)];
      for (const text of texts) this.#addressWidth = Math.max(this.#addressWidth, text?.length ?? 0);
      at = this.#address(out, at, source, texts[0]);
      out[at] = SPACE;
      at = this.#address(out, at + 1, destination, texts[1]);
    }
    out[at] = SPACE;
    at = writePort(out, at + 1, batch.sourcePort[row] as number);
    out[at] = SPACE;
    at = writePort(out, at + 1, batch.destinationPort[row] as number);
    out[at] = SPACE;
    at += 1;
    if (batch.kind[row] === UDP) at = writeAscii(out, at, 'UDP');
    else at = writeFlags(out, at, batch.flags[row] as number);
    if ((bits & LATE) !== 0) at = writeAscii(out, at, ' late');
    out[at] = NEWLINE;
    return at + 1;
  }

  #address(out: Uint8Array, at: number, address: number, text: string | undefined): number {
    return text === undefined ? writeIpv4(out, at, address, this.#addressWidth) : writeAscii(out, at, text.padStart(this.#addressWidth));
  }

  /** RFC 3339 in UTC with microseconds; nanoseconds are cut, not rounded, so that order stays. */
  #time(out: Uint8Array, at: number, tNs: number): number {
    if (!(tNs >= this.#secondNs && tNs < this.#secondNs + 1e9)) {
      this.#secondNs = Math.floor(tNs / 1e9) * 1e9;
      this.#second.set(Buffer.from(formatTime(this.#secondNs, this.#options.originSec).slice(0, SECOND_BYTES)));
    }
    const second = this.#second;
    for (let index = 0; index < SECOND_BYTES; index += 1) out[at + index] = second[index] as number;
    const micros = ((tNs - this.#secondNs) / 1000) | 0;
    const millis = (micros / 1000) | 0;
    let next = writeTriple(out, at + SECOND_BYTES, millis);
    next = writeTriple(out, next, micros - 1000 * millis);
    out[next] = 0x5a;
    out[next + 1] = SPACE;
    return next + 2;
  }

  /** The host's column, with the space behind it. */
  #host(name: string): Uint8Array {
    let bytes = this.#hosts.get(name);
    if (bytes === undefined) {
      bytes = Buffer.from(`${oneLine(name).padEnd(this.#options.hostWidth)} `);
      this.#hosts.set(name, bytes);
    }
    return bytes;
  }

  #aside(batch: RecordBatch, row: number): string {
    const start = `${formatTime(batch.tNs[row] as number, this.#options.originSec)} ${oneLine(batch.hostName).padEnd(this.#options.hostWidth)} `;
    const late = batch.isLate(row) ? ' late' : '';
    if (batch.kind[row] === OBSERVED) return `${start}observed ${oneLine(batch.textOf(row))}${late}\n`;
    const { reason, lines, detail } = batch.gapOf(row);
    return `${start}gap ${reason} lines=${lines ?? 'unknown'} ${oneLine(detail)}${late}\n`;
  }
}

function writeAscii(out: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index += 1) out[at + index] = text.charCodeAt(index);
  return at + text.length;
}

function oneLine(text: string): string {
  return printable(text).replaceAll('\n', '\\n');
}
