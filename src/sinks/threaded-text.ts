// What comes in: merged rows. What goes out: the text log's bytes (sinks/text.ts), of a long log made by a thread of its own, so that the one which reads
// and orders goes on. What it costs: about 40 ms once, 12 MB, and for each release of rows as much as a few hundred lines; so a short log never starts one,
// small releases are written here, and none waits for a thread that starts.
// Guaranteed: the same bytes whoever makes them; when the thread cannot be started, or dies, they are made here.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { MergedRows } from '../base/merged-rows.js';
import { ownFile } from '../base/own-file.js';
import { type LogFormat, NOTHING } from './format.js';
import type { PackedRows } from './packed-rows.js';
import { TextFormat } from './text.js';
import type { TextFormatOptions } from './text-lines.js';
import type { LinesAnswer, LinesQuestion } from './text-thread.js';

/** A log of fewer rows is written before a thread has started. */
const LONG_ROWS = 100_000;

/** Fewer rows at once are not handed over. */
const LEAST_ROWS = 4096;

export interface ThreadOptions {
  /** Rows after which the thread is started. */
  readonly afterRows: number;
  /** Rows at once that are worth handing over. */
  readonly leastRows: number;
  readonly program: URL;
}

const DEFAULT_OPTIONS: ThreadOptions = { afterRows: availableParallelism() > 1 ? LONG_ROWS : Number.POSITIVE_INFINITY, leastRows: LEAST_ROWS, program: ownFile('dist/sinks/text-thread.js') };

export class ThreadedText implements LogFormat {
  readonly #options: TextFormatOptions;
  readonly #threadOptions: ThreadOptions;
  readonly #text: TextFormat;
  #rows = 0;
  #thread: LinesThread | undefined;

  constructor(options: TextFormatOptions, thread = DEFAULT_OPTIONS) {
    this.#options = options;
    this.#threadOptions = thread;
    this.#text = new TextFormat(options);
  }

  begin(): Uint8Array {
    return NOTHING;
  }

  format(rows: MergedRows): Uint8Array | Promise<Uint8Array> {
    const packed = this.#text.pack(rows);
    this.#rows += rows.length;
    const { afterRows, leastRows, program } = this.#threadOptions;
    if (rows.length < leastRows) return this.#text.spell(packed);
    if (this.#thread?.state === 'ready') return this.#inThread(packed, this.#thread);
    if (this.#thread === undefined && this.#rows >= afterRows) this.#thread = new LinesThread(program, this.#options);
    return this.#text.spell(packed);
  }

  recycle(bytes: Uint8Array): void {
    if (bytes.buffer instanceof SharedArrayBuffer) this.#thread?.recycle(bytes);
    else this.#text.recycle(bytes);
  }

  end(): Uint8Array {
    return NOTHING;
  }

  close(): void {
    this.#thread?.close();
  }

  async #inThread(packed: PackedRows, thread: LinesThread): Promise<Uint8Array> {
    const answer = await thread.spell(packed, this.#text.addressWidth);
    if (answer === undefined) return this.#text.spell(packed);
    this.#text.addressWidth = answer.addressWidth;
    return answer.lines;
  }
}

/** One question at a time. It keeps the process alive only while there is one. */
class LinesThread {
  state: 'starting' | 'ready' | 'gone' = 'starting';
  readonly #worker: Worker;
  #knownHosts = 0;
  #written: Uint8Array[] = [];
  #answer: ((answer: LinesAnswer | undefined) => void) | undefined;

  constructor(program: URL, options: TextFormatOptions) {
    this.#worker = new Worker(program, { workerData: options });
    this.#worker.unref();
    this.#worker.on('message', (answer: LinesAnswer | 'ready') => {
      if (answer !== 'ready') this.#give(answer);
      else if (this.state === 'starting') this.state = 'ready';
    });
    // What it died of is no matter: its work is done here.
    this.#worker.on('error', () => this.close());
    this.#worker.on('exit', () => this.close());
  }

  /** @returns undefined when the thread is gone */
  spell({ length, times, words, ipv6, asides, hosts }: PackedRows, addressWidth: number): Promise<LinesAnswer | undefined> {
    const question: LinesQuestion = { rows: { length, times, words, ipv6, asides }, newHosts: hosts.slice(this.#knownHosts), addressWidth, written: this.#written };
    this.#knownHosts = hosts.length;
    this.#written = [];
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#worker.ref();
      this.#worker.postMessage(question);
    });
  }

  recycle(bytes: Uint8Array): void {
    this.#written.push(bytes);
  }

  close(): void {
    if (this.state === 'gone') return;
    this.state = 'gone';
    void this.#worker.terminate();
    this.#give(undefined);
  }

  #give(answer: LinesAnswer | undefined): void {
    this.#worker.unref();
    this.#answer?.(answer);
    this.#answer = undefined;
  }
}
