// What comes in: merged rows. What goes out: the text log's bytes, one line for each, in aligned columns:
//   time host source destination sport dport U A P R S F      (UDP stands where TCP has its flags, as in the well-known table)
//   time host observed TEXT                                    (a script without times: stamped when received)
//   time host gap REASON lines=N|unknown from=TIME|unknown to=TIME|unknown DETAIL
// Guaranteed: the times of sorted lines sort as text too (`LC_ALL=C sort -s -c -k1,1`), but for late ones, which end with `late`;
// nothing that a host printed can move the cursor.
import { formatTime } from '../base/clock.js';
import { printable } from '../base/host-text.js';
import type { MergedRows } from '../base/merged-rows.js';
import { DESTINATION_IPV6, LATE, OBSERVED, type RecordBatch, type RowRun, SOURCE_IPV6, UDP } from '../base/record-batch.js';
import { Ipv6Texts } from './ipv6-texts.js';
import { eights, putEight, putEights, putFlags, putIpv4, putMicros, putPort, SLACK_BYTES } from './text-bytes.js';

const IPV4_WIDTH = 15;
const IPV6_WIDTH = 39;
/** `2026-11-23T10:00:00.`; six digits, a Z and a space follow. */
const SECOND_BYTES = 20;
/** A packet's line without its host is never longer. */
const PACKET_BYTES = SECOND_BYTES + 8 + 2 * (IPV6_WIDTH + 1) + 2 * 6 + 12 + 5;
const UDP_LINE = eights('UDP\n')[0] as number;
const LATE_LINE = eights(' late\n')[0] as number;

export interface TextFormatOptions {
  readonly originSec: number;
  /** Width of the host column: the longest name. */
  readonly hostWidth: number;
}

interface HostColumn {
  readonly bytes: Uint8Array;
  /** The same; undefined when it is not ASCII. */
  readonly eights: Float64Array | undefined;
}

export class TextFormat {
  readonly #options: TextFormatOptions;
  readonly #hosts = new Map<string, HostColumn>();
  #scratch: { readonly eights: Float64Array; readonly view: DataView } | undefined;
  #ipv6Texts: Ipv6Texts | undefined;
  /** Columns of an address: grows to the longest one seen, so that IPv6 costs IPv4-only fleets nothing. */
  #addressWidth = IPV4_WIDTH;
  /** The second that `#second` spells, in nanoseconds since the origin. */
  #secondNs = Number.NaN;
  #second = eights(' '.repeat(SECOND_BYTES));

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
    return this.#byStretches(rows) ?? this.#inOrder(rows);
  }

  /**
   * The same as `#inOrder`: each host's lines in one go, every line in a place of the same size, and then from there in the log's order. At 500 hosts
   * it takes half the time: row after row, `#inOrder` finds no column of the next host in the processor's caches.
   * @returns undefined where a line does not fit its place, or the column of addresses would have to grow
   */
  #byStretches({ length, stretches }: MergedRows): Buffer | undefined {
    if (stretches === undefined || stretches.runs.some(({ batch }) => batch.asides.length > 0)) return undefined;
    const hosts = stretches.runs.map(({ batch }) => this.#host(batch.hostName));
    const mostBytes = PACKET_BYTES - 2 * (IPV6_WIDTH - this.#addressWidth) + hosts.reduce((most, host) => Math.max(most, host.bytes.length), 0);
    const placeEights = Math.ceil((mostBytes + SLACK_BYTES) / 8) + 1;
    const scratch = this.#scratchOf(length * placeEights);
    let place = 0;
    for (let index = 0; index < hosts.length; index += 1) {
      const { batch, from, to } = stretches.runs[index] as RowRun;
      const host = hosts[index] as HostColumn;
      for (let row = from; row < to; row += 1) {
        if (batch.bits[row] !== 0 && this.#widthOf(batch, row) > this.#addressWidth) return undefined;
        const start = 8 * (place + 1);
        scratch.eights[place] = this.#packet(scratch.view, start, batch, row, host) - start;
        place += placeEights;
      }
    }
    const out = Buffer.allocUnsafe(length * mostBytes + SLACK_BYTES);
    const view = new DataView(out.buffer, out.byteOffset, out.length);
    let at = 0;
    for (let index = 0; index < length; index += 1) {
      const from = placeEights * (stretches.numberOf[index] as number);
      const bytes = scratch.eights[from] as number;
      const lastEight = from + ((bytes + 7) >> 3);
      for (let eight = from + 1, to = at; eight <= lastEight; eight += 1, to += 8) putEight(view, to, scratch.eights[eight] as number);
      at += bytes;
    }
    return out.subarray(0, at);
  }

  #scratchOf(needEights: number): { readonly eights: Float64Array; readonly view: DataView } {
    if (this.#scratch === undefined || this.#scratch.eights.length < needEights) {
      const eights = new Float64Array(needEights);
      this.#scratch = { eights, view: new DataView(eights.buffer) };
    }
    return this.#scratch;
  }

  #inOrder(rows: MergedRows): Buffer {
    const asides = rows.batches.map((batch) => batch.asides.length > 0);
    const hosts = rows.batches.map((batch) => this.#host(batch.hostName));
    const mostBytes = PACKET_BYTES + hosts.reduce((most, host) => Math.max(most, host.bytes.length), 0);
    let out = Buffer.allocUnsafe(rows.length * mostBytes + SLACK_BYTES);
    let view = new DataView(out.buffer, out.byteOffset, out.length);
    let at = 0;
    for (let index = 0; index < rows.length; index += 1) {
      const place = rows.batchOf[index] as number;
      const batch = rows.batches[place] as RecordBatch;
      const row = rows.rowOf[index] as number;
      if (asides[place] === true && (batch.kind[row] as number) >= OBSERVED) {
        const line = Buffer.from(this.#aside(batch, row));
        const need = at + line.length + (rows.length - index) * mostBytes + SLACK_BYTES;
        if (need > out.length) {
          const larger = Buffer.allocUnsafe(2 * need);
          larger.set(out.subarray(0, at));
          out = larger;
          view = new DataView(out.buffer, out.byteOffset, out.length);
        }
        out.set(line, at);
        at += line.length;
      } else at = this.#packet(view, at, batch, row, hosts[place] as HostColumn);
    }
    return out.subarray(0, at);
  }

  #packet(out: DataView, start: number, batch: RecordBatch, row: number, host: HostColumn): number {
    let at = this.#time(out, start, batch.tNs[row] as number);
    if (host.eights !== undefined) putEights(out, at, host.eights);
    else for (let index = 0; index < host.bytes.length; index += 1) out.setUint8(at + index, host.bytes[index] as number);
    at += host.bytes.length;
    const bits = batch.bits[row] as number;
    if ((bits & (SOURCE_IPV6 | DESTINATION_IPV6)) === 0) {
      at = putIpv4(out, at, batch.source[row] as number, this.#addressWidth);
      at = putIpv4(out, at, batch.destination[row] as number, this.#addressWidth);
    } else at = this.#addresses(out, at, batch, row, bits);
    at = putPort(out, at, batch.sourcePort[row] as number);
    at = putPort(out, at, batch.destinationPort[row] as number);
    if (batch.kind[row] === UDP) {
      putEight(out, at, UDP_LINE);
      at += 4;
    } else at = putFlags(out, at, batch.flags[row] as number);
    if ((bits & LATE) === 0) return at;
    putEight(out, at - 1, LATE_LINE);
    return at + 5;
  }

  /** Both addresses, of which one at least is IPv6. */
  #addresses(out: DataView, start: number, batch: RecordBatch, row: number, bits: number): number {
    const [source, destination] = [batch.source[row] as number, batch.destination[row] as number];
    const texts = this.#ipv6();
    this.#addressWidth = Math.max(this.#addressWidth, this.#widthOf(batch, row));
    const width = this.#addressWidth;
    const at = (bits & SOURCE_IPV6) === 0 ? putIpv4(out, start, source, width) : texts.put(out, start, batch.ipv6, 4 * source, width);
    return (bits & DESTINATION_IPV6) === 0 ? putIpv4(out, at, destination, width) : texts.put(out, at, batch.ipv6, 4 * destination, width);
  }

  /** Columns that the row's IPv6 addresses need. */
  #widthOf(batch: RecordBatch, row: number): number {
    const bits = batch.bits[row] as number;
    const source = (bits & SOURCE_IPV6) === 0 ? 0 : this.#ipv6().lengthOf(batch.ipv6, 4 * (batch.source[row] as number));
    const destination = (bits & DESTINATION_IPV6) === 0 ? 0 : this.#ipv6().lengthOf(batch.ipv6, 4 * (batch.destination[row] as number));
    return Math.max(source, destination);
  }

  #ipv6(): Ipv6Texts {
    this.#ipv6Texts ??= new Ipv6Texts();
    return this.#ipv6Texts;
  }

  /** RFC 3339 in UTC with microseconds, and a space; nanoseconds are cut, not rounded, so that order stays. */
  #time(out: DataView, at: number, tNs: number): number {
    if (!(tNs >= this.#secondNs && tNs < this.#secondNs + 1e9)) {
      this.#secondNs = Math.floor(tNs / 1e9) * 1e9;
      this.#second = eights(formatTime(this.#secondNs, this.#options.originSec).slice(0, SECOND_BYTES));
    }
    putEights(out, at, this.#second);
    return putMicros(out, at + SECOND_BYTES, ((tNs - this.#secondNs) / 1000) | 0);
  }

  /** The host's column, with the space behind it. */
  #host(name: string): HostColumn {
    let column = this.#hosts.get(name);
    if (column === undefined) {
      const text = `${oneLine(name).padEnd(this.#options.hostWidth)} `;
      const bytes = Buffer.from(text);
      column = { bytes, eights: bytes.length === text.length ? eights(text) : undefined };
      this.#hosts.set(name, column);
    }
    return column;
  }

  #aside(batch: RecordBatch, row: number): string {
    const start = `${formatTime(batch.tNs[row] as number, this.#options.originSec)} ${oneLine(batch.hostName).padEnd(this.#options.hostWidth)} `;
    const late = batch.isLate(row) ? ' late' : '';
    if (batch.kind[row] === OBSERVED) return `${start}observed ${oneLine(batch.textOf(row))}${late}\n`;
    const { reason, lines, fromNs, toNs, detail } = batch.gapOf(row);
    const [from, to] = [fromNs, toNs].map((ns) => (ns === null ? 'unknown' : formatTime(ns, this.#options.originSec)));
    return `${start}gap ${reason} lines=${lines ?? 'unknown'} from=${from} to=${to} ${oneLine(detail)}${late}\n`;
  }
}

function oneLine(text: string): string {
  return printable(text).replaceAll('\n', '\\n');
}
