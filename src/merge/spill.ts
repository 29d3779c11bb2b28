// What comes in: stretches of one host's rows that do not fit into memory. What goes out: blocks of bytes, and later the same rows again.
// Guaranteed: a block that was changed in between is an error, never wrong rows. Pure: who keeps the blocks is given (SpillStore).
// A block: u32 CRC-32 of the rest | u32 rows | u32 bytes of the JSON | columns (base/record-batch.ts) | JSON { ipv6, asides }.
import { crc32 } from 'node:zlib';
import { Columns, RecordBatch, ROW_BYTES, type RowRun } from '../base/record-batch.js';

const HEADER_BYTES = 12;

/** Keeps blocks until they are taken: on disk (commands/spill-files.ts), or in a test. */
export interface SpillStore {
  /** @returns the block's number, or undefined when there is no room */
  put(block: Buffer): number | undefined;
  /** Gives a block back and forgets it. */
  take(block: number): Buffer;
}

/** The rows of `runs`, all of one host and epoch, as one block. */
export function packRows(runs: readonly RowRun[]): Buffer {
  const [first] = runs;
  if (first === undefined) throw new RangeError('no rows');
  const rows = runs.reduce((sum, { from, to }) => sum + to - from, 0);
  const packed = new RecordBatch(first.batch, rows);
  for (const run of runs) packed.copy(run);
  const json = Buffer.from(JSON.stringify({ ipv6: packed.ipv6, asides: packed.asides }));
  const block = Buffer.concat([Buffer.alloc(HEADER_BYTES), new Uint8Array(packed.columns.buffer), json]);
  block.writeUInt32LE(rows, 4);
  block.writeUInt32LE(json.length, 8);
  block.writeUInt32LE(crc32(block.subarray(4)), 0);
  return block;
}

/** @throws RangeError when the block is not what `packRows` made */
export function unpackRows(block: Buffer, owner: { readonly host: number; readonly hostName: string; readonly epoch: number }): RecordBatch {
  if (block.length < HEADER_BYTES || block.readUInt32LE(0) !== crc32(block.subarray(4))) throw new RangeError(`a spilled block of ${owner.hostName} has changed on the disk`);
  const rows = block.readUInt32LE(4);
  const columns = new Uint8Array(rows * ROW_BYTES);
  columns.set(block.subarray(HEADER_BYTES, HEADER_BYTES + columns.length));
  const batch = new RecordBatch(owner, rows, new Columns(rows, columns.buffer));
  const { ipv6, asides } = JSON.parse(block.toString('utf8', HEADER_BYTES + columns.length)) as Pick<RecordBatch, 'ipv6' | 'asides'>;
  batch.length = rows;
  batch.ipv6 = ipv6;
  batch.asides = asides;
  return batch;
}
