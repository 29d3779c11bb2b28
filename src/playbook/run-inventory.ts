// The inventory while a playbook runs: add_host and group_by put hosts and groups into it.
// Guaranteed: what a host said becomes a host's data, never a template; later plays see what was added.
import { isDeepStrictEqual } from 'node:util';
import type { Group, Host, Inventory } from '../inventory/host.js';
import type { Effect } from '../modules/module.js';
import { type HostVariables, type UserVars, HostVariables as Variables } from './host-variables.js';

const LOCALHOST: readonly string[] = ['localhost', '127.0.0.1', '::1'];

export class RunInventory implements Inventory {
  readonly hosts: Host[];
  readonly groups: Map<string, Group>;
  readonly sources: readonly string[];
  readonly warnings: readonly string[];
  readonly variables: Map<string, HostVariables>;
  readonly #extra: UserVars;
  readonly #varsOf: Inventory['varsOf'];
  readonly #implicit = new Map<string, HostVariables>();

  constructor(inventory: Inventory, extra: UserVars, hostVars: (host: string) => Readonly<Record<string, unknown>>) {
    this.hosts = [...inventory.hosts];
    this.groups = new Map(inventory.groups);
    this.sources = inventory.sources;
    this.warnings = inventory.warnings;
    this.#extra = extra;
    this.#varsOf = inventory.varsOf;
    this.variables = new Map(this.hosts.map((host) => [host.name, new Variables(host, extra, hostVars(host.name))]));
  }

  /** A host of the inventory; or one that is only named (delegate_to), whose name is its address. */
  host(name: string): Host {
    const known = this.hosts.find((host) => host.name === name);
    if (known !== undefined) return known;
    return { name, groups: [], vars: LOCALHOST.includes(name) ? { ansible_connection: 'local' } : {} };
  }

  variablesOf(host: Host): HostVariables {
    return this.variables.get(host.name) ?? this.implicit(host.name) ?? new Variables(host, this.#extra, {});
  }

  /** This machine, where the inventory does not name it: in no group, and yet with the variables of all (inventory/manager.py, get_host). */
  implicit(name: string): HostVariables | undefined {
    if (!LOCALHOST.includes(name) || this.variables.has(name)) return undefined;
    const host = this.host(name);
    const known = this.#implicit.get(name) ?? new Variables({ ...host, vars: this.#varsOf?.(name, host.vars, ['all']) ?? host.vars }, this.#extra, {});
    this.#implicit.set(name, known);
    return known;
  }

  /** @returns whether something is new */
  addHost({ host: name, groups, vars }: Extract<Effect, { kind: 'add-host' }>): boolean {
    let isNew = false;
    let host = this.hosts.find((one) => one.name === name);
    if (host === undefined) {
      host = { name, groups: [], vars };
      this.hosts.push(host);
      this.variables.set(name, new Variables({ ...host, vars: {} }, this.#extra, {}));
      this.#put(name, 'all');
      isNew = true;
    }
    const data = this.variablesOf(host).data;
    for (const [key, value] of Object.entries(vars)) {
      isNew ||= !isDeepStrictEqual(data.get(key), value);
      data.set(key, value);
    }
    for (const group of groups) if (this.groups.get(group)?.ownHosts.includes(name) !== true) {
      this.#put(name, group);
      isNew = true;
    }
    if (isNew) this.#reconcile();
    this.#settle();
    return isNew;
  }

  /** @returns whether something is new */
  addGroup(host: string, { group, parents }: Extract<Effect, { kind: 'add-group' }>): boolean {
    this.#group(group);
    let isNew = false;
    for (const parent of parents) {
      const above = this.#group(parent);
      if (above.children.includes(group)) continue;
      this.groups.set(parent, { ...above, children: [...above.children, group] });
      for (const one of this.#group(group).hosts) this.#joined.add(one);
      this.#renewHosts(group);
      isNew = true;
    }
    if (!this.#group(group).hosts.includes(host)) {
      // This machine, which is in no inventory: in this group, but not among all.
      if (this.implicit(host) !== undefined && !this.hosts.some(({ name }) => name === host)) this.hosts.push({ ...this.host(host), ownVars: this.host(host).vars });
      this.#put(host, group);
      isNew = true;
    }
    if (isNew) this.#reconcile();
    this.#settle();
    return isNew;
  }

  /** Hosts that have come into groups since their variables were looked up. */
  readonly #joined = new Set<string>();

  #settle(): void {
    for (const name of this.#joined) {
      const index = this.hosts.findIndex((one) => one.name === name);
      const host = this.hosts[index];
      if (host === undefined || this.#varsOf === undefined) continue;
      const groups = [...this.groups.values()].filter(({ hosts }) => hosts.includes(name)).map((group) => group.name);
      const vars = this.#varsOf(name, host.ownVars ?? {}, groups);
      const known = this.variablesOf(host);
      known.joined(vars);
      // A host of add_host is reached as its groups say, too.
      if (host.ownVars === undefined) this.hosts[index] = { ...host, vars: { ...vars, ...Object.fromEntries(known.data) } };
    }
    this.#joined.clear();
  }

  #group(name: string): Group {
    const group = this.groups.get(name) ?? { name, hosts: [], ownHosts: [], children: [], vars: {}, priority: 1 };
    this.groups.set(name, group);
    return group;
  }

  #put(host: string, name: string): void {
    const group = this.#group(name);
    this.groups.set(name, { ...group, ownHosts: [...group.ownHosts, host] });
    this.#joined.add(host);
    this.#renewHosts(name);
  }

  /** A group that is in no other is in `all`; a host of no other group is in `ungrouped` (inventory/data.py, reconcile_inventory). */
  #reconcile(): void {
    const all = this.#group('all');
    const below = new Set([...this.groups.values()].flatMap(({ children }) => children));
    const added = [...this.groups.keys()].filter((name) => name !== 'all' && !below.has(name));
    this.groups.set('all', { ...all, children: [...all.children, ...added] });
    const grouped = new Set([...this.groups.values()].flatMap(({ name, ownHosts }) => (name === 'all' || name === 'ungrouped' ? [] : ownHosts)));
    const ungrouped = this.#group('ungrouped');
    const ownHosts = [...new Set([...ungrouped.ownHosts, ...this.hosts.map(({ name }) => name)])].filter((name) => !grouped.has(name));
    this.groups.set('ungrouped', { ...ungrouped, ownHosts, hosts: ownHosts });
    this.#renewHosts('all');
  }

  /** Hosts of the group and of all that it is in. */
  #renewHosts(name: string, seen: readonly string[] = []): void {
    const group = this.groups.get(name);
    if (group === undefined || seen.includes(name)) return;
    const hosts = [...new Set([...this.#hostsBelow(name), ...group.hosts])];
    this.groups.set(name, { ...group, hosts: name === 'all' ? hosts.filter((host) => this.implicit(host) === undefined) : hosts });
    for (const parent of this.groups.values()) if (parent.children.includes(name)) this.#renewHosts(parent.name, [...seen, name]);
  }

  /** Its own, then those of its children, level by level. */
  #hostsBelow(name: string): string[] {
    const hosts: string[] = [];
    const seen = new Set([name]);
    for (const one of seen) {
      const group = this.groups.get(one);
      hosts.push(...(group?.ownHosts ?? []));
      for (const child of group?.children ?? []) seen.add(child);
    }
    return hosts;
  }
}
