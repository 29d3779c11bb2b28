// Packet lines by compiled code: wasm/packet-lines.ts, which reads them straight into batches, five times as fast as WireParser.
// What comes in: whole lines. What goes out: rows, up to the first line that is not like nearly all: that one is for WireParser.
import { readFileSync } from 'node:fs';
import { type BatchMemory, batchMemory, DESK_BYTES } from '../base/batch-memory.js';
import { ownFile } from '../base/own-file.js';
import type { RecordBatch } from '../base/record-batch.js';

const COMPILED = ownFile('dist/wasm/packet-lines.wasm');
const NEWLINE = 0x0a;
/** The compiled code looks at so many bytes at once, and not all of them may be a line's. */
const SLACK_BYTES = 32;
const ROOM_BYTES = DESK_BYTES - SLACK_BYTES;
/** To hand over less costs as much as to read it here. */
const WORTH_BYTES = 512;

interface Compiled {
  read(batch: number, first: number, start: number, end: number, originSec: number, nowNs: number, correctionNs: number, errorNs: number, beatRealNs: number, passedNs: number, sequence: number): number;
  newAt(): number;
  newPassedNs(): number;
}

/** What rows are stamped with, and which times need a decision (machine-lines.ts). */
export interface ReadTimes {
  readonly originSec: number;
  readonly nowNs: number;
  readonly correctionNs: number;
  readonly errorNs: number;
  readonly beatRealNs: number;
}

class PacketReader {
  readonly #compiled: Compiled;
  /** The module's memory. */
  readonly #memory: ArrayBuffer;
  readonly #desk: Uint8Array;
  /** From a place in the bytes to the same in the memory. */
  #shift = 0;
  /** The bytes are in the memory up to here. */
  #end = 0;
  /** After `read`: where the next line begins. */
  at = 0;
  /** After `read`. */
  passedNs = 0;

  constructor({ memory, buffer }: BatchMemory) {
    this.#compiled = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(COMPILED)), { env: { memory } }).exports as unknown as Compiled;
    this.#memory = buffer;
    this.#desk = new Uint8Array(buffer, 0, DESK_BYTES);
  }

  /**
   * Takes as many whole lines of `bytes` as there is room for.
   * @param start begins a line
   * @param end behind the last newline
   * @returns behind which byte it must be called again: `end`, too, where the bytes are too few to be worth it and nothing is taken
   */
  load(bytes: Buffer, start: number, end: number): number {
    this.#end = start;
    if (end - start < WORTH_BYTES) return end;
    // A line that is longer than the room is none of ours.
    const last = end - start <= ROOM_BYTES ? end : bytes.lastIndexOf(NEWLINE, start + ROOM_BYTES - 1) + 1;
    if (last <= start) return start + ROOM_BYTES;
    this.#desk.set(bytes.subarray(start, last));
    this.#shift = -start;
    this.#end = last;
    return last;
  }

  /** Reads lines of what was loaded, from `at` on, as long as they are packets and the batch has room. @returns how many rows; they are not counted yet */
  read(at: number, batch: RecordBatch, times: ReadTimes, passedNs: number, sequence: number): number {
    this.at = at;
    if (at >= this.#end || batch.columns.buffer !== this.#memory) return 0;
    const { originSec, nowNs, correctionNs, errorNs, beatRealNs } = times;
    const rows = this.#compiled.read(batch.columns.start, batch.length, at + this.#shift, this.#end + this.#shift, originSec, nowNs, correctionNs, errorNs, beatRealNs, passedNs, sequence);
    this.at = this.#compiled.newAt() - this.#shift;
    this.passedNs = this.#compiled.newPassedNs();
    return rows;
  }
}

let reader: PacketReader | undefined;

/** One for all hosts: what it holds is valid from `load` to the next `load`. Undefined where compiled code does not run (base/wasm-memory.ts). */
export function packetReader(): PacketReader | undefined {
  const memory = batchMemory();
  if (memory !== undefined) reader ??= new PacketReader(memory);
  return reader;
}
