// CSV (RFC 4180): a header row, CRLF, quotes where a field has a comma, a quote or a line break. Fields: fields.ts; what a record has not is empty.
import { type MergedRows, recordsOf } from '../base/merged-rows.js';
import { type Field, FIELDS, type Fields, fieldsOf, NAME_FIELDS } from './fields.js';
import { type FormatOptions, type LogFormat, NOTHING } from './format.js';

export class CsvFormat implements LogFormat {
  readonly #options: FormatOptions;

  constructor(options: FormatOptions) {
    this.#options = options;
  }

  begin(): Uint8Array {
    return Buffer.from(`${this.#columns().join(',')}\r\n`);
  }

  format(rows: MergedRows): Uint8Array {
    let text = '';
    const columns = this.#columns();
    for (const record of recordsOf(rows)) {
      const fields = fieldsOf(record, this.#options.originSec, this.#options.names);
      text += `${columns.map((name) => cell(fields[name])).join(',')}\r\n`;
    }
    return Buffer.from(text);
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
