// What comes in: the tree of a YAML inventory. What goes out: its groups, hosts and variables, in a builder.
// Guaranteed: what ansible-core's yaml plugin reads (plugins/inventory/yaml.py): what it skips is skipped with a warning that has a place; what
// makes it give up on the file (hosts as a list, a number for a name, a loop of groups) is an error with file:line:column.
import { isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import type { FleetTapError } from '../base/errors.js';
import { didYouMean } from '../base/near-names.js';
import { describeNode, type MapEntry, mapEntries, resolveAlias, type YamlFile, yamlError, yamlPlace } from '../base/yaml.js';
import { plainValue } from '../base/yaml-value.js';
import { isDate } from '../base/yaml-scalars.js';
import type { InventoryBuilder } from './builder.js';
import { readHostKey } from './host-range.js';
import { Mistake } from './mistake.js';

const SECTIONS = ['hosts', 'vars', 'children'];

/**
 * The groups of the file, or why Ansible would now try to read it as INI: nothing is in the builder yet.
 * @throws FleetTapError kind `input`, code `inventory-plugin` for a plugin's configuration
 */
export function yamlGroups(yaml: YamlFile): MapEntry[] | FleetTapError {
  const root = resolveAlias(yaml, yaml.root);
  if (isNothing(root) || (isMap(root) && root.items.length === 0)) return mistake(yaml, root, 'the inventory is empty', 'name at least one host: `all: {hosts: {web1: {}}}`');
  if (!isMap(root)) return mistake(yaml, root, `an inventory is a mapping of groups, not ${describeNode(yaml, root)}`, 'begin it with `all:` and, below it, `hosts:`');
  return mapEntries(yaml, root as YAMLMap);
}

/** The key `plugin`, where Ansible takes the file for an inventory plugin's configuration. */
export function pluginEntry(yaml: YamlFile, groups: readonly MapEntry[]): MapEntry | undefined {
  return groups.find(({ key, value }) => {
    const node = resolveAlias(yaml, value);
    if (key !== 'plugin' || isNothing(node)) return false;
    return isMap(node) || isSeq(node) ? node.items.length > 0 : !isFalse(node);
  });
}

/** @throws FleetTapError kind `input`, code `inventory-structure` */
export function readYamlInventory(yaml: YamlFile, groups: readonly MapEntry[], builder: InventoryBuilder): void {
  const reader = new Reader(yaml, builder);
  for (const entry of groups) reader.group(entry);
}

class Reader {
  readonly #yaml: YamlFile;
  readonly #builder: InventoryBuilder;
  /** Mappings that are being read: an alias to one of them would never end. */
  readonly #open = new Set<Node>();

  constructor(yaml: YamlFile, builder: InventoryBuilder) {
    this.#yaml = yaml;
    this.#builder = builder;
  }

  group({ key, keyNode, value }: MapEntry): void {
    const yaml = this.#yaml;
    const body = resolveAlias(yaml, value);
    if (!isNothing(body) && !isMap(body)) {
      this.#warn(value, `"${String(key)}" is passed over: a group is a mapping with hosts, vars or children, not ${describeNode(yaml, body)}; ${groupHint(String(key))}`);
      return;
    }
    if (typeof key !== 'string' || isDate(keyNode)) throw mistake(yaml, keyNode, `a group's name must be a text, not ${describeNode(yaml, keyNode)}`, 'put it in quotes');
    this.#try(keyNode, () => this.#builder.addGroup(key));
    if (isNothing(body)) return;
    if (this.#open.has(body)) throw mistake(yaml, value, `the group "${key}" holds itself`);
    this.#open.add(body);
    const sections = mapEntries(yaml, body as YAMLMap).map((section) => ({ ...section, entries: this.#sectionEntries(key, section) }));
    for (const { key: section, entries } of sections) {
      for (const entry of entries ?? []) {
        if (section === 'vars') this.#try(entry.value ?? entry.keyNode, () => this.#builder.setGroupVariable(key, String(entry.key), plainValue(yaml, entry.value)));
        else if (section === 'children') this.#child(key, entry);
        else if (section === 'hosts') this.#host(key, entry);
      }
    }
    this.#open.delete(body);
  }

  /** What stands in a section; undefined for nothing, and for what Ansible skips. `hosts: web1` is short for `hosts: {web1: }`. */
  #sectionEntries(group: string, { key, keyNode, value }: MapEntry): MapEntry[] | undefined {
    const yaml = this.#yaml;
    const body = resolveAlias(yaml, value);
    if (!SECTIONS.includes(String(key))) {
      const near = SECTIONS.includes(group) ? groupHint(group) : (didYouMean(String(key), SECTIONS) ?? 'hosts go below `hosts:`, groups below `children:`, variables below `vars:`');
      this.#warn(keyNode, `"${String(key)}" in the group "${group}" is passed over: a group has hosts, vars and children; ${near}`);
      return undefined;
    }
    if (isNothing(body)) return undefined;
    if (isMap(body)) return mapEntries(yaml, body as YAMLMap);
    if (isScalar(body) && typeof body.value === 'string') return [{ key: body.value, keyNode: body, value: null }];
    const hint = key === 'vars' ? 'write `name: value` lines below it' : 'write each on a line of its own with a colon and no dash: `web1:`';
    throw mistake(yaml, value, `"${String(key)}" of the group "${group}" must be a mapping, not ${describeNode(yaml, body)}`, hint);
  }

  #child(group: string, entry: MapEntry): void {
    const { key, keyNode } = entry;
    this.group(entry);
    if (typeof key === 'string' && this.#builder.hasGroup(key)) this.#try(keyNode, () => this.#builder.addChild(group, key));
    else if (typeof key === 'string' && this.#builder.hasHost(key)) this.#builder.addHost(key, group, undefined);
    else throw mistake(this.#yaml, keyNode, `the child "${String(key)}" of the group "${group}" is no group`, groupHint(String(key)));
  }

  #host(group: string, { key, keyNode, value }: MapEntry): void {
    const yaml = this.#yaml;
    if (typeof key !== 'string' || isDate(keyNode)) throw mistake(yaml, keyNode, `a host's name must be a text, not ${describeNode(yaml, keyNode)}`, 'put it in quotes');
    const { names, port } = this.#try(keyNode, () => readHostKey(key));
    if (names.length === 0) this.#warn(keyNode, `the range in "${key}" begins after its end, so it is no host at all`);
    if (/[\s\p{Cc}]/u.test(key)) this.#warn(keyNode, `the host's name ${JSON.stringify(key)} has white space in it${key.includes('=') ? ' (variables go below the host, one `name: value` a line)' : ''}`);
    const body = resolveAlias(yaml, value);
    if (!isMap(body) && !isFalse(body)) {
      const hint = 'variables go below the host, one `name: value` a line';
      throw mistake(yaml, value, `the host "${key}" must have a mapping of variables, not ${describeNode(yaml, body)}`, hint);
    }
    const variables = isMap(body) ? mapEntries(yaml, body as YAMLMap).map((entry) => [String(entry.key), plainValue(yaml, entry.value)] as const) : [];
    this.#try(keyNode, () => {
      for (const name of names) {
        this.#builder.addHost(name, group, port);
        for (const [variable, data] of variables) this.#builder.setHostVariable(name, variable, data);
      }
    });
  }

  #try<T>(where: Node, act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw error instanceof Mistake ? mistake(this.#yaml, where, error.message, error.hint) : error;
    }
  }

  #warn(where: Node | null, message: string): void {
    const { file, line, column } = yamlPlace(this.#yaml, where);
    this.#builder.warn(`${file}:${line}:${column}: ${message}`);
  }
}

function isNothing(node: Node | null): node is null {
  return node === null || (isScalar(node) && node.value === null);
}

/** What Python counts as false: Ansible takes it for nothing. */
function isFalse(node: Node | null): boolean {
  if (isSeq(node)) return node.items.length === 0;
  return isNothing(node) || (isScalar(node) && ['', 0, false].includes(node.value as string));
}

function groupHint(name: string): string {
  return SECTIONS.includes(name) ? `\`${name}:\` belongs below a group; begin with \`all:\`` : `write \`hosts:\` below it`;
}

function mistake(yaml: YamlFile, where: Node | null, message: string, hint?: string): FleetTapError {
  return yamlError(yaml, where, message, { code: 'inventory-structure', hint });
}
