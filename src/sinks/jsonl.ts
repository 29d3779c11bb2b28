// JSON, one object a line (jsonlines.org): fields.ts says which fields. For jq, DuckDB's read_json, Vector, Loki.
import type { MergedRows } from '../base/merged-rows.js';
import { OBSERVED, type RecordBatch } from '../base/record-batch.js';
import { fieldsOf } from './fields.js';
import { type FormatOptions, type LogFormat, NOTHING } from './format.js';
import { PacketLines } from './packet-lines.js';

export class JsonlFormat implements LogFormat {
  readonly #options: FormatOptions;
  readonly #packets: PacketLines;

  constructor(options: FormatOptions) {
    this.#options = options;
    this.#packets = new PacketLines(options.originSec);
  }

  begin(): Uint8Array {
    return NOTHING;
  }

  format(rows: MergedRows): Uint8Array {
    let text = '';
    // Names of addresses are rare: with them, row by row as objects.
    const isPlain = this.#options.names === undefined;
    const hosts = rows.batches.map((batch) => JSON.stringify(batch.hostName));
    for (let index = 0; index < rows.length; index += 1) {
      const place = rows.batchOf[index] as number;
      const batch = rows.batches[place] as RecordBatch;
      const row = rows.rowOf[index] as number;
      if (isPlain && (batch.kind[row] as number) < OBSERVED) text += this.#packets.json(batch, row, hosts[place] as string);
      else text += `${JSON.stringify(fieldsOf(batch.record(row), this.#options.originSec, this.#options.names))}\n`;
    }
    return Buffer.from(text);
  }

  end(): Uint8Array {
    return NOTHING;
  }
}
