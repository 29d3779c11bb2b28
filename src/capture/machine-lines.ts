// What comes in: the lines of our own script on one host. What goes out: packets with corrected event times, and how far the host has come.
// Guaranteed: every line is counted once (base/counters.ts); lines that heartbeats announce and that do not come are a gap marker;
// raw time, correction and error bound stay with each record (G7).
import { type Clock, parseEpochNs } from '../base/clock.js';
import type { HostCounters } from '../base/counters.js';
import type { GapRecord, LogRecord } from '../base/record.js';
import { shortAddress } from './address.js';
import { type ClockOffset, STEP_NS } from './clock-offset.js';
import { parseWireLine, type WireMark, type WirePacket } from './wire-format.js';

/** What a chunk of a host's output amounts to. */
export interface StreamProgress {
  /** In the host's order. */
  readonly records: LogRecord[];
  /** Nothing earlier than this will come any more (corrected); undefined when the chunk said nothing of it. */
  readonly watermarkNs: number | undefined;
  /** The script's first line came. */
  readonly began: boolean;
  /** For a person: clock steps, lines that are no records. */
  readonly notes: readonly string[];
}

const SAY_SUPPRESSED_NS = 1e9;

export class MachineLines {
  readonly #host: string;
  readonly #epoch: number;
  readonly #clock: Clock;
  readonly #offset: ClockOffset;
  readonly #counters: HostCounters;
  #sequence = 0;
  #lastNs = 0;
  #announcedBefore = 0;
  /** Packet lines among the malformed: they did come. */
  #unreadable = 0;
  /** Packets that the rate cap kept back, and how many of them were told. */
  #suppressed = 0;
  #suppressedSaid = 0;
  #suppressedSaidNs = Number.NEGATIVE_INFINITY;
  #realMinusMonoNs: number | undefined;
  /** The host was here, at the earliest, when it printed its last line. */
  #passedNs = Number.NEGATIVE_INFINITY;
  /** The same of its last mark. */
  #markedNs = Number.NEGATIVE_INFINITY;

  constructor(host: string, epoch: number, clock: Clock, offset: ClockOffset, counters: HostCounters) {
    this.#host = host;
    this.#epoch = epoch;
    this.#clock = clock;
    this.#offset = offset;
    this.#counters = counters;
  }

  /** @param nowNs when the lines were received */
  push(lines: readonly string[], nowNs: number): StreamProgress {
    const records: LogRecord[] = [];
    const notes: string[] = [];
    let began = false;
    let watermarkNs: number | undefined;
    for (const line of lines) {
      this.#counters.received += 1;
      const parsed = parseWireLine(line);
      if (parsed === undefined) {
        if (/^[TU] /.test(line)) this.#unreadable += 1;
        if (/^[TUHSEB] /.test(line)) this.#counters.malformed += 1;
        else {
          this.#counters.notes += 1;
          notes.push(line);
        }
      } else if (parsed.kind === 'packet') {
        records.push(this.#packet(parsed, nowNs));
      } else {
        this.#counters.marks += 1;
        began ||= parsed.kind === 'begin';
        const step = this.#step(parsed);
        if (step !== 0) notes.push(`the clock was set by ${(step / 1e9).toFixed(3)} s`);
        watermarkNs = this.#when(parsed.real, nowNs).tNs;
        this.#markedNs = this.#passedNs;
        const gap = parsed.kind === 'suppressed' ? undefined : this.#books(parsed, watermarkNs);
        if (gap !== undefined) records.push(gap);
        const capped = this.#capped(parsed, watermarkNs);
        if (capped !== undefined) records.push(capped);
      }
    }
    return { records, watermarkNs, began, notes };
  }

  #packet(wire: WirePacket, nowNs: number): LogRecord {
    this.#sequence += 1;
    this.#counters.records += 1;
    const when = this.#when(wire.real, nowNs);
    this.#lastNs = when.tNs;
    return {
      type: 'packet',
      host: this.#host,
      epoch: this.#epoch,
      sequence: this.#sequence,
      ...when,
      protocol: wire.protocol,
      source: shortAddress(wire.source),
      destination: shortAddress(wire.destination),
      sourcePort: wire.sourcePort,
      destinationPort: wire.destinationPort,
      flags: wire.flags,
      seq: wire.seq,
      ack: wire.ack,
      window: wire.window,
      payloadBytes: wire.payloadBytes,
      late: false,
    };
  }

  /**
   * A host's time as ours. Nothing is received before it happened. A time beyond even the bound is a clock that was set ahead and of
   * which no heartbeat has told yet: then it happened between the line before and now.
   */
  #when(real: string, nowNs: number): { tNs: number; rawNs: number; correctionNs: number; errorNs: number } {
    const rawNs = parseEpochNs(real, this.#clock.originSec);
    const { correctionNs, errorNs } = this.#offset.correction(nowNs);
    const tNs = rawNs + correctionNs;
    const isPossible = tNs - errorNs <= nowNs;
    if (isPossible) this.#passedNs = Math.max(this.#passedNs, tNs - errorNs);
    if (tNs <= nowNs) return { tNs, rawNs, correctionNs, errorNs };
    return { tNs: nowNs, rawNs, correctionNs: nowNs - rawNs, errorNs: isPossible ? errorNs : nowNs - this.#passedNs };
  }

  /** A clock that is set moves real time against monotonic time: our knowledge of its offset moves along. */
  #step(mark: WireMark): number {
    const difference = Number(BigInt(mark.real) - BigInt(mark.mono));
    const before = this.#realMinusMonoNs;
    this.#realMinusMonoNs = difference;
    if (before === undefined || Math.abs(difference - before) < STEP_NS) return 0;
    this.#offset.shift(difference - before, this.#markedNs);
    return difference - before;
  }

  /** What the rate cap has kept back: said once a second, and at the end. The host counted it: it is no loss. */
  #capped(mark: WireMark, atNs: number): GapRecord | undefined {
    if (mark.kind === 'suppressed') this.#suppressed = mark.count;
    const lines = this.#suppressed - this.#suppressedSaid;
    if (lines <= 0 || (mark.kind !== 'end' && atNs - this.#suppressedSaidNs < SAY_SUPPRESSED_NS)) return undefined;
    this.#suppressedSaid = this.#suppressed;
    this.#suppressedSaidNs = atNs;
    const common = { host: this.#host, epoch: this.#epoch, sequence: this.#sequence, tNs: Math.max(this.#lastNs, atNs), late: false };
    return { type: 'gap', ...common, reason: 'rate-cap', lines, detail: 'more than --rate allows: the host did not print them' };
  }

  /**
   * What the heartbeat before this one had announced must have come by now; lines of the last 200 ms may still be on their way
   * from other CPUs. At the end all must have come.
   */
  #books(mark: WireMark, atNs: number): GapRecord | undefined {
    const due = mark.kind === 'end' ? mark.count : this.#announcedBefore;
    this.#announcedBefore = mark.count;
    this.#counters.announced = mark.count;
    const missing = due - this.#unreadable - this.#sequence - this.#counters.lost;
    if (missing <= 0) return undefined;
    this.#counters.lost += missing;
    return {
      type: 'gap',
      host: this.#host,
      epoch: this.#epoch,
      sequence: this.#sequence,
      tNs: Math.max(this.#lastNs, atNs),
      reason: 'kernel-drop',
      lines: missing,
      detail: 'the kernel printed them and they never came',
      late: false,
    };
  }
}
