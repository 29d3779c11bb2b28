// What comes in: a password, a salt and a number of rounds. What goes out: the hash as crypt(3) writes it, without its prefix: sha256_crypt, sha512_crypt, md5_crypt.
// Guaranteed: the same text as `openssl passwd -5`, `-6` and `-1`.
// Source: Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512", 2008; FreeBSD's md5crypt; crypt(5).
import { hash as digestOf } from 'node:crypto';

/** Of hashes and of salts. */
export const CRYPT_CHARACTERS = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** What repeats in the rounds of SHA crypt: 2 (where the digest stands) times 3 (the salt) times 7 (the password). */
const ROUND_SHAPES = 42;

/** Three bytes as four characters, the lowest six bits first. */
function encode(digest: Buffer, triples: readonly (readonly number[])[]): string {
  return triples
    .map((triple) => {
      let value = triple.reduce((sum, index) => sum * 256 + (digest[index] ?? 0), 0);
      let text = '';
      for (let left = triple.length + 1; left > 0; left--, value >>= 6) text += CRYPT_CHARACTERS[value & 63];
      return text;
    })
    .join('');
}

/** Rows of three, each the one before moved on: (a, b, c) becomes (b, c, a) or (c, a, b), one higher. */
function triples(count: number, step: number, turned: (row: readonly number[]) => readonly number[], last: readonly number[]): readonly (readonly number[])[] {
  let row: readonly number[] = [0, step, 2 * step];
  const rows = Array.from({ length: count }, () => {
    const here = row;
    row = turned(row).map((index) => index + 1);
    return here;
  });
  return [...rows, last];
}

const SHA_ORDER = {
  sha256: triples(10, 10, ([a = 0, b = 0, c = 0]) => [c, a, b], [31, 30]),
  sha512: triples(21, 21, ([a = 0, b = 0, c = 0]) => [b, c, a], [63]),
};
const MD5_ORDER = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5], [11]];

/** `bytes`, repeated and cut, as many as asked. */
function fill(bytes: Buffer, length: number): Buffer {
  return Buffer.alloc(length, length === 0 ? undefined : bytes);
}

/** For each bit of the length, the lowest first: `one` where it is set, `zero` where it is not. */
function byBits(length: number, one: Buffer, zero: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let rest = length; rest > 0; rest >>= 1) parts.push((rest & 1) === 1 ? one : zero);
  return parts;
}

export function shaCrypt(algorithm: 'sha256' | 'sha512', secret: Buffer, salt: Buffer, rounds: number): string {
  const digest = (...parts: readonly Buffer[]): Buffer => digestOf(algorithm, Buffer.concat(parts), 'buffer');
  const alternate = digest(secret, salt, secret);
  const first = digest(secret, salt, fill(alternate, secret.length), ...byBits(secret.length, alternate, secret));
  const password = fill(digest(...Array.from({ length: secret.length }, () => secret)), secret.length);
  const salted = fill(digest(...Array.from({ length: 16 + (first[0] ?? 0) }, () => salt)), salt.length);
  // Of each shape one buffer, in which only the digest changes: nothing is made anew in hundreds of thousands of rounds.
  const shapes = Array.from({ length: ROUND_SHAPES }, (_, round) => {
    const middle = [...(round % 3 === 0 ? [] : [salted]), ...(round % 7 === 0 ? [] : [password])];
    const isOdd = round % 2 === 1;
    const bytes = Buffer.concat(isOdd ? [password, ...middle, first] : [first, ...middle, password]);
    return { bytes, at: isOdd ? bytes.length - first.length : 0 };
  });
  let last = first;
  for (let round = 0; round < rounds; round++) {
    const shape = shapes[round % ROUND_SHAPES];
    if (shape === undefined) break;
    last.copy(shape.bytes, shape.at);
    last = digestOf(algorithm, shape.bytes, 'buffer');
  }
  return encode(last, SHA_ORDER[algorithm]);
}

export function md5Crypt(secret: Buffer, salt: Buffer): string {
  const digest = (...parts: readonly Buffer[]): Buffer => digestOf('md5', Buffer.concat(parts), 'buffer');
  const alternate = digest(secret, salt, secret);
  let last = digest(secret, Buffer.from('$1$'), salt, fill(alternate, secret.length), ...byBits(secret.length, Buffer.of(0), secret.subarray(0, 1)));
  for (let round = 0; round < 1000; round++) {
    const isOdd = round % 2 === 1;
    last = digest(isOdd ? secret : last, ...(round % 3 === 0 ? [] : [salt]), ...(round % 7 === 0 ? [] : [secret]), isOdd ? last : secret);
  }
  return encode(last, MD5_ORDER);
}
