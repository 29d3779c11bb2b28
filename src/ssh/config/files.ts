// What comes in: where ssh_config files are. What goes out: their lines, split and checked; each file is read once, however many hosts ask.
// Guaranteed: a mistake in a file is one sentence with file:line; a file that others may write is refused, as OpenSSH refuses it.
import { readFileSync, statSync } from 'node:fs';
import { FleetTapError } from '../../base/errors.js';
import { globPaths } from '../../base/path-glob.js';
import { splitCriteria, splitKeyword, splitWords } from '../../base/ssh-config-words.js';
import { lookUpKeyword, type ValueKind } from './keywords.js';
import { readValue, type Value, WrongValue } from './values.js';

export interface ConfigLine {
  readonly file: string;
  readonly line: number;
  /** As written, lower case. */
  readonly keyword: string;
  /** The name of the value, and its kind; undefined: nobody knows the keyword, which is a mistake unless IgnoreUnknown says otherwise. */
  readonly name: string;
  readonly kind: ValueKind | undefined;
  readonly value: Value;
}

/** What a resolver asks of the file system. */
export interface ConfigReader {
  /** @returns undefined when there is no such file. @throws FleetTapError when others may write it, with `mustBePrivate` */
  read(file: string, mustBePrivate: boolean): string | undefined;
  /** Paths that match, sorted; `*`, `?` and `[…]` are patterns within one name. */
  glob(pattern: string): string[];
}

/** Lines of one file or of the command line. @throws FleetTapError kind `input`, code `ssh-config` */
function parseConfig(text: string, file: string): ConfigLine[] {
  return text.split('\n').flatMap((raw, index) => {
    const split = splitKeyword(raw);
    return split === undefined ? [] : [parseLine(split.keyword, split.rest, file, index + 1)];
  });
}

/** One option of a command line; its mistakes have line 0. @throws FleetTapError kind `input`, code `ssh-config` */
export function parseOption(keyword: string, value: string, from: string): ConfigLine {
  return parseLine(keyword.toLowerCase(), value.trim(), from, 0);
}

function parseLine(keyword: string, rest: string, file: string, line: number): ConfigLine {
  const wrong = (message: string) => configError(file, line, message);
  if (rest === '') throw wrong(`${keyword} has no value`);
  const known = lookUpKeyword(keyword);
  const words = keyword === 'match' ? splitCriteria(rest) : splitWords(rest);
  if (words === undefined) throw wrong(`${keyword} has a quote that is not closed`);
  if (known === undefined) return { file, line, keyword, name: keyword, kind: undefined, value: words };
  if (known.kind === 'block' && words.some((word) => word === '')) throw wrong(`${keyword} has an empty word`);
  try {
    return { file, line, keyword, ...known, value: readValue(known.kind, words, rest) };
  } catch (error) {
    if (error instanceof WrongValue) throw wrong(`${keyword} ${error.message}`);
    throw error;
  }
}

export function configError(file: string, line: number | undefined, message: string, hint = 'ssh_config(5) says what may stand there; `ssh -G HOST` shows the same mistake'): FleetTapError {
  return new FleetTapError('input', 'ssh-config', message, { place: line === undefined ? { file } : { file, line }, hint });
}

/** The files of this machine. */
const machineReader: ConfigReader = {
  read(file, mustBePrivate) {
    try {
      const facts = statSync(file);
      if (facts.isDirectory()) return undefined;
      const isOurs = facts.uid === 0 || facts.uid === process.getuid?.();
      if (mustBePrivate && (!isOurs || (facts.mode & 0o022) !== 0)) throw configError(file, undefined, 'others than you may change this file, so ssh would not read it', `chmod go-w ${file}`);
      return readFileSync(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
      if (error instanceof FleetTapError) throw error;
      throw configError(file, undefined, `cannot be read: ${(error as Error).message}`, 'make it readable for you');
    }
  },
  glob: globPaths,
};

/** All files of a run: read when first asked for. */
export class ConfigFiles {
  readonly #reader: ConfigReader;
  readonly #lines = new Map<string, ConfigLine[] | undefined>();
  readonly #globs = new Map<string, string[]>();

  constructor(reader: ConfigReader = machineReader) {
    this.#reader = reader;
  }

  /** @returns undefined when there is no such file */
  lines(file: string, mustBePrivate: boolean): ConfigLine[] | undefined {
    if (!this.#lines.has(file)) {
      const text = this.#reader.read(file, mustBePrivate);
      this.#lines.set(file, text === undefined ? undefined : parseConfig(text, file));
    }
    return this.#lines.get(file);
  }

  glob(pattern: string): string[] {
    let found = this.#globs.get(pattern);
    if (found === undefined) {
      found = this.#reader.glob(pattern);
      this.#globs.set(pattern, found);
    }
    return found;
  }
}
