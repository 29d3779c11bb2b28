// What comes in: where standard output leads. What goes out: a stream to it that never holds the program up.
// Node writes to a terminal or a pipe in its own way, and to a file at once: while the disk is slow, nothing is read from any host.
// To a file, then, we write in another thread, one piece after the other, like to every other file.
import { fstatSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { FleetTapError, formatError } from '../base/errors.js';
import { fileReason } from '../base/file-reason.js';
import { FileWriter } from '../sinks/file-writer.js';

const STDOUT = 1;

export function standardOutput(): NodeJS.WriteStream | Writable {
  try {
    if (!fstatSync(STDOUT).isFile()) return process.stdout;
  } catch {
    return process.stdout; // It is closed: Node says so.
  }
  return new FileWriter(STDOUT);
}

/**
 * What cannot be written there is said once: without this a full disk is a stack trace. A reader that has gone (`| head`) is no
 * mistake, and ends no work: a play goes on to its end.
 * @param isSaidElsewhere the command itself says what is missing
 * @returns whether something could not be written, as far as is known
 */
export function guardOutputs(stdout: Writable, stderr: Writable, isSaidElsewhere: () => boolean): () => boolean {
  let isCut = false;
  // Nobody is left to tell.
  stderr.on('error', () => {});
  // Help goes out by process.stdout in any case.
  for (const stream of new Set<Writable>([stdout, process.stdout])) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE' || isCut) return;
      isCut = true;
      if (!isSaidElsewhere()) stderr.write(`${formatError(new FleetTapError('host', 'output-failed', `standard output cannot be written: ${fileReason(error)}`))}\n`);
    });
  }
  return () => isCut;
}
