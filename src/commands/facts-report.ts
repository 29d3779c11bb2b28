// What comes in: each host's facts, under Ansible's names. What goes out: what a person or a program reads of them. Pure.
// Guaranteed: equal values stand once, with their folded host set where hosts differ; no control character of a host goes out.
import { printable } from '../base/host-text.js';
import { jsonText } from '../base/json-text.js';
import { foldHosts } from '../inventory/fold.js';
import { globToRegExp } from '../inventory/glob.js';

export type NamedFacts = Readonly<Record<string, unknown>>;

/** Each fact's value as JSON on one line. */
export type FactTexts = ReadonlyMap<string, string>;

/** @param known texts that are kept already: hosts of a fleet have most values in common */
export function factTexts(facts: NamedFacts, known: Map<string, string> = new Map()): FactTexts {
  return new Map(
    Object.entries(facts).map(([name, value]) => {
      const text = jsonText(value);
      const same = known.get(text);
      if (same === undefined) known.set(text, text);
      return [name, same ?? text];
    }),
  );
}

/**
 * As the setup module's `filter`: names with `*`, `?` and `[…]`, of which one must fit; the prefix `ansible_` may be left out.
 * @param filters empty: all facts
 */
export function filterFacts(facts: NamedFacts, filters: readonly string[]): NamedFacts {
  const patterns = filters.map((glob) => globToRegExp(glob));
  const fits = (name: string): boolean => patterns.length === 0 || patterns.some((pattern) => pattern.test(name) || pattern.test(name.replace(/^ansible_/, '')));
  return Object.fromEntries(Object.entries(facts).filter(([name]) => fits(name)));
}

/** With the prefix: the names that `ansible -m setup` prints. */
export function prefixed(facts: NamedFacts): NamedFacts {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [`ansible_${name}`, value]));
}

/** Each fact once; below it each distinct value with its hosts, the largest set first, where they differ. */
export function formatFacts(byHost: ReadonlyMap<string, FactTexts>): string {
  const names = [...new Set([...byHost.values()].flatMap((facts) => [...facts.keys()]))].sort();
  let text = '';
  for (const name of names) {
    const groups = new Map<string, string[]>();
    for (const [host, facts] of byHost) {
      const value = printable(facts.get(name) ?? '(not there)');
      groups.set(value, [...(groups.get(value) ?? []), host]);
    }
    const [only, ...others] = [...groups].sort(([, a], [, b]) => b.length - a.length);
    if (only !== undefined && others.length === 0) text += `${printable(name)}: ${only[0]}\n`;
    else text += `${printable(name)}:\n${[only, ...others].map((group) => (group === undefined ? '' : `  ${foldHosts(group[1])}: ${group[0]}\n`)).join('')}`;
  }
  return text;
}
