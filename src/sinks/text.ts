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
import { putSpelled, type Spelled, spelled } from './field-bytes.js';
import { Ipv6Texts } from './ipv6-texts.js';
import { SpareMemory } from './spare-memory.js';
import { eights, FLAGS_BYTES, LATE_BYTES, putEights, putFlags, putIpv4, putLate, putMicros, putPort, putUdp, UDP_BYTES } from './text-bytes.js';

const IPV4_WIDTH = 15;
const IPV6_WIDTH = 39;
/** `2026-11-23T10:00:00.`; six digits, a Z and a space follow. */
const SECOND_BYTES = 20;
/** A packet's line without its host, its addresses, and what stands behind the ports. */
const PACKET_BYTES = SECOND_BYTES + 8 + 2 + 2 * 6;
const KEPT_SECONDS = 64;

export interface TextFormatOptions {
  readonly originSec: number;
  /** Width of the host column: the longest name. */
  readonly hostWidth: number;
}

export class TextFormat {
  readonly #options: TextFormatOptions;
  readonly #hosts = new Map<string, Spelled>();
  /** The length of each line, then its place. */
  #places = new Uint32Array(0);
  readonly #memory = new SpareMemory();
  #ipv6Texts: Ipv6Texts | undefined;
  /** Columns of an address: grows to the longest one seen, so that IPv6 costs IPv4-only fleets nothing. */
  #addressWidth = IPV4_WIDTH;
  /** The second that `#second` spells, in nanoseconds since the origin. */
  #secondNs = Number.NaN;
  #second = eights(' '.repeat(SECOND_BYTES));
  readonly #seconds = new Map<number, Float64Array>();

  constructor(options: TextFormatOptions) {
    this.#options = options;
  }

  /** The columns' names, for a person. */
  header(): string {
    const time = 'Time (UTC)'.padEnd(27);
    return `${time} ${'Host'.padEnd(this.#options.hostWidth)} ${'Source IP'.padStart(IPV4_WIDTH)} ${'Dest IP'.padStart(IPV4_WIDTH)} SPort DPort U A P R S F`;
  }

  /** All lines, each with its newline. They may be given back (`recycle`) once they are written. */
  format(rows: MergedRows): Buffer {
    return this.#byStretches(rows) ?? this.#inOrder(rows);
  }

  /**
   * The same as `#inOrder`, but each host's lines in one go, every line where it belongs. At 500 hosts it takes half the time: row after row, `#inOrder`
   * finds no column of the next host in the processor's caches. A line's length is known from what kind of row it is; nothing is
   * written behind it, for what stands there may have been written before.
   * @returns undefined where there are lines of other lengths, or the column of addresses would have to grow
   */
  #byStretches({ length, stretches }: MergedRows): Buffer | undefined {
    if (stretches === undefined || stretches.runs.some(({ batch }) => batch.asides.length > 0)) return undefined;
    const { runs, order } = stretches;
    const hosts = runs.map(({ batch }) => this.#host(batch.hostName));
    const places = this.#placesFor(length);
    let number = 0;
    for (let index = 0; index < runs.length; index += 1) {
      const run = runs[index] as RowRun;
      if (run.batch.ipv6.length > 0 && !this.#fits(run)) return undefined;
      number = lineLengths(run, places, number, PACKET_BYTES + 2 * this.#addressWidth + (hosts[index] as Spelled).bytes.length);
    }
    const bytes = order === undefined ? placesInTurn(places, length) : placesInOrder(places, order, length);
    const out = this.#memory.take(bytes);
    const view = new DataView(out.buffer, out.byteOffset, out.length);
    number = 0;
    for (let index = 0; index < runs.length; index += 1) number = this.#stretch(view, runs[index] as RowRun, hosts[index] as Spelled, places, number);
    return out.subarray(0, bytes);
  }

  #stretch(out: DataView, { batch, from, to }: RowRun, host: Spelled, places: Uint32Array, first: number): number {
    const shift = first - from;
    for (let row = from; row < to; row += 1) this.#packet(out, places[row + shift] as number, batch, row, host);
    return to + shift;
  }

  /** Whether the columns are wide enough for all addresses. */
  #fits({ batch, from, to }: RowRun): boolean {
    for (let row = from; row < to; row += 1) if (this.#widthOf(batch, row) > this.#addressWidth) return false;
    return true;
  }

  #placesFor(rows: number): Uint32Array {
    if (this.#places.length < rows) this.#places = new Uint32Array(2 * rows);
    return this.#places;
  }

  /** Takes memory that `format` has given for the next rows: nobody must need it any more. */
  recycle(bytes: Uint8Array): void {
    this.#memory.give(bytes);
  }

  #inOrder(rows: MergedRows): Buffer {
    const asides = rows.batches.map((batch) => batch.asides.length > 0);
    const hosts = rows.batches.map((batch) => this.#host(batch.hostName));
    const mostBytes = PACKET_BYTES + 2 * IPV6_WIDTH + FLAGS_BYTES + LATE_BYTES + hosts.reduce((most, host) => Math.max(most, host.bytes.length), 0);
    let out = this.#memory.take(rows.length * mostBytes);
    let view = new DataView(out.buffer, out.byteOffset, out.length);
    let at = 0;
    for (let index = 0; index < rows.length; index += 1) {
      const place = rows.batchOf[index] as number;
      const batch = rows.batches[place] as RecordBatch;
      const row = rows.rowOf[index] as number;
      if (asides[place] === true && (batch.kind[row] as number) >= OBSERVED) {
        const line = Buffer.from(this.#aside(batch, row));
        const need = at + line.length + (rows.length - index) * mostBytes;
        if (need > out.length) {
          const larger = this.#memory.take(2 * need);
          larger.set(out.subarray(0, at));
          out = larger;
          view = new DataView(out.buffer, out.byteOffset, out.length);
        }
        out.set(line, at);
        at += line.length;
      } else at = this.#packet(view, at, batch, row, hosts[place] as Spelled);
    }
    return out.subarray(0, at);
  }

  #packet(out: DataView, start: number, batch: RecordBatch, row: number, host: Spelled): number {
    let at = this.#time(out, start, batch.tNs[row] as number);
    at = putSpelled(out, at, host);
    const bits = batch.bits[row] as number;
    if ((bits & (SOURCE_IPV6 | DESTINATION_IPV6)) === 0) {
      at = putIpv4(out, at, batch.source[row] as number, this.#addressWidth);
      at = putIpv4(out, at, batch.destination[row] as number, this.#addressWidth);
    } else at = this.#addresses(out, at, batch, row, bits);
    at = putPort(out, at, batch.sourcePort[row] as number);
    at = putPort(out, at, batch.destinationPort[row] as number);
    at = batch.kind[row] === UDP ? putUdp(out, at) : putFlags(out, at, batch.flags[row] as number);
    return (bits & LATE) === 0 ? at : putLate(out, at - 1);
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
    if (!(tNs >= this.#secondNs && tNs < this.#secondNs + 1e9)) this.#turnTo(Math.floor(tNs / 1e9));
    putEights(out, at, this.#second);
    return putMicros(out, at + SECOND_BYTES, ((tNs - this.#secondNs) / 1000) | 0);
  }

  /** Host after host, the same few seconds come again and again. */
  #turnTo(second: number): void {
    this.#secondNs = second * 1e9;
    const known = this.#seconds.get(second);
    this.#second = known ?? eights(formatTime(this.#secondNs, this.#options.originSec).slice(0, SECOND_BYTES));
    if (known !== undefined) return;
    if (this.#seconds.size === KEPT_SECONDS) this.#seconds.clear();
    this.#seconds.set(second, this.#second);
  }

  /** The host's column, with the space behind it. */
  #host(name: string): Spelled {
    let column = this.#hosts.get(name);
    if (column === undefined) {
      column = spelled(`${oneLine(name).padEnd(this.#options.hostWidth)} `);
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

/** How long each of a stretch's lines will be. @returns the number of the row behind it */
function lineLengths({ batch: { kind, bits }, from, to }: RowRun, lengths: Uint32Array, first: number, packetBytes: number): number {
  const shift = first - from;
  for (let row = from; row < to; row += 1) {
    const lateBytes = ((bits[row] as number) & LATE) === 0 ? 0 : LATE_BYTES;
    lengths[row + shift] = packetBytes + (kind[row] === UDP ? UDP_BYTES : FLAGS_BYTES) + lateBytes;
  }
  return to + shift;
}

/** Lengths become places. @returns the length of all */
function placesInOrder(places: Uint32Array, order: Uint32Array, rows: number): number {
  let at = 0;
  for (let index = 0; index < rows; index += 1) {
    const number = order[index] as number;
    const bytes = places[number] as number;
    places[number] = at;
    at += bytes;
  }
  return at;
}

function placesInTurn(places: Uint32Array, rows: number): number {
  let at = 0;
  for (let number = 0; number < rows; number += 1) {
    const bytes = places[number] as number;
    places[number] = at;
    at += bytes;
  }
  return at;
}

function oneLine(text: string): string {
  return printable(text).replaceAll('\n', '\\n');
}
