// What comes in: pieces of each host's output. What goes out: the whole of it, in memory, to be compared at the end.
// Guaranteed: bounded: so much for one host, and so much for all together; equal outputs of finished hosts are kept once.
import { createHash } from 'node:crypto';
import { FleetTapError } from '../base/errors.js';
import { KeptBytes } from '../base/kept-bytes.js';

const HOST_LIMIT_BYTES = 8 * 2 ** 20;
const TOTAL_LIMIT_BYTES = 32 * 2 ** 20;

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
    const kept = { stdout: new KeptBytes(), stderr: new KeptBytes() };
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
        kept[name].push(chunk);
        return undefined;
      },
      finish: () => ({ stdout: this.#once(kept.stdout), stderr: this.#once(kept.stderr) }),
    };
  }

  #once(kept: KeptBytes): Buffer {
    const whole = kept.bytes();
    const key = createHash('sha256').update(whole).digest('base64');
    const known = this.#distinct.get(key);
    if (known === undefined) {
      this.#distinct.set(key, whole);
      return whole;
    }
    this.#totalBytes -= whole.length;
    return known;
  }
}
