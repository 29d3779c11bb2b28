// What comes in: an Inventory. What goes out: what `ansible-inventory` prints of it: --list, --graph and --host, as JSON and as a tree.
// Guaranteed: the same bytes (cli/inventory.py, with Python's json.dumps and str()): order, indentation, escapes, floats; with `hosts`
// only those, as --limit of newer Ansibles does it. What is encrypted stands as it is written.
import { DateTime } from '../base/datetime.js';
import { jsonFloat } from '../base/python-json.js';
import { PythonFloat, pythonRepr } from '../base/python-repr.js';
import { UnsafeText, VAULT_MARK } from '../base/unsafe-text.js';
import type { Group, Host, Inventory, Vars } from './host.js';
import { compareNames } from './python-text.js';
import { VaultText } from './vault-text.js';

export interface ListOptions {
  /** Only these hosts; default: all. */
  readonly hosts?: readonly Host[] | undefined;
  /** Variables where they are set, instead of merged for each host. */
  readonly export?: boolean | undefined;
  /** Variables in the tree. */
  readonly vars?: boolean | undefined;
}

export type Listing = { _meta: { hostvars: Record<string, Vars> } } & Record<string, unknown>;

/** cli/inventory.py, INTERNAL_VARS: Ansible sets these itself, and prints none of them. */
const INTERNAL = new Set([
  ...['ansible_diff_mode', 'ansible_config_file', 'ansible_facts', 'ansible_forks', 'ansible_inventory_sources', 'ansible_limit', 'ansible_playbook_python'],
  ...['ansible_run_tags', 'ansible_skip_tags', 'ansible_verbosity', 'ansible_version', 'inventory_dir', 'inventory_file', 'inventory_hostname'],
  ...['inventory_hostname_short', 'groups', 'group_names', 'omit', 'playbook_dir'],
]);

export function listInventory(inventory: Inventory, options: ListOptions = {}): Listing {
  const { hosts = inventory.hosts } = options;
  const chosen = options.hosts === undefined ? undefined : new Set(hosts.map((host) => host.name));
  const hostvars: [string, Vars][] = hosts.map((host) => [host.name, shownHostVars(host, options)]);
  const listing: [string, unknown][] = [['_meta', { hostvars: Object.fromEntries(hostvars.filter(([, vars]) => Object.keys(vars).length > 0)) }]];
  for (const group of inventory.groups.values()) {
    const own = group.name === 'all' ? [] : group.ownHosts.filter((name) => chosen?.has(name) ?? true);
    const vars = options.export === true ? shownGroupVars(group) : {};
    const shown = { ...(own.length > 0 && { hosts: own }), ...(group.children.length > 0 && { children: group.children }), ...(Object.keys(vars).length > 0 && { vars }) };
    if (Object.keys(shown).length > 0) listing.push([group.name, shown]);
  }
  return Object.fromEntries(listing) as Listing;
}

/** What `ansible-inventory --list --yaml` prints, for yamlDump: groups inside of each other, each host's variables where it stands first. */
export function yamlListing(inventory: Inventory, options: ListOptions = {}): Record<string, unknown> {
  const byName = new Map((options.hosts ?? inventory.hosts).map((host) => [host.name, host]));
  const seen = new Set<string>();
  const shown = (name: string): Vars => {
    const group = inventory.groups.get(name);
    if (group === undefined) return {};
    const children = Object.fromEntries(group.children.map((child) => [child, shown(child)]));
    const own = (name === 'all' ? [] : group.ownHosts).flatMap((host) => byName.get(host) ?? []);
    const hosts = own.map((host): [string, Vars] => {
      // A mapping of its own each time: what stands at two places is an alias in YAML.
      const vars = seen.has(host.name) ? {} : { ...shownHostVars(host, options) };
      seen.add(host.name);
      return [host.name, vars];
    });
    const vars = options.export === true ? { ...shownGroupVars(group) } : {};
    return {
      ...(group.children.length > 0 && { children }),
      ...(hosts.length > 0 && { hosts: Object.fromEntries(hosts) }),
      ...(Object.keys(vars).length > 0 && { vars }),
    };
  };
  return { all: shown('all') };
}

/** Lines of `ansible-inventory --graph`. @param start a group's name */
export function graphInventory(inventory: Inventory, start = 'all', options: ListOptions = {}): string[] {
  const lines: string[] = [];
  const byName = new Map((options.hosts ?? inventory.hosts).map((host) => [host.name, host]));
  const put = (name: string, depth: number): void => void lines.push(depth === 0 ? name : `${'  |'.repeat(depth)}--${name}`);
  const putVars = (vars: Vars, depth: number): void => {
    if (options.vars !== true) return;
    for (const name of Object.keys(vars).sort(compareNames)) put(`{${name} = ${isText(vars[name]) || vars[name] instanceof DateTime ? vars[name] : repr(vars[name])}}`, depth);
  };
  const walk = (name: string, depth: number): void => {
    const group = inventory.groups.get(name);
    if (group === undefined) return;
    put(`@${name}:`, depth);
    for (const child of group.children) walk(child, depth + 1);
    for (const one of name === 'all' ? [] : group.ownHosts) {
      const host = byName.get(one);
      if (host === undefined) continue;
      put(one, depth + 1);
      putVars(shownHostVars(host, options), depth + 2);
    }
    putVars(shownGroupVars(group), depth + 1);
  };
  walk(start, 0);
  return lines;
}

export function shownHostVars(host: Host, options: ListOptions): Vars {
  return withoutInternal(options.export === true ? (host.ownVars ?? {}) : host.vars);
}

function shownGroupVars(group: Group): Vars {
  return withoutInternal(group.priority === 1 ? group.vars : { ...group.vars, ansible_group_priority: group.priority });
}

function withoutInternal(vars: Vars): Vars {
  const names = Object.keys(vars);
  return names.some((name) => INTERNAL.has(name)) ? Object.fromEntries(names.filter((name) => !INTERNAL.has(name)).map((name) => [name, vars[name]])) : vars;
}

/** Python's `json.dumps(value, sort_keys=True, indent=4, ensure_ascii=False)`. */
export function pythonJson(value: unknown, indent = ''): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : jsonFloat(value);
  if (value instanceof PythonFloat) return value.toString();
  if (value instanceof DateTime) return JSON.stringify(value);
  if (value instanceof VaultText) return pythonJson({ [VAULT_MARK]: value.ciphertext }, indent);
  if (value instanceof UnsafeText) return pythonJson(value.toJSON(), indent);
  if (typeof value !== 'object' || value === null) return String(value);
  const inner = `${indent}    `;
  const isList = Array.isArray(value);
  const items = isList
    ? value.map((item) => pythonJson(item, inner))
    : Object.keys(value)
        .sort(compareNames)
        .map((key) => `${JSON.stringify(key)}: ${pythonJson((value as Vars)[key], inner)}`);
  const [open, close] = isList ? '[]' : '{}';
  return items.length === 0 ? `${open}${close}` : `${open}\n${inner}${items.join(`,\n${inner}`)}\n${indent}${close}`;
}

function isText(value: unknown): value is string | UnsafeText {
  return typeof value === 'string' || value instanceof UnsafeText;
}

/** Python's `repr()`. */
function repr(value: unknown): string {
  return pythonRepr(value, (other) => (other instanceof VaultText ? other.ciphertext : undefined));
}
