// Bytes of lines, one behind the other, in memory that grows, and is used again once nobody needs what was taken.
import { SLACK_BYTES } from './field-bytes.js';
import { SpareMemory } from './spare-memory.js';

export class LineBuffer {
  /** Where the next byte goes. */
  at = 0;
  #bytes: Buffer = Buffer.alloc(0);
  view: DataView = new DataView(this.#bytes.buffer, 0, 0);
  readonly #memory = new SpareMemory();

  /** Makes room for so many bytes behind `at`. */
  room(bytes: number): void {
    if (this.at + bytes + SLACK_BYTES > this.#bytes.length) this.#grow(this.at + bytes + SLACK_BYTES);
  }

  add(text: string): void {
    const bytes = Buffer.from(text);
    this.room(bytes.length);
    this.#bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** All lines so far; others begin anew. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.at);
    this.#use(Buffer.alloc(0));
    this.at = 0;
    return taken;
  }

  /** Memory that `take` has given, and that nobody needs any more. */
  recycle(bytes: Uint8Array): void {
    this.#memory.give(bytes);
  }

  #grow(bytes: number): void {
    const larger = this.#memory.take(bytes);
    larger.set(this.#bytes.subarray(0, this.at));
    this.#use(larger);
  }

  #use(bytes: Buffer): void {
    this.#bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
}
