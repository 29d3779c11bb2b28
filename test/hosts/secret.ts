// Where a secret can be seen by others: the command line and environment of processes, and files. For tests that put one in and must not find it.
import { closeSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';

const FILE_LIMIT_BYTES = 64 * 2 ** 20;
/** One for all files: what others write to /tmp meanwhile may be more than fits into memory. */
const buffer = Buffer.alloc(2 ** 20);

function holds(path: string, secret: Buffer): boolean {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return false; // It has ended, or is gone, meanwhile.
  }
  try {
    for (let kept = 0; ; ) {
      const count = readSync(file, buffer, kept, buffer.length - kept, null);
      if (count === 0) return false;
      if (buffer.subarray(0, kept + count).includes(secret)) return true;
      // The secret may begin at the end of this piece.
      const next = Math.min(kept + count, secret.length - 1);
      buffer.copyWithin(0, kept + count - next, kept + count);
      kept = next;
    }
  } catch {
    return false;
  } finally {
    closeSync(file);
  }
}

/** Links are not followed: what they lead to is found where it is, and a root filesystem below has links that lead round for ever. */
function filesBelow(folder: string, sinceMs: number): string[] {
  const found: string[] = [];
  let names: string[] = [];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  for (const name of names) {
    const path = join(folder, name);
    try {
      const stats = lstatSync(path);
      if (stats.isDirectory()) found.push(...filesBelow(path, sinceMs));
      else if (stats.isFile() && stats.mtimeMs >= sinceMs && stats.size <= FILE_LIMIT_BYTES) found.push(path);
    } catch {
      // Gone meanwhile.
    }
  }
  return found;
}

/** @returns the processes whose command line or environment shows the secret, as `/proc/PID/…` */
export function processesWith(secret: string, pids: readonly number[]): string[] {
  const bytes = Buffer.from(secret);
  return pids.flatMap((pid) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`]).filter((path) => holds(path, bytes));
}

/** @returns the files below these folders, written since then, that hold the secret */
export function filesWith(secret: string, folders: readonly string[], sinceMs: number): string[] {
  const bytes = Buffer.from(secret);
  return folders.flatMap((folder) => filesBelow(folder, sinceMs)).filter((path) => holds(path, bytes));
}
