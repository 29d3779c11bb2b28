// What comes in: a rules file (YAML). What goes out: the rules, checked as far as they can be without a log.
//   groups: {app: [app01, 10.0.9.0/24]}         names for hosts of the log, addresses and networks
//   rules:
//     - name: no reset between app and db
//       never: {between: [app, db], flags: rst}
//       except: {port: 9000}
//     - {name: …, at_most: 600, per: minute, packets: {to: db, new: true}}
//     - {name: …, at_least: 1, packets: {from: web, to: app}}
// Guaranteed: no key is ignored; a mistake is a sentence with file:line:column.
import { isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import type { FleetTapError } from '../base/errors.js';
import { didYouMean } from '../base/near-names.js';
import { describeNode, type MapEntry, mapEntries, resolveAlias, type YamlFile, yamlError } from '../base/yaml.js';
import { plainValue } from '../base/yaml-value.js';

/** Words as they are written: a group, a host of the log, an address, a network, `outside`. */
export interface Name {
  readonly word: string;
  readonly node: Node | null;
}

/** What a packet must be; what is left out does not matter. */
export interface Selector {
  readonly from?: readonly Name[];
  readonly to?: readonly Name[];
  /** One end is among the first, the other among the second. */
  readonly between?: readonly [readonly Name[], readonly Name[]];
  /** The host that received it. */
  readonly receiver?: readonly Name[];
  readonly protocol?: 'tcp' | 'udp';
  /** Of either end. */
  readonly port?: readonly PortRange[];
  readonly fromPort?: readonly PortRange[];
  readonly toPort?: readonly PortRange[];
  /** Bits of UAPRSF: any of these. */
  readonly flags?: number;
  /** The first segment of a connection: SYN without ACK. */
  readonly isNew?: boolean;
}

export type PortRange = readonly [number, number];

export interface Rule {
  readonly name: string;
  readonly line: number;
  readonly packets: Selector;
  readonly except: readonly Selector[];
  readonly limit: { readonly kind: 'never' } | { readonly kind: 'at_most'; readonly count: number; readonly perNs: number | undefined; readonly per: string | undefined } | { readonly kind: 'at_least'; readonly count: number };
}

export interface Rules {
  readonly yaml: YamlFile;
  readonly groups: ReadonlyMap<string, readonly Name[]>;
  readonly rules: readonly Rule[];
}

const PERIODS: Readonly<Record<string, number>> = { second: 1e9, minute: 60e9, hour: 3600e9 };
const FLAGS: Readonly<Record<string, number>> = { urg: 32, ack: 16, psh: 8, rst: 4, syn: 2, fin: 1 };
const SELECTOR_KEYS = ['from', 'to', 'between', 'receiver', 'protocol', 'port', 'from_port', 'to_port', 'flags', 'new'];
const RULE_KEYS = ['name', 'never', 'at_most', 'at_least', 'per', 'packets', 'except'];

/** In place of a name: every address that is no captured host's. */
export const OUTSIDE = 'outside';

/** The code of every mistake in a rules file. */
export const RULES_INVALID = 'rules-invalid';

export function readRules(yaml: YamlFile): Rules {
  const top = entriesOf(yaml, yaml.root, 'a rules file', ['groups', 'rules']);
  const groups = new Map<string, readonly Name[]>();
  const written = top.get('groups');
  if (written !== undefined) for (const entry of mapOf(yaml, written.value, 'groups')) {
    if (entry.key === OUTSIDE) throw mistake(yaml, entry.keyNode, `${OUTSIDE} is every address that is no captured host's, and cannot be the name of a group`, 'choose another name');
    groups.set(String(entry.key), namesOf(yaml, entry.value));
  }
  const list = resolveAlias(yaml, top.get('rules')?.value ?? null);
  if (!isSeq(list) || list.items.length === 0) throw mistake(yaml, list ?? yaml.root, 'rules is a list of at least one rule', 'rules: [{name: no reset, never: {flags: rst}}]');
  return { yaml, groups, rules: list.items.map((item) => ruleOf(yaml, item as Node)) };
}

function ruleOf(yaml: YamlFile, node: Node): Rule {
  const entries = entriesOf(yaml, node, 'a rule', RULE_KEYS);
  const kinds = ['never', 'at_most', 'at_least'].filter((key) => entries.has(key));
  if (kinds.length !== 1) throw mistake(yaml, node, `a rule has one of never, at_most and at_least, not ${kinds.length === 0 ? 'none' : kinds.join(' and ')}`);
  const [kind] = kinds;
  const name = plainValue(yaml, entries.get('name')?.value ?? null);
  if (typeof name !== 'string' || name === '') throw mistake(yaml, entries.get('name')?.value ?? node, 'a rule has a name', 'name: no reset between app and db');
  const { line } = yamlPlaceOf(yaml, node);
  const packets = entries.get('packets');
  const except = exceptOf(yaml, entries.get('except'));
  if (kind === 'never') {
    for (const key of ['packets', 'per']) if (entries.has(key)) throw mistake(yaml, entries.get(key)?.keyNode ?? node, `${key} does not go with never`, 'never: {…} says which packets itself');
    return { name, line, packets: selectorOf(yaml, entries.get('never')?.value ?? null), except, limit: { kind } };
  }
  if (packets === undefined) throw mistake(yaml, node, `${kind} needs packets: which ones are counted`, 'packets: {to: db, new: true}');
  const count = plainValue(yaml, entries.get(kind ?? '')?.value ?? null);
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 0) throw mistake(yaml, entries.get(kind ?? '')?.value ?? node, `${kind} takes a whole number`);
  const per = entries.get('per');
  if (kind === 'at_least') {
    if (per !== undefined) throw mistake(yaml, per.keyNode, 'per goes with at_most only');
    return { name, line, packets: selectorOf(yaml, packets.value), except, limit: { kind, count } };
  }
  const period = per === undefined ? undefined : String(plainValue(yaml, per.value));
  if (period !== undefined && !Object.hasOwn(PERIODS, period)) throw mistake(yaml, per?.value ?? node, `per takes ${Object.keys(PERIODS).join(', ')}, not ${period}`);
  return { name, line, packets: selectorOf(yaml, packets.value), except, limit: { kind: 'at_most', count, per: period, perNs: period === undefined ? undefined : PERIODS[period] } };
}

function exceptOf(yaml: YamlFile, entry: MapEntry | undefined): Selector[] {
  if (entry === undefined) return [];
  const node = resolveAlias(yaml, entry.value);
  const written = isSeq(node) ? (node.items as Node[]) : [node];
  return written.map((one) => {
    const selector = selectorOf(yaml, one);
    if (Object.keys(selector).length === 0) throw mistake(yaml, one, 'except: {} is every packet: nothing would be left that the rule is about');
    return selector;
  });
}

function selectorOf(yaml: YamlFile, node: Node | null): Selector {
  const entries = entriesOf(yaml, node, 'a choice of packets', SELECTOR_KEYS);
  const names = (key: string) => (entries.has(key) ? namesOf(yaml, entries.get(key)?.value ?? null) : undefined);
  const ports = (key: string) => (entries.has(key) ? portsOf(yaml, entries.get(key)?.value ?? null) : undefined);
  const [from, to, receiver] = [names('from'), names('to'), names('receiver')];
  const [port, fromPort, toPort] = [ports('port'), ports('from_port'), ports('to_port')];
  const protocol = entries.has('protocol') ? plainValue(yaml, entries.get('protocol')?.value ?? null) : undefined;
  if (protocol !== undefined && protocol !== 'tcp' && protocol !== 'udp') throw mistake(yaml, entries.get('protocol')?.value ?? node, 'protocol takes tcp or udp');
  const isNew = entries.has('new') ? plainValue(yaml, entries.get('new')?.value ?? null) : undefined;
  if (isNew !== undefined && typeof isNew !== 'boolean') throw mistake(yaml, entries.get('new')?.value ?? node, 'new takes true or false');
  const between = entries.has('between') ? betweenOf(yaml, entries.get('between')?.value ?? null) : undefined;
  if (protocol === 'udp') for (const key of ['flags', 'new']) if (entries.has(key)) throw mistake(yaml, entries.get(key)?.keyNode ?? node, `${key} is of TCP segments: no UDP packet has it, and this choice would be none`);
  const flags = entries.has('flags') ? flagsOf(yaml, entries.get('flags')?.value ?? null) : undefined;
  return {
    ...(from && { from }), ...(to && { to }), ...(between && { between }), ...(receiver && { receiver }), ...(protocol && { protocol }), ...(port && { port }), ...(fromPort && { fromPort }), ...(toPort && { toPort }),
    ...(flags !== undefined && { flags }), ...(isNew !== undefined && { isNew }),
  };
}

function betweenOf(yaml: YamlFile, node: Node | null): [readonly Name[], readonly Name[]] {
  const list = resolveAlias(yaml, node);
  if (!isSeq(list) || list.items.length !== 2) throw mistake(yaml, node, 'between takes a list of two', 'between: [app, db]');
  const [one, other] = list.items as Node[];
  return [namesOf(yaml, one ?? null), namesOf(yaml, other ?? null)];
}

function namesOf(yaml: YamlFile, node: Node | null): Name[] {
  return itemsOf(yaml, node).map((item) => {
    const word = plainValue(yaml, item);
    if (typeof word !== 'string' || word === '') throw mistake(yaml, item, `a host, group, address or network is a word, not ${describeNode(yaml, item)}`, 'put quotes around it');
    return { word, node: item };
  });
}

function portsOf(yaml: YamlFile, node: Node | null): PortRange[] {
  return itemsOf(yaml, node).map((item) => {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(String(plainValue(yaml, item))) ?? [];
    const range = [Number(first), Number(last)] as const;
    if (first === undefined || range[1] > 65_535 || range[0] > range[1]) throw mistake(yaml, item, 'a port is a number from 0 to 65535, or a range such as 8000-8010');
    return range;
  });
}

function flagsOf(yaml: YamlFile, node: Node | null): number {
  let bits = 0;
  for (const item of itemsOf(yaml, node)) {
    for (const word of String(plainValue(yaml, item)).toLowerCase().split(',')) {
      const bit = FLAGS[word.trim()];
      if (bit === undefined) throw mistake(yaml, item, `there is no TCP flag ${word.trim()}`, didYouMean(word.trim(), Object.keys(FLAGS)) ?? `there are ${Object.keys(FLAGS).join(', ')}`);
      bits |= bit;
    }
  }
  return bits;
}

/** One word is a list of one. */
function itemsOf(yaml: YamlFile, node: Node | null): Node[] {
  const value = resolveAlias(yaml, node);
  if (isSeq(value) && value.items.length > 0) return value.items as Node[];
  if (isScalar(value) && value.value !== null) return [value];
  throw mistake(yaml, node, `a word or a list of words belongs here, not ${isSeq(value) ? 'an empty list' : describeNode(yaml, node)}`);
}

function mapOf(yaml: YamlFile, node: Node | null, what: string): MapEntry[] {
  const map = resolveAlias(yaml, node);
  if (!isMap(map)) throw mistake(yaml, node ?? yaml.root, `${what} is a mapping, not ${describeNode(yaml, node)}`);
  return mapEntries(yaml, map as YAMLMap);
}

function entriesOf(yaml: YamlFile, node: Node | null, what: string, known: readonly string[]): Map<string, MapEntry> {
  const entries = new Map<string, MapEntry>();
  for (const entry of mapOf(yaml, node, what)) {
    const key = String(entry.key);
    if (!known.includes(key)) throw mistake(yaml, entry.keyNode, `${what} has no key "${key}"`, didYouMean(key, known) ?? `it has ${known.join(', ')}`);
    entries.set(key, entry);
  }
  return entries;
}

function yamlPlaceOf(yaml: YamlFile, node: Node): { line: number } {
  return { line: yaml.lineCounter.linePos(node.range?.[0] ?? 0).line };
}

function mistake(yaml: YamlFile, node: Node | null, sentence: string, hint?: string): FleetTapError {
  return yamlError(yaml, node, sentence, { code: RULES_INVALID, hint });
}
