// What comes in: records. What goes out: the text log, one line for each, in aligned columns:
//   time host source destination sport dport U A P R S F      (UDP stands where TCP has its flags, as in the well-known table)
//   time host observed TEXT                                    (a script without times: stamped when received)
//   time host gap REASON lines=N|unknown DETAIL
// Guaranteed: the times of sorted lines sort as text too (`LC_ALL=C sort -s -c -k1,1`), but for late ones, which end with `late`;
// nothing that a host printed can move the cursor.
import { formatTime } from '../base/clock.js';
import { printable } from '../base/host-text.js';
import type { LogRecord, PacketRecord } from '../base/record.js';

const PORT_WIDTH = 5;
const IPV4_WIDTH = 15;

export interface TextFormatOptions {
  readonly originSec: number;
  /** Width of the host column: the longest name. */
  readonly hostWidth: number;
}

export class TextFormat {
  readonly #options: TextFormatOptions;
  /** Grows to the longest address seen, so that IPv6 costs IPv4-only fleets nothing. */
  #addressWidth = IPV4_WIDTH;

  constructor(options: TextFormatOptions) {
    this.#options = options;
  }

  /** The columns' names, for a person. */
  header(): string {
    const time = 'Time (UTC)'.padEnd(27);
    return `${time} ${'Host'.padEnd(this.#options.hostWidth)} ${'Source IP'.padStart(IPV4_WIDTH)} ${'Dest IP'.padStart(IPV4_WIDTH)} SPort DPort U A P R S F`;
  }

  /** One line, with its newline. */
  line(record: LogRecord): string {
    const start = `${formatTime(record.tNs, this.#options.originSec)} ${oneLine(record.host).padEnd(this.#options.hostWidth)} `;
    return `${start}${this.#rest(record)}${record.late ? ' late' : ''}\n`;
  }

  #rest(record: LogRecord): string {
    switch (record.type) {
      case 'packet':
        return this.#packet(record);
      case 'observed':
        return `observed ${oneLine(record.text)}`;
      case 'gap':
        return `gap ${record.reason} lines=${record.lines ?? 'unknown'} ${oneLine(record.detail)}`;
    }
  }

  #packet(record: PacketRecord): string {
    this.#addressWidth = Math.max(this.#addressWidth, record.source.length, record.destination.length);
    const source = record.source.padStart(this.#addressWidth);
    const destination = record.destination.padStart(this.#addressWidth);
    const ports = `${String(record.sourcePort).padStart(PORT_WIDTH)} ${String(record.destinationPort).padStart(PORT_WIDTH)}`;
    return `${source} ${destination} ${ports} ${record.protocol === 'udp' ? 'UDP' : record.flags.split('').join(' ')}`;
  }
}

function oneLine(text: string): string {
  return printable(text).replaceAll('\n', '\\n');
}
