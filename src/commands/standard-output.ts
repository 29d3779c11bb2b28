// What comes in: where standard output leads. What goes out: a stream to it that never holds the program up.
// Node writes to a terminal or a pipe in its own way, and to a file at once: while the disk is slow, nothing is read from any host.
// To a file, then, we write in another thread, one piece after the other, like to every other file.
import { fstatSync } from 'node:fs';
import type { Writable } from 'node:stream';
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
