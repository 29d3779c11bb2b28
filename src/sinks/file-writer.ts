// A stream that writes to an open file where the last write ended, in another thread, one piece after the other, and leaves it open.
// Guaranteed: a piece's callback comes when the system has taken all of it; the stream keeps nothing of it then.
import { write, writev } from 'node:fs';
import { Writable } from 'node:stream';
import { AT_ONCE_BYTES } from './write-size.js';

/** So much may be on its way; beyond that the writer waits for `drain`. */
const WAITING_BYTES = 8 * 2 ** 20;
/** writev(2) takes no more (IOV_MAX). */
const MOST_PIECES = 1024;

type Done = (error?: Error | null) => void;

export class FileWriter extends Writable {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    super({ highWaterMark: WAITING_BYTES });
    this.#descriptor = descriptor;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    write(this.#descriptor, chunk, 0, Math.min(chunk.length, AT_ONCE_BYTES), null, (error, written) => {
      if (error !== null || written === chunk.length) done(error);
      else this._write(chunk.subarray(written), _encoding, done);
    });
  }

  override _writev(chunks: { readonly chunk: unknown }[], done: Done): void {
    this.#pieces(chunks.map(({ chunk }) => chunk as Buffer), done);
  }

  #pieces(pieces: readonly Buffer[], done: Done): void {
    writev(this.#descriptor, front(pieces), (error, written) => {
      const rest = error === null ? behind(pieces, written) : [];
      if (rest.length === 0) done(error);
      else this.#pieces(rest, done);
    });
  }
}

/** As much of the pieces as one call may take. */
function front(pieces: readonly Buffer[]): Buffer[] {
  let room = AT_ONCE_BYTES;
  const first: Buffer[] = [];
  for (const piece of pieces) {
    if (room <= 0 || first.length === MOST_PIECES) break;
    first.push(piece.subarray(0, room));
    room -= piece.length;
  }
  return first;
}

/** What stands behind the first `bytes`. */
function behind(pieces: readonly Buffer[], bytes: number): Buffer[] {
  let left = bytes;
  const rest: Buffer[] = [];
  for (const piece of pieces) {
    if (left < piece.length) rest.push(piece.subarray(left));
    left = Math.max(0, left - piece.length);
  }
  return rest;
}
