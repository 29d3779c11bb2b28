// What comes in: the bytes of stap/tcpdumplike.stp's machine face. What goes out: one line after the other, packets straight into columns.
// The format (all numbers decimal; real = nanoseconds since 1970 on the host's clock, mono = nanoseconds since boot):
//   B <version> <real> <mono>                   the script has begun
//   H <real> <mono> <count>                     heartbeat; count = T and U lines printed so far on all CPUs
//   S <real> <mono> <total>                     with a rate cap, before each H and E: packets suppressed so far
//   T <real> <source> <destination> <sport> <dport> <UAPRSF> <seq> <ack> <window> <payload bytes>
//   U <real> <source> <destination> <sport> <dport> <payload bytes>
//   E <real> <mono> <count>                     the script has ended, nothing follows
// Guaranteed: a line that does not fit to its last byte is refused, never guessed at. A payload below 0 counts as 0: a packet may be
// shorter than its own header says, anybody may send one, and it is a packet all the same.
import { parseIpv6 } from '../base/ip-address.js';
import { DESTINATION_IPV6, type RecordBatch, SOURCE_IPV6, TCP, UDP } from '../base/record-batch.js';
import { LastIpv4, putFlags, putNumber, RealTimes } from './wire-fields.js';

/** What a line is. */
export const REFUSED = 0;
export const PACKET = 1;
export const BEGIN = 2;
export const HEARTBEAT = 3;
export const END = 4;
export const SUPPRESSED = 5;

const NEWLINE = 0x0a;
const SPACE = 0x20;
const MINUS = 0x2d;
const ZERO = 0x30;
const [LETTER_B, LETTER_E, LETTER_H, LETTER_S, LETTER_T, LETTER_U, VERSION] = [0x42, 0x45, 0x48, 0x53, 0x54, 0x55, 0x31];
const MONO_DIGITS = 19;
const COUNT_DIGITS = 15;
/** An address is never longer: eight groups of four, or with a dotted IPv4 ending. */
const ADDRESS_BYTES = 45;

export class WireParser {
  readonly #realTimes: RealTimes;
  readonly #sources = new LastIpv4();
  readonly #destinations = new LastIpv4();
  /** After a line that fits, the place of its newline. */
  #at = 0;
  readonly #real = new Float64Array(1);
  /** Of the last mark: nanoseconds since the origin, on the host's clock. */
  realNs = 0;
  /** Of the last mark: nanoseconds since the host's boot. */
  monoNs = 0;
  /** Of the last mark: packet lines printed so far, or packets suppressed so far; 0 at the beginning. */
  count = 0;

  constructor(originSec: number) {
    this.#realTimes = new RealTimes(originSec);
  }

  /** After a line that was not refused: where its newline stands. */
  get newlineAt(): number {
    return this.#at;
  }

  /**
   * Reads one line. A packet is written to the batch's next free row, all but tNs, correction, error and sequence, and not counted yet.
   * @param view the same bytes
   * @param start where the line begins; a newline must stand somewhere behind it
   * @param endAt how many bytes there are
   * @returns REFUSED for anything that is no such line, to the last byte
   */
  parse(bytes: Uint8Array, view: DataView, start: number, endAt: number, batch: RecordBatch): number {
    if (bytes[start + 1] !== SPACE) return REFUSED;
    switch (bytes[start]) {
      case LETTER_T:
      case LETTER_U: {
        const ipv6Before = batch.ipv6.length;
        if (this.#packet(bytes, view, start + 2, endAt, batch, bytes[start] === LETTER_T)) return PACKET;
        // Nothing of a refused line may stay: a host could fill our memory with them.
        if (batch.ipv6.length > ipv6Before) batch.ipv6.length = ipv6Before;
        return REFUSED;
      }
      case LETTER_H:
        return this.#mark(bytes, view, start + 2, endAt) ? HEARTBEAT : REFUSED;
      case LETTER_S:
        return this.#mark(bytes, view, start + 2, endAt) ? SUPPRESSED : REFUSED;
      case LETTER_E:
        return this.#mark(bytes, view, start + 2, endAt) ? END : REFUSED;
      case LETTER_B:
        return this.#begin(bytes, view, start + 2, endAt) ? BEGIN : REFUSED;
      default:
        return REFUSED;
    }
  }

  #begin(bytes: Uint8Array, view: DataView, start: number, endAt: number): boolean {
    if (bytes[start] !== VERSION || bytes[start + 1] !== SPACE) return false;
    const at = this.#realTimes.put(view, start + 2, endAt, this.#real, 0);
    const monoNs = at < 0 ? -1 : this.#number(bytes, at, MONO_DIGITS, NEWLINE);
    if (monoNs < 0) return false;
    this.#at -= 1;
    this.realNs = this.#real[0] as number;
    this.monoNs = monoNs;
    this.count = 0;
    return true;
  }

  #mark(bytes: Uint8Array, view: DataView, start: number, endAt: number): boolean {
    const at = this.#realTimes.put(view, start, endAt, this.#real, 0);
    const monoNs = at < 0 ? -1 : this.#number(bytes, at, MONO_DIGITS, SPACE);
    if (monoNs < 0) return false;
    const count = this.#number(bytes, this.#at, COUNT_DIGITS, NEWLINE);
    if (count < 0) return false;
    this.#at -= 1;
    this.realNs = this.#real[0] as number;
    this.monoNs = monoNs;
    this.count = count;
    return true;
  }

  #packet(bytes: Uint8Array, view: DataView, start: number, endAt: number, batch: RecordBatch, isTcp: boolean): boolean {
    const row = batch.length;
    let at = this.#realTimes.put(view, start, endAt, batch.rawNs, row);
    if (at < 0) return false;
    const source = at;
    at = this.#sources.put(bytes, view, source, endAt, batch.source, row);
    let bits = 0;
    if (at < 0) {
      at = this.#ipv6(bytes, source, batch, batch.source);
      if (at < 0) return false;
      bits = SOURCE_IPV6;
    }
    const destination = at;
    at = this.#destinations.put(bytes, view, destination, endAt, batch.destination, row);
    if (at < 0) {
      at = this.#ipv6(bytes, destination, batch, batch.destination);
      if (at < 0) return false;
      bits |= DESTINATION_IPV6;
    }
    at = putNumber(bytes, at, SPACE, 0xffff, batch.sourcePort, row);
    if (at < 0) return false;
    at = putNumber(bytes, at, SPACE, 0xffff, batch.destinationPort, row);
    if (at < 0) return false;
    if (isTcp) {
      at = putFlags(view, at, endAt, batch.flags, row);
      if (at < 0) return false;
      at = putNumber(bytes, at, SPACE, 0xffff_ffff, batch.seq, row);
      if (at < 0) return false;
      at = putNumber(bytes, at, SPACE, 0xffff_ffff, batch.ack, row);
      if (at < 0) return false;
      at = putNumber(bytes, at, SPACE, 0xffff, batch.window, row);
      if (at < 0) return false;
    } else {
      batch.flags[row] = 0;
      batch.seq[row] = 0;
      batch.ack[row] = 0;
      batch.window[row] = 0;
    }
    const isBelow0 = bytes[at] === MINUS;
    at = putNumber(bytes, isBelow0 ? at + 1 : at, NEWLINE, 0xffff_ffff, batch.payloadBytes, row);
    if (at < 0) return false;
    if (isBelow0) batch.payloadBytes[row] = 0;
    batch.kind[row] = isTcp ? TCP : UDP;
    batch.bits[row] = bits;
    this.#at = at - 1;
    return true;
  }

  /** 1 to `limit` digits and the byte `after`; -1 when it is not that. */
  #number(bytes: Uint8Array, start: number, limit: number, after: number): number {
    let at = start;
    let number = 0;
    let digit = (bytes[at] as number) - ZERO;
    while (digit >>> 0 <= 9) {
      number = number * 10 + digit;
      at += 1;
      digit = (bytes[at] as number) - ZERO;
    }
    if (at === start || at - start > limit || digit !== after - ZERO) return -1;
    this.#at = at + 1;
    return number;
  }

  /** An IPv6 address and a space: its place beside the columns. @returns where the next field begins; -1 when it is not that */
  #ipv6(bytes: Uint8Array, start: number, batch: RecordBatch, column: Uint32Array): number {
    let end = start;
    while (end - start <= ADDRESS_BYTES && bytes[end] !== SPACE && bytes[end] !== NEWLINE) end += 1;
    if (bytes[end] !== SPACE || end - start > ADDRESS_BYTES) return -1;
    const words = fullIpv6(bytes, start, end) ?? parseIpv6(String.fromCharCode(...bytes.subarray(start, end)));
    if (words === undefined) return -1;
    column[batch.length] = batch.addIpv6(words);
    return end + 1;
  }
}

/** `2001:0db8:…`, eight groups of four as the kernel prints them. */
function fullIpv6(bytes: Uint8Array, start: number, end: number): [number, number, number, number] | undefined {
  if (end - start !== 39) return undefined;
  const words: [number, number, number, number] = [0, 0, 0, 0];
  for (let group = 0; group < 8; group += 1) {
    const at = start + 5 * group;
    let value = 0;
    for (let index = at; index < at + 4; index += 1) {
      const digit = hexDigit(bytes[index] as number);
      if (digit < 0) return undefined;
      value = value * 16 + digit;
    }
    if (group < 7 && bytes[at + 4] !== 0x3a) return undefined;
    words[group >> 1] = (words[group >> 1] as number) * 65_536 + value;
  }
  return words;
}

function hexDigit(byte: number): number {
  if (byte >= ZERO && byte <= 0x39) return byte - ZERO;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
