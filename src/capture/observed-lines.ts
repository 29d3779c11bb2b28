// What comes in: the lines of any other script on one host. What goes out: the lines, stamped with the time at which they were received.
// Such a script cannot leave out the connection that carries its output, and each line of it brings forth another: lines that name
// both ends of that connection are left out here, and counted.
import type { HostCounters } from '../base/counters.js';
import type { LogRecord } from '../base/record.js';
import { shortAddress } from './address.js';
import type { StreamProgress } from './machine-lines.js';

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

export class ObservedLines {
  readonly #host: string;
  readonly #epoch: number;
  readonly #own: OwnConnection | undefined;
  readonly #counters: HostCounters;
  #sequence = 0;

  constructor(host: string, epoch: number, own: OwnConnection | undefined, counters: HostCounters) {
    this.#host = host;
    this.#epoch = epoch;
    this.#own = own;
    this.#counters = counters;
  }

  /** @param nowNs when the lines were received; nothing earlier can come later, so it is the watermark too */
  push(lines: readonly string[], nowNs: number): StreamProgress {
    const records: LogRecord[] = [];
    for (const text of lines) {
      this.#counters.received += 1;
      if (this.#isEcho(text)) {
        this.#counters.ownEcho += 1;
        continue;
      }
      this.#sequence += 1;
      this.#counters.records += 1;
      records.push({ type: 'observed', host: this.#host, epoch: this.#epoch, sequence: this.#sequence, tNs: nowNs, text, late: false });
    }
    return { records, watermarkNs: nowNs, began: true, notes: [] };
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
