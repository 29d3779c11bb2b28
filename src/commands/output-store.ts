// What comes in: pieces of each host's output. What goes out: the whole of it, in memory, to be compared at the end.
// Guaranteed: bounded: so much for one host, and so much for all together; equal outputs of finished hosts are kept once.
import { FleetTapError } from '../base/errors.js';

const HOST_LIMIT_BYTES = 8 * 2 ** 20;
const TOTAL_LIMIT_BYTES = 96 * 2 ** 20;

export interface HostStore {
  /** @returns the error when it is too much; the bytes are not kept then */
  push(name: 'stdout' | 'stderr', bytes: Buffer): FleetTapError | undefined;
  /** Called once. */
  finish(): { readonly stdout: Buffer; readonly stderr: Buffer };
}

export class OutputStore {
  readonly #distinct = new Map<string, Buffer>();
  #totalBytes = 0;

  forHost(host: string): HostStore {
    const chunks: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
    let bytes = 0;
    return {
      push: (name, chunk) => {
        const isMine = bytes + chunk.length > HOST_LIMIT_BYTES;
        if (isMine || this.#totalBytes + chunk.length > TOTAL_LIMIT_BYTES) {
          const message = isMine ? `the output was larger than ${HOST_LIMIT_BYTES} bytes` : `the hosts' outputs were together larger than ${TOTAL_LIMIT_BYTES} bytes`;
          return new FleetTapError('host', 'output-limit', message, { place: { host }, hint: '--stream shows output as it comes and keeps none in memory; with -o DIR it goes to files' });
        }
        bytes += chunk.length;
        this.#totalBytes += chunk.length;
        chunks[name].push(chunk);
        return undefined;
      },
      finish: () => ({ stdout: this.#once(chunks.stdout), stderr: this.#once(chunks.stderr) }),
    };
  }

  #once(chunks: readonly Buffer[]): Buffer {
    const whole = Buffer.concat(chunks);
    const key = whole.toString('latin1');
    const known = this.#distinct.get(key);
    if (known === undefined) {
      this.#distinct.set(key, whole);
      return whole;
    }
    this.#totalBytes -= whole.length;
    return known;
  }
}
