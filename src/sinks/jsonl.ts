// JSON, one object a line (jsonlines.org): fields.ts says which fields. For jq, DuckDB's read_json, Vector, Loki.
import type { MergedRows } from '../base/merged-rows.js';
import { OBSERVED, type RecordBatch } from '../base/record-batch.js';
import { type Spelled, spelled } from './field-bytes.js';
import { fieldsOf } from './fields.js';
import { type FormatOptions, type LogFormat, NOTHING } from './format.js';
import { LineBuffer } from './line-buffer.js';
import { MOST_LINE_BYTES, PacketLines } from './packet-lines.js';

const BEFORE = spelled('{"t":"');

export class JsonlFormat implements LogFormat {
  readonly #options: FormatOptions;
  readonly #packets: PacketLines;
  readonly #lines = new LineBuffer();

  constructor(options: FormatOptions) {
    this.#options = options;
    this.#packets = PacketLines.json(options.originSec);
  }

  begin(): Uint8Array {
    return NOTHING;
  }

  format(rows: MergedRows): Uint8Array {
    const lines = this.#lines;
    // Names of addresses are rare: with them, row by row as objects.
    const isPlain = this.#options.names === undefined;
    const hosts = rows.batches.map((batch) => spelled(`","host":${JSON.stringify(batch.hostName)}`));
    for (let index = 0; index < rows.length; index += 1) {
      const place = rows.batchOf[index] as number;
      const batch = rows.batches[place] as RecordBatch;
      const row = rows.rowOf[index] as number;
      if (isPlain && (batch.kind[row] as number) < OBSERVED) {
        const host = hosts[place] as Spelled;
        lines.room(MOST_LINE_BYTES + host.bytes.length);
        lines.at = this.#packets.put(lines.view, lines.at, batch, row, BEFORE, host);
      } else lines.add(`${JSON.stringify(fieldsOf(batch.record(row), this.#options.originSec, this.#options.names))}\n`);
    }
    return lines.take();
  }

  recycle(bytes: Uint8Array): void {
    this.#lines.recycle(bytes);
  }

  end(): Uint8Array {
    return NOTHING;
  }
}
