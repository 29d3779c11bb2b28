// What comes in: groups, hosts and variables in the order in which the sources name them. What goes out: the finished Inventory.
// Guaranteed: Ansible's rules (inventory/data.py, group.py, helpers.py, host.py): groups without a parent become children of `all`; hosts in no
// other group are `ungrouped`; variables merge by (depth, ansible_group_priority, name), the host's own last; a later value replaces an earlier one.
// Groups have no loops: `addChild` says so before it makes one.
import type { Group, Host, Inventory } from './host.js';

interface GroupDraft {
  readonly name: string;
  readonly hosts: Set<string>;
  readonly children: Set<string>;
  readonly parents: Set<string>;
  readonly vars: Map<string, unknown>;
  priority: number;
}

export class InventoryBuilder {
  readonly #groups = new Map<string, GroupDraft>();
  readonly #hosts = new Map<string, Map<string, unknown>>();

  constructor() {
    this.addGroup('all');
    this.addGroup('ungrouped');
    this.addChild('all', 'ungrouped');
  }

  addGroup(name: string): void {
    if (this.#groups.has(name)) return;
    this.#groups.set(name, { name, hosts: new Set(), children: new Set(), parents: new Set(), vars: new Map(), priority: 1 });
  }

  hasHost(name: string): boolean {
    return this.#hosts.has(name);
  }

  /** A port counts only where the host is named first, as in Ansible. */
  addHost(name: string, group: string, port: number | undefined): void {
    if (!this.#hosts.has(name)) {
      const vars = new Map<string, unknown>();
      if (port !== undefined && port !== 0) vars.set('ansible_port', port);
      this.#hosts.set(name, vars);
    }
    this.#group(group).hosts.add(name);
  }

  /** Sets a variable of a host; where a group has the same name, Ansible sets it there. */
  setHostVariable(host: string, key: string, value: unknown): void {
    if (this.#groups.has(host)) this.setGroupVariable(host, key, value);
    else this.#hosts.get(host)?.set(key, value);
  }

  setGroupVariable(group: string, key: string, value: unknown): void {
    if (key === 'ansible_group_priority') this.#group(group).priority = Number(value);
    else this.#group(group).vars.set(key, value);
  }

  /** @returns false, and does nothing, when the child is `all` or the group itself, or holds it */
  addChild(group: string, child: string): boolean {
    if (group === child || child === 'all' || this.#descendants(child).includes(group)) return false;
    this.#group(group).children.add(child);
    this.#group(child).parents.add(group);
    return true;
  }

  finish(sources: readonly string[]): Inventory {
    for (const group of this.#groups.values()) {
      if (group.name !== 'all' && group.parents.size === 0) this.addChild('all', group.name);
    }
    this.#settleUngrouped();
    const memberships = this.#memberships();
    const depths = this.#depths();
    const hosts: Host[] = [...this.#hosts].map(([name, own]) => {
      const groups = memberships.get(name) ?? [];
      const byPrecedence = groups.toSorted(
        (a, b) => (depths.get(a.name) ?? 0) - (depths.get(b.name) ?? 0) || a.priority - b.priority || compareNames(a.name, b.name),
      );
      const vars = new Map<string, unknown>();
      for (const source of [...byPrecedence.map((group) => group.vars), own]) for (const [key, value] of source) vars.set(key, value);
      const names = groups.map((group) => group.name).filter((group) => group !== 'all');
      return { name, groups: names.sort(compareNames), vars: Object.fromEntries(vars) };
    });
    const groups = new Map<string, Group>();
    for (const { name, hosts: own, children } of this.#groups.values()) {
      groups.set(name, { name, hosts: this.#hostsBelow(name), ownHosts: [...own], children: [...children] });
    }
    return { hosts, groups, sources };
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

  #hostsBelow(name: string): string[] {
    return [...new Set(this.#descendants(name).flatMap((one) => [...this.#group(one).hosts]))];
  }

  #settleUngrouped(): void {
    const grouped = new Set<string>();
    for (const { name, hosts } of this.#groups.values()) if (name !== 'all' && name !== 'ungrouped') for (const host of hosts) grouped.add(host);
    const ungrouped = this.#group('ungrouped');
    for (const host of this.#hosts.keys()) {
      if (grouped.has(host)) ungrouped.hosts.delete(host);
      else if (ungrouped.hosts.has(host)) continue;
      else if (this.#groups.has(host)) this.addChild('ungrouped', host);
      else ungrouped.hosts.add(host);
    }
  }

  /** Every group of every host, those above its own groups included. */
  #memberships(): Map<string, GroupDraft[]> {
    const memberships = new Map<string, GroupDraft[]>();
    for (const host of this.#hosts.keys()) memberships.set(host, []);
    for (const group of this.#groups.values()) for (const host of this.#hostsBelow(group.name)) memberships.get(host)?.push(group);
    return memberships;
  }

  /** Steps of the longest way from `all`. */
  #depths(): Map<string, number> {
    const depths = new Map<string, number>();
    const depthOf = (name: string): number => {
      const known = depths.get(name);
      if (known !== undefined) return known;
      let depth = 0;
      for (const parent of this.#group(name).parents) depth = Math.max(depth, depthOf(parent) + 1);
      depths.set(name, depth);
      return depth;
    };
    for (const name of this.#groups.keys()) depthOf(name);
    return depths;
  }
}

/** By code point, as Python compares strings. */
function compareNames(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i]?.codePointAt(0) ?? 0) - (right[i]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
