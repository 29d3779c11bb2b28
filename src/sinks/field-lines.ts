// Lines of fields (fields.ts): what CSV and JSONL have in common. What comes in: merged rows, and how a format spells a host and a row. What goes out: a line for each row.
// Packets, nearly all rows, are written field by field; other rows are rare and are made as objects, and so are all where addresses have names.
import type { MergedRows } from '../base/merged-rows.js';
import { OBSERVED, type RecordBatch } from '../base/record-batch.js';
import { type Spelled, spelled } from './field-bytes.js';
import { type Fields, fieldsOf } from './fields.js';
import type { FormatOptions } from './format.js';
import { LineBuffer } from './line-buffer.js';
import { MOST_LINE_BYTES, type PacketLines } from './packet-lines.js';

export interface FieldSpelling {
  readonly packets: PacketLines;
  /** What a packet's line begins with. */
  readonly before: string;
  /** What stands for the host in a packet's line. */
  host(name: string): string;
  /** A whole line. */
  line(fields: Fields): string;
}

export class FieldLines {
  readonly #options: FormatOptions;
  readonly #spelling: FieldSpelling;
  readonly #before: Spelled;
  readonly #lines = new LineBuffer();

  constructor(options: FormatOptions, spelling: FieldSpelling) {
    this.#options = options;
    this.#spelling = spelling;
    this.#before = spelled(spelling.before);
  }

  format(rows: MergedRows): Uint8Array {
    const [lines, spelling, before, { names, originSec }] = [this.#lines, this.#spelling, this.#before, this.#options];
    const hosts = rows.batches.map((batch) => spelled(spelling.host(batch.hostName)));
    for (let index = 0; index < rows.length; index += 1) {
      const place = rows.batchOf[index] as number;
      const batch = rows.batches[place] as RecordBatch;
      const row = rows.rowOf[index] as number;
      if (names === undefined && (batch.kind[row] as number) < OBSERVED) {
        const host = hosts[place] as Spelled;
        lines.room(MOST_LINE_BYTES + host.bytes.length);
        lines.at = spelling.packets.put(lines.view, lines.at, batch, row, before, host);
      } else lines.add(spelling.line(fieldsOf(batch.record(row), originSec, names)));
    }
    return lines.take();
  }

  recycle(bytes: Uint8Array): void {
    this.#lines.recycle(bytes);
  }
}
