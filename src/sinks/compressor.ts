// What comes in: which compression. What goes out: a stream that compresses.
// zstd: Node's own from 22.15 on, before that the program zstd. (No npm package of it is kept, small and without native code.)
// Guaranteed: what the program zstd wrote counts as whole only when it ended with status 0; however it ends, nobody is left waiting. It is in
// a process group of its own: Ctrl-C at a terminal goes to the whole group, and would end it before the last rows are in.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Duplex, type Readable, type Writable } from 'node:stream';
import * as zlib from 'node:zlib';
import { FleetTapError } from '../base/errors.js';

export type Compression = 'gzip' | 'zstd' | undefined;

const ownZstd = (zlib as unknown as { createZstdCompress?: () => Duplex }).createZstdCompress;

/** @throws FleetTapError kind `input` when nothing on this machine can compress so */
export async function checkCompression(file: string, compression: Compression): Promise<void> {
  if (compression !== 'zstd' || ownZstd !== undefined) return;
  const program = spawn('zstd', ['-V'], { stdio: 'ignore' });
  await once(program, 'close').catch((cause: unknown) => {
    throw new FleetTapError('input', 'no-zstd', `${file} cannot be compressed: there is no program zstd on this machine, and Node ${process.versions.node} has no zstd of its own`, { hint: 'install zstd, run Node 22.15 or newer, or end the name in .gz', cause });
  });
}

export function compressorFor(compression: 'gzip' | 'zstd'): Duplex {
  if (compression === 'gzip') return zlib.createGzip({ level: 1 });
  return ownZstd === undefined ? new ZstdProgram() : ownZstd();
}

class ZstdProgram extends Duplex {
  readonly #program: ChildProcessByStdio<Writable, Readable, null> = spawn('zstd', ['-q', '-c', '-1'], { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  /** Set once all bytes are with the program: called when it has ended well. */
  #whole: (() => void) | undefined;

  constructor() {
    super();
    const { stdin, stdout } = this.#program;
    // EPIPE says only that the program is gone; how it ended says why.
    stdin.on('error', () => {});
    stdout.on('data', (chunk: Buffer) => void (this.push(chunk) || stdout.pause()));
    this.#program.on('error', (error) => this.destroy(error));
    this.#program.on('close', (status, signal) => {
      if (status !== 0 || this.#whole === undefined) return void this.destroy(new Error(`the program zstd ended before its time, with ${signal ?? `status ${status}`}`));
      this.push(null);
      this.#whole();
    });
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#program.stdin.write(chunk, (error) => void (error ?? done()));
  }

  override _final(done: () => void): void {
    this.#whole = done;
    this.#program.stdin.end();
  }

  override _read(): void {
    this.#program.stdout.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#program.stdin.destroy();
    this.#program.kill();
    done(error);
  }
}
