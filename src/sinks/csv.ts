// CSV (RFC 4180): a header row, CRLF, quotes where a field has a comma, a quote or a line break. Fields: fields.ts; what a record has not is empty.
import type { MergedRows } from '../base/merged-rows.js';
import { FieldLines } from './field-lines.js';
import { type Field, FIELDS, type Fields, NAME_FIELDS } from './fields.js';
import { type FormatOptions, type LogFormat, NOTHING } from './format.js';
import { PacketLines } from './packet-lines.js';

/** Cells that packets have not, and the line's end. */
const REST = `${','.repeat(FIELDS.length - 1 - FIELDS.indexOf('bytes'))}\r\n`;

export class CsvFormat implements LogFormat {
  readonly #columns: readonly (keyof Fields)[];
  readonly #lines: FieldLines;

  constructor(options: FormatOptions) {
    this.#columns = options.names === undefined ? FIELDS : [...FIELDS, ...NAME_FIELDS];
    this.#lines = new FieldLines(options, {
      packets: PacketLines.csv(options.originSec, REST),
      before: '',
      host: (name) => `,${cell(name)}`,
      line: (fields) => `${this.#columns.map((name) => cell(fields[name])).join(',')}\r\n`,
    });
  }

  begin(): Uint8Array {
    return Buffer.from(`${this.#columns.join(',')}\r\n`);
  }

  format(rows: MergedRows): Uint8Array {
    return this.#lines.format(rows);
  }

  recycle(bytes: Uint8Array): void {
    this.#lines.recycle(bytes);
  }

  end(): Uint8Array {
    return NOTHING;
  }
}

function cell(field: Field | undefined): string {
  if (field === undefined || field === null) return '';
  const text = String(field);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
