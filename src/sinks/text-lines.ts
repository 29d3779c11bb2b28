// What comes in: rows as the text log needs them (packed-rows.ts). What goes out: its lines, one after the other, as sinks/text.ts describes them.
// Of many rows, compiled code writes the lines (compiled-text.ts), three times as fast as it is done here; what it leaves is done here.
import { formatTime } from '../base/clock.js';
import { printable } from '../base/host-text.js';
import { DESTINATION_IPV6, LATE, OBSERVED, SOURCE_IPV6, UDP } from '../base/record-batch.js';
import { PAGE_BYTES, wasmMemory } from '../base/wasm-memory.js';
import { CompiledText, LEAST_PAGES } from './compiled-text.js';
import { putSpelled, type Spelled, spelled } from './field-bytes.js';
import { Ipv6Texts } from './ipv6-texts.js';
import { BITS_SHIFT, DESTINATION, FLAG_BITS, HOST_SHIFT, KIND_SHIFT, MARKS, PORTS, type RowMemory, SOURCE, TIMES, WORDS } from './packed-rows.js';
import { SpareMemory } from './spare-memory.js';
import { eights, FLAGS_BYTES, LATE_BYTES, putEights, putFlags, putIpv4, putLate, putMicros, putPort, putUdp } from './text-bytes.js';

export const IPV4_WIDTH = 15;
const IPV6_WIDTH = 39;
/** `2026-11-23T10:00:00.`; six digits, a Z and a space follow. */
const SECOND_BYTES = 20;
/** A packet's line without its host and its addresses, at most; eight bytes are written at once. */
const PACKET_BYTES = SECOND_BYTES + 8 + 2 + 2 * 6 + FLAGS_BYTES + LATE_BYTES + 8;

/** Compiled code writes the lines of so many rows at once, not of fewer: handing rows over costs as much as writing some. */
const COMPILED_ROWS = 256;
/** Where it has written less than the first number, so many rows are written here before it is asked again: odd rows seldom come alone. */
const [FEW_ROWS, OWN_ROWS] = [4, 64];

export interface TextFormatOptions {
  readonly originSec: number;
  /** Width of the host column: the longest name. */
  readonly hostWidth: number;
}

export class TextLines {
  readonly #options: TextFormatOptions;
  readonly #memory: SpareMemory;
  /** By the host's number. */
  readonly #hosts: Spelled[] = [];
  #ipv6Texts: Ipv6Texts | undefined;
  /** Columns of an address: grows to the longest one seen, so that IPv6 costs IPv4-only fleets nothing. */
  addressWidth = IPV4_WIDTH;
  /** The second that `#second` spells, in nanoseconds since the origin. */
  #secondNs = Number.NaN;
  #second = eights(' '.repeat(SECOND_BYTES));
  /** null: it does not run here (base/wasm-memory.ts). */
  #compiled: CompiledText | null | undefined;

  constructor(options: TextFormatOptions, memory = new SpareMemory()) {
    this.#options = options;
    this.#memory = memory;
  }

  /**
   * All lines, each with its newline. They may be given back (`recycle`) once they are written.
   * @param hosts names by number
   */
  spell(rows: RowMemory, hosts: readonly string[]): Buffer {
    this.#knowHosts(hosts);
    const asides = rows.asides.map((line) => Buffer.from(`${line}\n`));
    const mostBytes = this.#mostBytes(rows);
    const out = this.#memory.take(rows.length * mostBytes + asides.reduce((sum, { length }) => sum + length, 0));
    const view = new DataView(out.buffer, out.byteOffset, out.length);
    const { times, words, length } = rows;
    const compiled = length >= COMPILED_ROWS ? this.#compiledText() : undefined;
    let at = 0;
    let askAt = 0;
    for (let row = 0; row < length; row += 1) {
      if (compiled !== undefined && row >= askAt) {
        const written = compiled.spell(rows, row, out, at, this.addressWidth, mostBytes);
        at = compiled.at;
        row += written;
        if (row === length) break;
        askAt = written < FEW_ROWS ? row + OWN_ROWS : row + 1;
      }
      const marks = words[row * WORDS + MARKS] as number;
      if (asides.length > 0 && kindOf(marks) >= OBSERVED) {
        const line = asides[words[row * WORDS + SOURCE] as number] as Buffer;
        out.set(line, at);
        at += line.length;
      } else at = this.#packet(view, this.#time(view, at, times[row * TIMES] as number), rows, row * WORDS, marks);
    }
    return out.subarray(0, at);
  }

  /** Takes memory that `spell` has given for the next lines: nobody must need it any more. */
  recycle(bytes: Uint8Array): void {
    this.#memory.give(bytes);
  }

  #packet(out: DataView, start: number, { words, ipv6 }: RowMemory, row: number, marks: number): number {
    let at = putSpelled(out, start, this.#hosts[marks >>> HOST_SHIFT] as Spelled);
    const bits = marks >>> BITS_SHIFT;
    const [source, destination] = [words[row + SOURCE] as number, words[row + DESTINATION] as number];
    if ((bits & (SOURCE_IPV6 | DESTINATION_IPV6)) === 0) {
      at = putIpv4(out, at, source, this.addressWidth);
      at = putIpv4(out, at, destination, this.addressWidth);
    } else at = this.#addresses(out, at, ipv6, source, destination, bits);
    const ports = words[row + PORTS] as number;
    at = putPort(out, at, ports & 0xffff);
    at = putPort(out, at, ports >>> 16);
    at = kindOf(marks) === UDP ? putUdp(out, at) : putFlags(out, at, marks & FLAG_BITS);
    return (bits & LATE) === 0 ? at : putLate(out, at - 1);
  }

  /** Both addresses, of which one at least is IPv6. */
  #addresses(out: DataView, start: number, ipv6: readonly number[], source: number, destination: number, bits: number): number {
    this.#ipv6Texts ??= new Ipv6Texts();
    const texts = this.#ipv6Texts;
    if ((bits & SOURCE_IPV6) !== 0) this.addressWidth = Math.max(this.addressWidth, texts.lengthOf(ipv6, source));
    if ((bits & DESTINATION_IPV6) !== 0) this.addressWidth = Math.max(this.addressWidth, texts.lengthOf(ipv6, destination));
    const width = this.addressWidth;
    const at = (bits & SOURCE_IPV6) === 0 ? putIpv4(out, start, source, width) : texts.put(out, start, ipv6, source, width);
    return (bits & DESTINATION_IPV6) === 0 ? putIpv4(out, at, destination, width) : texts.put(out, at, ipv6, destination, width);
  }

  /** RFC 3339 in UTC with microseconds, and a space; nanoseconds are cut, not rounded, so that order stays. */
  #time(out: DataView, at: number, tNs: number): number {
    if (!(tNs >= this.#secondNs && tNs < this.#secondNs + 1e9)) this.#turnTo(Math.floor(tNs / 1e9));
    putEights(out, at, this.#second);
    return putMicros(out, at + SECOND_BYTES, ((tNs - this.#secondNs) / 1000) | 0);
  }

  #turnTo(second: number): void {
    this.#secondNs = second * 1e9;
    this.#second = eights(formatTime(this.#secondNs, this.#options.originSec).slice(0, SECOND_BYTES));
    this.#compiled?.turnTo(this.#secondNs, this.#second);
  }

  #compiledText(): CompiledText | undefined {
    if (this.#compiled === undefined) {
      const memory = wasmMemory(LEAST_PAGES, PAGE_BYTES);
      this.#compiled = memory === undefined ? null : new CompiledText(memory);
      this.#compiled?.turnTo(this.#secondNs, this.#second);
    }
    this.#compiled?.knowHosts(this.#hosts);
    return this.#compiled ?? undefined;
  }

  /** Bytes of a packet's line, at most. */
  #mostBytes({ ipv6 }: RowMemory): number {
    const addressWidth = ipv6.length > 0 ? IPV6_WIDTH : this.addressWidth;
    return PACKET_BYTES + 2 * addressWidth + this.#hosts.reduce((most, { bytes }) => Math.max(most, bytes.length), 0);
  }

  /** The hosts' columns, with the space behind each. */
  #knowHosts(names: readonly string[]): void {
    for (let number = this.#hosts.length; number < names.length; number += 1) this.#hosts.push(spelled(`${oneLine(names[number] as string).padEnd(this.#options.hostWidth)} `));
  }
}

function kindOf(marks: number): number {
  return (marks >>> KIND_SHIFT) & 3;
}

export function oneLine(text: string): string {
  return printable(text).replaceAll('\n', '\\n');
}
