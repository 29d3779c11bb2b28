// What comes in: our standard input. What goes out: the same bytes to each host, read once, sent as they come.
// Guaranteed: a host that starts late gets all from the beginning; a host that reads slowly holds up nobody else; memory is bounded.
import type { Readable } from 'node:stream';
import { deferred } from '../base/deferred.js';
import { FleetTapError } from '../base/errors.js';
import type { RemoteStream } from '../ssh/transport.js';

/** All of it is kept until the last host has started. */
const LIMIT_BYTES = 64 * 2 ** 20;

export class SharedInput {
  readonly #source: Readable;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #isOver = false;
  #failure: FleetTapError | undefined;
  #more = deferred();
  #isReading = false;

  constructor(source: Readable) {
    this.#source = source;
  }

  /** Sends everything, then ends the host's input; returns early when `signal` says that nobody reads there any more. @throws FleetTapError */
  async sendTo(stream: RemoteStream, signal: AbortSignal): Promise<void> {
    this.#read();
    const gone = new Promise<void>((resolve) => void signal.addEventListener('abort', () => resolve(), { once: true }));
    for (let next = 0; !signal.aborted; ) {
      const chunk = this.#chunks[next];
      if (chunk !== undefined) {
        await Promise.race([stream.write(chunk), gone]);
        next += 1;
      } else if (this.#failure !== undefined) throw this.#failure;
      else if (this.#isOver) return stream.endInput();
      else await Promise.race([this.#more.promise, gone]);
    }
  }

  /** Nobody needs it any more: an input that never ends must not keep the program. */
  stop(): void {
    this.#source.destroy();
  }

  #read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    const tell = () => {
      this.#more.resolve();
      this.#more = deferred();
    };
    this.#source.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#bytes += chunk.length;
      if (this.#bytes > LIMIT_BYTES) {
        this.#failure = new FleetTapError('host', 'input-limit', `standard input is longer than ${LIMIT_BYTES} bytes`, { hint: 'copy it to the hosts as a file' });
        this.#source.destroy();
      }
      tell();
    });
    const over = () => {
      this.#isOver = true;
      tell();
    };
    this.#source.once('end', over).once('close', over).once('error', over);
  }
}
