// What comes in: merged rows. What goes out: what the text log says of them, in the log's order, 24 bytes for each:
//   f64 time | u32 source | u32 destination | u16 source port | u16 destination port | u32 host, bits, kind and flags
// Why: a host's rows lie together in its batches, and its lines far apart in the log. To move so few bytes from the one order into the other costs a third of
// writing whole lines there, the lines are then written from front to back, and nobody needs the batches any more: another thread may write the lines.
// Valid until the next `pack`. Cost: about 40 ns a row at 500 hosts.
import type { MergedRows, Stretches } from '../base/merged-rows.js';
import { DESTINATION_IPV6, OBSERVED, type RecordBatch, type RowRun, SOURCE_IPV6 } from '../base/record-batch.js';

const ROW_BYTES = 24;
/** Of a row, in words of eight and of four bytes. */
export const [TIMES, WORDS] = [ROW_BYTES / 8, ROW_BYTES / 4];
/** Places of a row's words. */
export const [SOURCE, DESTINATION, PORTS, MARKS] = [2, 3, 4, 5];
/** In the last word: flags, kind, bits, and above them the host's number. */
export const [KIND_SHIFT, BITS_SHIFT, HOST_SHIFT] = [6, 8, 11];
export const FLAG_BITS = 63;
const LEAST_ROWS = 1024;

/** The rows themselves: what another thread can be given. Their memory is shared with it. */
export interface RowMemory {
  length: number;
  times: Float64Array;
  words: Int32Array;
  /** Four words for each IPv6 address; `source` and `destination` hold the first one's place. */
  ipv6: number[];
  /** Whole lines of rows that are no packets; `source` holds the place. */
  asides: string[];
}

export class PackedRows implements RowMemory {
  length = 0;
  times: Float64Array = new Float64Array(0);
  words: Int32Array = new Int32Array(0);
  ipv6: number[] = [];
  asides: string[] = [];
  /** Names by number: a host keeps its number. */
  readonly hosts: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #asideLine: (batch: RecordBatch, row: number) => string;
  /** Where each row stands in the log. */
  #places = new Uint32Array(0);

  /** @param asideLine the line of a row that is no packet, without its newline */
  constructor(asideLine: (batch: RecordBatch, row: number) => string) {
    this.#asideLine = asideLine;
  }

  pack(rows: MergedRows): this {
    this.#room(rows.length);
    this.length = rows.length;
    if (this.ipv6.length > 0) this.ipv6 = [];
    if (this.asides.length > 0) this.asides = [];
    if (rows.stretches === undefined) this.#packInTurn(rows);
    else this.#packStretches(rows.stretches);
    return this;
  }

  #packStretches({ runs, order }: Stretches): void {
    if (order === undefined) countUp(this.#places, this.length);
    else invert(order, this.#places, this.length);
    let number = 0;
    for (const run of runs) {
      this.#copy(run, number);
      number += run.to - run.from;
    }
  }

  #packInTurn({ batches, batchOf, rowOf, length }: MergedRows): void {
    countUp(this.#places, length);
    for (let place = 0; place < length; place += 1) {
      const row = rowOf[place] as number;
      this.#copy({ batch: batches[batchOf[place] as number] as RecordBatch, from: row, to: row + 1 }, place);
    }
  }

  /** @param first number of the run's first row */
  #copy(run: RowRun, first: number): void {
    const { batch, from, to } = run;
    copy(run, this, this.#hostNumber(batch.hostName) << HOST_SHIFT, this.#places, first);
    if (batch.asides.length === 0 && batch.ipv6.length === 0) return;
    for (let row = from; row < to; row += 1) this.#bringAlong(batch, row, this.#places[first + row - from] as number);
  }

  /** What stands beside the batch's columns. */
  #bringAlong(batch: RecordBatch, row: number, place: number): void {
    const at = place * WORDS;
    if ((batch.kind[row] as number) >= OBSERVED) {
      this.words[at + SOURCE] = this.asides.push(this.#asideLine(batch, row)) - 1;
      return;
    }
    const bits = batch.bits[row] as number;
    if ((bits & SOURCE_IPV6) !== 0) this.words[at + SOURCE] = this.#addIpv6(batch, batch.source[row] as number);
    if ((bits & DESTINATION_IPV6) !== 0) this.words[at + DESTINATION] = this.#addIpv6(batch, batch.destination[row] as number);
  }

  #addIpv6({ ipv6 }: RecordBatch, index: number): number {
    const at = 4 * index;
    return this.ipv6.push(ipv6[at] as number, ipv6[at + 1] as number, ipv6[at + 2] as number, ipv6[at + 3] as number) - 4;
  }

  #hostNumber(name: string): number {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.hosts.push(name) - 1;
      this.#numbers.set(name, number);
    }
    return number;
  }

  #room(rows: number): void {
    if (rows <= this.#places.length) return;
    const most = Math.max(LEAST_ROWS, 2 * rows);
    const memory = new SharedArrayBuffer(most * ROW_BYTES);
    this.times = new Float64Array(memory);
    this.words = new Int32Array(memory);
    this.#places = new Uint32Array(most);
  }
}

// What follows runs for every row: functions of their own, and short (merge/order-rows.ts says why).

/** The log's order turned round: for each row its place. */
function invert(order: Uint32Array, places: Uint32Array, rows: number): void {
  for (let place = 0; place < rows; place += 1) places[order[place] as number] = place;
}

function countUp(places: Uint32Array, rows: number): void {
  for (let place = 0; place < rows; place += 1) places[place] = place;
}

/** @param first number of the run's first row */
function copy({ batch, from, to }: RowRun, { times, words }: RowMemory, marks: number, places: Uint32Array, first: number): void {
  const { tNs, source, destination, sourcePort, destinationPort, kind, flags, bits } = batch;
  const shift = first - from;
  for (let row = from; row < to; row += 1) {
    const place = places[row + shift] as number;
    const at = place * WORDS;
    times[place * TIMES] = tNs[row] as number;
    words[at + SOURCE] = source[row] as number;
    words[at + DESTINATION] = destination[row] as number;
    words[at + PORTS] = (sourcePort[row] as number) | ((destinationPort[row] as number) << 16);
    words[at + MARKS] = marks | ((bits[row] as number) << BITS_SHIFT) | ((kind[row] as number) << KIND_SHIFT) | ((flags[row] as number) & FLAG_BITS);
  }
}
