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
const NUMBER_DIGITS = 10;
/** An address is never longer: eight groups of four, or with a dotted IPv4 ending. */
const ADDRESS_BYTES = 45;

export class WireParser {
  readonly #originSec: number;
  /** Where the next field begins; after a line that fits, the place of its newline. */
  #at = 0;
  /** Of the last mark: nanoseconds since the origin, on the host's clock. */
  realNs = 0;
  /** Of the last mark: nanoseconds since the host's boot. */
  monoNs = 0;
  /** Of the last mark: packet lines printed so far, or packets suppressed so far; 0 at the beginning. */
  count = 0;

  constructor(originSec: number) {
    this.#originSec = originSec;
  }

  /** After a line that was not refused: where its newline stands. */
  get newlineAt(): number {
    return this.#at;
  }

  /**
   * Reads one line. A packet is written to the batch's next free row, all but tNs, correction, error and sequence, and not counted yet.
   * @param start where the line begins; a newline must stand somewhere behind it
   * @returns REFUSED for anything that is no such line, to the last byte
   */
  parse(bytes: Uint8Array, start: number, batch: RecordBatch): number {
    if (bytes[start + 1] !== SPACE) return REFUSED;
    switch (bytes[start]) {
      case LETTER_T:
      case LETTER_U: {
        const ipv6Before = batch.ipv6.length;
        const kind = this.#packet(bytes, start + 2, batch, bytes[start] === LETTER_T);
        // Nothing of a refused line may stay: a host could fill our memory with them.
        if (kind === REFUSED && batch.ipv6.length > ipv6Before) batch.ipv6.length = ipv6Before;
        return kind;
      }
      case LETTER_H:
        return this.#mark(bytes, start + 2) ? HEARTBEAT : REFUSED;
      case LETTER_S:
        return this.#mark(bytes, start + 2) ? SUPPRESSED : REFUSED;
      case LETTER_E:
        return this.#mark(bytes, start + 2) ? END : REFUSED;
      case LETTER_B:
        return this.#begin(bytes, start + 2) ? BEGIN : REFUSED;
      default:
        return REFUSED;
    }
  }

  #begin(bytes: Uint8Array, start: number): boolean {
    if (bytes[start] !== VERSION || bytes[start + 1] !== SPACE) return false;
    const realNs = this.#real(bytes, start + 2);
    const monoNs = this.#number(bytes, this.#at, MONO_DIGITS, NEWLINE);
    if (Number.isNaN(realNs) || monoNs < 0) return false;
    this.#at -= 1;
    this.realNs = realNs;
    this.monoNs = monoNs;
    this.count = 0;
    return true;
  }

  #mark(bytes: Uint8Array, start: number): boolean {
    const realNs = this.#real(bytes, start);
    if (Number.isNaN(realNs)) return false;
    const monoNs = this.#number(bytes, this.#at, MONO_DIGITS, SPACE);
    if (monoNs < 0) return false;
    const count = this.#number(bytes, this.#at, COUNT_DIGITS, NEWLINE);
    if (count < 0) return false;
    this.#at -= 1;
    this.realNs = realNs;
    this.monoNs = monoNs;
    this.count = count;
    return true;
  }

  #packet(bytes: Uint8Array, start: number, batch: RecordBatch, isTcp: boolean): number {
    const row = batch.length;
    const rawNs = this.#real(bytes, start);
    if (Number.isNaN(rawNs)) return REFUSED;
    let bits = 0;
    let address = this.#ipv4(bytes, this.#at);
    if (address < 0) {
      address = this.#ipv6(bytes, this.#at, batch);
      if (address < 0) return REFUSED;
      bits = SOURCE_IPV6;
    }
    batch.source[row] = address;
    address = this.#ipv4(bytes, this.#at);
    if (address < 0) {
      address = this.#ipv6(bytes, this.#at, batch);
      if (address < 0) return REFUSED;
      bits |= DESTINATION_IPV6;
    }
    batch.destination[row] = address;
    const sourcePort = this.#number(bytes, this.#at, NUMBER_DIGITS, SPACE);
    const destinationPort = sourcePort < 0 ? -1 : this.#number(bytes, this.#at, NUMBER_DIGITS, SPACE);
    if (destinationPort < 0 || sourcePort > 0xffff || destinationPort > 0xffff) return REFUSED;
    if (isTcp && !this.#tcpFields(bytes, batch, row)) return REFUSED;
    const payloadBytes = this.#payload(bytes, this.#at);
    if (payloadBytes < 0) return REFUSED;
    if (!isTcp) {
      batch.flags[row] = 0;
      batch.seq[row] = 0;
      batch.ack[row] = 0;
      batch.window[row] = 0;
    }
    batch.rawNs[row] = rawNs;
    batch.sourcePort[row] = sourcePort;
    batch.destinationPort[row] = destinationPort;
    batch.payloadBytes[row] = payloadBytes;
    batch.kind[row] = isTcp ? TCP : UDP;
    batch.bits[row] = bits;
    return PACKET;
  }

  #tcpFields(bytes: Uint8Array, batch: RecordBatch, row: number): boolean {
    const at = this.#at;
    let flags = 0;
    for (let index = 0; index < 6; index += 1) {
      const digit = (bytes[at + index] as number) - ZERO;
      if (digit >>> 0 > 1) return false;
      flags = flags * 2 + digit;
    }
    if (bytes[at + 6] !== SPACE) return false;
    const seq = this.#number(bytes, at + 7, NUMBER_DIGITS, SPACE);
    if (seq < 0 || seq > 0xffff_ffff) return false;
    const ack = this.#number(bytes, this.#at, NUMBER_DIGITS, SPACE);
    if (ack < 0 || ack > 0xffff_ffff) return false;
    const window = this.#number(bytes, this.#at, NUMBER_DIGITS, SPACE);
    if (window < 0 || window > 0xffff) return false;
    batch.flags[row] = flags;
    batch.seq[row] = seq;
    batch.ack[row] = ack;
    batch.window[row] = window;
    return true;
  }

  /** The last field of a packet, with its newline. */
  #payload(bytes: Uint8Array, at: number): number {
    const isBelow0 = bytes[at] === MINUS;
    const number = this.#number(bytes, isBelow0 ? at + 1 : at, NUMBER_DIGITS, NEWLINE);
    if (number < 0 || number > 0xffff_ffff) return -1;
    this.#at -= 1;
    return isBelow0 ? 0 : number;
  }

  /** 10 digits of seconds, 9 of nanoseconds, and a space: nanoseconds since the origin, without BigInt; NaN when it is not that. */
  #real(bytes: Uint8Array, at: number): number {
    const high = digits(bytes, at, 5);
    const low = digits(bytes, at + 5, 5);
    const ns = digits(bytes, at + 10, 9);
    if (high < 0 || low < 0 || ns < 0 || bytes[at + 19] !== SPACE) return Number.NaN;
    this.#at = at + 20;
    return (high * 100_000 + low - this.#originSec) * 1e9 + ns;
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

  /** Four octets without leading zeros, and a space; -1 and nothing moved when it is not that. */
  #ipv4(bytes: Uint8Array, start: number): number {
    let at = start;
    let address = 0;
    for (let octets = 0; octets < 4; octets += 1) {
      let octet = (bytes[at] as number) - ZERO;
      if (octet >>> 0 > 9) return -1;
      at += 1;
      let digit = (bytes[at] as number) - ZERO;
      while (digit >>> 0 <= 9) {
        // 0 in front of another digit, or beyond 255.
        if (octet === 0) return -1;
        octet = octet * 10 + digit;
        if (octet > 255) return -1;
        at += 1;
        digit = (bytes[at] as number) - ZERO;
      }
      if (bytes[at] !== (octets < 3 ? 0x2e : SPACE)) return -1;
      at += 1;
      address = address * 256 + octet;
    }
    this.#at = at;
    return address;
  }

  /** An IPv6 address and a space: its place beside the columns; -1 when it is not that. */
  #ipv6(bytes: Uint8Array, start: number, batch: RecordBatch): number {
    let end = start;
    while (end - start <= ADDRESS_BYTES && bytes[end] !== SPACE && bytes[end] !== NEWLINE) end += 1;
    if (bytes[end] !== SPACE || end - start > ADDRESS_BYTES) return -1;
    const words = fullIpv6(bytes, start, end) ?? parseIpv6(String.fromCharCode(...bytes.subarray(start, end)));
    if (words === undefined) return -1;
    this.#at = end + 1;
    return batch.addIpv6(words);
  }
}

/** Exactly `count` digits, at most 9; -1 when one is none. */
function digits(bytes: Uint8Array, from: number, count: number): number {
  let number = 0;
  for (let at = from; at < from + count; at += 1) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit >>> 0 > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
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
