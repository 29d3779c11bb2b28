// What comes in: what a capture takes in, event by event. What goes out: a recording (capture/recording-format.ts) in a folder of its own.
// Guaranteed: chunks are written as they came, without a copy; writing waits for nobody, and what it could not write is said, once.
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FleetTapError } from '../base/errors.js';
import { fileReason } from '../base/file-reason.js';
import { makeFolder } from '../base/make-folder.js';
import { AGAIN, BEGIN_RECORDING, CHUNK, CLOCK, ENDED, encodeFrame, FAILED, FINISH, HOST, LOST, RECORDING_START, type RecordedEnd, type RecordedRun, type RecordingBegin, RELEASE, RUN } from '../capture/recording-format.js';

export const RECORDING_FILE = 'capture.fleet-tap';
/** Bytes that wait to be written; a disk that is slower than the hosts ends the recording, not the capture. */
const WAITING_LIMIT_BYTES = 256 * 2 ** 20;

const THERE = 'there is a recording already';

const unwritable = (file: string, reason: string, cause?: unknown) => new FleetTapError('input', 'recording-unwritable', `${file} cannot be written: ${reason}`, { hint: 'name another folder: --record DIR', cause });

/** Known before anything is compiled, not after. Nothing is made here. @throws FleetTapError kind `input` */
export async function checkRecordable(folder: string): Promise<void> {
  const file = join(folder, RECORDING_FILE);
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw unwritable(file, fileReason(error), error);
  });
  if (found !== undefined) throw unwritable(file, THERE);
}

export class Recorder {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #say: (line: string) => void;
  #waiting: Buffer[] = [RECORDING_START];
  #waitingBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  failure: FleetTapError | undefined;

  private constructor(file: string, handle: FileHandle, say: (line: string) => void) {
    this.#file = file;
    this.#handle = handle;
    this.#say = say;
  }

  /** @throws FleetTapError kind `input` when the folder cannot be made, or holds a recording already */
  static async open(folder: string, begin: RecordingBegin, say: (line: string) => void): Promise<Recorder> {
    const file = join(folder, RECORDING_FILE);
    try {
      await makeFolder(folder, 0o700);
      const recorder = new Recorder(file, await open(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600), say);
      recorder.#put(BEGIN_RECORDING, 0, 0, json(begin));
      recorder.flush();
      return recorder;
    } catch (error) {
      throw unwritable(file, (error as NodeJS.ErrnoException).code === 'EEXIST' ? THERE : fileReason(error, 'the system takes no folder there'), error);
    }
  }

  host(host: number, name: string, nowNs: number): void {
    this.#put(HOST, host, nowNs, json({ name }));
  }

  run(host: number, run: RecordedRun, nowNs: number): void {
    this.#put(RUN, host, nowNs, json(run));
  }

  chunk(host: number, bytes: Buffer, nowNs: number): void {
    this.#put(CHUNK, host, nowNs, bytes);
  }

  clock(host: number, sample: readonly [sentNs: number, hostNs: number, receivedNs: number, resolutionNs: number]): void {
    this.#put(CLOCK, host, sample[2], Buffer.from(Float64Array.from(sample).buffer));
  }

  ended(host: number, error: FleetTapError | undefined, warnings: RecordedEnd['warnings'], nowNs: number): void {
    this.#put(ENDED, host, nowNs, end(error, warnings));
  }

  failed(host: number, error: FleetTapError, nowNs: number): void {
    this.#put(FAILED, host, nowNs, end(error, []));
  }

  lost(host: number, error: FleetTapError, warnings: RecordedEnd['warnings'], nowNs: number): void {
    this.#put(LOST, host, nowNs, end(error, warnings));
  }

  again(host: number, nowNs: number): void {
    this.#put(AGAIN, host, nowNs, Buffer.alloc(0));
  }

  /** Rows are given out now. What came before goes to the disk. */
  release(nowNs: number): void {
    this.#put(RELEASE, 0, nowNs, Buffer.alloc(0));
    this.flush();
  }

  /** The capture is over. @returns once all is written */
  async finish(nowNs: number): Promise<void> {
    this.#put(FINISH, 0, nowNs, Buffer.alloc(0));
    this.flush();
    await this.#writing;
    await this.#handle.close();
  }

  flush(): void {
    if (!this.#isWriting) this.#writing = this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.#waiting.length > 0) {
        const buffers = this.#waiting;
        this.#waiting = [];
        this.#waitingBytes = 0;
        await this.#write(buffers);
      }
    } catch (error) {
      this.#fail(fileReason(error));
    } finally {
      this.#isWriting = false;
    }
  }

  async #write(buffers: Buffer[]): Promise<void> {
    // writev takes 1024 buffers at most (IOV_MAX).
    for (let from = 0; from < buffers.length; from += 1024) {
      const part = buffers.slice(from, from + 1024);
      const bytes = part.reduce((sum, buffer) => sum + buffer.length, 0);
      const { bytesWritten } = await this.#handle.writev(part);
      if (bytesWritten < bytes) {
        const rest = Buffer.concat(part).subarray(bytesWritten);
        await this.#handle.writeFile(rest);
      }
    }
  }

  #put(kind: number, host: number, nowNs: number, payload: Buffer): void {
    if (this.failure !== undefined) return;
    this.#waiting.push(...encodeFrame(kind, host, nowNs, payload));
    this.#waitingBytes += payload.length;
    if (this.#waitingBytes > WAITING_LIMIT_BYTES) this.#fail('the disk is slower than the hosts');
  }

  #fail(reason: string): void {
    this.#waiting = [];
    this.failure = new FleetTapError('host', 'recording-ended', `${this.#file} holds no more from here on: ${reason}`, { hint: 'the log goes on; what was recorded before can be merged' });
    this.#say(this.failure.message);
  }
}

function end(error: FleetTapError | undefined, warnings: RecordedEnd['warnings']): Buffer {
  return json({ error: error && { kind: error.kind, code: error.code, message: error.message }, warnings } satisfies RecordedEnd);
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
