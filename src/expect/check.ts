// What comes in: the packets and gaps of a log. What goes out: for each rule whether it holds, is broken, or cannot be told.
// Guaranteed: where something is missing from the log, `never` and `at_most` are not said to hold: nobody knows what is missing (G4).
import type { GapRecord, LogRecord, PacketRecord } from '../base/record.js';
import { type Known, type Matcher, matcherFor } from './match.js';
import type { Rule, Rules } from './rules.js';

export interface Verdict {
  readonly rule: Rule;
  readonly kind: 'holds' | 'broken' | 'unknown';
  /** One sentence. */
  readonly why: string;
  /** The first packets that break it. */
  readonly packets: readonly PacketRecord[];
}

const PACKETS_SHOWN = 5;

export class Checker {
  readonly #rules: readonly RuleCheck[];
  readonly #gaps: GapRecord[] = [];

  /** @throws FleetTapError kind `input` for a name that the log does not know */
  constructor(rules: Rules, known: Known) {
    this.#rules = rules.rules.map((rule) => new RuleCheck(rule, matcherFor(rule.packets, rules, known), rule.except.map((one) => matcherFor(one, rules, known))));
  }

  add(record: LogRecord): void {
    if (record.type === 'packet') {
      const flags = record.protocol === 'tcp' ? Number.parseInt(record.flags, 2) : 0;
      for (const rule of this.#rules) rule.add(record, flags);
    } else if (record.type === 'gap') this.#gaps.push(record);
  }

  /** @param allowsGaps what is missing does not count */
  verdicts(allowsGaps: boolean): Verdict[] {
    return this.#rules.map((rule) => rule.verdict(allowsGaps ? [] : this.#gaps));
  }
}

class RuleCheck {
  readonly #rule: Rule;
  readonly #matches: Matcher;
  readonly #except: readonly Matcher[];
  #count = 0;
  readonly #first: PacketRecord[] = [];
  /** at_most per time: the last `count` packets, as a ring. */
  readonly #recent: PacketRecord[] = [];
  #broken: PacketRecord[] | undefined;

  constructor(rule: Rule, matches: Matcher, except: readonly Matcher[]) {
    this.#rule = rule;
    this.#matches = matches;
    this.#except = except;
  }

  add(packet: PacketRecord, flags: number): void {
    if (!this.#matches(packet, flags) || this.#except.some((one) => one(packet, flags))) return;
    const { limit } = this.#rule;
    if (limit.kind === 'at_most' && limit.perNs !== undefined) this.#inTime(packet, limit.count, limit.perNs);
    this.#count += 1;
    if (this.#first.length < PACKETS_SHOWN) this.#first.push(packet);
  }

  /** Broken where one more than allowed lies within the time, wherever that begins. */
  #inTime(packet: PacketRecord, most: number, perNs: number): void {
    if (this.#broken !== undefined) return;
    const place = this.#count % Math.max(1, most);
    const before = most === 0 ? packet : this.#recent[place];
    if (before !== undefined && packet.tNs - before.tNs < perNs) this.#broken = most === 0 ? [packet] : [before, packet];
    this.#recent[place] = packet;
  }

  verdict(gaps: readonly GapRecord[]): Verdict {
    const rule = this.#rule;
    const { limit } = rule;
    const told = (kind: Verdict['kind'], why: string, packets: readonly PacketRecord[] = []): Verdict => ({ rule, kind, why, packets });
    const seen = `${this.#count} packet${this.#count === 1 ? '' : 's'}`;
    if (limit.kind === 'at_least') {
      if (this.#count >= limit.count) return told('holds', seen);
      return gaps.length === 0 ? told('broken', `${seen}, at least ${limit.count} expected`) : told('unknown', `${seen} of at least ${limit.count}, but ${missing(gaps)}`);
    }
    if (limit.kind === 'never' && this.#count > 0) return told('broken', `${seen}, none expected`, this.#first);
    if (limit.kind === 'at_most') {
      if (limit.perNs === undefined && this.#count > limit.count) return told('broken', `${seen}, at most ${limit.count} expected`, this.#first);
      if (this.#broken !== undefined) return told('broken', `more than ${limit.count} within one ${limit.per}, from the first to the last of these`, this.#broken);
    }
    return gaps.length === 0 ? told('holds', seen) : told('unknown', `${seen} in what was captured, but ${missing(gaps)}`);
  }
}

function missing(gaps: readonly GapRecord[]): string {
  const hosts = [...new Set(gaps.map(({ host }) => host))];
  const known = gaps.reduce((sum, { lines }) => sum + (lines ?? 0), 0);
  const amount = gaps.some(({ lines }) => lines === null) ? (known === 0 ? 'nobody knows how many lines' : `${known} lines and more`) : `${known} lines`;
  return `${amount} of ${hosts.slice(0, 5).join(', ')}${hosts.length > 5 ? ` and ${hosts.length - 5} more hosts` : ''} are missing (${[...new Set(gaps.map(({ reason }) => reason))].join(', ')})`;
}
