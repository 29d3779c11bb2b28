// What comes in: a packet's row in its columns. What goes out: its line in JSONL or CSV as bytes, the same as from `fieldsOf` (fields.ts), but without an
// object or a string for each row. A test holds the two against each other.
import { DESTINATION_IPV6, LATE, type RecordBatch, SOURCE_IPV6, UDP } from '../base/record-batch.js';
import { putDotted, putIpv6, putSpelled, putWhole, SecondText, type Spelled, spelled } from './field-bytes.js';
import { FLAG_LETTERS } from './fields.js';

/** No line without its host is longer: two times, two IPv6 addresses, a dozen numbers and the names of all. */
export const MOST_LINE_BYTES = 640;

/** What stands between two fields, in the order of the fields. */
interface Between {
  readonly epoch: Spelled;
  readonly sequence: Spelled;
  readonly raw: Spelled;
  readonly correction: Spelled;
  readonly error: Spelled;
  readonly unknownError: Spelled;
  readonly onTime: Spelled;
  readonly late: Spelled;
  readonly tcp: Spelled;
  readonly udp: Spelled;
  readonly sourcePort: Spelled;
  readonly destination: Spelled;
  readonly destinationPort: Spelled;
  readonly flags: Spelled;
  readonly seq: Spelled;
  readonly ack: Spelled;
  readonly window: Spelled;
  readonly bytes: Spelled;
  readonly udpBytes: Spelled;
  readonly end: Spelled;
}

function between(texts: Record<keyof Between, string>): Between {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, spelled(text)])) as unknown as Between;
}

const JSON_BETWEEN = between({
  epoch: ',"epoch":', sequence: ',"seq":', raw: ',"raw":"', correction: '","corr_ns":', error: ',"err_ns":', unknownError: 'null',
  onTime: ',"late":false', late: ',"late":true', tcp: ',"proto":"tcp","src":"', udp: ',"proto":"udp","src":"', sourcePort: '","sport":', destination: ',"dst":"', destinationPort: '","dport":',
  flags: ',"flags":"', seq: '","tcp_seq":', ack: ',"tcp_ack":', window: ',"window":', bytes: ',"bytes":', udpBytes: ',"bytes":', end: '}\n',
});

/** @param end the cells that packets have not, and the line's end */
const csvBetween = (end: string): Between =>
  between({
    epoch: ',', sequence: ',', raw: ',', correction: ',', error: ',', unknownError: '', onTime: ',false', late: ',true', tcp: ',tcp,', udp: ',udp,',
    sourcePort: ',', destination: ',', destinationPort: ',', flags: ',', seq: ',', ack: ',', window: ',', bytes: ',', udpBytes: ',,,,,', end,
  });

const LETTERS = FLAG_LETTERS.map(spelled);

export class PacketLines {
  readonly #originSec: number;
  readonly #between: Between;
  readonly #event = new SecondText();
  /** The host's own clock may be another second. */
  readonly #raw = new SecondText();

  private constructor(originSec: number, texts: Between) {
    this.#originSec = originSec;
    this.#between = texts;
  }

  static json(originSec: number): PacketLines {
    return new PacketLines(originSec, JSON_BETWEEN);
  }

  static csv(originSec: number, end: string): PacketLines {
    return new PacketLines(originSec, csvBetween(end));
  }

  /**
   * @param before what stands before the time
   * @param host the host's name, and what stands between it and the time
   * @returns where the next line goes; MOST_LINE_BYTES and the host's must be free
   */
  put(out: DataView, start: number, batch: RecordBatch, row: number, before: Spelled, host: Spelled): number {
    const texts = this.#between;
    let at = putSpelled(out, start, before);
    at = this.#event.put(out, at, batch.tNs[row] as number, this.#originSec);
    at = putSpelled(out, at, host);
    at = putWhole(out, putSpelled(out, at, texts.epoch), batch.epoch);
    at = putWhole(out, putSpelled(out, at, texts.sequence), batch.sequence[row] as number);
    at = this.#raw.put(out, putSpelled(out, at, texts.raw), batch.rawNs[row] as number, this.#originSec);
    at = putWhole(out, putSpelled(out, at, texts.correction), Math.round(batch.correctionNs[row] as number));
    at = putSpelled(out, at, texts.error);
    const errorNs = batch.errorNs[row] as number;
    at = Number.isFinite(errorNs) ? putWhole(out, at, Math.ceil(errorNs)) : putSpelled(out, at, texts.unknownError);
    const bits = batch.bits[row] as number;
    at = putSpelled(out, at, (bits & LATE) === 0 ? texts.onTime : texts.late);
    const isUdp = batch.kind[row] === UDP;
    at = putSpelled(out, at, isUdp ? texts.udp : texts.tcp);
    const [source, destination] = [batch.source[row] as number, batch.destination[row] as number];
    at = (bits & SOURCE_IPV6) === 0 ? putDotted(out, at, source) : putIpv6(out, at, batch.ipv6, 4 * source);
    at = putWhole(out, putSpelled(out, at, texts.sourcePort), batch.sourcePort[row] as number);
    at = putSpelled(out, at, texts.destination);
    at = (bits & DESTINATION_IPV6) === 0 ? putDotted(out, at, destination) : putIpv6(out, at, batch.ipv6, 4 * destination);
    at = putWhole(out, putSpelled(out, at, texts.destinationPort), batch.destinationPort[row] as number);
    at = isUdp ? putSpelled(out, at, texts.udpBytes) : this.#tcp(out, at, batch, row);
    return putSpelled(out, putWhole(out, at, batch.payloadBytes[row] as number), texts.end);
  }

  #tcp(out: DataView, start: number, batch: RecordBatch, row: number): number {
    const texts = this.#between;
    let at = putSpelled(out, putSpelled(out, start, texts.flags), LETTERS[batch.flags[row] as number] as Spelled);
    at = putWhole(out, putSpelled(out, at, texts.seq), batch.seq[row] as number);
    at = putWhole(out, putSpelled(out, at, texts.ack), batch.ack[row] as number);
    at = putWhole(out, putSpelled(out, at, texts.window), batch.window[row] as number);
    return putSpelled(out, at, texts.bytes);
  }
}
