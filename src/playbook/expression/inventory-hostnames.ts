// What comes in: a host pattern, and the variable `groups`. What goes out: the names of the hosts that it selects, as the lookup inventory_hostnames gives them.
// Guaranteed: a pattern that cannot be read gives none (plugins/lookup/inventory_hostnames.py).
import { FleetTapError } from '../../base/errors.js';
import type { Group } from '../../inventory/host.js';
import { selectHosts } from '../../inventory/pattern.js';
import { dictEntries, isDict } from './kinds.js';
import { iterate } from './iterate.js';
import { toText } from './values.js';

export function inventoryHostnames(pattern: string, groups: unknown): readonly string[] {
  const entries = isDict(groups) ? dictEntries(groups).map(([name, hosts]) => [toText(name), iterate(hosts).map(toText)] as const) : [];
  const known = new Map(entries.map(([name, hosts]): [string, Group] => [name, { name, hosts, ownHosts: hosts, children: [], vars: {}, priority: 1 }]));
  const hosts = [...new Set(entries.flatMap(([, names]) => names))].map((name) => ({ name, groups: [], vars: {} }));
  try {
    return selectHosts({ hosts, groups: known, sources: [], warnings: [] }, pattern, undefined, 'nobody').map(({ name }) => name);
  } catch (error) {
    if (error instanceof FleetTapError) return [];
    throw error;
  }
}
