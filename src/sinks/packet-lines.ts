// What comes in: a packet's row in its columns. What goes out: its line in JSONL or CSV, the same as from `fieldsOf` (fields.ts), but without an
// object for each row. A test holds the two against each other.
import { type RecordBatch, UDP } from '../base/record-batch.js';
import { FLAG_LETTERS, nanosecondTime } from './fields.js';

/** `2026-11-23T10:00:00.`: the rest are nine digits and a Z. */
const SECOND_CHARS = 20;

/** Times of which most lie in the same second as the one before. */
class SecondText {
  #sec = Number.NaN;
  #text = '';

  of(ns: number, originSec: number): string {
    const sec = Math.floor(ns / 1e9);
    if (sec !== this.#sec) {
      this.#sec = sec;
      this.#text = nanosecondTime(sec * 1e9, originSec).slice(0, SECOND_CHARS);
    }
    return `${this.#text}${String(Math.floor(ns - sec * 1e9)).padStart(9, '0')}Z`;
  }
}

export class PacketLines {
  readonly #originSec: number;
  readonly #event = new SecondText();
  /** The host's own clock may be another second. */
  readonly #raw = new SecondText();

  constructor(originSec: number) {
    this.#originSec = originSec;
  }

  /** @param host the host's name as JSON */
  json(batch: RecordBatch, row: number, host: string): string {
    const errorNs = batch.errorNs[row] as number;
    const isUdp = batch.kind[row] === UDP;
    const tcp = isUdp ? '' : `,"flags":"${FLAG_LETTERS[batch.flags[row] as number]}","tcp_seq":${batch.seq[row]},"tcp_ack":${batch.ack[row]},"window":${batch.window[row]}`;
    return `{"t":"${this.#t(batch, row)}","host":${host},"epoch":${batch.epoch},"seq":${batch.sequence[row]},"raw":"${this.#rawOf(batch, row)}","corr_ns":${Math.round(batch.correctionNs[row] as number)},"err_ns":${
      Number.isFinite(errorNs) ? Math.ceil(errorNs) : 'null'
    },"late":${batch.isLate(row)},"proto":"${isUdp ? 'udp' : 'tcp'}","src":"${batch.sourceText(row)}","sport":${batch.sourcePort[row]},"dst":"${batch.destinationText(row)}","dport":${batch.destinationPort[row]}${tcp},"bytes":${batch.payloadBytes[row]}}\n`;
  }

  /** @param host the host's name as a cell @param rest what stands behind the bytes: the cells that packets have not, and the line's end */
  csv(batch: RecordBatch, row: number, host: string, rest: string): string {
    const errorNs = batch.errorNs[row] as number;
    const isUdp = batch.kind[row] === UDP;
    const tcp = isUdp ? ',,,' : `${FLAG_LETTERS[batch.flags[row] as number]},${batch.seq[row]},${batch.ack[row]},${batch.window[row]}`;
    return `${this.#t(batch, row)},${host},${batch.epoch},${batch.sequence[row]},${this.#rawOf(batch, row)},${Math.round(batch.correctionNs[row] as number)},${Number.isFinite(errorNs) ? Math.ceil(errorNs) : ''},${batch.isLate(row)},${
      isUdp ? 'udp' : 'tcp'
    },${batch.sourceText(row)},${batch.sourcePort[row]},${batch.destinationText(row)},${batch.destinationPort[row]},${tcp},${batch.payloadBytes[row]}${rest}`;
  }

  #t(batch: RecordBatch, row: number): string {
    return this.#event.of(batch.tNs[row] as number, this.#originSec);
  }

  #rawOf(batch: RecordBatch, row: number): string {
    return this.#raw.of(batch.rawNs[row] as number, this.#originSec);
  }
}
