// JSON, one object a line (jsonlines.org): fields.ts says which fields. For jq, DuckDB's read_json, Vector, Loki.
import { type MergedRows, recordsOf } from '../base/merged-rows.js';
import { fieldsOf } from './fields.js';
import { type FormatOptions, type LogFormat, NOTHING } from './format.js';

export class JsonlFormat implements LogFormat {
  readonly #options: FormatOptions;

  constructor(options: FormatOptions) {
    this.#options = options;
  }

  begin(): Uint8Array {
    return NOTHING;
  }

  format(rows: MergedRows): Uint8Array {
    let text = '';
    for (const record of recordsOf(rows)) text += `${JSON.stringify(fieldsOf(record, this.#options.originSec, this.#options.names))}\n`;
    return Buffer.from(text);
  }

  end(): Uint8Array {
    return NOTHING;
  }
}
