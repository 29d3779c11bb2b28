// Bytes of lines, one behind the other, in memory that grows, and is used again once nobody needs what was taken.
import { SLACK_BYTES } from './field-bytes.js';

const LEAST_BYTES = 65_536;
/** Larger memory is not kept: one release of many rows would hold it for ever. */
const KEPT_BYTES = 16 * 2 ** 20;
const KEPT_BUFFERS = 2;

export class LineBuffer {
  /** Where the next byte goes. */
  at = 0;
  #bytes: Buffer = Buffer.alloc(0);
  view: DataView = new DataView(this.#bytes.buffer, 0, 0);
  readonly #free: ArrayBufferLike[] = [];

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
    if (this.#free.length < KEPT_BUFFERS && bytes.buffer.byteLength <= KEPT_BYTES) this.#free.push(bytes.buffer);
  }

  #grow(bytes: number): void {
    const free = this.#free.pop();
    const larger = free !== undefined && free.byteLength >= bytes ? Buffer.from(free) : Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(Math.max(LEAST_BYTES, bytes))));
    larger.set(this.#bytes.subarray(0, this.at));
    this.#use(larger);
  }

  #use(bytes: Buffer): void {
    this.#bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
}
