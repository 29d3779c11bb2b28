// What comes in: merged rows as they go out, and how each host stands. What goes out: on a terminal a table that redraws itself, elsewhere
// one line of counters now and then; always on standard error, never into the log.
// Guaranteed: at most 4 redraws a second; the table is never higher than the terminal; what is said beside it stays above it.
import type { Writable } from 'node:stream';
import { printable } from '../base/host-text.js';
import type { MergedRows } from '../base/merged-rows.js';
import { GAP, OBSERVED, type RecordBatch, TCP } from '../base/record-batch.js';
import { TopTalkers } from './top-talkers.js';

export interface HostStatus {
  readonly name: string;
  /** Nanoseconds since the last time that it is known to have come to. */
  readonly lagNs: number;
  readonly lost: number;
  readonly isOver: boolean;
}

type Terminal = Writable & { readonly isTTY?: boolean; readonly rows?: number; readonly columns?: number };

const REDRAW_MS = 250;
const COUNTERS_MS = 10_000;
const RST = 4;
/** Looking up each packet's pair would cost more than writing the log: one in so many is looked up when there are many. */
const SAMPLE_ABOVE_ROWS = 2_000;
const SKETCH_KEYS = 200;
const TALKERS_SHOWN = 5;

export class LiveView {
  readonly #stream: Terminal;
  readonly #status: () => readonly HostStatus[];
  readonly #redraws: boolean;
  readonly #talkers = new TopTalkers(SKETCH_KEYS);
  readonly #counts = new Map<string, number>();
  #countsBefore = new Map<string, number>();
  #drawnMs = performance.now();
  #packets = 0;
  #resets = 0;
  #looked = 0;
  #height = 0;
  readonly #timer: NodeJS.Timeout;

  /** @param redraws the person sees no lines, but this table; otherwise a line of counters every 10 s */
  constructor(stream: Terminal, redraws: boolean, status: () => readonly HostStatus[]) {
    this.#stream = stream;
    this.#redraws = redraws;
    this.#status = status;
    this.#timer = setInterval(() => this.#tick(), redraws ? REDRAW_MS : COUNTERS_MS);
    this.#timer.unref();
  }

  add(rows: MergedRows): void {
    const step = Math.max(1, Math.ceil(rows.length / SAMPLE_ABOVE_ROWS));
    const perBatch = new Uint32Array(rows.batches.length);
    for (let index = 0; index < rows.length; index += 1) {
      const place = rows.batchOf[index] as number;
      const batch = rows.batches[place] as RecordBatch;
      const row = rows.rowOf[index] as number;
      const kind = batch.kind[row] as number;
      if (kind === GAP) continue;
      perBatch[place] = (perBatch[place] as number) + 1;
      if (kind === TCP && ((batch.flags[row] as number) & RST) !== 0) this.#resets += 1;
      if (kind !== OBSERVED && this.#looked++ % step === 0) this.#talkers.add(`${batch.sourceText(row)} > ${batch.destinationText(row)}`);
    }
    perBatch.forEach((count, place) => {
      const { hostName } = rows.batches[place] as RecordBatch;
      this.#counts.set(hostName, (this.#counts.get(hostName) ?? 0) + count);
      this.#packets += count;
    });
  }

  /** A line for the person: above the table, which is drawn again. */
  say(line: string): void {
    this.#clear();
    this.#stream.write(`${line}\n`);
  }

  /** Takes the table away. */
  stop(): void {
    clearInterval(this.#timer);
    this.#clear();
  }

  #tick(): void {
    const status = this.#status();
    const lines = this.#redraws ? this.#table(status) : [this.#counters(status)];
    if (!this.#redraws) {
      this.#stream.write(`${lines.join('\n')}\n`);
      return;
    }
    const columns = this.#stream.columns ?? 80;
    const fitting = lines.slice(0, Math.max(1, (this.#stream.rows ?? 24) - 1)).map((line) => line.slice(0, columns - 1));
    const up = this.#up();
    this.#height = fitting.length;
    this.#stream.write(`${up}${fitting.join('\n')}\n`);
  }

  #counters(status: readonly HostStatus[]): string {
    const running = status.filter((host) => !host.isOver);
    const lost = status.reduce((sum, host) => sum + host.lost, 0);
    return `  ${running.length} hosts, ${this.#packets} lines, ${lost} lost, ${this.#resets} resets`;
  }

  #table(status: readonly HostStatus[]): string[] {
    const nowMs = performance.now();
    const seconds = (nowMs - this.#drawnMs) / 1000;
    this.#drawnMs = nowMs;
    const before = this.#countsBefore;
    this.#countsBefore = new Map(this.#counts);
    const rate = (name: string) => ((this.#counts.get(name) ?? 0) - (before.get(name) ?? 0)) / seconds;
    // The busiest first: of a large fleet only these fit.
    const hosts = status.filter((host) => !host.isOver).map((host) => ({ ...host, rate: rate(host.name) })).sort((left, right) => right.rate - left.rate);
    const talkers = this.#talkers.top(TALKERS_SHOWN);
    const room = Math.max(1, (this.#stream.rows ?? 24) - 5 - talkers.length);
    const width = Math.max(4, ...hosts.slice(0, room).map((host) => host.name.length));
    const row = (name: string, ...cells: readonly string[]) => [printable(name).padEnd(width), ...cells.map((cell) => cell.padStart(10))].join(' ');
    const lag = (ns: number) => (Number.isFinite(ns) ? `${(Math.max(0, ns) / 1e9).toFixed(1)} s` : '-');
    return [
      this.#counters(status).trim(),
      row('host', 'lines/s', 'lines', 'lag', 'lost'),
      ...hosts.slice(0, room).map((host) => row(host.name, host.rate.toFixed(0), String(this.#counts.get(host.name) ?? 0), lag(host.lagNs), String(host.lost))),
      ...(hosts.length > room ? [`… and ${hosts.length - room} hosts more`] : []),
      ...(talkers.length === 0 ? [] : ['top talkers', ...talkers.map(({ key }) => `  ${printable(key)}`)]),
    ];
  }

  #clear(): void {
    if (this.#height > 0) this.#stream.write(this.#up());
    this.#height = 0;
  }

  /** To the table's first line, and away with all below (ECMA-48: CUU, ED). */
  #up(): string {
    return this.#height === 0 ? '' : `\u001b[${this.#height}A\r\u001b[J`;
  }
}
