// JSON, one object a line (jsonlines.org): fields.ts says which fields. For jq, DuckDB's read_json, Vector, Loki.
import { type MergedRows, recordsOf } from '../base/merged-rows.js';
import { fieldsOf } from './fields.js';
import { type FormatOptions, type LogFormat, NOTHING } from './format.js';

export class JsonlFormat implements LogFormat {
  readonly #originSec: number;

  constructor(options: FormatOptions) {
    this.#originSec = options.originSec;
  }

  begin(): Uint8Array {
    return NOTHING;
  }

  format(rows: MergedRows): Uint8Array {
    let text = '';
    for (const record of recordsOf(rows)) text += `${JSON.stringify(fieldsOf(record, this.#originSec))}\n`;
    return Buffer.from(text);
  }

  end(): Uint8Array {
    return NOTHING;
  }
}
