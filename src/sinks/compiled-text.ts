// The text log's lines by compiled code (wasm/text-rows.ts), three times as fast as text-lines.ts writes them.
// What comes in: rows as packed-rows.ts makes them. What goes out: the lines of those that are like nearly all, up to the first that is not: that one is for text-lines.ts.
import { readFileSync } from 'node:fs';
import { ownFile } from '../base/own-file.js';
import { PAGE_BYTES } from '../base/wasm-memory.js';
import type { Spelled } from './field-bytes.js';
import { type RowMemory, WORDS } from './packed-rows.js';
import { TEXT_TABLES } from './text-bytes.js';

const COMPILED = ownFile('dist/wasm/text-rows.wasm');
// What stands where in the memory. Tables, the second; rows; their lines; hosts.
const SECOND_AT = 15_336;
const ROWS_AT = PAGE_BYTES / 4;
const MOST_ROWS = 2048;
const LINES_AT = PAGE_BYTES;
const LINES_BYTES = 3 * PAGE_BYTES;
const HOSTS_AT = LINES_AT + LINES_BYTES;
/** Eight bytes are read and written at once. */
const SLACK_BYTES = 8;
/** Of a host's length. */
const LENGTH_BYTES = 4;
/** Pages of memory, without hosts. */
export const LEAST_PAGES = HOSTS_AT / PAGE_BYTES;

interface Compiled {
  spell(rows: number, count: number, at: number, secondNs: number, width: number, hosts: number, hostBytes: number): number;
  newAt(): number;
}

let program: WebAssembly.Module | undefined;

export class CompiledText {
  readonly #memory: WebAssembly.Memory;
  readonly #compiled: Compiled;
  #bytes: Uint8Array;
  #words: Int32Array;
  #hosts = 0;
  #hostBytes = 0;
  #secondNs = Number.NaN;
  /** After `spell`: where the next line goes. */
  at = 0;

  /** @param memory of LEAST_PAGES; it grows with the hosts */
  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#words = new Int32Array(memory.buffer);
    program ??= new WebAssembly.Module(readFileSync(COMPILED));
    this.#compiled = new WebAssembly.Instance(program, { env: { memory } }).exports as unknown as Compiled;
    let at = 0;
    for (const table of TEXT_TABLES) {
      this.#bytes.set(new Uint8Array(table.buffer, table.byteOffset, table.byteLength), at);
      at += table.byteLength;
    }
  }

  /** The hosts' columns, by number: before `spell`, whenever there are more. */
  knowHosts(hosts: readonly Spelled[]): void {
    if (hosts.length === this.#hosts) return;
    this.#hosts = hosts.length;
    this.#hostBytes = LENGTH_BYTES + hosts.reduce((most, { bytes }) => Math.max(most, bytes.length), 0);
    const pages = Math.ceil((HOSTS_AT + hosts.length * this.#hostBytes + SLACK_BYTES) / PAGE_BYTES);
    if (pages * PAGE_BYTES > this.#bytes.length) {
      this.#memory.grow(pages - this.#bytes.length / PAGE_BYTES);
      this.#bytes = new Uint8Array(this.#memory.buffer);
      this.#words = new Int32Array(this.#memory.buffer);
    }
    const view = new DataView(this.#memory.buffer);
    for (const [number, { bytes }] of hosts.entries()) {
      const at = HOSTS_AT + number * this.#hostBytes;
      view.setUint32(at, bytes.length, true);
      this.#bytes.set(bytes, at + LENGTH_BYTES);
    }
  }

  /** The second in which rows are like nearly all, and its text. */
  turnTo(secondNs: number, text: Float64Array): void {
    this.#secondNs = secondNs;
    this.#bytes.set(new Uint8Array(text.buffer), SECOND_AT);
  }

  /**
   * Writes lines of rows from `first` on.
   * @param mostBytes of a line
   * @returns how many
   */
  spell(rows: RowMemory, first: number, out: Uint8Array, start: number, width: number, mostBytes: number): number {
    this.at = start;
    const most = Math.min(MOST_ROWS, Math.floor((LINES_BYTES - SLACK_BYTES) / mostBytes));
    let row = first;
    for (let [asked, written] = [1, 1]; written === asked && row < rows.length; row += written) {
      asked = Math.min(most, rows.length - row);
      if (asked === 0) break;
      this.#words.set(rows.words.subarray(row * WORDS, (row + asked) * WORDS), ROWS_AT / 4);
      written = this.#compiled.spell(ROWS_AT, asked, LINES_AT, this.#secondNs, width, HOSTS_AT, this.#hostBytes);
      const end = this.#compiled.newAt();
      out.set(this.#bytes.subarray(LINES_AT, end), this.at);
      this.at += end - LINES_AT;
    }
    return row - first;
  }
}
