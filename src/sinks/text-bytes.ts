// Bytes of the text log, written in place: no string for each line. `at` is where to write; each function returns where the next byte goes.

const ZERO = 0x30;
const SPACE = 0x20;

/** Digits of 0 to 999, three bytes each. */
const TRIPLES = new Uint8Array(3000);
for (let number = 0; number < 1000; number += 1) TRIPLES.set(Buffer.from(String(number).padStart(3, '0')), 3 * number);

/** `0 1 1 0 0 0` for each of the 64 sets of flags, 11 bytes each. */
const FLAG_BYTES = 11;
const FLAGS = new Uint8Array(64 * FLAG_BYTES);
for (let flags = 0; flags < 64; flags += 1) FLAGS.set(Buffer.from([...flags.toString(2).padStart(6, '0')].join(' ')), FLAG_BYTES * flags);

/** Three digits, with leading zeros. */
export function writeTriple(out: Uint8Array, at: number, number: number): number {
  const from = 3 * number;
  out[at] = TRIPLES[from] as number;
  out[at + 1] = TRIPLES[from + 1] as number;
  out[at + 2] = TRIPLES[from + 2] as number;
  return at + 3;
}

export function writeFlags(out: Uint8Array, at: number, flags: number): number {
  const from = FLAG_BYTES * flags;
  for (let index = 0; index < FLAG_BYTES; index += 1) out[at + index] = FLAGS[from + index] as number;
  return at + FLAG_BYTES;
}

/** A port, right-aligned in five columns. */
export function writePort(out: Uint8Array, at: number, port: number): number {
  let rest = port;
  let place = at + 4;
  do {
    const tenth = (rest / 10) | 0;
    out[place] = ZERO + rest - 10 * tenth;
    place -= 1;
    rest = tenth;
  } while (rest > 0);
  while (place >= at) {
    out[place] = SPACE;
    place -= 1;
  }
  return at + 5;
}

/** An IPv4 address, right-aligned in `width` columns (at least 15). Written from its end. */
export function writeIpv4(out: Uint8Array, at: number, address: number, width: number): number {
  let place = at + width - 1;
  let rest = address;
  for (let octets = 0; octets < 4; octets += 1) {
    const from = 3 * (rest & 255);
    const octet = rest & 255;
    rest >>>= 8;
    out[place] = TRIPLES[from + 2] as number;
    place -= 1;
    if (octet > 9) {
      out[place] = TRIPLES[from + 1] as number;
      place -= 1;
      if (octet > 99) {
        out[place] = TRIPLES[from] as number;
        place -= 1;
      }
    }
    if (octets < 3) {
      out[place] = 0x2e;
      place -= 1;
    }
  }
  while (place >= at) {
    out[place] = SPACE;
    place -= 1;
  }
  return at + width;
}
