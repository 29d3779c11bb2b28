// What comes in: all places where a host's variables are set. What goes out: its variables, the last one of each name.
// Guaranteed: Ansible's order (vars/manager.py with the default of VARIABLE_PRECEDENCE), from low to high:
// `all` < groups (depth, ansible_group_priority, name) < group_vars/all beside the inventories < beside the playbook
// < group_vars/GROUP beside the inventories (a later source over an earlier one, whatever the groups) < beside the playbook
// < the host's own < host_vars/ beside the inventories < beside the playbook. Whole values replace each other; nothing is merged.
import type { Vars } from './host.js';

export interface GroupVars {
  readonly name: string;
  /** As the inventory's sources set them. */
  readonly vars: ReadonlyMap<string, unknown>;
}

/** What one folder's group_vars/ and host_vars/ hold, by group and by host. */
export interface VarsFolder {
  readonly groups: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  readonly hosts: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  /** Files of names that the inventory does not have, and which cannot be read: a mistake once the name comes to be. */
  readonly broken?: ReadonlyMap<string, Error>;
}

export interface VarsLayers {
  /** Beside each source, in the order of the sources. */
  readonly inventory: readonly VarsFolder[];
  /** Beside the playbook. */
  readonly play: readonly VarsFolder[];
  /** What counts as set where it stands, for --export: those beside the sources, and the playbook's if it was named. */
  readonly exported: readonly VarsFolder[];
}

/**
 * @param own the host's own variables, as the sources set them
 * @param groups all groups of the host but `all`, in Ansible's order
 */
export function hostVars(host: string, own: ReadonlyMap<string, unknown>, all: GroupVars, groups: readonly GroupVars[], { inventory, play }: VarsLayers): Vars {
  const merged = new Map(all.vars);
  const put = (vars: ReadonlyMap<string, unknown> | undefined): void => {
    if (vars !== undefined) for (const [name, value] of vars) merged.set(name, value);
  };
  for (const group of groups) put(group.vars);
  for (const layer of [...inventory, ...play]) put(layer.groups.get('all'));
  for (const layer of [...inventory, ...play]) for (const group of groups) put(layer.groups.get(group.name));
  put(own);
  for (const layer of [...inventory, ...play]) put(layer.hosts.get(host));
  return Object.fromEntries(merged);
}
