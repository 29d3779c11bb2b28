// What comes in: TCP rows, each received by one host. What goes out: pairs of receptions of which one caused the other: host B received a
// segment, and its acknowledgement was received by host A. The first cannot have happened after the second, whatever the clocks say.
// Guaranteed: a pair is only made where both ends of a connection are captured under the same addresses and ports; a segment that came again
// causes nothing (its acknowledgement may be the first one's). Memory: CONNECTIONS_KEPT connections, SEGMENTS_KEPT segments each way.
// The rule: RFC 9293 section 3.4, an acknowledgement number covers all sequence numbers below it.
import { type RecordBatch, TCP } from '../base/record-batch.js';

/** Bits of a TCP header (RFC 9293 section 3.1). */
const FIN = 1;
const SYN = 2;
const ACK = 16;

const CONNECTIONS_KEPT = 50_000;
const SEGMENTS_KEPT = 256;

/** Two receptions, times in nanoseconds since the origin. */
export interface Cause {
  readonly causeHost: number;
  readonly causeNs: number;
  readonly effectHost: number;
  readonly effectNs: number;
}

interface Mark {
  /** Segment: the number behind its last byte. Acknowledgement: the number that is expected next. */
  readonly number: number;
  readonly tNs: number;
}

/** What one end of a connection has received. */
interface End {
  readonly host: number;
  /** The SYN's sequence number, when it was seen: ports are used again, and another number is another connection. */
  readonly first: number | undefined;
  /** The highest number behind a segment so far; undefined before the first one. */
  highest: number | undefined;
  /** Segments whose acknowledgement has not been seen at the other end. */
  readonly segments: Mark[];
  /** The acknowledgements received, as they rise. */
  readonly acknowledgements: Mark[];
}

export class TcpCauses {
  /** By the packets' direction; oldest use first. */
  readonly #ends = new Map<string, End>();

  /** Takes one row. @returns what it adds, usually nothing or one pair */
  take(batch: RecordBatch, row: number): readonly Cause[] {
    if (batch.kind[row] !== TCP) return [];
    const source = addressKey(batch.sourceText(row), batch.sourcePort[row] as number);
    const destination = addressKey(batch.destinationText(row), batch.destinationPort[row] as number);
    const flags = batch.flags[row] as number;
    const seq = batch.seq[row] as number;
    const length = (batch.payloadBytes[row] as number) + ((flags & SYN) === 0 ? 0 : 1) + ((flags & FIN) === 0 ? 0 : 1);
    const behind = (seq + length) >>> 0;
    const [there, back] = [`${source}>${destination}`, `${destination}>${source}`];
    const own = this.#end(there, batch.host, (flags & SYN) === 0 ? undefined : seq);
    // What the other end has received of an older connection is no answer to this one's beginning; its answer may stand before it.
    if ((flags & (SYN | ACK)) === SYN && own.highest === undefined && this.#ends.get(back)?.acknowledgements[0]?.number !== behind) this.#ends.delete(back);
    const other = this.#ends.get(back);
    const isPair = other !== undefined && other.host !== own.host;
    const tNs = batch.tNs[row] as number;
    const causes: Cause[] = [];
    if (length > 0 && (own.highest === undefined || distance(own.highest, behind) > 0)) {
      own.highest = behind;
      // An acknowledgement that stands before its segment: the inversion that we are looking for.
      const answer = isPair ? other.acknowledgements.find((one) => distance(behind, one.number) >= 0) : undefined;
      if (answer === undefined) keep(own.segments, { number: behind, tNs });
      else if (isPair) causes.push({ causeHost: own.host, causeNs: tNs, effectHost: other.host, effectNs: answer.tNs });
    }
    const last = own.acknowledgements.at(-1);
    const number = batch.ack[row] as number;
    if ((flags & ACK) !== 0 && (last === undefined || distance(last.number, number) > 0)) {
      keep(own.acknowledgements, { number, tNs });
      const covered = isPair ? other.segments.filter((segment) => distance(segment.number, number) >= 0) : [];
      if (isPair && covered.length > 0) {
        other.segments.splice(0, other.segments.length, ...other.segments.filter((segment) => distance(segment.number, number) < 0));
        causes.push({ causeHost: other.host, causeNs: Math.max(...covered.map((segment) => segment.tNs)), effectHost: own.host, effectNs: tNs });
      }
    }
    return causes;
  }

  #end(key: string, host: number, first: number | undefined): End {
    const known = this.#ends.get(key);
    const isSame = known !== undefined && known.host === host && (first === undefined || known.first === first);
    const end: End = isSame ? known : { host, first, highest: undefined, segments: [], acknowledgements: [] };
    this.#ends.delete(key);
    this.#ends.set(key, end);
    if (this.#ends.size > 2 * CONNECTIONS_KEPT) {
      const [oldest] = this.#ends.keys();
      if (oldest !== undefined) this.#ends.delete(oldest);
    }
    return end;
  }
}

function addressKey(address: string, port: number): string {
  return `${address} ${port}`;
}

function keep(marks: Mark[], mark: Mark): void {
  marks.push(mark);
  if (marks.length > SEGMENTS_KEPT) marks.shift();
}

/** From one sequence number to another, modulo 2³²: negative when the second is behind the first. */
function distance(from: number, to: number): number {
  return (to - from) | 0;
}
