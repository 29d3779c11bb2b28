// JSON, one object a line (jsonlines.org): fields.ts says which fields. For jq, DuckDB's read_json, Vector, Loki.
import type { MergedRows } from '../base/merged-rows.js';
import { FieldLines } from './field-lines.js';
import { type FormatOptions, type LogFormat, NOTHING } from './format.js';
import { PacketLines } from './packet-lines.js';

export class JsonlFormat implements LogFormat {
  readonly #lines: FieldLines;

  constructor(options: FormatOptions) {
    this.#lines = new FieldLines(options, {
      packets: PacketLines.json(options.originSec),
      before: '{"t":"',
      host: (name) => `","host":${JSON.stringify(name)}`,
      line: (fields) => `${JSON.stringify(fields)}\n`,
    });
  }

  begin(): Uint8Array {
    return NOTHING;
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
