// What comes in: an inventory and the command line's flags. What goes out: each host's Connection and DialTarget, made when first asked for.
// Templates in connection variables (`ansible_host: "{{ inventory_hostname }}.example.org"`) are rendered here, with all variables of the inventory:
// the room inventory/ knows no templates. Facts are not among them: there is no connection yet.
// Guaranteed: a mistake is an input error that names host and variable; a password's value stands in no error.
import { FleetTapError } from '../base/errors.js';
import { type Connection, type ConnectionFlags, connectionOf } from '../inventory/connection.js';
import { connectionKey, type Host, type Inventory, type Vars } from '../inventory/host.js';
import { Omit } from '../playbook/expression/kinds.js';
import { HostVariables, type RunVariables, Scope, UserVars } from '../playbook/variables.js';
import { ConfigFiles } from '../ssh/config/files.js';
import type { LocalMachine } from '../ssh/config/machine.js';
import { resolveTarget } from '../ssh/resolve-target.js';
import type { DialTarget } from '../ssh/target.js';

/** The variables that connectionOf reads; others may hold templates that only a playbook can render. */
const CONNECTION_VARIABLE = /^ansible_(become|ssh_|sudo_|su_|doas_|paramiko_|(host|port|user|password|connection|private_key_file|timeout|host_key_checking|shell_type)$)/;

export class Connections {
  readonly #inventory: Inventory;
  readonly #flags: ConnectionFlags;
  readonly #machine: LocalMachine;
  readonly #files = new ConfigFiles();
  readonly #known = new Map<string, Connection>();
  #variables: RunVariables | undefined;

  constructor(inventory: Inventory, flags: ConnectionFlags, machine: LocalMachine) {
    this.#inventory = inventory;
    this.#flags = flags;
    this.#machine = machine;
  }

  /** @throws FleetTapError kind `input` */
  of(host: Host): Connection {
    const key = connectionKey(host);
    let connection = this.#known.get(key);
    if (connection === undefined) {
      const extraVars = this.#flags.extraVars ?? {};
      const vars = { ...host.vars, ...extraVars };
      connection = connectionOf({ ...host, vars: { ...vars, ...this.#rendered(host, vars) } }, { ...this.#flags, extraVars: {} });
      this.#known.set(key, connection);
    }
    return connection;
  }

  /** @param password for a host that has none of its own. @throws FleetTapError kind `input` */
  target(host: Host, password?: string): DialTarget {
    const connection = this.of(host);
    const used = connection.password ?? password;
    return resolveTarget({ ...connection, ...(used === undefined ? {} : { password: used }) }, this.#machine, this.#files);
  }

  #rendered(host: Host, vars: Vars): Vars {
    const names = Object.keys(vars).filter((name) => CONNECTION_VARIABLE.test(name) && typeof vars[name] === 'string' && /\{[{%#]/.test(vars[name]));
    return Object.fromEntries(names.map((name) => [name, this.#render(host, name)]));
  }

  #render(host: Host, name: string): unknown {
    const variables = this.#all();
    const own = variables.hosts.get(host.name);
    if (own === undefined) return host.vars[name];
    try {
      const value = new Scope(variables, own).get(name);
      return value instanceof Omit ? undefined : value;
    } catch (error) {
      if (!(error instanceof FleetTapError)) throw error;
      const details = { place: { host: host.name }, ...(error.hint === undefined ? {} : { hint: error.hint }) };
      throw new FleetTapError('input', 'connection-variable', `${name} has a template that cannot be rendered: ${error.message}`, details);
    }
  }

  #all(): RunVariables {
    if (this.#variables === undefined) {
      const extra = new UserVars(this.#flags.extraVars ?? {}, (name) => `variable ${name} (-e)`);
      const hosts = new Map(this.#inventory.hosts.map((host) => [host.name, new HostVariables(host, extra, {})]));
      this.#variables = { inventory: this.#inventory, hosts, magic: {} };
    }
    return this.#variables;
  }
}
