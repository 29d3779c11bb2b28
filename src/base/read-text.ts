// What comes in: the path of a file that a person named. What goes out: its text.
// Guaranteed: what is missing, unreadable, a directory, not UTF-8 or too long is one clear sentence (kind `input`), never half a text.
// Not here: what the text means.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { FleetTapError } from './errors.js';

const LIMIT_BYTES = 64 * 1024 * 1024;
const PIECE_BYTES = 65_536;
/** From one look at a pipe that is empty to the next: no event tells of it on a file handle. */
const EMPTY_PIPE_MS = 10;

/**
 * Reads a whole UTF-8 text file; a byte order mark is dropped.
 * @param what what the file is for, for the sentence: `inventory`, `playbook`
 * @throws FleetTapError kind `input`: `file-missing`, `file-unreadable`, `file-is-directory`, `file-not-text`, `file-too-long`
 */
export async function readText(path: string, what: string): Promise<string> {
  const place = { file: path };
  let bytes: Buffer | undefined;
  try {
    // Non-blocking: opening a named pipe that nobody writes to would wait for ever.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = await handle.stat();
      if (stat.isDirectory()) {
        throw new FleetTapError('input', 'file-is-directory', `the ${what} is a directory, not a file`, { place });
      }
      // A device says that it has no bytes, and may never end.
      bytes = stat.size > LIMIT_BYTES ? undefined : stat.isFile() ? await handle.readFile() : await readUpTo(handle, LIMIT_BYTES);
      if (bytes === undefined) throw new FleetTapError('input', 'file-too-long', `the ${what} has more than ${LIMIT_BYTES} bytes, which is the limit`, { place });
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw error instanceof FleetTapError ? error : readError(error, path, what);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const message = `the ${what} is not a text file in UTF-8`;
    const hint = 'look at it with `file`, and convert it with `iconv -t UTF-8` if it is text';
    throw new FleetTapError('input', 'file-not-text', message, { place, hint, cause });
  }
}

/** All that comes till the end; of a pipe, too, whose writer takes its time. Undefined: there is more. */
async function readUpTo(handle: FileHandle, limitBytes: number): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  for (let length = 0; length <= limitBytes; ) {
    const piece = await readPiece(handle);
    if (piece === undefined) await setTimeout(EMPTY_PIPE_MS);
    else if (piece.length === 0) return Buffer.concat(pieces);
    else {
      pieces.push(piece);
      length += piece.length;
    }
  }
  return undefined;
}

/** Undefined: nothing is there yet, and a writer is. */
async function readPiece(handle: FileHandle): Promise<Buffer | undefined> {
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(PIECE_BYTES), 0, PIECE_BYTES, null);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}

function readError(error: unknown, path: string, what: string): FleetTapError {
  const place = { file: path };
  const errno = (error as NodeJS.ErrnoException).code;
  if (errno === 'ENOENT' || errno === 'ENOTDIR') {
    const hint = 'check the spelling and the folder that you are in';
    return new FleetTapError('input', 'file-missing', `there is no such ${what}`, { place, hint, cause: error });
  }
  const reason = errno === 'EACCES' ? 'you may not read it' : error instanceof Error ? error.message : String(error);
  return new FleetTapError('input', 'file-unreadable', `the ${what} cannot be read: ${reason}`, { place, cause: error });
}
