// What comes in: a mapping of a playbook. What goes out: its entries, and values of the kind that a key takes.
// Guaranteed: no key is ignored: one that is not supported is refused with what to write instead, one that does not exist with what was meant.
import { isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import { didYouMean } from '../base/near-names.js';
import { DateTime } from '../base/datetime.js';
import { PythonFloat } from '../base/python-repr.js';
import { describeNode, type MapEntry, mapEntries, resolveAlias, type YamlFile, yamlError } from '../base/yaml.js';
import { compileNode, Template } from './template.js';

export const INVALID = 'playbook-invalid';
export const UNSUPPORTED = 'playbook-unsupported';

export type Entries = ReadonlyMap<string, MapEntry>;

export function entriesOf(yaml: YamlFile, node: Node | null, what: string): Entries {
  const map = resolveAlias(yaml, node);
  if (!isMap(map)) throw yamlError(yaml, node, `${what} is a mapping, not ${describeNode(yaml, node)}`, { code: INVALID });
  return new Map(mapEntries(yaml, map as YAMLMap).map((entry) => [String(entry.key), entry]));
}

/** A key without a value, or null. */
export function isNothing(yaml: YamlFile, node: Node | null): boolean {
  const current = resolveAlias(yaml, node);
  return current === null || (isScalar(current) && current.value === null);
}

export function itemsOf(yaml: YamlFile, node: Node | null, what: string): Node[] {
  const list = resolveAlias(yaml, node);
  if (list === null || isNothing(yaml, list)) return [];
  if (!isSeq(list)) throw yamlError(yaml, node, `${what} takes a list, not ${describeNode(yaml, node)}`, { code: INVALID });
  return list.items as Node[];
}

/** With nothing behind them they are as if they were not there. */
const MAY_BE_EMPTY: ReadonlySet<string> = new Set(['when', 'args', 'register', 'retries', 'until', 'listen', 'loop', 'order', 'vars_files']);
/** With nothing behind them Ansible ends with an error. */
const NOT_EMPTY = /^(?:tags|throttle|connection|serial|strategy|loop_control|block|rescue|always|with_.*)$/;

/** The keys that say something. @throws FleetTapError for one that must */
export function saidEntries(yaml: YamlFile, entries: Entries): Entries {
  const empty = [...entries].filter(([, { value }]) => isNothing(yaml, value));
  const wrong = empty.find(([key]) => NOT_EMPTY.test(key));
  if (wrong !== undefined) throw yamlError(yaml, wrong[1].keyNode, `nothing stands behind ${wrong[0]}`, { code: INVALID, hint: 'write a value, or remove the key' });
  return empty.some(([key]) => MAY_BE_EMPTY.has(key)) ? new Map([...entries].filter(([key, { value }]) => !MAY_BE_EMPTY.has(key) || !isNothing(yaml, value))) : entries;
}

/** The error for a key that may not stand here. */
export function keyError(yaml: YamlFile, entry: MapEntry, what: string, known: readonly string[], unsupported: Readonly<Record<string, string>>) {
  const key = String(entry.key);
  const one = `${/^[aeiou]/.test(what) ? 'an' : 'a'} ${what}`;
  const advice = Object.hasOwn(unsupported, key) ? unsupported[key] : undefined;
  if (advice !== undefined) return yamlError(yaml, entry.keyNode, `the key "${key}" of ${one} is not supported`, { code: UNSUPPORTED, hint: advice });
  const hint = didYouMean(key, known) ?? `supported: ${known.join(', ')}`;
  return yamlError(yaml, entry.keyNode, `${one} has no key "${key}"`, { code: INVALID, hint });
}

export function textOf(yaml: YamlFile, entries: Entries, key: string): string | undefined {
  const entry = entries.get(key);
  if (entry === undefined) return undefined;
  const value = compileNode(yaml, entry.value);
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || value instanceof PythonFloat || value instanceof DateTime) return String(value);
  if (value instanceof Template) throw value.source.error(0, `${key} takes no template here`, { hint: 'write the value itself' });
  throw yamlError(yaml, entry.value ?? entry.keyNode, `${key} takes a string, not ${describeNode(yaml, entry.value)}`, { code: INVALID });
}

export function textsOf(yaml: YamlFile, entries: Entries, key: string): string[] {
  const entry = entries.get(key);
  if (entry === undefined) return [];
  const list = resolveAlias(yaml, entry.value);
  const items = isSeq(list) ? (list.items as Node[]) : [entry.value];
  return items.map((item) => textOf(yaml, new Map([[key, { ...entry, value: item }]]), key) ?? '');
}

/** true or false; "yes" in quotes too, as Ansible converts it. */
export function booleanOf(yaml: YamlFile, entries: Entries, key: string): boolean | undefined {
  const value = templatedBooleanOf(yaml, entries, key);
  if (value instanceof Template) throw value.source.error(0, `${key} takes no template yet`, { hint: 'write true or false; `when` decides for each host' });
  return value;
}

export function templatedBooleanOf(yaml: YamlFile, entries: Entries, key: string): boolean | Template | undefined {
  const entry = entries.get(key);
  if (entry === undefined) return undefined;
  const value = compileNode(yaml, entry.value);
  if (typeof value === 'boolean' || value instanceof Template) return value;
  if (value === null) return false;
  if (typeof value === 'string' && /^(yes|on|true)$/i.test(value)) return true;
  if (typeof value === 'string' && /^(no|off|false)$/i.test(value)) return false;
  throw yamlError(yaml, entry.value ?? entry.keyNode, `${key} takes true or false, not ${describeNode(yaml, entry.value)}`, { code: INVALID });
}
