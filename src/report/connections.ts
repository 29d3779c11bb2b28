// What comes in: TCP packets in the log's order. What goes out: connection attempts by client, server and port, what became of them, and the
// slowest handshakes of which both sides were seen.
// An attempt begins with a SYN. It is accepted when the client's host receives the SYN-ACK, or the server's host the ACK behind it; refused when the
// client's host receives a RST before that. A server's host does not receive its own answers: an attempt of a client that is not captured, without
// an ACK behind, counts as unanswered, though it may have been refused.
// Guaranteed: memory is bounded; an attempt that is pushed out, or still waits at the end, is unanswered.
import type { PacketRecord } from '../base/record.js';
import { ACK, type Flow, RST, SYN } from './flows.js';
import type { HandshakeData, PairData } from './page-data.js';
import type { Series, TimeAxis } from './time-axis.js';

const PENDING_LIMIT = 200_000;
const PAIR_LIMIT = 20_000;
/** Linux gives up on a SYN after 127 s (tcp_syn_retries 6); a SYN after that is another attempt. */
const ATTEMPT_NS = 128e9;
const SLOWEST = 50;

interface Attempt {
  readonly pair: Pair;
  readonly client: string;
  readonly clientPort: number;
  readonly startNs: number;
  /** At the server's host. */
  synNs: number | undefined;
  synErrorNs: number;
  retransmissions: number;
  outcome: 'pending' | 'accepted' | 'refused';
  /** At the client's host. */
  answerNs: number | undefined;
  answerErrorNs: number;
  isNoted: boolean;
}

interface Pair {
  readonly client: string;
  readonly server: string;
  readonly port: number;
  attempts: number;
  accepted: number;
  refused: number;
  retransmitted: number;
  readonly series: Readonly<Record<'attempts' | 'accepted' | 'refused', Series>>;
}

export class Connections {
  readonly #axis: TimeAxis;
  readonly #attempts = new Map<string, Attempt>();
  readonly #pairs = new Map<string, Pair>();
  #slowest: HandshakeData[] = [];
  constructor(axis: TimeAxis) {
    this.#axis = axis;
  }

  add(record: PacketRecord, flow: Flow, flags: number): void {
    const isSyn = (flags & SYN) !== 0;
    const { toServer } = flow;
    const [client, clientPort, server, port] = toServer
      ? [record.source, record.sourcePort, record.destination, record.destinationPort]
      : [record.destination, record.destinationPort, record.source, record.sourcePort];
    const key = `${client} ${clientPort} ${server} ${port}`;
    const attempt = this.#attempts.get(key);
    if (isSyn) return toServer ? this.#syn(key, attempt, record, [client, clientPort, server, port]) : this.#synAck(key, attempt, record, [client, clientPort, server, port]);
    if (attempt === undefined) return;
    if ((flags & RST) !== 0) {
      if (!toServer && attempt.outcome === 'pending') this.#settle(attempt, 'refused');
      this.#attempts.delete(key);
    } else if (toServer && (flags & ACK) !== 0) {
      if (attempt.outcome === 'pending') this.#settle(attempt, 'accepted');
      this.#note(attempt, record.tNs, server, port);
      this.#attempts.delete(key);
    }
  }

  /** The pairs with the most attempts, and how many others are summed up in one more, which has no client and no server. */
  pairs(most: number): { readonly pairs: PairData[]; readonly summed: number } {
    const named = [...this.#pairs.values()].filter(({ client }) => client !== '').sort((a, b) => b.attempts - a.attempts);
    const rest = [...named.slice(most), ...[...this.#pairs.values()].filter(({ client }) => client === '')];
    const sum = this.#newPair('', '', 0);
    for (const { attempts, accepted, refused, retransmitted, series } of rest) {
      sum.attempts += attempts;
      sum.accepted += accepted;
      sum.refused += refused;
      sum.retransmitted += retransmitted;
      sum.series.attempts.addAll(series.attempts);
      sum.series.accepted.addAll(series.accepted);
      sum.series.refused.addAll(series.refused);
    }
    const shown = rest.length === 0 ? named : [...named.slice(0, most), sum];
    const pairs = shown.map(({ series, ...counts }) => ({ ...counts, attemptSeries: series.attempts.data(), acceptedSeries: series.accepted.data(), refusedSeries: series.refused.data() }));
    return { pairs, summed: rest.length };
  }

  /** Slowest first. */
  handshakes(): HandshakeData[] {
    for (const [key, attempt] of this.#attempts) {
      const [, , server = '', port] = key.split(' ');
      this.#note(attempt, undefined, server, Number(port));
    }
    this.#trim();
    return this.#slowest;
  }

  #syn(key: string, known: Attempt | undefined, record: PacketRecord, ends: [string, number, string, number]): void {
    if (known !== undefined && record.tNs - known.startNs < ATTEMPT_NS) {
      if (known.synNs === undefined) {
        // Its SYN-ACK came first: clocks agree only within their bounds.
        known.synNs = record.tNs;
        known.synErrorNs = record.errorNs;
        return;
      }
      if (known.outcome === 'pending') {
        known.retransmissions += 1;
        known.pair.retransmitted += 1;
        return;
      }
    }
    const attempt = this.#begin(key, record, ends);
    attempt.synNs = record.tNs;
    attempt.synErrorNs = record.errorNs;
  }

  #synAck(key: string, known: Attempt | undefined, record: PacketRecord, ends: [string, number, string, number]): void {
    const attempt = known ?? this.#begin(key, record, ends);
    if (attempt.answerNs === undefined) {
      attempt.answerNs = record.tNs;
      attempt.answerErrorNs = record.errorNs;
    }
    if (attempt.outcome === 'pending') this.#settle(attempt, 'accepted');
  }

  #begin(key: string, record: PacketRecord, [client, clientPort, server, port]: [string, number, string, number]): Attempt {
    const pair = this.#pairOf(client, server, port);
    pair.attempts += 1;
    pair.series.attempts.add(this.#axis.binOf(record.tNs));
    const attempt: Attempt = { pair, client, clientPort, startNs: record.tNs, synNs: undefined, synErrorNs: Number.NaN, retransmissions: 0, outcome: 'pending', answerNs: undefined, answerErrorNs: Number.NaN, isNoted: false };
    this.#attempts.delete(key);
    this.#attempts.set(key, attempt);
    if (this.#attempts.size > PENDING_LIMIT) {
      const [oldest] = this.#attempts.keys();
      if (oldest !== undefined) this.#attempts.delete(oldest);
    }
    return attempt;
  }

  #settle(attempt: Attempt, outcome: 'accepted' | 'refused'): void {
    attempt.outcome = outcome;
    attempt.pair[outcome] += 1;
    attempt.pair.series[outcome].add(this.#axis.binOf(attempt.startNs));
  }

  #pairOf(client: string, server: string, port: number): Pair {
    const isBeyond = this.#pairs.size >= PAIR_LIMIT;
    const key = `${client} ${server} ${port}`;
    let pair = this.#pairs.get(key) ?? (isBeyond ? this.#pairs.get('') : undefined);
    if (pair === undefined) {
      pair = isBeyond ? this.#newPair('', '', 0) : this.#newPair(client, server, port);
      this.#pairs.set(isBeyond ? '' : key, pair);
    }
    return pair;
  }

  #newPair(client: string, server: string, port: number): Pair {
    return { client, server, port, attempts: 0, accepted: 0, refused: 0, retransmitted: 0, series: { attempts: this.#axis.series(), accepted: this.#axis.series(), refused: this.#axis.series() } };
  }

  #note(attempt: Attempt, ackNs: number | undefined, server: string, port: number): void {
    const { synNs, answerNs, client, clientPort, retransmissions, isNoted } = attempt;
    if (synNs === undefined || answerNs === undefined || isNoted) return;
    attempt.isNoted = true;
    const errorNs = attempt.synErrorNs + attempt.answerErrorNs;
    this.#slowest.push({ client, clientPort, server, port, synNs, answerNs: answerNs - synNs, errorNs: Number.isFinite(errorNs) ? errorNs : null, wholeNs: ackNs === undefined ? null : ackNs - synNs, retransmissions });
    if (this.#slowest.length >= 20 * SLOWEST) this.#trim();
  }

  #trim(): void {
    const lasted = (one: HandshakeData) => one.wholeNs ?? one.answerNs;
    this.#slowest = this.#slowest.sort((a, b) => lasted(b) - lasted(a)).slice(0, SLOWEST);
  }
}
