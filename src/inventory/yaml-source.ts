// What comes in: the tree of a YAML inventory. What goes out: its groups, hosts and variables, in a builder.
// Guaranteed: what ansible-core's yaml plugin reads (plugins/inventory/yaml.py), and an error with file:line:column for all that it would
// skip with a warning: an unknown key in a group, hosts as a list, a group that is no mapping.
// Stricter than Ansible, too: `vars` as a text, a value that is no mapping under a host, white space in a host's name.
import { isMap, isScalar, type Node, type YAMLMap } from 'yaml';
import type { FleetTapError } from '../base/errors.js';
import { didYouMean } from '../base/near-names.js';
import { describeNode, type MapEntry, mapEntries, resolveAlias, type YamlFile, plainValue, yamlError } from '../base/yaml.js';
import type { InventoryBuilder } from './builder.js';
import { type HostNames, RangeMistake, readHostKey } from './host-range.js';

const SECTIONS = ['hosts', 'vars', 'children'];

/** @throws FleetTapError kind `input`: `inventory-structure`, `inventory-unsupported` */
export function readYamlInventory(yaml: YamlFile, builder: InventoryBuilder): void {
  const root = resolveAlias(yaml, yaml.root);
  if (root === null || (isScalar(root) && root.value === null) || (isMap(root) && root.items.length === 0)) {
    throw mistake(yaml, root, 'the inventory is empty', 'name at least one host: `all: {hosts: {web1: {}}}`');
  }
  if (!isMap(root)) throw mistake(yaml, root, `an inventory is a mapping of groups, not ${describeNode(yaml, root)}`, 'begin it with `all:` and, below it, `hosts:`');
  const reader = new Reader(yaml, builder);
  const entries = mapEntries(yaml, root);
  const plugin = entries.find((entry) => entry.key === 'plugin');
  if (plugin !== undefined && !isMap(resolveAlias(yaml, plugin.value))) {
    throw yamlError(yaml, plugin.keyNode, 'this is the configuration of an inventory plugin, which is not supported', {
      code: 'inventory-unsupported',
      hint: `write what it finds to a file: \`ansible-inventory -i ${yaml.file} --list --yaml > inventory.yml\``,
    });
  }
  for (const entry of entries) reader.group(entry);
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

  /** @returns the group's name */
  group({ key, keyNode, value }: MapEntry): string {
    const yaml = this.#yaml;
    if (typeof key !== 'string' || key === '') throw mistake(yaml, keyNode, `a group's name must be a text, not ${describeNode(yaml, keyNode)}`, 'put it in quotes');
    const body = resolveAlias(yaml, value);
    this.#builder.addGroup(key);
    if (isNothing(body)) return key;
    if (!isMap(body)) {
      throw mistake(yaml, value, `the group "${key}" must be a mapping with hosts, vars or children, not ${describeNode(yaml, body)}`, groupHint(key));
    }
    if (this.#open.has(body)) throw mistake(yaml, value, `the group "${key}" holds itself`);
    this.#open.add(body);
    const sections = mapEntries(yaml, body);
    for (const section of sections) this.#section(key, section);
    this.#open.delete(body);
    return key;
  }

  #section(group: string, { key, keyNode, value }: MapEntry): void {
    const yaml = this.#yaml;
    if (!SECTIONS.includes(String(key))) {
      const near = SECTIONS.includes(group) ? groupHint(group) : didYouMean(String(key), SECTIONS) ?? `hosts go below \`hosts:\`, groups below \`children:\`, variables below \`vars:\``;
      throw mistake(yaml, keyNode, `the group "${group}" has the unknown key "${String(key)}"; a group has hosts, vars and children`, near);
    }
    const body = resolveAlias(yaml, value);
    if (isNothing(body)) return;
    for (const entry of this.#sectionEntries(group, String(key), body, value)) {
      if (key === 'vars') this.#groupVariable(group, entry);
      else if (key === 'children') this.#child(group, entry);
      else this.#host(group, entry);
    }
  }

  /** `hosts: web1` is short for `hosts: {web1: }`. */
  #sectionEntries(group: string, key: string, body: Node, value: Node | null): MapEntry[] {
    if (isMap(body)) return mapEntries(this.#yaml, body as YAMLMap);
    if (key !== 'vars' && isScalar(body) && typeof body.value === 'string') return [{ key: body.value, keyNode: body, value: null }];
    const hint = key === 'vars' ? 'write `name: value` lines below it' : `write each on a line of its own with a colon and no dash: \`web1:\``;
    throw mistake(this.#yaml, value, `"${key}" of the group "${group}" must be a mapping, not ${describeNode(this.#yaml, body)}`, hint);
  }

  #groupVariable(group: string, { key, keyNode, value }: MapEntry): void {
    const data = plainValue(this.#yaml, value);
    if (key === 'ansible_group_priority' && !/^[-+]?\d+$/.test(String(data).trim())) {
      throw mistake(this.#yaml, value ?? keyNode, `ansible_group_priority of the group "${group}" must be a whole number`);
    }
    this.#builder.setGroupVariable(group, String(key), data);
  }

  #child(group: string, entry: MapEntry): void {
    const child = this.group(entry);
    if (this.#builder.addChild(group, child)) return;
    if (child === 'all') throw mistake(this.#yaml, entry.keyNode, `"all" is above every group, so it cannot be a child of "${group}"`);
    const message = child === group ? `the group "${group}" is its own child` : `the group "${child}" holds "${group}", so it cannot be its child`;
    throw mistake(this.#yaml, entry.keyNode, message, 'remove one of the two places: groups may not form a loop');
  }

  #host(group: string, { key, keyNode, value }: MapEntry): void {
    const yaml = this.#yaml;
    const { names, port } = this.#hostNames(key, keyNode);
    const body = resolveAlias(yaml, value);
    if (!isNothing(body) && !isMap(body)) {
      const hint = 'variables go below the host, one `name: value` a line';
      throw mistake(yaml, value, `the host "${String(key)}" must have a mapping of variables, not ${describeNode(yaml, body)}`, hint);
    }
    const variables = isMap(body) ? mapEntries(yaml, body).map((entry) => [String(entry.key), plainValue(yaml, entry.value)] as const) : [];
    for (const name of names) {
      this.#builder.addHost(name, group, port);
      for (const [variable, data] of variables) this.#builder.setHostVariable(name, variable, data);
    }
  }

  #hostNames(key: unknown, keyNode: Node): HostNames {
    if (typeof key !== 'string' || key === '') {
      throw mistake(this.#yaml, keyNode, `a host's name must be a text, not ${describeNode(this.#yaml, keyNode)}`, 'put it in quotes');
    }
    if (/[\s\p{Cc}]/u.test(key)) {
      const hint = key.includes('=') ? 'that is the INI form; here variables go below the host, one `name: value` a line' : 'write each host on a line of its own, with a colon';
      throw mistake(this.#yaml, keyNode, `the host's name ${JSON.stringify(key)} has white space in it`, hint);
    }
    try {
      return readHostKey(key);
    } catch (error) {
      if (error instanceof RangeMistake) throw mistake(this.#yaml, keyNode, error.message, error.hint);
      throw error;
    }
  }
}

function isNothing(node: Node | null): node is null {
  return node === null || (isScalar(node) && node.value === null);
}

function groupHint(name: string): string {
  return SECTIONS.includes(name) ? `\`${name}:\` belongs below a group; begin with \`all:\`` : `write \`hosts:\` below it`;
}

function mistake(yaml: YamlFile, where: Node | null, message: string, hint?: string): FleetTapError {
  return yamlError(yaml, where, message, { code: 'inventory-structure', hint });
}
