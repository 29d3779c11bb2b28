// Memory of bytes that are written: the next ones go there. Making a buffer anew for each release of rows, and collecting it, costs more than filling it.
// Guaranteed: nobody gets memory that was not given back; what lies idle is bounded.

const LEAST_BYTES = 65_536;
/** Larger memory is not kept: one release of many rows would hold it for ever. */
const MOST_BYTES = 16 * 2 ** 20;
const MOST_BUFFERS = 4;

export class SpareMemory {
  readonly #free: ArrayBufferLike[] = [];
  readonly #make: (bytes: number) => Buffer;

  /** @param make memory that is a buffer's own, whatever stands in it */
  constructor(make: (bytes: number) => Buffer = Buffer.allocUnsafeSlow) {
    this.#make = make;
  }

  /** At least so many bytes, whatever stands in them, not shared with anybody. Few sizes: what was large enough once is so most of the time. */
  take(bytes: number): Buffer {
    const free = this.#free.pop();
    if (free !== undefined && free.byteLength >= bytes) return Buffer.from(free);
    return this.#make(2 ** Math.ceil(Math.log2(Math.max(LEAST_BYTES, bytes))));
  }

  /** All the memory that `bytes` are a part of: nobody may need any of it. */
  give({ buffer }: Uint8Array): void {
    if (this.#free.length < MOST_BUFFERS && buffer.byteLength <= MOST_BYTES) this.#free.push(buffer);
  }
}
