// CSV (RFC 4180): a header row, CRLF, quotes where a field has a comma, a quote or a line break. Fields: fields.ts; what a record has not is empty.
import type { MergedRows } from '../base/merged-rows.js';
import { OBSERVED, type RecordBatch } from '../base/record-batch.js';
import { type Spelled, spelled } from './field-bytes.js';
import { type Field, FIELDS, type Fields, fieldsOf, NAME_FIELDS } from './fields.js';
import { type FormatOptions, type LogFormat, NOTHING } from './format.js';
import { LineBuffer } from './line-buffer.js';
import { MOST_LINE_BYTES, PacketLines } from './packet-lines.js';

const BEFORE = spelled('');
/** Cells that packets have not, and the line's end. */
const REST = `${','.repeat(FIELDS.length - 1 - FIELDS.indexOf('bytes'))}\r\n`;

export class CsvFormat implements LogFormat {
  readonly #options: FormatOptions;
  readonly #packets: PacketLines;
  readonly #lines = new LineBuffer();

  constructor(options: FormatOptions) {
    this.#options = options;
    this.#packets = PacketLines.csv(options.originSec, REST);
  }

  begin(): Uint8Array {
    return Buffer.from(`${this.#columns().join(',')}\r\n`);
  }

  format(rows: MergedRows): Uint8Array {
    const lines = this.#lines;
    // Names of addresses are rare: with them, row by row as objects.
    const isPlain = this.#options.names === undefined;
    const columns = this.#columns();
    const hosts = rows.batches.map((batch) => spelled(`,${cell(batch.hostName)}`));
    for (let index = 0; index < rows.length; index += 1) {
      const place = rows.batchOf[index] as number;
      const batch = rows.batches[place] as RecordBatch;
      const row = rows.rowOf[index] as number;
      if (isPlain && (batch.kind[row] as number) < OBSERVED) {
        const host = hosts[place] as Spelled;
        lines.room(MOST_LINE_BYTES + host.bytes.length);
        lines.at = this.#packets.put(lines.view, lines.at, batch, row, BEFORE, host);
      } else {
        const fields = fieldsOf(batch.record(row), this.#options.originSec, this.#options.names);
        lines.add(`${columns.map((name) => cell(fields[name])).join(',')}\r\n`);
      }
    }
    return lines.take();
  }

  recycle(bytes: Uint8Array): void {
    this.#lines.recycle(bytes);
  }

  end(): Uint8Array {
    return NOTHING;
  }

  #columns(): readonly (keyof Fields)[] {
    return this.#options.names === undefined ? FIELDS : [...FIELDS, ...NAME_FIELDS];
  }
}

function cell(field: Field | undefined): string {
  if (field === undefined || field === null) return '';
  const text = String(field);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
