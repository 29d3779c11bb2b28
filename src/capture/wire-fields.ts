// What comes in: bytes of a line, and where a field begins. What goes out: the field's number in a column, and where the next field begins; -1 when
// it is not what it should be.
// These run for every line of every host: no number is returned that is no small integer, since V8 would make an object for it, and where a field's width
// is fixed, four bytes are looked at together.
const ZERO = 0x30;
const SPACE = 0x20;
const DOT = 0x2e;
/** Digits of a number, at most; so many fit into a 32-bit integer for certain: one less. */
const NUMBER_DIGITS = 10;

/** 1 to 10 digits, at most `most`, and the byte `after`. */
export function putNumber(bytes: Uint8Array, start: number, after: number, most: number, column: Uint32Array | Uint16Array, row: number): number {
  const enough = start + NUMBER_DIGITS - 1;
  let at = start;
  let number = 0;
  let digit = (bytes[at] as number) - ZERO;
  while (digit >>> 0 <= 9 && at < enough) {
    number = (Math.imul(number, 10) + digit) | 0;
    at += 1;
    digit = (bytes[at] as number) - ZERO;
  }
  if (at === enough && digit >>> 0 <= 9) return putLong(bytes, at, number, after, most, column, row);
  if (at === start || digit !== after - ZERO || number > most) return -1;
  column[row] = number;
  return at + 1;
}

/** The tenth digit. */
function putLong(bytes: Uint8Array, at: number, before: number, after: number, most: number, column: Uint32Array | Uint16Array, row: number): number {
  const number = before * 10 + (bytes[at] as number) - ZERO;
  if (number > most || bytes[at + 1] !== after) return -1;
  column[row] = number;
  return at + 2;
}

/** Four octets without leading zeros, and a space. */
function putIpv4(bytes: Uint8Array, start: number, column: Uint32Array, row: number): number {
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
    if (digit !== (octets < 3 ? DOT : SPACE) - ZERO) return -1;
    at += 1;
    address = (address << 8) | octet;
  }
  // The column makes it a number without a sign.
  column[row] = address;
  return at;
}

/** Bytes of the longest address with its space, in two steps of eight. */
const IPV4_BYTES = 16;

/** Addresses of one host's lines, at one place: its own is the same in every line, and a peer's often that of the line before. */
export class LastIpv4 {
  /** Its text with the space behind it, 8 to 16 bytes, as the first eight and the last eight; such bytes never spell a NaN. */
  #first = Number.NaN;
  #last = Number.NaN;
  #bytes = 0;
  #address = 0;

  /** As `putIpv4`. @param endAt where the bytes end that may be looked at */
  put(bytes: Uint8Array, view: DataView, start: number, endAt: number, column: Uint32Array, row: number): number {
    if (start + IPV4_BYTES > endAt) return putIpv4(bytes, start, column, row);
    const first = view.getFloat64(start);
    if (first === this.#first && view.getFloat64(start + this.#bytes - 8) === this.#last) {
      column[row] = this.#address;
      return start + this.#bytes;
    }
    const end = putIpv4(bytes, start, column, row);
    if (end < 0) return -1;
    this.#first = first;
    this.#bytes = end - start;
    this.#last = view.getFloat64(end - 8);
    this.#address = column[row] as number;
    return end;
  }
}

/** Six digits 0 or 1, the first the highest bit, and a space. @param endAt where the bytes end */
export function putFlags(view: DataView, at: number, endAt: number, column: Uint8Array, row: number): number {
  if (at + 7 > endAt) return -1;
  const four = view.getInt32(at, true);
  const two = view.getUint16(at + 4, true);
  if ((four & 0xfefe_fefe) !== 0x3030_3030 || (two & 0xfefe) !== 0x3030 || view.getUint8(at + 6) !== SPACE) return -1;
  column[row] = ((four & 1) << 5) | ((four >>> 4) & 16) | ((four >>> 13) & 8) | ((four >>> 22) & 4) | ((two & 1) << 1) | ((two >>> 8) & 1);
  return at + 7;
}

/** Exactly four digits; -1 when one is none. */
function fourDigits(view: DataView, at: number): number {
  const four = view.getInt32(at, true);
  // Each byte is 0x3?, and still is when 6 is added: no more than 9.
  if ((four & 0xf0f0_f0f0) !== 0x3030_3030 || ((four + 0x0606_0606) & 0xf0f0_f0f0) !== 0x3030_3030) return -1;
  const digits = four & 0x0f0f_0f0f;
  // Two and two: in byte 0 the first pair, in byte 2 the second.
  const pairs = (Math.imul(digits, 10) + (digits >>> 8)) & 0x00ff_00ff;
  return (pairs & 0xff) * 100 + (pairs >>> 16);
}

/** Real times of one host: 10 digits of seconds, 9 of nanoseconds, and a space. Most have the same second as the one before. */
export class RealTimes {
  readonly #originSec: number;
  /** The seconds' digits, as they stood: eight and two bytes. Digits never spell a NaN, so the numbers are equal where the bytes are. */
  #eight = Number.NaN;
  #two = 0;
  /** The second, as nanoseconds since the origin. */
  #secondNs = 0;

  constructor(originSec: number) {
    this.#originSec = originSec;
  }

  /** Nanoseconds since the origin, without BigInt. @param endAt where the bytes end */
  put(view: DataView, at: number, endAt: number, column: Float64Array, row: number): number {
    if (at + 20 > endAt) return -1;
    if ((view.getFloat64(at) !== this.#eight || view.getUint16(at + 8) !== this.#two) && !this.#turnTo(view, at)) return -1;
    const high = fourDigits(view, at + 10);
    const low = fourDigits(view, at + 14);
    const last = view.getUint8(at + 18) - ZERO;
    if ((high | low) < 0 || last >>> 0 > 9 || view.getUint8(at + 19) !== SPACE) return -1;
    column[row] = this.#secondNs + ((Math.imul(high, 10_000) + low) * 10 + last);
    return at + 20;
  }

  #turnTo(view: DataView, at: number): boolean {
    const [high, middle] = [fourDigits(view, at), fourDigits(view, at + 4)];
    const [first, second] = [view.getUint8(at + 8) - ZERO, view.getUint8(at + 9) - ZERO];
    if ((high | middle) < 0 || first >>> 0 > 9 || second >>> 0 > 9) return false;
    this.#secondNs = (high * 1_000_000 + middle * 100 + first * 10 + second - this.#originSec) * 1e9;
    this.#eight = view.getFloat64(at);
    this.#two = view.getUint16(at + 8);
    return true;
  }
}
