// The thread that writes the lines of a long text log (threaded-text.ts). What comes in: rows in shared memory. What goes out: their lines, in shared memory
// that comes back with a later question.
import { parentPort, workerData } from 'node:worker_threads';
import type { RowMemory } from './packed-rows.js';
import { SpareMemory } from './spare-memory.js';
import { type TextFormatOptions, TextLines } from './text-lines.js';

export interface LinesQuestion {
  readonly rows: RowMemory;
  /** Hosts that have come since the last question. */
  readonly newHosts: readonly string[];
  readonly addressWidth: number;
  /** Lines that are written: their memory is free. */
  readonly written: readonly Uint8Array[];
}

export interface LinesAnswer {
  readonly lines: Uint8Array;
  readonly addressWidth: number;
}

const lines = new TextLines(workerData as TextFormatOptions, new SpareMemory((bytes) => Buffer.from(new SharedArrayBuffer(bytes))));
const hosts: string[] = [];

parentPort?.on('message', ({ rows, newHosts, addressWidth, written }: LinesQuestion) => {
  hosts.push(...newHosts);
  lines.addressWidth = addressWidth;
  for (const bytes of written) lines.recycle(bytes);
  const answer: LinesAnswer = { lines: lines.spell(rows, hosts), addressWidth: lines.addressWidth };
  parentPort?.postMessage(answer);
});

parentPort?.postMessage('ready' satisfies LinesAnswer | 'ready');
