// What comes in: an Inventory. What goes out: the JSON of `ansible-inventory --list` and the tree of `--graph`.
// Guaranteed: equal to ansible-inventory's as data (cli/inventory.py); groups without hosts and children are left out there, too.
import type { Inventory, Vars } from './host.js';

interface ListedGroup {
  hosts?: readonly string[];
  children?: readonly string[];
}

export type Listing = { _meta: { hostvars: Record<string, Vars> } } & Record<string, unknown>;

export function listInventory(inventory: Inventory): Listing {
  const listing: Listing = { _meta: { hostvars: {} } };
  for (const host of inventory.hosts) if (Object.keys(host.vars).length > 0) listing._meta.hostvars[host.name] = host.vars;
  for (const { name, ownHosts, children } of inventory.groups.values()) {
    const group: ListedGroup = {};
    if (name !== 'all' && ownHosts.length > 0) group.hosts = ownHosts;
    if (children.length > 0) group.children = children;
    if (Object.keys(group).length > 0) listing[name] = group;
  }
  return listing;
}

/** Lines of `ansible-inventory --graph`. @param start a group's name */
export function graphInventory(inventory: Inventory, start = 'all'): string[] {
  const lines: string[] = [];
  const label = (name: string, depth: number): string => (depth === 0 ? name : `${'  |'.repeat(depth)}--${name}`);
  const walk = (name: string, depth: number): void => {
    const group = inventory.groups.get(name);
    if (group === undefined) return;
    lines.push(label(`@${name}:`, depth));
    for (const child of group.children) walk(child, depth + 1);
    if (name !== 'all') for (const host of group.ownHosts) lines.push(label(host, depth + 1));
  };
  walk(start, 0);
  return lines;
}
