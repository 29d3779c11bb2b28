// What comes in: groups, hosts and variables in the order in which the sources name them; then the vars folders. What goes out: the Inventory.
// Guaranteed: Ansible's rules (inventory/data.py, group.py, host.py, vars/manager.py): groups without a parent become children of `all`; hosts
// in no other group are `ungrouped`; a later value replaces an earlier one. Groups have no loops: `addChild` says so before it makes one.
// Not here: which variable wins where several groups set it (precedence.ts).
import { PythonFloat } from '../base/python-repr.js';
import type { Group, Host, Inventory, Vars } from './host.js';
import { Mistake } from './mistake.js';
import { type GroupVars, hostVars, type VarsLayers } from './precedence.js';
import { compareNames } from './python-text.js';

/** Ansible's C.LOCALHOST: the names of this machine. */
const LOCALHOST = ['localhost', '127.0.0.1', '::1'];

interface GroupDraft extends GroupVars {
  readonly vars: Map<string, unknown>;
  readonly hosts: Set<string>;
  readonly children: Set<string>;
  readonly parents: Set<string>;
  depth: number;
  priority: number;
}

export class InventoryBuilder {
  readonly #groups = new Map<string, GroupDraft>();
  readonly #hosts = new Map<string, Map<string, unknown>>();
  readonly #warnings: string[] = [];
  readonly #oddGroups: string[] = [];
  /** Hosts that a source has put into `ungrouped` and that are in other groups. */
  readonly #leftUngrouped = new Set<string>();

  constructor() {
    this.addGroup('all');
    this.addGroup('ungrouped');
    this.addChild('all', 'ungrouped');
  }

  warn(message: string): void {
    this.#warnings.push(message);
  }

  /** @throws Mistake for an empty name */
  addGroup(name: string): void {
    if (this.#groups.has(name)) return;
    if (name === '') throw new Mistake('a group needs a name');
    this.#groups.set(name, { name, hosts: new Set(), children: new Set(), parents: new Set(), vars: new Map(), priority: 1, depth: 0 });
    if (/^[\d\W]|[^\p{L}\p{N}_]/u.test(name)) this.#oddGroups.push(name);
  }

  hasGroup(name: string): boolean {
    return this.#groups.has(name);
  }

  hasHost(name: string): boolean {
    return this.#hosts.has(name);
  }

  groupNames(): string[] {
    return [...this.#groups.keys()];
  }

  hostNames(): string[] {
    return [...this.#hosts.keys()];
  }

  /** A port counts only where the host is named first, as in Ansible. @throws Mistake for an empty name */
  addHost(name: string, group: string, port: number | undefined): void {
    if (name === '') throw new Mistake('a host needs a name');
    if (!this.#hosts.has(name)) {
      const vars = new Map<string, unknown>();
      if (port !== undefined && port !== 0) vars.set('ansible_port', port);
      if (LOCALHOST.includes(name)) this.#warnAboutLocalhost(name);
      this.#hosts.set(name, vars);
    }
    this.#group(group).hosts.add(name);
  }

  /** Sets a variable of a host; where a group has the same name, Ansible sets it there. @throws Mistake as setGroupVariable */
  setHostVariable(host: string, key: string, value: unknown): void {
    if (this.#groups.has(host)) this.setGroupVariable(host, key, value);
    else this.#hosts.get(host)?.set(key, value);
  }

  /** @throws Mistake for an `ansible_group_priority` that is no whole number */
  setGroupVariable(group: string, key: string, value: unknown): void {
    if (key !== 'ansible_group_priority') this.#group(group).vars.set(key, value);
    else this.#group(group).priority = priority(group, value);
  }

  /** @throws Mistake when the child is `all` or the group itself, or holds it */
  addChild(group: string, child: string): void {
    if (child === 'all') throw new Mistake(`"all" is above every group, so it cannot be a child of "${group}"`);
    if (group === child) throw new Mistake(`the group "${group}" is its own child`, LOOP_HINT);
    if (this.#group(group).children.has(child)) return;
    if (this.#descendants(child).includes(group)) throw new Mistake(`the group "${child}" holds "${group}", so it cannot be its child`, LOOP_HINT);
    this.#group(group).children.add(child);
    this.#group(child).parents.add(group);
  }

  /** @param layers what group_vars/ and host_vars/ hold for these groups and hosts. @throws Mistake when `ungrouped` would hold itself */
  finish(sources: readonly string[], layers: VarsLayers): Inventory {
    for (const group of this.#groups.values()) if (group.name !== 'all' && group.parents.size === 0) this.addChild('all', group.name);
    this.#settleUngrouped();
    this.#warnAboutNames();
    const known = new Set<string>();
    for (const name of this.#groups.keys()) this.#settleDepth(name, known);
    const groups = new Map<string, Group>();
    const memberships = new Map<string, GroupDraft[]>([...this.#hosts.keys()].map((name) => [name, []]));
    for (const group of this.#groups.values()) {
      const { name, hosts: own, children, priority } = group;
      const hosts = this.#hostsBelow(name);
      if (name !== 'all') for (const host of hosts) memberships.get(host)?.push(group);
      const vars = [group.vars, ...layers.exported.map((layer) => layer.groups.get(name) ?? [])].flatMap((entries) => [...entries]);
      groups.set(name, { name, hosts, ownHosts: [...own], children: [...children], vars: Object.fromEntries(vars), priority });
    }
    for (const host of this.#leftUngrouped) this.#leave('ungrouped', memberships.get(host) ?? []);
    const all = this.#group('all');
    const hosts: Host[] = [...this.#hosts].map(([name, own]) => {
      const above = memberships.get(name) ?? [];
      const sorted = above.toSorted((a, b) => a.depth - b.depth || a.priority - b.priority || compareNames(a.name, b.name));
      const beside = layers.exported.map((layer) => layer.hosts.get(name) ?? []);
      const ownVars = Object.fromEntries([own, ...beside].flatMap((entries) => [...entries]));
      return { name, groups: above.map((group) => group.name).sort(compareNames), vars: hostVars(name, own, all, sorted, layers), ownVars };
    });
    const varsOf = (host: string, own: Vars, names: readonly string[]): Vars => {
      const above = new Set(names.flatMap((name) => (this.#groups.has(name) ? [name, ...this.#ancestors(name)] : [name])));
      for (const layer of [...layers.inventory, ...layers.play]) for (const name of [host, ...above]) if (layer.broken?.has(name)) throw layer.broken.get(name);
      const drafts = [...above].filter((name) => name !== 'all').map((name) => this.#groups.get(name) ?? { name, vars: new Map<string, unknown>(), depth: 1, priority: 1 });
      const sorted = drafts.toSorted((a, b) => a.depth - b.depth || a.priority - b.priority || compareNames(a.name, b.name));
      return hostVars(host, new Map(Object.entries(own)), all, sorted, layers);
    };
    return { hosts, groups, varsOf, sources, warnings: this.#warnings };
  }

  #group(name: string): GroupDraft {
    const group = this.#groups.get(name);
    if (group === undefined) throw new Error(`no group ${name}`); // a mistake of ours: callers add groups first
    return group;
  }

  /** The group and all below it, level by level, each once. */
  #descendants(name: string): string[] {
    const found = new Set([name]);
    for (const one of found) for (const child of this.#group(one).children) found.add(child);
    return [...found];
  }

  #ancestors(name: string): Set<string> {
    const found = new Set(this.#group(name).parents);
    for (const one of found) for (const parent of this.#group(one).parents) found.add(parent);
    return found;
  }

  /** host.py, remove_group: with a group a host leaves what is above it, where no other of its groups is below that; even what it is in directly. */
  #leave(name: string, groups: GroupDraft[]): void {
    const at = groups.findIndex((group) => group.name === name);
    if (at !== -1) groups.splice(at, 1);
    for (const above of this.#ancestors(name)) {
      const isIn = above !== 'all' && groups.some((group) => group.name === above);
      if (isIn && !groups.some((group) => this.#ancestors(group.name).has(above))) this.#leave(above, groups);
    }
  }

  #hostsBelow(name: string): string[] {
    return [...new Set(this.#descendants(name).flatMap((one) => [...this.#group(one).hosts]))];
  }

  /** data.py, reconcile_inventory: with `ungrouped` as a child of another group, its hosts count as grouped, and leave it. */
  #settleUngrouped(): void {
    const ungrouped = this.#group('ungrouped');
    const isBelowOthers = [...ungrouped.parents].some((parent) => parent !== 'all');
    const grouped = new Set<string>();
    for (const { name, hosts } of this.#groups.values()) if (name !== 'all' && name !== 'ungrouped') for (const host of hosts) grouped.add(host);
    for (const host of this.#hosts.keys()) {
      if (ungrouped.hosts.has(host)) {
        if (!grouped.has(host) && !isBelowOthers) continue;
        ungrouped.hosts.delete(host);
        this.#leftUngrouped.add(host);
      } else if (grouped.has(host)) continue;
      else if (this.#groups.has(host) && !ungrouped.children.has(host)) {
        if (host === 'all') throw new Mistake('a host has the name "all", which is also the group above every group', 'put it into a group of its own, or give it another name');
        this.addChild('ungrouped', host);
        for (const below of this.#hostsBelow(host)) this.#leftUngrouped.delete(below);
      } else if (this.#groups.has(host)) continue;
      else ungrouped.hosts.add(host);
    }
  }

  #warnAboutLocalhost(name: string): void {
    const first = [...this.#hosts.keys()].find((one) => LOCALHOST.includes(one));
    if (first !== undefined) this.warn(`"${name}" is this machine by another name than "${first}": each is a host of its own here`);
  }

  #warnAboutNames(): void {
    const shown = this.#oddGroups.slice(0, 5).join(', ');
    if (shown !== '') this.warn(`group names with characters other than letters, digits and _, or with a digit first, are used as they are: ${shown}${this.#oddGroups.length > 5 ? ', …' : ''}`);
    for (const name of this.#hosts.keys()) if (this.#groups.has(name)) this.warn(`"${name}" is both a host and a group`);
  }

  /** Steps of the longest way from `all`. */
  #settleDepth(name: string, known: Set<string>): number {
    const group = this.#group(name);
    if (known.has(name)) return group.depth;
    for (const parent of group.parents) group.depth = Math.max(group.depth, this.#settleDepth(parent, known) + 1);
    known.add(name);
    return group.depth;
  }
}

const LOOP_HINT = 'remove one of the two places: groups may not form a loop';

/** What Python's int() makes of it. */
function priority(group: string, value: unknown): number {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof PythonFloat || (typeof value === 'number' && Number.isFinite(value))) return Math.trunc(Number(value));
  if (typeof value === 'string' && /^\s*[-+]?\d+(?:_\d+)*\s*$/.test(value)) return Number(value.replaceAll('_', ''));
  throw new Mistake(`ansible_group_priority of the group "${group}" must be a whole number`);
}
