// What comes in: paths of known_hosts files. What goes out: what they say of a name; and a line added to one of them.
// Guaranteed: a file is read and parsed once for all hosts, and again only after it has changed; of several connections that want to write
// at the same time each sees what the one before it has written, so no name gets two keys by accident.
import { type BigIntStats, statSync } from 'node:fs';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Lookup } from './host-key-decision.js';
import { KnownHostsIndex, parseKnownHosts } from './known-hosts.js';

interface ReadFile {
  readonly version: string;
  readonly index: KnownHostsIndex;
}

export class KnownHostsFiles {
  readonly #read = new Map<string, ReadFile>();
  #writing: Promise<unknown> = Promise.resolve();

  /** A file that is missing or not readable is empty, as for OpenSSH. */
  async lookup(files: readonly string[]): Promise<Lookup> {
    const indexes = await Promise.all(files.map((file) => this.#index(file)));
    return (name) => indexes.flatMap((index) => index.about(name));
  }

  /** One at a time: `work` looks again, and writes. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#writing.then(work);
    this.#writing = mine.catch(() => {});
    return mine;
  }

  /** Adds lines; a last line that somebody left without its newline stays a line of its own. @throws the file system's error */
  async append(file: string, lines: readonly string[]): Promise<void> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const before = await readFile(file).catch(() => Buffer.alloc(0));
    const isWhole = before.length === 0 || before.at(-1) === '\n'.charCodeAt(0);
    await appendFile(file, `${isWhole ? '' : '\n'}${lines.map((line) => `${line}\n`).join('')}`, { mode: 0o600 });
  }

  async #index(file: string): Promise<KnownHostsIndex> {
    const facts = factsOf(file);
    const version = facts === undefined ? '' : `${facts.ino} ${facts.size} ${facts.mtimeNs}`;
    const before = this.#read.get(file);
    if (before?.version === version) return before.index;
    const text = facts === undefined ? '' : await readFile(file, 'utf8').catch(() => '');
    const index = new KnownHostsIndex(parseKnownHosts(text, file));
    this.#read.set(file, { version, index });
    return index;
  }
}

/** Not by way of the thread pool, nor by way of an error for a file that is missing, as most are: either costs many times as much, twice a file for each host. */
function factsOf(file: string): BigIntStats | undefined {
  try {
    return statSync(file, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
