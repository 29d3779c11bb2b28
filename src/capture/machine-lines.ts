// What comes in: the lines of our own script on one host. What goes out: packets with corrected event times, and how far the host has come.
// Guaranteed: every line is counted once (base/counters.ts); lines that heartbeats announce and that do not come are a gap marker;
// raw time, correction and error bound stay with each record (G7).
import type { Clock } from '../base/clock.js';
import type { HostCounters } from '../base/counters.js';
import type { BatchOwner, GapAside, RecordBatch } from '../base/record-batch.js';
import { type ClockOffset, type Correction, STEP_NS } from './clock-offset.js';
import { LINE_LIMIT_BYTES, type LineReader, type StreamProgress } from './host-stream.js';
import { OpenBatch } from './open-batch.js';
import { packetReader, type ReadTimes } from './packet-reader.js';
import { BEGIN, END, PACKET, REFUSED, SUPPRESSED, WireParser } from './wire-format.js';

const NEWLINE = 0x0a;
const SAY_SUPPRESSED_NS = 1e9;
/**
 * Lines that one CPU prints reach us beside those of the others: staprun reads each CPU's buffer by a thread of its own. On a host whose CPUs
 * are all busy they were seen to come a good while after a heartbeat that had counted them.
 */
const COMING_NS = 2e9;

/** Lines of other CPUs are never so old. The same in wasm/packet-lines.ts. */
const SET_BACK_NS = 2 * COMING_NS;
/** Heartbeats of COMING_NS, many times over. */
const MOST_ANNOUNCED = 256;

/** A heartbeat: the host's monotonic and real time, ours, what the host had printed by then, and what has come of that. */
interface Announced {
  readonly monoNs: number;
  readonly realNs: number;
  readonly atNs: number;
  readonly count: number;
  come: number;
}

interface When {
  readonly tNs: number;
  readonly correctionNs: number;
  readonly errorNs: number;
}

export class MachineLines implements LineReader {
  readonly #offset: ClockOffset;
  readonly #counters: HostCounters;
  readonly #originSec: number;
  readonly #parser: WireParser;
  readonly #open: OpenBatch;
  #sequence = 0;
  #lastNs = Number.NEGATIVE_INFINITY;
  lacksEnd = false;
  /** Heartbeats whose lines have not all come yet, and the last one of all. */
  readonly #announced: Announced[] = [];
  /** All lines up to here have come, or are known to be lost. */
  #completeNs: number | null = null;
  /** When the last heartbeat was made, on our clock and on the host's. */
  #beatNs: number | null = null;
  #beatRealNs = Number.NEGATIVE_INFINITY;
  /** Of this run, as `#sequence` is; the host's counters may hold those of runs before. */
  #lost = 0;
  /** Packet lines among the malformed: they did come. */
  #unreadable = 0;
  #unreadableSaid = 0;
  /** Packets that the rate cap kept back, and how many of them were told. */
  #suppressed = 0;
  #suppressedSaid = 0;
  #suppressedSaidNs = Number.NEGATIVE_INFINITY;
  #suppressedFromNs: number | null = null;
  #realMinusMonoNs: number | undefined;
  /** The host was here, at the earliest, when it printed its last line. */
  #passedNs = Number.NEGATIVE_INFINITY;
  /** The same of its last mark. */
  #markedNs = Number.NEGATIVE_INFINITY;

  constructor(owner: BatchOwner, clock: Clock, offset: ClockOffset, counters: HostCounters) {
    this.#originSec = clock.originSec;
    this.#parser = new WireParser(clock.originSec);
    this.#open = new OpenBatch(owner);
    this.#offset = offset;
    this.#counters = counters;
  }

  take(bytes: Buffer, start: number, end: number, nowNs: number, progress: StreamProgress): void {
    const parser = this.#parser;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const endAt = bytes.length;
    const reader = packetReader();
    let batch = this.#open.batch;
    let times = this.#times(nowNs);
    let at = start;
    let loadAt = start;
    let [received, records] = [0, 0];
    // Numbers of every line are kept here, not in fields: a field's new number may be a new object. The sums tell V8 that they are numbers.
    let sequence = this.#sequence;
    let passedNs = 0 + this.#passedNs;
    let lastNs = 0 + this.#lastNs;
    while (at <= end) {
      if (batch.isFull) batch = this.#open.next(progress);
      if (reader !== undefined && at >= loadAt) loadAt = reader.load(bytes, at, end + 1);
      const rows = reader?.read(at, batch, times, passedNs, sequence) ?? 0;
      if (reader !== undefined && rows > 0) {
        batch.length += rows;
        sequence += rows;
        received += rows;
        records += rows;
        passedNs = 0 + reader.passedNs;
        lastNs = batch.tNs[batch.length - 1] as number;
        at = reader.at;
        if (at >= loadAt || batch.isFull) continue;
      }
      received += 1;
      const kind = parser.parse(bytes, view, at, endAt, batch);
      if (kind === PACKET) {
        const row = batch.length;
        const rawNs = batch.rawNs[row] as number;
        const tNs = rawNs + times.correctionNs;
        batch.tNs[row] = tNs;
        batch.correctionNs[row] = times.correctionNs;
        batch.errorNs[row] = times.errorNs;
        if (tNs > nowNs) {
          this.#passedNs = passedNs;
          const when = this.#ahead(rawNs, times, nowNs);
          batch.tNs[row] = when.tNs;
          batch.correctionNs[row] = when.correctionNs;
          batch.errorNs[row] = when.errorNs;
          passedNs = 0 + this.#passedNs;
        } else if (tNs - times.errorNs > passedNs) passedNs = tNs - times.errorNs;
        else if (tNs + times.errorNs < passedNs - SET_BACK_NS) {
          this.#passedNs = passedNs;
          this.#behind(batch, row, nowNs);
        }
        if (rawNs <= this.#beatRealNs) this.#straggles(rawNs);
        lastNs = batch.tNs[row] as number;
        sequence += 1;
        batch.sequence[row] = sequence;
        batch.length = row + 1;
        records += 1;
        at = parser.newlineAt + 1;
        continue;
      }
      this.#passedNs = passedNs;
      this.#sequence = sequence;
      this.#lastNs = lastNs;
      if (kind === REFUSED) {
        const newlineAt = bytes.indexOf(NEWLINE, at);
        this.#refused(bytes, at, newlineAt, progress);
        at = newlineAt + 1;
      } else {
        at = parser.newlineAt + 1;
        this.#mark(kind, nowNs, progress);
        // The clock may have been set, and a marker may stand in a new batch.
        times = this.#times(nowNs);
        batch = this.#open.batch;
        passedNs = 0 + this.#passedNs;
      }
    }
    this.#passedNs = passedNs;
    this.#sequence = sequence;
    this.#lastNs = lastNs;
    this.#counters.received += received;
    this.#counters.records += records;
    this.#open.tell(progress);
  }

  #times(nowNs: number): ReadTimes {
    const { correctionNs, errorNs } = this.#offset.correction(nowNs);
    return { originSec: this.#originSec, nowNs, correctionNs, errorNs, beatRealNs: this.#beatRealNs };
  }

  #refused(bytes: Buffer, start: number, newlineAt: number, progress: StreamProgress): void {
    if (newlineAt - start > LINE_LIMIT_BYTES) this.#counters.oversized += 1;
    const line = bytes.toString('utf8', start, Math.min(newlineAt, start + LINE_LIMIT_BYTES));
    if (/^[TU] /.test(line)) this.#unreadable += 1;
    if (/^[TUHSEB] /.test(line)) this.#counters.malformed += 1;
    else {
      this.#counters.notes += 1;
      progress.notes.push(line);
    }
  }

  #mark(kind: number, nowNs: number, progress: StreamProgress): void {
    this.#counters.marks += 1;
    this.lacksEnd = kind !== END;
    const stepNs = this.#step();
    if (stepNs !== 0) progress.notes.push(`the clock was set by ${(stepNs / 1e9).toFixed(3)} s`);
    const watermarkNs = this.#when(this.#parser.realNs, nowNs).tNs;
    progress.watermarkNs = watermarkNs;
    if (kind === BEGIN) progress.beganNs = watermarkNs;
    this.#markedNs = this.#passedNs;
    if (kind !== SUPPRESSED) {
      this.#unread(watermarkNs, progress);
      this.#books(kind, watermarkNs, progress);
    }
    this.#capped(kind, watermarkNs, progress);
  }

  /**
   * A host's time as ours. Nothing is received before it happened. A time beyond even the bound is a clock that was set ahead and of
   * which no heartbeat has told yet: then it happened between the line before and now.
   */
  #when(rawNs: number, nowNs: number): When {
    const correction = this.#offset.correction(nowNs);
    const tNs = rawNs + correction.correctionNs;
    if (tNs > nowNs) return this.#ahead(rawNs, correction, nowNs);
    this.#passedNs = Math.max(this.#passedNs, tNs - correction.errorNs);
    return { tNs, ...correction };
  }

  #ahead(rawNs: number, { correctionNs, errorNs }: Correction, nowNs: number): When {
    const earliestNs = rawNs + correctionNs - errorNs;
    const isPossible = earliestNs <= nowNs;
    if (isPossible) this.#passedNs = Math.max(this.#passedNs, earliestNs);
    return { tNs: nowNs, correctionNs: nowNs - rawNs, errorNs: isPossible ? errorNs : nowNs - this.#passedNs };
  }

  /** A time so far before the host's last one is a clock that was set back and of which no heartbeat has told yet. */
  #behind(batch: RecordBatch, row: number, nowNs: number): void {
    batch.tNs[row] = nowNs;
    batch.correctionNs[row] = nowNs - (batch.rawNs[row] as number);
    batch.errorNs[row] = nowNs - this.#passedNs;
  }

  /** A line that was printed before a heartbeat and comes behind it, from another CPU. */
  #straggles(rawNs: number): void {
    for (const beat of this.#announced) if (rawNs <= beat.realNs) beat.come += 1;
  }

  /** A clock that is set moves real time against monotonic time: our knowledge of its offset moves along. */
  #step(): number {
    const difference = this.#parser.realNs - this.#parser.monoNs;
    const before = this.#realMinusMonoNs;
    this.#realMinusMonoNs = difference;
    if (before === undefined || Math.abs(difference - before) < STEP_NS) return 0;
    this.#offset.shift(difference - before, this.#markedNs);
    return difference - before;
  }

  /**
   * What a heartbeat has announced must have come COMING_NS later; lines with later times stand for nothing that it announced. At the end all
   * must have come; then it shows too whether lines that were taken for lost have come after all.
   */
  #books(kind: number, atNs: number, progress: StreamProgress): void {
    const { count, monoNs, realNs } = this.#parser;
    this.#counters.announced = count;
    const come = this.#sequence + this.#unreadable;
    if (kind === END) this.#end(count - come, progress);
    this.#announced.push({ monoNs, realNs, atNs, count, come });
    const missingOf = (beat: Announced) => beat.count - beat.come - this.#lost;
    for (let first = this.#announced[0]; first !== undefined; first = this.#announced[0]) {
      if (missingOf(first) > 0) {
        if (kind !== END && monoNs - first.monoNs < COMING_NS) break;
        // A line may be counted a moment before its heartbeat and have a time a moment behind: then the next heartbeat misses nothing.
        // The end knows best.
        const missing = Math.min(...[first, this.#announced[1] ?? first, ...(kind === END ? this.#announced.slice(-1) : [])].map(missingOf));
        if (missing > 0) this.#lose(missing, first.atNs, atNs, progress);
      }
      if (missingOf(first) <= 0) this.#completeNs = first.atNs;
      this.#announced.shift();
    }
    // A host whose time stands still fills nobody's memory.
    if (this.#announced.length > MOST_ANNOUNCED) this.#announced.shift();
    progress.completeNs = kind === BEGIN ? atNs : (this.#completeNs ?? undefined);
    this.#beatNs = atNs;
    this.#beatRealNs = realNs;
  }

  #lose(lines: number, toNs: number, atNs: number, progress: StreamProgress): void {
    this.#lost += lines;
    this.#counters.lost += lines;
    this.#gap(atNs, { reason: 'kernel-drop', lines, fromNs: this.#completeNs, toNs, detail: 'the kernel printed them and they never came' }, progress);
  }

  /** @param missing printed by the host and not come */
  #end(missing: number, progress: StreamProgress): void {
    const over = Math.min(this.#lost, Math.max(0, this.#lost - missing));
    if (over === 0) return;
    this.#lost -= over;
    this.#counters.lost -= over;
    progress.notes.push(`${over} lines that were taken for lost have come late`);
  }

  /** One marker for all packet lines since the heartbeat before that could not be read. */
  #unread(atNs: number, progress: StreamProgress): void {
    const lines = this.#unreadable - this.#unreadableSaid;
    if (lines === 0) return;
    this.#unreadableSaid = this.#unreadable;
    this.#gap(atNs, { reason: 'unreadable', lines, fromNs: this.#beatNs, toNs: atNs, detail: 'they came, and could not be read' }, progress);
  }

  /** What the rate cap has kept back: said once a second, and at the end. The host counted it: it is no loss. */
  #capped(kind: number, atNs: number, progress: StreamProgress): void {
    if (kind === SUPPRESSED) {
      if (this.#suppressed === this.#suppressedSaid) this.#suppressedFromNs = this.#beatNs;
      this.#suppressed = this.#parser.count;
    }
    const lines = this.#suppressed - this.#suppressedSaid;
    if (lines <= 0 || (kind !== END && atNs - this.#suppressedSaidNs < SAY_SUPPRESSED_NS)) return;
    this.#suppressedSaid = this.#suppressed;
    this.#suppressedSaidNs = atNs;
    this.#gap(atNs, { reason: 'rate-cap', lines, fromNs: this.#suppressedFromNs, toNs: atNs, detail: 'more than --rate allows: the host did not print them' }, progress);
  }

  #gap(atNs: number, gap: GapAside, progress: StreamProgress): void {
    if (this.#open.batch.isFull) this.#open.next(progress);
    this.#open.batch.appendGap(this.#sequence, Math.max(this.#lastNs, atNs), gap);
  }
}
