// Bytes of JSONL and CSV, put in place one field after the other: no string for each line. Where a text is put eight bytes at a time, what is too much of
// it is written over by what follows: SLACK_BYTES must be free behind the last field.
import { LITTLE_ENDIAN } from '../base/byte-order.js';
import { ipv6Text } from '../base/ip-address.js';
import { nanosecondTime } from './fields.js';
import { eights, putEights } from './text-bytes.js';

export const SLACK_BYTES = 16;
/** `2026-11-23T10:00:00.`; nine digits and a Z follow. */
const SECOND_CHARS = 20;
/** Longer numbers are spelled by JavaScript. */
const LONGEST = 2 ** 53;
const [MINUS, LETTER_Z] = [0x2d, 0x5a];

/** A text that stands in many lines. */
export interface Spelled {
  readonly bytes: Uint8Array;
  /** The same; undefined when it is not ASCII (text-bytes.ts). */
  readonly eights: Float64Array | undefined;
}

export function spelled(text: string): Spelled {
  const bytes = Buffer.from(text);
  return { bytes, eights: bytes.length === text.length ? eights(text) : undefined };
}

/** @returns where the next byte goes, as all of these */
export function putSpelled(out: DataView, at: number, { bytes, eights }: Spelled): number {
  if (eights !== undefined) putEights(out, at, eights);
  else for (let index = 0; index < bytes.length; index += 1) out.setUint8(at + index, bytes[index] as number);
  return at + bytes.length;
}

/** `000` to `999` with a byte more, and the same without zeros in front; how many digits that are. */
const THREE = Int32Array.from({ length: 1000 }, (_, number) => four(String(number).padStart(3, '0')));
const SHORT = Int32Array.from({ length: 1000 }, (_, number) => four(String(number)));
const DIGITS = Uint8Array.from({ length: 1000 }, (_, number) => String(number).length);

function four(text: string): number {
  return new Int32Array(Uint8Array.from(text.padEnd(4), (char) => char.charCodeAt(0)).buffer)[0] as number;
}

/** A whole number. */
export function putWhole(out: DataView, at: number, number: number): number {
  if (number < 0) {
    out.setUint8(at, MINUS);
    return putWhole(out, at + 1, -number);
  }
  if (number < 2 ** 31) return putSmall(out, at, number | 0);
  if (number >= LONGEST) return putSpelled(out, at, spelled(String(number)));
  const millions = Math.floor(number / 1e6);
  const rest = (number - millions * 1e6) | 0;
  const next = putWhole(out, at, millions);
  putThree(out, next, (rest / 1000) | 0);
  return putThree(out, next + 3, rest % 1000);
}

/** Below 2^31. */
function putSmall(out: DataView, start: number, number: number): number {
  if (number < 1000) {
    out.setInt32(start, SHORT[number] as number, LITTLE_ENDIAN);
    return start + (DIGITS[number] as number);
  }
  const thousands = (number / 1000) | 0;
  return putThree(out, putSmall(out, start, thousands), number - 1000 * thousands);
}

function putThree(out: DataView, at: number, number: number): number {
  out.setInt32(at, THREE[number] as number, LITTLE_ENDIAN);
  return at + 3;
}

const DOT = 0x2e;

/** An IPv4 address. */
export function putDotted(out: DataView, start: number, address: number): number {
  let at = putSmall(out, start, address >>> 24);
  out.setUint8(at, DOT);
  at = putSmall(out, at + 1, (address >>> 16) & 255);
  out.setUint8(at, DOT);
  at = putSmall(out, at + 1, (address >>> 8) & 255);
  out.setUint8(at, DOT);
  return putSmall(out, at + 1, address & 255);
}

/** An IPv6 address. @param at place of the first of its four words */
export function putIpv6(out: DataView, start: number, words: ArrayLike<number>, at: number): number {
  return putSpelled(out, start, spelled(ipv6Text(words, at)));
}

/** Times of which most lie in the same second as the one before. */
export class SecondText {
  #secondNs = Number.NaN;
  #text = eights(' ');

  /** RFC 3339 with nanoseconds, 30 bytes. */
  put(out: DataView, at: number, ns: number, originSec: number): number {
    if (!(ns >= this.#secondNs && ns < this.#secondNs + 1e9)) {
      this.#secondNs = Math.floor(ns / 1e9) * 1e9;
      this.#text = eights(nanosecondTime(this.#secondNs, originSec).slice(0, SECOND_CHARS));
    }
    putEights(out, at, this.#text);
    const rest = Math.floor(ns - this.#secondNs) | 0;
    const millis = (rest / 1e6) | 0;
    const micros = ((rest - 1e6 * millis) / 1000) | 0;
    putThree(out, at + SECOND_CHARS, millis);
    putThree(out, at + SECOND_CHARS + 3, micros);
    putThree(out, at + SECOND_CHARS + 6, rest - 1e6 * millis - 1000 * micros);
    out.setUint8(at + SECOND_CHARS + 9, LETTER_Z);
    return at + SECOND_CHARS + 10;
  }
}
