// One host's records as columns: what capture fills, merge orders and the sinks write. No object for each line.
//
//   row        0      1      2   ...  length - 1 | ... capacity
//   tNs     [ 5.0 ][ 5.1 ][ 5.1 ]                | free: capture goes on writing here
//   kind    [ TCP ][ UDP ][ GAP ]                |
//   source  [ 10.0.0.1 as a number ][ ... ][ index into `asides` ]
//
// Guaranteed: rows below `length` never change, but for `tNs` (raised to the host's order, the bound with it) and LATE, both set by merge before the row goes out.
// Times are nanoseconds since the run's origin (base/clock.ts). A single row as an object: `record(row)`, for cold paths and tests.
import { ipv4Text, ipv6Text, parseIpv6 } from './ip-address.js';
import type { GapReason, LogRecord } from './record.js';

/** Values of the column `kind`. */
export const TCP = 0;
export const UDP = 1;
export const OBSERVED = 2;
export const GAP = 3;

/** Bits of the column `bits`. */
export const LATE = 1;
export const SOURCE_IPV6 = 2;
export const DESTINATION_IPV6 = 4;

/** What a marker says beside its time: in `asides`, since markers are few. */
export interface GapAside {
  readonly reason: GapReason;
  readonly lines: number | null;
  readonly fromNs: number | null;
  readonly toNs: number | null;
  readonly detail: string;
}

/** Bytes of one row in all columns. */
export const ROW_BYTES = 69;

/** A batch's memory: its fixed columns, one after the other. To make them takes longer than to fill some: they are used again, batches are not. What each holds: RecordBatch. */
export class Columns {
  /** What holds them: what spilling writes. */
  readonly buffer: ArrayBuffer;
  /** Where they begin in it. */
  readonly start: number;
  readonly tNs: Float64Array;
  readonly rawNs: Float64Array;
  readonly correctionNs: Float64Array;
  readonly errorNs: Float64Array;
  readonly sequence: Float64Array;
  readonly source: Uint32Array;
  readonly destination: Uint32Array;
  readonly seq: Uint32Array;
  readonly ack: Uint32Array;
  readonly payloadBytes: Uint32Array;
  readonly window: Uint16Array;
  readonly sourcePort: Uint16Array;
  readonly destinationPort: Uint16Array;
  readonly kind: Uint8Array;
  readonly flags: Uint8Array;
  readonly bits: Uint8Array;

  constructor(rows: number, buffer = new ArrayBuffer(rows * ROW_BYTES), start = 0) {
    this.buffer = buffer;
    this.start = start;
    let at = start;
    const place = (bytes: number) => {
      const column = at;
      at += bytes * rows;
      return column;
    };
    this.tNs = new Float64Array(buffer, place(8), rows);
    this.rawNs = new Float64Array(buffer, place(8), rows);
    this.correctionNs = new Float64Array(buffer, place(8), rows);
    this.errorNs = new Float64Array(buffer, place(8), rows);
    this.sequence = new Float64Array(buffer, place(8), rows);
    this.source = new Uint32Array(buffer, place(4), rows);
    this.destination = new Uint32Array(buffer, place(4), rows);
    this.seq = new Uint32Array(buffer, place(4), rows);
    this.ack = new Uint32Array(buffer, place(4), rows);
    this.payloadBytes = new Uint32Array(buffer, place(4), rows);
    this.window = new Uint16Array(buffer, place(2), rows);
    this.sourcePort = new Uint16Array(buffer, place(2), rows);
    this.destinationPort = new Uint16Array(buffer, place(2), rows);
    this.kind = new Uint8Array(buffer, place(1), rows);
    this.flags = new Uint8Array(buffer, place(1), rows);
    this.bits = new Uint8Array(buffer, place(1), rows);
  }
}

/** Whose records these are. `host` is the host's place in the order of the inventory. */
export interface BatchOwner {
  readonly host: number;
  readonly hostName: string;
  readonly epoch: number;
}

export class RecordBatch implements BatchOwner {
  readonly host: number;
  readonly hostName: string;
  readonly epoch: number;
  readonly capacity: number;
  /** Rows that are there; the next one is written at this index and then counted. */
  length = 0;
  readonly columns: Columns;
  // The same here: a row is written through one object less.
  readonly tNs: Float64Array;
  readonly rawNs: Float64Array;
  readonly correctionNs: Float64Array;
  readonly errorNs: Float64Array;
  readonly sequence: Float64Array;
  /** IPv4: the address. IPv6: place of its four words in `ipv6`. Observed lines and gaps: place in `asides`. */
  readonly source: Uint32Array;
  readonly destination: Uint32Array;
  readonly seq: Uint32Array;
  readonly ack: Uint32Array;
  readonly payloadBytes: Uint32Array;
  readonly window: Uint16Array;
  readonly sourcePort: Uint16Array;
  readonly destinationPort: Uint16Array;
  /** TCP, UDP, OBSERVED or GAP. */
  readonly kind: Uint8Array;
  /** TCP's bits as in its header: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32. */
  readonly flags: Uint8Array;
  /** LATE, SOURCE_IPV6, DESTINATION_IPV6. */
  readonly bits: Uint8Array;
  /** Four 32-bit words for each IPv6 address. */
  ipv6: number[];
  /** Text of an observed line, or what a gap says. */
  asides: (string | GapAside)[];

  /** @param capacity rows; fixed */
  constructor(owner: BatchOwner, capacity: number, columns = new Columns(capacity)) {
    this.host = owner.host;
    this.hostName = owner.hostName;
    this.epoch = owner.epoch;
    this.capacity = capacity;
    this.columns = columns;
    this.tNs = columns.tNs;
    this.rawNs = columns.rawNs;
    this.correctionNs = columns.correctionNs;
    this.errorNs = columns.errorNs;
    this.sequence = columns.sequence;
    this.source = columns.source;
    this.destination = columns.destination;
    this.seq = columns.seq;
    this.ack = columns.ack;
    this.payloadBytes = columns.payloadBytes;
    this.window = columns.window;
    this.sourcePort = columns.sourcePort;
    this.destinationPort = columns.destinationPort;
    this.kind = columns.kind;
    this.flags = columns.flags;
    this.bits = columns.bits;
    this.ipv6 = [];
    this.asides = [];
  }

  get isFull(): boolean {
    return this.length === this.capacity;
  }

  isLate(row: number): boolean {
    return ((this.bits[row] as number) & LATE) !== 0;
  }

  /** A packet's sender; not for observed lines and gaps. */
  sourceText(row: number): string {
    return this.#address(this.source, SOURCE_IPV6, row);
  }

  destinationText(row: number): string {
    return this.#address(this.destination, DESTINATION_IPV6, row);
  }

  /** The text of an observed line. */
  textOf(row: number): string {
    return this.asides[this.source[row] as number] as string;
  }

  /** What a gap says. */
  gapOf(row: number): GapAside {
    return this.asides[this.source[row] as number] as GapAside;
  }

  /** One row as an object. Costs as much as formatting it: for cold paths and tests. */
  record(row: number): LogRecord {
    const common = { host: this.hostName, epoch: this.epoch, sequence: this.sequence[row] as number, tNs: this.tNs[row] as number, late: this.isLate(row) };
    const kind = this.kind[row];
    if (kind === OBSERVED) return { type: 'observed', ...common, text: this.textOf(row) };
    if (kind === GAP) return { type: 'gap', ...common, ...this.gapOf(row) };
    return {
      type: 'packet',
      ...common,
      rawNs: this.rawNs[row] as number,
      correctionNs: this.correctionNs[row] as number,
      errorNs: this.errorNs[row] as number,
      protocol: kind === TCP ? 'tcp' : 'udp',
      source: this.sourceText(row),
      destination: this.destinationText(row),
      sourcePort: this.sourcePort[row] as number,
      destinationPort: this.destinationPort[row] as number,
      flags: kind === TCP ? (this.flags[row] as number).toString(2).padStart(6, '0') : '',
      seq: this.seq[row] as number,
      ack: this.ack[row] as number,
      window: this.window[row] as number,
      payloadBytes: this.payloadBytes[row] as number,
    };
  }

  /** Appends a line that has no time of its own. */
  appendObserved(sequence: number, tNs: number, text: string): void {
    this.#appendAside(OBSERVED, sequence, tNs, text);
  }

  appendGap(sequence: number, tNs: number, gap: GapAside): void {
    this.#appendAside(GAP, sequence, tNs, gap);
  }

  /** Appends what `record` gave: for cold paths and tests. Its host and epoch must be this batch's. */
  append(record: LogRecord): void {
    const row = this.length;
    if (record.type === 'observed') this.appendObserved(record.sequence, record.tNs, record.text);
    else if (record.type === 'gap') this.appendGap(record.sequence, record.tNs, { reason: record.reason, lines: record.lines, fromNs: record.fromNs, toNs: record.toNs, detail: record.detail });
    else {
      this.tNs[row] = record.tNs;
      this.rawNs[row] = record.rawNs;
      this.correctionNs[row] = record.correctionNs;
      this.errorNs[row] = record.errorNs;
      this.sequence[row] = record.sequence;
      this.kind[row] = record.protocol === 'tcp' ? TCP : UDP;
      this.bits[row] = this.#putAddress(this.source, row, record.source, SOURCE_IPV6) | this.#putAddress(this.destination, row, record.destination, DESTINATION_IPV6);
      this.sourcePort[row] = record.sourcePort;
      this.destinationPort[row] = record.destinationPort;
      this.flags[row] = record.flags === '' ? 0 : Number.parseInt(record.flags, 2);
      this.seq[row] = record.seq;
      this.ack[row] = record.ack;
      this.window[row] = record.window;
      this.payloadBytes[row] = record.payloadBytes;
      this.length += 1;
    }
    if (record.late) this.bits[row] = (this.bits[row] as number) | LATE;
  }

  /** Appends rows of another batch of the same host and epoch. There must be room. */
  copy({ batch, from, to }: RowRun): void {
    for (const [own, other] of [
      [this.tNs, batch.tNs], [this.rawNs, batch.rawNs], [this.correctionNs, batch.correctionNs], [this.errorNs, batch.errorNs], [this.sequence, batch.sequence],
      [this.source, batch.source], [this.destination, batch.destination], [this.seq, batch.seq], [this.ack, batch.ack], [this.payloadBytes, batch.payloadBytes],
      [this.window, batch.window], [this.sourcePort, batch.sourcePort], [this.destinationPort, batch.destinationPort],
      [this.kind, batch.kind], [this.flags, batch.flags], [this.bits, batch.bits],
    ] as const) own.set(other.subarray(from, to), this.length);
    const end = this.length + to - from;
    for (let row = this.length; row < end; row += 1) this.#adopt(batch, row);
    this.length = end;
  }

  /** What stands beside the columns comes along. */
  #adopt(from: RecordBatch, row: number): void {
    if ((this.kind[row] as number) >= OBSERVED) {
      this.source[row] = this.asides.push(from.asides[this.source[row] as number] as string | GapAside) - 1;
      return;
    }
    const bits = this.bits[row] as number;
    for (const [bit, column] of [[SOURCE_IPV6, this.source], [DESTINATION_IPV6, this.destination]] as const) {
      if ((bits & bit) === 0) continue;
      const at = 4 * (column[row] as number);
      column[row] = this.addIpv6([from.ipv6[at] as number, from.ipv6[at + 1] as number, from.ipv6[at + 2] as number, from.ipv6[at + 3] as number]);
    }
  }

  /** Bytes of memory that rows stand for, what stands beside the columns included. */
  static bytesOf({ batch, from, to }: RowRun): number {
    let bytes = (to - from) * ROW_BYTES;
    if (batch.asides.length === 0 && batch.ipv6.length === 0) return bytes;
    for (let row = from; row < to; row += 1) {
      if ((batch.kind[row] as number) >= OBSERVED) {
        const aside = batch.asides[batch.source[row] as number];
        bytes += typeof aside === 'string' ? 32 + 2 * aside.length : 200;
      } else if (batch.bits[row] !== 0) bytes += 64;
    }
    return bytes;
  }

  /** Puts an IPv6 address beside the columns. @returns its place, for `source` or `destination` */
  addIpv6(words: readonly [number, number, number, number]): number {
    this.ipv6.push(...words);
    return this.ipv6.length / 4 - 1;
  }

  #putAddress(column: Uint32Array, row: number, text: string, bit: number): number {
    const words = parseIpv6(text);
    if (words === undefined) {
      column[row] = text.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
      return 0;
    }
    column[row] = this.addIpv6(words);
    return bit;
  }

  #appendAside(kind: number, sequence: number, tNs: number, aside: string | GapAside): void {
    const row = this.length;
    this.tNs[row] = tNs;
    this.rawNs[row] = tNs;
    this.correctionNs[row] = 0;
    this.errorNs[row] = 0;
    this.sequence[row] = sequence;
    this.kind[row] = kind;
    this.bits[row] = 0;
    this.source[row] = this.asides.push(aside) - 1;
    this.length += 1;
  }

  #address(column: Uint32Array, bit: number, row: number): string {
    const place = column[row] as number;
    return ((this.bits[row] as number) & bit) === 0 ? ipv4Text(place) : ipv6Text(this.ipv6, 4 * place);
  }
}

/** Rows `from` to `to` (not included) of a batch. */
export interface RowRun {
  readonly batch: RecordBatch;
  readonly from: number;
  readonly to: number;
}
