// What comes in: merged rows. What goes out: the text log's bytes, one line for each, in aligned columns:
//   time host source destination sport dport U A P R S F      (UDP stands where TCP has its flags, as in the well-known table)
//   time host observed TEXT                                    (a script without times: stamped when received)
//   time host gap REASON lines=N|unknown from=TIME|unknown to=TIME|unknown DETAIL
// Guaranteed: the times of sorted lines sort as text too (`LC_ALL=C sort -s -c -k1,1`), but for late ones, which end with `late`;
// nothing that a host printed can move the cursor.
// Two steps: packed-rows.ts brings the rows into the log's order, text-lines.ts writes their lines.
import { formatTime } from '../base/clock.js';
import type { MergedRows } from '../base/merged-rows.js';
import { OBSERVED, type RecordBatch } from '../base/record-batch.js';
import { PackedRows } from './packed-rows.js';
import { IPV4_WIDTH, oneLine, type TextFormatOptions, TextLines } from './text-lines.js';

export class TextFormat {
  readonly #options: TextFormatOptions;
  readonly #rows: PackedRows;
  readonly #lines: TextLines;

  constructor(options: TextFormatOptions) {
    this.#options = options;
    this.#rows = new PackedRows((batch, row) => this.#aside(batch, row));
    this.#lines = new TextLines(options);
  }

  /** The columns' names, for a person. */
  header(): string {
    const time = 'Time (UTC)'.padEnd(27);
    return `${time} ${'Host'.padEnd(this.#options.hostWidth)} ${'Source IP'.padStart(IPV4_WIDTH)} ${'Dest IP'.padStart(IPV4_WIDTH)} SPort DPort U A P R S F`;
  }

  /** All lines, each with its newline. They may be given back (`recycle`) once they are written. */
  format(rows: MergedRows): Buffer {
    return this.spell(this.pack(rows));
  }

  /** The first step: the rows in the log's order, valid until the next call. */
  pack(rows: MergedRows): PackedRows {
    return this.#rows.pack(rows);
  }

  /** The second step. */
  spell(packed: PackedRows): Buffer {
    return this.#lines.spell(packed, packed.hosts);
  }

  /** Columns of an address: what the lines so far have needed. */
  get addressWidth(): number {
    return this.#lines.addressWidth;
  }

  set addressWidth(columns: number) {
    this.#lines.addressWidth = columns;
  }

  /** Takes memory that `format` has given for the next rows: nobody must need it any more. */
  recycle(bytes: Uint8Array): void {
    this.#lines.recycle(bytes);
  }

  #aside(batch: RecordBatch, row: number): string {
    const start = `${formatTime(batch.tNs[row] as number, this.#options.originSec)} ${oneLine(batch.hostName).padEnd(this.#options.hostWidth)} `;
    const late = batch.isLate(row) ? ' late' : '';
    if (batch.kind[row] === OBSERVED) return `${start}observed ${oneLine(batch.textOf(row))}${late}`;
    const { reason, lines, fromNs, toNs, detail } = batch.gapOf(row);
    const [from, to] = [fromNs, toNs].map((ns) => (ns === null ? 'unknown' : formatTime(ns, this.#options.originSec)));
    return `${start}gap ${reason} lines=${lines ?? 'unknown'} from=${from} to=${to} ${oneLine(detail)}${late}`;
  }
}
