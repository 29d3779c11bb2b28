// Bytes of the text log, put in place eight at a time: no string for each line, and no step for each byte.
// A text of up to eight bytes is kept as the number whose memory spells it (`eight`): one store writes it all, and what is too much of it is
// written over by what follows in the same line. A line's end is put to the byte: what stands behind it may have been written before.
// Only ASCII: eight such bytes never spell a NaN, whose bits a store may change.
import { LITTLE_ENDIAN } from '../base/byte-order.js';

const SPACE = ' '.charCodeAt(0);

/** What stands behind the ports, with its newline: flags, or for UDP its name; and what late lines have more. */
export const [FLAGS_BYTES, UDP_BYTES, LATE_BYTES] = [12, 4, 5];

/** `text`, filled up with spaces, as numbers of eight bytes. */
export function eights(text: string): Float64Array {
  const bytes = new Uint8Array(8 * Math.ceil(text.length / 8)).fill(SPACE);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index) & 0x7f;
  return new Float64Array(bytes.buffer);
}

export function putEights(out: DataView, at: number, text: Float64Array): void {
  for (let index = 0; index < text.length; index += 1) out.setFloat64(at + 8 * index, text[index] as number, LITTLE_ENDIAN);
}

/** Texts of up to four bytes, by number. Small integers: V8 keeps them in registers. */
function fours(count: number, text: (number: number) => string): Int32Array {
  const bytes = new Uint8Array(4 * count).fill(SPACE);
  for (let number = 0; number < count; number += 1) bytes.set(Buffer.from(text(number)), 4 * number);
  return new Int32Array(bytes.buffer);
}

/** `000` to `999`, and the Z that stands behind a time. */
const MILLIS = fours(1000, (number) => `${String(number).padStart(3, '0')}Z`);
/** The same with a space: the end of a port. */
const HUNDREDS = fours(1000, (number) => `${String(number).padStart(3, '0')} `);
/** The end of a port below 1000. */
const SMALL = fours(1000, (number) => `${String(number).padStart(3)} `);
/** The thousands of a port; nothing for 0. */
const THOUSANDS = fours(66, (number) => (number === 0 ? '  ' : String(number).padStart(2)));
/** An octet and its dot, or, at the end of an address, a space; and how many bytes that are. */
const OCTETS = fours(256, (number) => `${number}.`);
const LAST_OCTETS = fours(256, (number) => `${number} `);
const OCTET_BYTES = Uint8Array.from({ length: 256 }, (_, number) => String(number).length + 1);
const SPACES = eights(' ')[0] as number;
const UTC_AND_SPACE = new Int32Array(eights('Z ').buffer)[0] as number;
/** `0 1 1 0 0 0` and the newline for each of the 64 sets of flags: eight bytes and four. */
const FLAGS = new Float64Array(64);
const FLAGS_END = fours(64, (flags) => `${[...flags.toString(2).padStart(6, '0')].join(' ')}\n`.slice(8));
for (let flags = 0; flags < 64; flags += 1) FLAGS[flags] = eights([...flags.toString(2).padStart(6, '0')].join(' '))[0] as number;
const [UDP_LINE, LATE_LINE, LATE_END] = fours(3, (part) => ['UDP\n', ' lat', 'e\n'][part] as string) as unknown as [number, number, number];

/** One after the other, as wasm/text-rows.ts has them. */
export const TEXT_TABLES = [MILLIS, HUNDREDS, SMALL, OCTETS, LAST_OCTETS, THOUSANDS, FLAGS_END, FLAGS, OCTET_BYTES] as const;

/** Six digits, a Z and a space. @param micros 0 to 999,999 @returns where the next byte goes, as all of these */
export function putMicros(out: DataView, at: number, micros: number): number {
  const millis = (micros / 1000) | 0;
  out.setInt32(at, MILLIS[millis] as number, LITTLE_ENDIAN);
  out.setInt32(at + 3, MILLIS[micros - 1000 * millis] as number, LITTLE_ENDIAN);
  out.setInt32(at + 6, UTC_AND_SPACE, LITTLE_ENDIAN);
  return at + 8;
}

/** A port, right-aligned in five columns, and a space. */
export function putPort(out: DataView, at: number, port: number): number {
  const thousands = (port / 1000) | 0;
  out.setInt32(at, THOUSANDS[thousands] as number, LITTLE_ENDIAN);
  out.setInt32(at + 2, (thousands === 0 ? SMALL : HUNDREDS)[port - 1000 * thousands] as number, LITTLE_ENDIAN);
  return at + 6;
}

/** An IPv4 address, right-aligned in `width` columns (15 to 39), and a space. */
export function putIpv4(out: DataView, at: number, address: number, width: number): number {
  const [first, second, third, fourth] = [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255];
  const end = at + width;
  let place = end - (OCTET_BYTES[first] as number) - (OCTET_BYTES[second] as number) - (OCTET_BYTES[third] as number) - (OCTET_BYTES[fourth] as number) + 1;
  out.setFloat64(at, SPACES, LITTLE_ENDIAN);
  for (let filled = at + 8; filled < place; filled += 8) out.setFloat64(filled, SPACES, LITTLE_ENDIAN);
  out.setInt32(place, OCTETS[first] as number, LITTLE_ENDIAN);
  place += OCTET_BYTES[first] as number;
  out.setInt32(place, OCTETS[second] as number, LITTLE_ENDIAN);
  place += OCTET_BYTES[second] as number;
  out.setInt32(place, OCTETS[third] as number, LITTLE_ENDIAN);
  out.setInt32(place + (OCTET_BYTES[third] as number), LAST_OCTETS[fourth] as number, LITTLE_ENDIAN);
  return end + 1;
}

/** Six flags with spaces between them, and the newline. */
export function putFlags(out: DataView, at: number, flags: number): number {
  out.setFloat64(at, FLAGS[flags] as number, LITTLE_ENDIAN);
  out.setInt32(at + 8, FLAGS_END[flags] as number, LITTLE_ENDIAN);
  return at + FLAGS_BYTES;
}

/** `UDP` and the newline. */
export function putUdp(out: DataView, at: number): number {
  out.setInt32(at, UDP_LINE, LITTLE_ENDIAN);
  return at + UDP_BYTES;
}

/** ` late` and the newline, in place of the newline at `at`. */
export function putLate(out: DataView, at: number): number {
  out.setInt32(at, LATE_LINE, LITTLE_ENDIAN);
  out.setUint16(at + 4, LATE_END & 0xffff, LITTLE_ENDIAN);
  return at + 1 + LATE_BYTES;
}
