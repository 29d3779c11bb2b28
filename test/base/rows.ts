// Records as objects into columns and back, for tests.
import { type MergedRows, recordsOf } from '../../src/base/merged-rows.js';
import type { LogRecord } from '../../src/base/record.js';
import { RecordBatch, type RowRun } from '../../src/base/record-batch.js';

/** Records of one host and epoch. */
export function batchOf(host: number, records: readonly LogRecord[]): RowRun {
  const [first] = records;
  const batch = new RecordBatch({ host, hostName: first?.host ?? '', epoch: first?.epoch ?? 1 }, Math.max(1, records.length));
  for (const record of records) batch.append(record);
  return { batch, from: 0, to: records.length };
}

/** Any records, in this order. */
export function rowsOf(records: readonly LogRecord[]): MergedRows {
  const names: string[] = [];
  const batches = records.map((record) => {
    if (!names.includes(record.host)) names.push(record.host);
    return batchOf(names.indexOf(record.host), [record]).batch;
  });
  return { length: records.length, batches, batchOf: Uint32Array.from(records, (_, index) => index), rowOf: new Uint32Array(records.length) };
}

export function objects(rows: MergedRows): LogRecord[] {
  return [...recordsOf(rows)];
}

export function recordsOfRuns(runs: readonly RowRun[]): LogRecord[] {
  return runs.flatMap(({ batch, from, to }) => Array.from({ length: to - from }, (_, index) => batch.record(from + index)));
}
