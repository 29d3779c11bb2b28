// The inventory while a playbook runs: add_host and group_by put hosts and groups into it.
// Guaranteed: what a host said becomes a host's data, never a template; later plays see what was added.
import { isDeepStrictEqual } from 'node:util';
import type { Group, Host, Inventory } from '../inventory/host.js';
import type { Effect } from '../modules/module.js';
import { type HostVariables, type UserVars, HostVariables as Variables } from './variables.js';

export class RunInventory implements Inventory {
  readonly hosts: Host[];
  readonly groups: Map<string, Group>;
  readonly sources: readonly string[];
  readonly warnings: readonly string[];
  readonly variables: Map<string, HostVariables>;
  readonly #extra: UserVars;

  constructor(inventory: Inventory, extra: UserVars, hostVars: (host: string) => Readonly<Record<string, unknown>>) {
    this.hosts = [...inventory.hosts];
    this.groups = new Map(inventory.groups);
    this.sources = inventory.sources;
    this.warnings = inventory.warnings;
    this.#extra = extra;
    this.variables = new Map(this.hosts.map((host) => [host.name, new Variables(host, extra, hostVars(host.name))]));
  }

  /** A host of the inventory; or one that is only named (delegate_to), whose name is its address. */
  host(name: string): Host {
    const known = this.hosts.find((host) => host.name === name);
    if (known !== undefined) return known;
    const isHere = ['localhost', '127.0.0.1', '::1'].includes(name);
    return { name, groups: [], vars: isHere ? { ansible_connection: 'local' } : {} };
  }

  variablesOf(host: Host): HostVariables {
    return this.variables.get(host.name) ?? new Variables(host, this.#extra, {});
  }

  /** @returns whether something is new */
  addHost({ host: name, groups, vars }: Extract<Effect, { kind: 'add-host' }>): boolean {
    let isNew = false;
    let host = this.hosts.find((one) => one.name === name);
    const isUnknown = host === undefined;
    if (host === undefined) {
      host = { name, groups: [], vars };
      this.hosts.push(host);
      this.variables.set(name, new Variables({ ...host, vars: {} }, this.#extra, {}));
      isNew = true;
    }
    const data = this.variablesOf(host).data;
    for (const [key, value] of Object.entries(vars)) {
      isNew ||= !isDeepStrictEqual(data.get(key), value);
      data.set(key, value);
    }
    for (const group of groups.length === 0 && isUnknown ? ['ungrouped'] : groups) isNew = this.#put(name, group) || isNew;
    this.#put(name, 'all');
    return isNew;
  }

  /** @returns whether something is new */
  addGroup(host: string, { group, parents }: Extract<Effect, { kind: 'add-group' }>): boolean {
    let isNew = this.#put(host, group);
    for (const parent of parents.length === 0 ? ['all'] : parents) {
      isNew = this.#put(host, parent) || isNew;
      const found = this.groups.get(parent);
      if (found === undefined || parent === 'all' || found.children.includes(group)) continue;
      this.groups.set(parent, { ...found, children: [...found.children, group] });
      isNew = true;
    }
    return isNew;
  }

  #put(host: string, name: string): boolean {
    const group = this.groups.get(name) ?? { name, hosts: [], ownHosts: [], children: [], vars: {}, priority: 1 };
    const isNew = !group.hosts.includes(host);
    this.groups.set(name, isNew ? { ...group, hosts: [...group.hosts, host], ownHosts: [...group.ownHosts, host] } : group);
    return isNew;
  }
}
