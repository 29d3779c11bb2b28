// What comes in: an inventory and a host pattern: `web:&prod:!db*`, `~regex`, `web[0]`, `web[1:3]`. What goes out: hosts, in Ansible's order.
// Guaranteed: Ansible's selection (inventory/manager.py): names and globs first, then each `&`, then each `!`, wherever they stand.
// Stricter than Ansible, which warns and goes on: a plain name that is neither host nor group, `localhost` where the inventory has none,
// an empty pattern. Added: folded names (`web[01-40]`) and IPv6 addresses in brackets. docs/ansible-differences.md lists both.
// Not here: `@file`, which limit.ts reads.
import { isIPv6 } from 'node:net';
import { FleetTapError } from '../base/errors.js';
import { didYouMean } from '../base/near-names.js';
import { unfold } from './fold.js';
import { globToRegExp } from './glob.js';
import type { Host, Inventory } from './host.js';
import { pythonRegExp, RegexMistake } from './python-regex.js';
import { bracketAlone, splitPattern } from './split-pattern.js';

/** constants.py, LOCALHOST: Ansible makes these up where the inventory has none of them. */
const LOCALHOST = new Set(['127.0.0.1', 'localhost', '::1']);
/** manager.py, PATTERN_WITH_SUBSCRIPT: Ansible warns about `[x-y]`, and reads it as `[x:y]`. */
const SUBSCRIPT = /^(.+)\[(?:(-?\d+)|(\d+)[:-](\d*))\]$/;

/** A plain name that is neither host nor group (Ansible's HOST_PATTERN_MISMATCH). */
export type UnknownNames =
  | 'refused'
  | 'nobody'; // no host: what else the pattern says counts, and a misspelt `!name` leaves nobody out

/**
 * @param limit a second pattern (`--limit`); undefined or empty = no limit
 * @returns possibly no host: a glob may match nothing, and that is for the caller to judge
 * @throws FleetTapError kind `input`: `pattern-unknown`, `pattern-invalid`
 */
export function selectHosts(inventory: Inventory, pattern: string, limit?: string, unknownNames: UnknownNames = 'refused'): Host[] {
  const words = splitPattern(pattern);
  if (words.length === 0) throw invalid('the host pattern is empty', 'write `all` for all hosts');
  const selector = new Selector(inventory, unknownNames);
  const names = selector.select(words);
  const limitWords = splitPattern(limit ?? '');
  const allowed = limitWords.length === 0 ? undefined : selector.select(limitWords);
  return [...names].filter((name) => allowed?.has(name) ?? true).flatMap((name) => selector.hosts.get(name) ?? []);
}

class Selector {
  readonly hosts: ReadonlyMap<string, Host>;
  readonly #inventory: Inventory;
  readonly #unknownNames: UnknownNames;

  constructor(inventory: Inventory, unknownNames: UnknownNames) {
    this.#inventory = inventory;
    this.#unknownNames = unknownNames;
    this.hosts = new Map(inventory.hosts.map((host) => [host.name, host]));
  }

  select(words: readonly string[]): Set<string> {
    const regular = words.filter((word) => !/^[&!]/.test(word));
    let selected = new Set<string>();
    for (const word of regular.length === 0 ? ['all'] : regular) {
      // A host goes before a group of the same name, but only here: `!name` and `&name` mean the group.
      for (const name of this.hosts.has(word) ? [word] : this.#match(word)) selected.add(name);
    }
    for (const word of words.filter((word) => word.startsWith('&'))) {
      const kept = new Set(this.#match(word.slice(1)));
      selected = new Set([...selected].filter((name) => kept.has(name)));
    }
    for (const word of words.filter((word) => word.startsWith('!'))) for (const name of this.#match(word.slice(1))) selected.delete(name);
    return selected;
  }

  #match(word: string): string[] {
    if (word === '') throw invalid('a "!" or "&" stands alone', 'write the name right behind it: `all:!web1`');
    if (word.startsWith('@')) throw invalid(`"${word}" is a file of names, which only --limit takes`, `write \`--limit ${word}\` and the pattern \`all\``);
    if (word.startsWith('~')) return this.#enumerate(word, regExp(word));
    const alone = word.replace(/\[[^\]]*\]/g, (bracket) => ' '.repeat(bracket.length)).indexOf('[');
    if (alone !== -1 && !this.hosts.has(word)) throw bracketAlone(word, alone);
    const address = /^\[(.*)\](?::\d+)?$/.exec(word)?.[1];
    if (address !== undefined && isIPv6(address)) return this.#enumerate(address);
    const folded = this.#folded(word);
    if (folded !== undefined) return folded;
    const subscript = SUBSCRIPT.exec(word);
    return subscript?.[1] === undefined ? this.#enumerate(word) : this.#slice(word, subscript[1], subscript);
  }

  /** @returns undefined when the word is no folded name, or none of its hosts exists and Ansible has a reading of its own */
  #folded(word: string): string[] | undefined {
    if (!/\[\d+[-,]/.test(word) || /[*?]/.test(word)) return undefined;
    const names = unfold(word);
    if (names === undefined) return undefined;
    // `w[1-3]b` is a glob as well, and as such it may match some of them only.
    const asGlob = /^(?:[^[\]]|\[\d-\d\])+[^[\]]$/.test(word) ? this.#enumerate(word) : [];
    if (asGlob.length > 0) return asGlob;
    const missing = names.find((name) => !this.hosts.has(name));
    if (missing === undefined) return names;
    if (SUBSCRIPT.test(word) && !names.some((name) => this.hosts.has(name))) return undefined;
    const group = word.slice(0, word.indexOf('['));
    const hint = this.#inventory.groups.has(group) ? `for a part of the group, count from 0 and write ${group}[0:2]` : this.#near(missing);
    throw unknown(`the inventory has no host "${missing}" of "${word}"`, hint);
  }

  /** Counted in what matched, where a host stands as often as groups and names found it: Ansible's way, which `web*[7]` shows. */
  #slice(word: string, expression: string, [, , index, first, last]: RegExpExecArray): string[] {
    const names = this.#enumerate(expression);
    if (index === undefined && (last === '' || Number(last) !== 0)) return names.slice(Number(first), last === '' ? undefined : Number(last) + 1);
    const name = names.at(Number(index ?? first));
    if (name === undefined && names.length > 0) {
      throw unknown(`"${word}" is out of range: "${expression}" has ${names.length} hosts`, `the first is ${expression}[0], the last ${expression}[-1]`);
    }
    return name === undefined ? [] : [name];
  }

  /** Groups whose names match, and hosts whose names match: hosts only where no group did, or the word looks like a glob (_enumerate_matches). */
  #enumerate(word: string, expression?: RegExp): string[] {
    const isGlob = /[?*[]/.test(word) || word.startsWith('~');
    const matching = isGlob ? matcher(word, expression) : undefined;
    const groups = matching === undefined ? [word] : [...this.#inventory.groups.keys()].filter(matching);
    const known = groups.flatMap((name) => this.#inventory.groups.get(name) ?? []);
    const names = known.flatMap((group) => group.hosts);
    if (matching !== undefined) for (const name of this.hosts.keys()) if (matching(name)) names.push(name);
    if (matching === undefined && (known.length === 0 || word.includes('.')) && this.hosts.has(word)) names.push(word);
    if (names.length === 0 && known.length === 0 && !isGlob && this.#unknownNames === 'refused') throw unknown(`the inventory has no host and no group "${word}"`, this.#hint(word));
    return names;
  }

  #hint(word: string): string {
    if (LOCALHOST.has(word)) return 'Ansible makes this one up; here it has to stand in the inventory, and sshd has to run on it';
    const port = /^(.*):\d+$/.exec(word)?.[1];
    if (port !== undefined && this.hosts.has(port)) return `a pattern takes no port: write ${port}`;
    return this.#near(word);
  }

  #near(name: string): string {
    const known = [...this.hosts.keys(), ...this.#inventory.groups.keys()];
    return didYouMean(name, known) ?? 'see what there is with `fleet-tap inventory --graph`';
  }
}

function matcher(word: string, expression = globToRegExp(word)): (name: string) => boolean {
  return (name) => expression.test(name);
}

function regExp(word: string): RegExp {
  try {
    return pythonRegExp(word.slice(1));
  } catch (error) {
    if (!(error instanceof RegexMistake)) throw error;
    throw invalid(`"${word}" is no regular expression that can be used here: ${error.message}`, 'quote it for your shell; ":" and "," separate patterns');
  }
}

function unknown(message: string, hint: string): FleetTapError {
  return new FleetTapError('input', 'pattern-unknown', message, { hint });
}

function invalid(message: string, hint: string): FleetTapError {
  return new FleetTapError('input', 'pattern-invalid', message, { hint });
}
