// What comes in: blocks of rows that do not fit into memory. What goes out: the same blocks later, each once.
// Guaranteed: one file a block in a folder that only its owner may enter; each goes when it is taken, and the folder at the end; a full
// disk and a used-up limit are told apart from nothing else: there is no room.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SpillStore } from '../merge/spill.js';

const LIMIT_BYTES = 4 * 2 ** 30;

export class SpillFiles implements SpillStore {
  readonly #parent: string;
  readonly #limitBytes: number;
  readonly #bytes = new Map<number, number>();
  #total = 0;
  #next = 0;
  #folder: string | undefined;

  /** @param parent where the folder is made when the first block comes; mkdtemp(3) makes it for its owner only */
  constructor(parent = tmpdir(), limitBytes = LIMIT_BYTES) {
    this.#parent = parent;
    this.#limitBytes = limitBytes;
  }

  put(block: Buffer): number | undefined {
    if (this.#total + block.length > this.#limitBytes) return undefined;
    const number = this.#next;
    try {
      this.#folder ??= mkdtempSync(join(this.#parent, 'fleet-tap-spill-'));
      writeFileSync(this.#file(number), block, { mode: 0o600, flag: 'wx' });
    } catch {
      // What a full disk has taken of it goes again.
      if (this.#folder !== undefined) rmSync(this.#file(number), { force: true });
      return undefined;
    }
    this.#next += 1;
    this.#bytes.set(number, block.length);
    this.#total += block.length;
    return number;
  }

  take(number: number): Buffer {
    const block = readFileSync(this.#file(number));
    rmSync(this.#file(number));
    this.#total -= this.#bytes.get(number) ?? 0;
    this.#bytes.delete(number);
    return block;
  }

  close(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }

  #file(number: number): string {
    return join(this.#folder ?? this.#parent, String(number));
  }
}
