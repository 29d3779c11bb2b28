// What comes in: IPv6 addresses as four numbers. What goes out: their texts in the log's columns. Servers talk to the same peers again and again:
// the texts of the last addresses are kept, one for each place of a table of fixed size, so that a hostile host cannot fill our memory.
import { ipv6Text } from '../base/ip-address.js';
import { eights } from './text-bytes.js';

const IPV6_WIDTH = 39;
/** Places of the table; a power of 2. */
const PLACES = 4096;
const SHIFT = 20;
/** Knuth's multiplier: spreads neighbouring addresses over the table (The Art of Computer Programming 3, 6.4). */
const SPREAD = 0x9e37_79b1;
/** Bytes of an IPv6 text with its space. */
const IPV6_EIGHTS = (IPV6_WIDTH + 1) / 8;

export class Ipv6Texts {
  readonly #words = new Uint32Array(4 * PLACES);
  readonly #texts = new Float64Array(IPV6_EIGHTS * PLACES);
  readonly #bytes = new Uint8Array(this.#texts.buffer);
  readonly #lengths = new Uint8Array(PLACES);

  constructor() {
    // An empty place holds address 0.
    const zero = eights('::'.padStart(IPV6_WIDTH));
    for (let place = 0; place < PLACES; place += 1) this.#texts.set(zero, IPV6_EIGHTS * place);
    this.#lengths.fill(2);
  }

  /** Length of the text. @param at place of the first of the address's four words */
  lengthOf(words: ArrayLike<number>, at: number): number {
    return this.#lengths[this.#place(words, at)] as number;
  }

  /** The text, right-aligned in `width` columns (its length to 39), and a space. @returns where the next byte goes */
  put(out: DataView, start: number, words: ArrayLike<number>, at: number, width: number): number {
    const place = this.#place(words, at);
    // Kept in 39 columns, of which those in front are empty: the first ones are left out.
    const from = 8 * IPV6_EIGHTS * place + IPV6_WIDTH - width;
    for (let index = 0; index <= width; index += 1) out.setUint8(start + index, this.#bytes[from + index] as number);
    return start + width + 1;
  }

  #place(words: ArrayLike<number>, at: number): number {
    const [first, second, third, fourth] = [words[at] as number, words[at + 1] as number, words[at + 2] as number, words[at + 3] as number];
    const mixed = Math.imul(Math.imul(Math.imul(first, 31) + second, 31) + third, 31) + fourth;
    const place = Math.imul(mixed, SPREAD) >>> SHIFT;
    const keys = this.#words;
    if (keys[4 * place] === first && keys[4 * place + 1] === second && keys[4 * place + 2] === third && keys[4 * place + 3] === fourth) return place;
    keys.set([first, second, third, fourth], 4 * place);
    const text = ipv6Text(words, at);
    this.#texts.set(eights(text.padStart(IPV6_WIDTH)), IPV6_EIGHTS * place);
    this.#lengths[place] = text.length;
    return place;
  }
}
