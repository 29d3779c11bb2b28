// What comes in: where standard output leads. What goes out: a stream to it that never holds the program up.
// Node writes to a terminal or a pipe in its own way, and to a file at once: while the disk is slow, nothing is read from any host.
// To a file, then, we write in another thread, one piece after the other, like to every other file.
import { fstatSync, write } from 'node:fs';
import { Writable } from 'node:stream';

const STDOUT = 1;
/** So much may be on its way; beyond that the writer waits for `drain`. */
const WAITING_BYTES = 8 * 2 ** 20;

export function standardOutput(): NodeJS.WriteStream | Writable {
  try {
    if (!fstatSync(STDOUT).isFile()) return process.stdout;
  } catch {
    return process.stdout; // It is closed: Node says so.
  }
  return fileWriter(STDOUT);
}

/** A stream that writes to an open file where the last write ended, and leaves it open. */
export function fileWriter(descriptor: number): Writable {
  const put = (bytes: Buffer, done: (error?: Error | null) => void): void =>
    write(descriptor, bytes, 0, bytes.length, null, (error, written) => {
      if (error !== null || written === bytes.length) done(error);
      else put(bytes.subarray(written), done);
    });
  return new Writable({
    highWaterMark: WAITING_BYTES,
    write: (chunk: Buffer, _encoding, done) => put(chunk, done),
    // Many small ones are one.
    writev: (chunks, done) => put(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)), done),
  });
}
