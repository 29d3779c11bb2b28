// What comes in: the lines of any other script on one host. What goes out: the lines, stamped with the time at which they were received.
// Such a script cannot leave out the connection that carries its output, and each line of it brings forth another: lines that name
// both ends of that connection are left out here, and counted.
import type { HostCounters } from '../base/counters.js';
import type { BatchOwner } from '../base/record-batch.js';
import { shortAddress } from './address.js';
import { LINE_LIMIT_BYTES, type LineReader, type StreamProgress } from './host-stream.js';
import { OpenBatch } from './open-batch.js';

const NEWLINE = 0x0a;

/** SSH_CONNECTION as the host sees it. */
export interface OwnConnection {
  readonly clientAddress: string;
  readonly clientPort: string;
  readonly serverAddress: string;
  readonly serverPort: string;
}

/** Takes apart `client-address client-port server-address server-port` (ssh(1), ENVIRONMENT); undefined when it is not that. */
export function parseSshConnection(text: string): OwnConnection | undefined {
  const [clientAddress, clientPort, serverAddress, serverPort, ...rest] = text.trim().split(/\s+/);
  if (clientAddress === undefined || clientPort === undefined || serverAddress === undefined || serverPort === undefined || rest.length > 0) return undefined;
  return { clientAddress, clientPort, serverAddress, serverPort };
}

export class ObservedLines implements LineReader {
  /** Nobody knows what the last line of such a script is. */
  readonly lacksEnd = false;
  readonly #own: OwnConnection | undefined;
  readonly #counters: HostCounters;
  readonly #open: OpenBatch;
  #sequence = 0;
  #beganNs: number | undefined;

  constructor(owner: BatchOwner, own: OwnConnection | undefined, counters: HostCounters) {
    this.#open = new OpenBatch(owner);
    this.#own = own;
    this.#counters = counters;
  }

  /** Nothing earlier than `nowNs` can come later, so it is the watermark too. */
  take(bytes: Buffer, start: number, end: number, nowNs: number, progress: StreamProgress): void {
    for (let at = start; at <= end; ) {
      const newlineAt = bytes.indexOf(NEWLINE, at);
      if (newlineAt - at > LINE_LIMIT_BYTES) this.#counters.oversized += 1;
      const text = bytes.toString('utf8', at, Math.min(newlineAt, at + LINE_LIMIT_BYTES));
      at = newlineAt + 1;
      this.#counters.received += 1;
      if (this.#isEcho(text)) {
        this.#counters.ownEcho += 1;
        continue;
      }
      this.#sequence += 1;
      this.#counters.records += 1;
      if (this.#open.batch.isFull) this.#open.next(progress);
      this.#open.batch.appendObserved(this.#sequence, nowNs, text);
    }
    this.#open.tell(progress);
    progress.watermarkNs = nowNs;
    this.#beganNs ??= nowNs;
    progress.beganNs = this.#beganNs;
  }

  /** Both addresses and both ports of our connection stand in the line, as words. */
  #isEcho(line: string): boolean {
    const own = this.#own;
    if (own === undefined || !line.includes(own.clientPort)) return false;
    const words = new Set(line.split(/[^0-9a-fA-F:.]+/).flatMap(parts).map(plain));
    return [own.clientAddress, own.clientPort, own.serverAddress, own.serverPort].every((part) => words.has(plain(part)));
  }
}

/** `10.0.0.1:443` and, after a bracket, `:443` are an address and a port; a full stop or colon at the end belongs to the sentence. */
function parts(word: string): string[] {
  const bare = word.endsWith('::') ? word : word.replace(/[.:]+$/, '');
  const match = /^((?:\d{1,3}\.){3}\d{1,3})?[:.](\d{1,5})$/.exec(bare);
  return match === null ? [bare] : [match[1] ?? '', match[2] ?? ''];
}

/** One spelling for each address: without its zone, IPv4 out of ::ffff:a.b.c.d, IPv6 short. */
function plain(spelling: string): string {
  const word = spelling.replace(/%.*$/, '');
  const mapped = /^::ffff:([\d.]+)$/i.exec(word);
  if (mapped?.[1] !== undefined) return mapped[1];
  return /^[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){2,7}$/.test(word) && URL.canParse(`http://[${word}]`) ? shortAddress(word) : word;
}
