// What comes in: a seed. What goes out: the whole numbers that Python's random.Random draws with that seed (MT19937), so that
// `random(seed=inventory_hostname)` gives what Ansible gives. Not for secrets.
// Source: the Python library reference, "random"; Matsumoto and Nishimura 1998.
import { createHash } from 'node:crypto';
import { FilterError } from './filter-error.js';
import { isInteger, typeName } from './kinds.js';

const N = 624;
const M = 397;

export class PythonRandom {
  readonly #state = new Uint32Array(N);
  #at = N;

  /** @param seed a text or a whole number @throws FilterError */
  constructor(seed: unknown) {
    let number: bigint;
    if (typeof seed === 'string') {
      const bytes = Buffer.from(seed, 'utf8');
      number = BigInt(`0x${Buffer.concat([bytes, createHash('sha512').update(bytes).digest()]).toString('hex')}`);
    } else if (isInteger(seed)) number = BigInt(seed) < 0n ? -BigInt(seed) : BigInt(seed);
    else throw new FilterError(`takes a text or a whole number as seed, not ${typeName(seed)}`);
    const key: number[] = [];
    for (let rest = number; rest > 0n; rest >>= 32n) key.push(Number(rest & 0xffffffffn));
    this.#seed(key.length === 0 ? [0] : key);
  }

  /** A whole number from 0 to `count` - 1. */
  below(count: number): number {
    const bits = count.toString(2).length;
    for (;;) {
      let value = 0;
      let shift = 0;
      for (let left = bits; left > 0; left -= 32) {
        value += (left < 32 ? this.#next() >>> (32 - left) : this.#next()) * 2 ** shift;
        shift += 32;
      }
      if (value < count) return value;
    }
  }

  #seed(key: readonly number[]): void {
    const state = this.#state;
    state[0] = 19650218;
    for (let i = 1; i < N; i++) state[i] = Math.imul(1812433253, this.#mixed(i)) + i;
    let i = 1;
    for (let k = Math.max(N, key.length), j = 0; k > 0; k--) {
      state[i] = ((state[i] ?? 0) ^ Math.imul(this.#mixed(i), 1664525)) + (key[j] ?? 0) + j;
      i = this.#wrapped(i + 1);
      j = (j + 1) % key.length;
    }
    for (let k = N - 1; k > 0; k--) {
      state[i] = ((state[i] ?? 0) ^ Math.imul(this.#mixed(i), 1566083941)) - i;
      i = this.#wrapped(i + 1);
    }
    state[0] = 0x80000000;
  }

  #mixed(i: number): number {
    const before = this.#state[i - 1] ?? 0;
    return before ^ (before >>> 30);
  }

  #wrapped(i: number): number {
    if (i < N) return i;
    this.#state[0] = this.#state[N - 1] ?? 0;
    return 1;
  }

  #next(): number {
    const state = this.#state;
    if (this.#at >= N) {
      for (let i = 0; i < N; i++) {
        const y = ((state[i] ?? 0) & 0x80000000) | ((state[(i + 1) % N] ?? 0) & 0x7fffffff);
        state[i] = (state[(i + M) % N] ?? 0) ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      this.#at = 0;
    }
    let y = state[this.#at++] ?? 0;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }
}
