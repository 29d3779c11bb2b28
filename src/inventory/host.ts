// One machine of the fleet, as the inventory describes it. Everything else about it is asked of the machine (facts/).

export type Vars = Readonly<Record<string, unknown>>;

export interface Host {
  /** `inventory_hostname`: the name in the inventory, and in every line we print. */
  readonly name: string;
  /** Names of all groups the host is in, directly or through children, without `all`; sorted. */
  readonly groups: readonly string[];
  /** Merged by precedence: all < parent < child < host (Ansible's rule), group_vars/ and host_vars/ included. */
  readonly vars: Vars;
  /** Set on the host itself, in the inventory or in host_vars/ beside it. */
  readonly ownVars?: Vars;
  /** What a playbook says of the connection, over all of these: plain values, never templates. */
  readonly connectionVars?: Vars;
}

/** Equal for two that are reached in one way: one connection serves both. It may hold a password: nobody is shown it. */
export function connectionKey({ name, vars, connectionVars }: Host): string {
  return [name, vars.ansible_connection, vars.ansible_user, vars.ansible_port, ...(connectionVars === undefined ? [] : [JSON.stringify(connectionVars)])].map(String).join('\0');
}

/** The variables that say how a host is reached; others mean nothing to a connection. */
export const CONNECTION_VARIABLE = /^ansible_(become|ssh_|sudo_|su_|doas_|paramiko_|(host|port|user|password|connection|private_key_file|timeout|host_key_checking|shell_type)$)/;

export interface Group {
  readonly name: string;
  /** Hosts of the group and its children, in Ansible's order: the group's own, then those of children, level by level. */
  readonly hosts: readonly string[];
  /** Hosts that are in the group directly. */
  readonly ownHosts: readonly string[];
  /** Groups that are in the group directly. */
  readonly children: readonly string[];
  /** Its own variables, those of group_vars/ beside the inventory included; nothing from other groups. */
  readonly vars: Vars;
  /** `ansible_group_priority`; 1 where none is set. */
  readonly priority: number;
}

export interface Inventory {
  /** In the order in which the sources first name them. */
  readonly hosts: readonly Host[];
  /** All groups, `all` and `ungrouped` included. */
  readonly groups: ReadonlyMap<string, Group>;
  /**
   * Variables of a host that comes into groups while a playbook runs: those of the groups, of group_vars/ and of host_vars/.
   * @param own the host's own @param groups all that it is in then @throws FleetTapError where a file that counts now cannot be read
   */
  readonly varsOf?: (host: string, own: Vars, groups: readonly string[]) => Vars;
  /** The files it was read from. */
  readonly sources: readonly string[];
  /** What Ansible warns about and uses: one sentence each, with its place, for standard error. */
  readonly warnings: readonly string[];
}
