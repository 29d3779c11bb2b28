// Recordings or logs → their records, one after the other: for the commands that look at what was captured.
import { open, stat } from 'node:fs/promises';
import { FleetTapError } from '../base/errors.js';
import { fileReason } from '../base/file-reason.js';
import { type MergedRows, recordsOf } from '../base/merged-rows.js';
import type { LogRecord } from '../base/record.js';
import { type RecordedHost, RECORDING_START } from '../capture/recording-format.js';
import { readLog } from '../logs/read-log.js';
import type { Sink } from '../sinks/sink.js';
import type { CommandContext, ExitStatus } from './context.js';
import { playRecordings } from './merge.js';

export interface RecordsRead {
  /** 0; 2 when a recording says that lines were lost; 130 when interrupted. */
  readonly status: ExitStatus;
  /** Seconds since 1970 that the records' times count from. */
  readonly originSec: number;
  /** What the recordings say of their hosts; logs say nothing. */
  readonly hosts: readonly RecordedHost[];
}

/**
 * Hands every record of the files to `take`, of each file in its order; recordings are merged, late lines among them whatever the capture's --late made of them.
 * @throws FleetTapError kind `input` for a file that is neither, or for both kinds together
 */
export async function readRecords(files: readonly string[], context: CommandContext, take: (record: LogRecord) => void): Promise<RecordsRead> {
  const kinds = await Promise.all(files.map(isRecording));
  if (kinds.includes(true) && kinds.includes(false)) {
    throw new FleetTapError('input', 'files-mixed', 'recordings and logs do not go together: their packets would be counted twice', { hint: 'name recordings only, or logs only' });
  }
  let originSec = Number.NaN;
  let hosts: readonly RecordedHost[] = [];
  if (kinds.includes(true)) {
    const status = await playRecordings({ files, order: 'recorded', late: 'mark' }, context, async (log) => {
      ({ originSec, hosts } = log);
      return [new TakingSink(take)];
    });
    return { status, originSec, hosts };
  }
  for (const file of files) {
    await readLog(file, Number.isNaN(originSec) ? undefined : originSec, (records, origin) => {
      originSec = origin;
      for (const record of records) take(record);
      context.interrupted.throwIfAborted();
    }).catch((error: unknown) => {
      if (!context.interrupted.aborted) throw error;
    });
    if (context.interrupted.aborted) return { status: 130, originSec, hosts };
  }
  return { status: 0, originSec: Number.isNaN(originSec) ? 0 : originSec, hosts };
}

class TakingSink implements Sink {
  readonly name = 'records';
  written = 0;
  readonly missed = 0;
  readonly failure = undefined;
  readonly abandoned = false;
  readonly #take: (record: LogRecord) => void;

  constructor(take: (record: LogRecord) => void) {
    this.#take = take;
  }

  write(rows: MergedRows): undefined {
    for (const record of recordsOf(rows)) this.#take(record);
    this.written += rows.length;
  }

  async close(): Promise<void> {}
}

async function isRecording(file: string): Promise<boolean> {
  try {
    const about = await stat(file);
    if (about.isDirectory()) return true;
    // It is looked at before it is read; a pipe gives its bytes once.
    if (!about.isFile()) throw new Error('it is no file but a pipe or a device');
    const handle = await open(file);
    const head = Buffer.alloc(RECORDING_START.length);
    await handle.read(head, 0, head.length, 0).finally(() => handle.close());
    return head.equals(RECORDING_START);
  } catch (cause) {
    throw new FleetTapError('input', 'log-unreadable', `${file} cannot be read: ${fileReason(cause)}`, { hint: 'name a recording (capture --record DIR), or a text, JSONL or CSV log of fleet-tap', cause });
  }
}
