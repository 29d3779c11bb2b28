// What comes in: a host as ssh is asked for it, the options of the command line, and the config files. What goes out: its options as `ssh -G` has them.
// Guaranteed: the first value wins (command line, then the user's file, then the system's), but IdentityFile and CertificateFile add up;
// a second pass when Match final or CanonicalizeHostname ask for it; a mistake anywhere in a file is an error, also where no host matches.
// Why not the npm package ssh-config: it follows no Include, has no second pass, and checks no value; what is left of it is the splitting of lines.
import { join } from 'node:path';
import { FleetTapError } from '../../base/errors.js';
import { type ConfigFiles, type ConfigLine, configError, parseOption } from './files.js';
import type { LocalMachine } from './machine.js';
import { canonicalHost, matchCriteria } from './match.js';
import { matchPattern, matchPatternList } from './pattern.js';
import { expandTokens } from './tokens.js';
import { type Value, WrongValue } from './values.js';

/** One `-o Keyword=value`, and where it comes from, for messages. */
export interface CommandLineOption {
  readonly keyword: string;
  readonly value: string;
  /** For example `ansible_ssh_common_args of web1`. */
  readonly from: string;
}

export interface ResolveRequest {
  /** What ssh is asked for: `host` or `user@host`. */
  readonly host: string;
  readonly options: readonly CommandLineOption[];
  /** `-F`: in place of both files; `none`: no file. */
  readonly configFile?: string | undefined;
}

export interface ResolvedOptions {
  /** By keyword, lower case; as written, without defaults. */
  readonly values: ReadonlyMap<string, Value>;
  /** Where a value stands, as `file:line`. */
  readonly places: ReadonlyMap<string, string>;
  /** %n */
  readonly originalHost: string;
  /** Where to connect: HostName with %h put in, lower case. */
  readonly host: string;
}

const SYSTEM_FOLDER = '/etc/ssh';
/** As OpenSSH: deeper is a loop. */
const INCLUDE_DEPTH = 16;
/** These add up; of the others the first counts. */
const LISTS = new Set(['identityfile', 'certificatefile']);

/** @throws FleetTapError kind `input`, code `ssh-config` */
export function resolveOptions(request: ResolveRequest, files: ConfigFiles, machine: LocalMachine): ResolvedOptions {
  const at = request.host.lastIndexOf('@');
  const evaluation = new Evaluation(request.host.slice(at + 1), files, machine);
  for (const { keyword, value, from } of request.options) evaluation.commandLine(keyword, value, from);
  if (at > 0) evaluation.commandLine('User', `"${request.host.slice(0, at)}"`, 'the host');
  return evaluation.run(request.configFile);
}

interface Where {
  readonly isUsers: boolean;
  readonly isNeverActive: boolean;
  readonly depth: number;
}

class Evaluation {
  readonly #originalHost: string;
  readonly #files: ConfigFiles;
  readonly #machine: LocalMachine;
  readonly #values = new Map<string, Value>();
  readonly #places = new Map<string, string>();
  #host: string;
  #isActive = true;
  #isFinalPass = false;
  #wantsFinalPass = false;

  constructor(host: string, files: ConfigFiles, machine: LocalMachine) {
    this.#originalHost = host;
    this.#host = host;
    this.#files = files;
    this.#machine = machine;
  }

  commandLine(keyword: string, value: string, from: string): void {
    const line = parseOption(keyword, value, from);
    if (line.kind === 'block') throw this.#wrong(line, 'cannot stand on a command line');
    this.#isActive = true;
    this.#take(line, { isUsers: true, isNeverActive: false, depth: 0 });
  }

  run(configFile: string | undefined): ResolvedOptions {
    this.#readFiles(configFile);
    this.#host = canonicalHost(this.#hostName());
    const canonicalize = this.#one('canonicalizehostname') ?? 'no';
    if (this.#wantsFinalPass || canonicalize !== 'no') {
      this.#isFinalPass = true;
      this.#values.set('hostname', [this.#host]);
      this.#readFiles(configFile);
    }
    return { values: this.#values, places: this.#places, originalHost: this.#originalHost, host: this.#host };
  }

  #readFiles(configFile: string | undefined): void {
    const user = configFile ?? join(this.#machine.home, '.ssh', 'config');
    if (configFile?.toLowerCase() === 'none') return;
    const isThere = this.#readFile(user, { isUsers: true, isNeverActive: false, depth: 0 }, configFile === undefined);
    if (configFile === undefined) this.#readFile(join(SYSTEM_FOLDER, 'ssh_config'), { isUsers: false, isNeverActive: false, depth: 0 }, false);
    else if (!isThere) throw configError(configFile, undefined, 'there is no such file', 'name another one with -F, or none');
  }

  #readFile(file: string, where: Where, mustBePrivate: boolean): boolean {
    if (where.depth > INCLUDE_DEPTH) throw configError(file, undefined, `is included more than ${INCLUDE_DEPTH} files deep`, 'does a file include itself?');
    const lines = this.#files.lines(file, mustBePrivate);
    if (where.depth === 0) this.#isActive = true;
    for (const line of lines ?? []) this.#take(line, where);
    return lines !== undefined;
  }

  #take(line: ConfigLine, where: Where): void {
    const { kind, name, value, keyword } = line;
    if (kind === undefined) {
      const ignored = this.#one('ignoreunknown');
      if (ignored !== undefined && matchPatternList(keyword, ignored.toLowerCase())) return;
      throw this.#wrong(line, 'is no keyword of ssh_config', 'IgnoreUnknown KEYWORD before it passes over it');
    }
    if (kind === 'block') this.#block(line, where);
    else if (this.#isActive && kind !== 'ignored') this.#set(name, value, line);
  }

  #set(name: string, value: Value, line: ConfigLine): void {
    const before = this.#values.get(name);
    if (LISTS.has(name)) {
      const [path] = value;
      if (path !== undefined && !before?.includes(path)) this.#values.set(name, [...(before ?? []), path]);
      return;
    }
    // Of a jump and a command the first counts (ssh_config(5) ProxyJump); no jump leaves room for a command, not the other way round.
    const hasJump = (this.#one('proxyjump') ?? 'none').toLowerCase() !== 'none';
    if (before !== undefined || (name === 'proxycommand' && hasJump) || (name === 'proxyjump' && this.#values.has('proxycommand'))) return;
    // A list without a word sets nothing.
    if (value.length === 0) return;
    this.#values.set(name, value);
    this.#places.set(name, line.line === 0 ? line.file : `${line.file}:${line.line}`);
  }

  #block(line: ConfigLine, where: Where): void {
    if (line.keyword === 'include') return this.#include(line, where);
    if (line.keyword === 'match') {
      this.#isActive = this.#match(line, where) && !where.isNeverActive;
      return;
    }
    this.#isActive = false;
    if (where.isNeverActive) return;
    for (const pattern of line.value) {
      const negated = pattern.startsWith('!');
      if (!matchPattern(this.#host, negated ? pattern.slice(1) : pattern)) continue;
      this.#isActive = !negated;
      if (negated) return;
    }
  }

  #match(line: ConfigLine, where: Where): boolean {
    const machine = this.#machine;
    const host = this.#hostName();
    try {
      const result = matchCriteria(line.value, {
        machine, originalHost: this.#originalHost, host,
        port: Number(this.#one('port') ?? 22),
        user: this.#one('user') ?? machine.user,
        keyAlias: this.#one('hostkeyalias') ?? host,
        tag: this.#one('tag') ?? '',
        isFinalPass: this.#isFinalPass,
        isParseOnly: where.isNeverActive,
      });
      if (result.wantsFinalPass && !this.#isFinalPass) this.#wantsFinalPass = true;
      return result.matches;
    } catch (error) {
      if (error instanceof WrongValue) throw this.#wrong(line, error.message);
      throw error;
    }
  }

  #include(line: ConfigLine, where: Where): void {
    const isActive = this.#isActive;
    for (const word of line.value) {
      if (word.startsWith('~') && !where.isUsers) throw this.#wrong(line, `is "${word}": the system's file may not include a file of a home folder`);
      const folder = where.isUsers ? join(this.#machine.home, '.ssh') : SYSTEM_FOLDER;
      const pattern = word.startsWith('~/') ? join(this.#machine.home, word.slice(2)) : word.startsWith('/') ? word : join(folder, word);
      for (const file of this.#files.glob(pattern)) {
        this.#readFile(file, { ...where, isNeverActive: where.isNeverActive || !isActive, depth: where.depth + 1 }, true);
        // What a file includes ends with it.
        this.#isActive = isActive;
      }
    }
  }

  /** HostName as far as it is known, with %h put in. */
  #hostName(): string {
    const written = this.#one('hostname');
    if (written === undefined) return this.#host;
    if (this.#isFinalPass) return written;
    try {
      return expandTokens(written, { h: this.#originalHost });
    } catch (error) {
      if (error instanceof WrongValue) throw new FleetTapError('input', 'ssh-config', `HostName ${error.message}`, { hint: `it stands at ${this.#places.get('hostname')}` });
      throw error;
    }
  }

  #one(name: string): string | undefined {
    return this.#values.get(name)?.[0];
  }

  #wrong(line: ConfigLine, message: string, hint?: string): FleetTapError {
    return configError(line.file, line.line, `${line.keyword} ${message}`, hint);
  }
}
