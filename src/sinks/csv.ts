// CSV (RFC 4180): a header row, CRLF, quotes where a field has a comma, a quote or a line break. Fields: fields.ts; what a record has not is empty.
import { type MergedRows, recordsOf } from '../base/merged-rows.js';
import { type Field, FIELDS, fieldsOf } from './fields.js';
import { type FormatOptions, type LogFormat, NOTHING } from './format.js';

export class CsvFormat implements LogFormat {
  readonly #originSec: number;

  constructor(options: FormatOptions) {
    this.#originSec = options.originSec;
  }

  begin(): Uint8Array {
    return Buffer.from(`${FIELDS.join(',')}\r\n`);
  }

  format(rows: MergedRows): Uint8Array {
    let text = '';
    for (const record of recordsOf(rows)) {
      const fields = fieldsOf(record, this.#originSec);
      text += `${FIELDS.map((name) => cell(fields[name])).join(',')}\r\n`;
    }
    return Buffer.from(text);
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
