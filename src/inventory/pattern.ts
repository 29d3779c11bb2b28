// What comes in: an inventory and a host pattern: `web:&prod:!db*`, `~regex`, `web[0]`, `web[1:3]`. What goes out: hosts, in Ansible's order.
// Guaranteed: Ansible's selection (inventory/manager.py): names and globs first, then each `&`, then each `!`, wherever they stand.
// Stricter than Ansible, which warns and goes on: a plain name that is neither host nor group, a subscript out of range, an empty pattern.
// Added: folded names (`web[01-40]`), when all of them are hosts.
import { isIPv6 } from 'node:net';
import { FleetTapError } from '../base/errors.js';
import { didYouMean } from '../base/near-names.js';
import { unfold } from './fold.js';
import { globToRegExp } from './glob.js';
import type { Host, Inventory } from './host.js';
import { splitPort } from './host-range.js';

/**
 * @param limit a second pattern (`--limit`); undefined or empty = no limit
 * @returns possibly no host: a glob may match nothing, and that is for the caller to judge
 * @throws FleetTapError kind `input`: `pattern-unknown`, `pattern-invalid`
 */
export function selectHosts(inventory: Inventory, pattern: string, limit?: string): Host[] {
  const words = splitPattern(pattern);
  if (words.length === 0) throw new FleetTapError('input', 'pattern-invalid', 'the host pattern is empty', { hint: 'write `all` for all hosts' });
  const selector = new Selector(inventory);
  let names = selector.select(words);
  const limitWords = splitPattern(limit ?? '');
  if (limitWords.length > 0) {
    const allowed = new Set(selector.select(limitWords));
    names = names.filter((name) => allowed.has(name));
  }
  const byName = new Map(inventory.hosts.map((host) => [host.name, host]));
  return names.flatMap((name) => byName.get(name) ?? []);
}

/** Commas separate, except inside brackets; without a comma, colons do, unless the whole is one name or address (manager.py, split_host_pattern). */
function splitPattern(pattern: string): string[] {
  const outsideBrackets = pattern.match(/(?:[^,[\]]|\[[^\]]*\]|[[\]])+/g) ?? [];
  const isOne = isIPv6(pattern) || splitPort(pattern).port !== undefined;
  const words = outsideBrackets.length > 1 || pattern.endsWith(',') || isOne ? outsideBrackets : (pattern.match(/(?:[^\s:[\]]|\[[^\]]*\])+/g) ?? []);
  return words.map((word) => word.trim()).filter((word) => word !== '');
}

class Selector {
  readonly #inventory: Inventory;
  readonly #hosts: ReadonlySet<string>;

  constructor(inventory: Inventory) {
    this.#inventory = inventory;
    this.#hosts = new Set(inventory.hosts.map((host) => host.name));
  }

  select(words: readonly string[]): string[] {
    const regular = words.filter((word) => !/^[&!]/.test(word));
    let selected = new Set<string>();
    for (const word of regular.length === 0 ? ['all'] : regular) for (const name of this.#match(word)) selected.add(name);
    for (const word of words.filter((word) => word.startsWith('&'))) {
      const kept = new Set(this.#match(word.slice(1)));
      selected = new Set([...selected].filter((name) => kept.has(name)));
    }
    for (const word of words.filter((word) => word.startsWith('!'))) for (const name of this.#match(word.slice(1))) selected.delete(name);
    return [...selected];
  }

  #match(word: string): string[] {
    if (this.#hosts.has(word)) return [word];
    if (word.startsWith('@')) throw invalid('a file of host names (@file) is not supported yet', 'write the names, separated by commas');
    if (word.startsWith('~')) return this.#enumerate(word, regExp(word));
    const folded = /\[\d+[-,\d]*\]/.test(word) && /\[[^\]]*[-,]/.test(word) ? unfold(word) : undefined;
    if (folded !== undefined) return this.#folded(word, folded);
    const subscript = /^(.+)\[(?:(-?\d+)|(\d+):(\d*))\]$/s.exec(word);
    if (subscript?.[1] === undefined) return this.#enumerate(word, globToRegExp(word));
    return this.#slice(word, subscript[1], subscript);
  }

  #folded(word: string, names: readonly string[]): string[] {
    const missing = names.find((name) => !this.#hosts.has(name));
    if (missing === undefined) return [...names];
    const group = word.slice(0, word.indexOf('['));
    const hint = this.#inventory.groups.has(group) ? `for a part of the group, count from 0 and write ${group}[0:2]` : this.#near(missing);
    throw unknown(`the inventory has no host "${missing}" of "${word}"`, hint);
  }

  #slice(word: string, expression: string, [, , index, first, last]: RegExpExecArray): string[] {
    const names = this.#enumerate(expression, globToRegExp(expression));
    if (index === undefined) return names.slice(Number(first), last === '' || last === undefined ? undefined : Number(last) + 1);
    const name = names.at(Number(index));
    if (name === undefined) throw unknown(`"${word}" is out of range: "${expression}" has ${names.length} hosts`, `the first is ${expression}[0], the last ${expression}[-1]`);
    return [name];
  }

  /** Groups whose names match, and hosts whose names match: hosts only where no group did, or the word is a glob (manager.py, _enumerate_matches). */
  #enumerate(word: string, expression: RegExp): string[] {
    const groups = [...this.#inventory.groups.values()].filter((group) => expression.test(group.name));
    const names = new Set(groups.flatMap((group) => group.hosts));
    const isGlob = /[?*[]/.test(word) || word.startsWith('~');
    if (groups.length === 0 || isGlob || word.includes('.')) {
      for (const { name } of this.#inventory.hosts) if (expression.test(name)) names.add(name);
    }
    if (names.size === 0 && groups.length === 0 && !isGlob) throw unknown(`the inventory has no host and no group "${word}"`, this.#near(word));
    return [...names];
  }

  #near(name: string): string {
    const known = [...this.#hosts, ...this.#inventory.groups.keys()];
    return didYouMean(name, known) ?? 'see what there is with `fleet-tap inventory --graph`';
  }
}

/** Python's re.match: from the beginning, not to the end. */
function regExp(word: string): RegExp {
  try {
    return new RegExp(`^(?:${word.slice(1).replaceAll('(?P<', '(?<')})`);
  } catch (cause) {
    throw invalid(`"${word}" is not a regular expression: ${cause instanceof Error ? cause.message : String(cause)}`, 'quote it for your shell; ":" and "," separate patterns');
  }
}

function unknown(message: string, hint: string): FleetTapError {
  return new FleetTapError('input', 'pattern-unknown', message, { hint });
}

function invalid(message: string, hint: string): FleetTapError {
  return new FleetTapError('input', 'pattern-invalid', message, { hint });
}
