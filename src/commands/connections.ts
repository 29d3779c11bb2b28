// What comes in: an inventory and the command line's flags. What goes out: each host's Connection and DialTarget, made when first asked for.
// Templates in connection variables (`ansible_host: "{{ inventory_hostname }}.example.org"`) are rendered here (connection-templates.ts): the room inventory/ knows none.
// Guaranteed: a mistake is an input error that names host and variable; a password's value stands in no error.
import { noVault } from '../base/vault.js';
import { type Connection, type ConnectionFlags, connectionOf } from '../inventory/connection.js';
import { CONNECTION_VARIABLE, connectionKey, type Host, type Inventory, type Vars } from '../inventory/host.js';
import { ConfigFiles } from '../ssh/config/files.js';
import type { LocalMachine } from '../ssh/config/machine.js';
import { resolveTarget } from '../ssh/resolve-target.js';
import type { DialTarget } from '../ssh/target.js';
import type { ConnectionTemplates, TemplateOptions } from './connection-templates.js';

export class Connections {
  readonly #flags: ConnectionFlags;
  readonly #machine: LocalMachine;
  /** undefined: no connection variable has a template. */
  readonly #templates: ConnectionTemplates | undefined;
  readonly #files = new ConfigFiles();
  readonly #known = new Map<string, Connection>();
  /** Asked for twice: once to see whether it can be made, and to dial. */
  readonly #targets = new Map<string, DialTarget>();

  private constructor(flags: ConnectionFlags, machine: LocalMachine, templates: ConnectionTemplates | undefined) {
    this.#flags = flags;
    this.#machine = machine;
    this.#templates = templates;
  }

  static async open(inventory: Inventory, flags: ConnectionFlags, machine: LocalMachine, options: TemplateOptions = { vault: noVault, playFolder: undefined }): Promise<Connections> {
    const { extraVars = {} } = flags;
    // Groups, too: a playbook may put hosts into them later.
    const isAnyTemplate = [extraVars, ...inventory.hosts.map(({ vars }) => vars), ...[...inventory.groups.values()].map(({ vars }) => vars)].some((vars) => templatesIn(vars).length > 0);
    if (!isAnyTemplate) return new Connections(flags, machine, undefined);
    const { ConnectionTemplates } = await import('./connection-templates.js');
    return new Connections(flags, machine, new ConnectionTemplates(inventory, extraVars, options));
  }

  /** @throws FleetTapError kind `input` */
  of(host: Host): Connection {
    const key = connectionKey(host);
    let connection = this.#known.get(key);
    if (connection === undefined) {
      const vars = { ...host.vars, ...this.#flags.extraVars };
      const rendered = Object.fromEntries(templatesIn(vars).map((name) => [name, this.#templates === undefined ? vars[name] : this.#templates.render(host, name)]));
      // What a playbook says is rendered already, and data.
      connection = connectionOf({ ...host, vars: { ...vars, ...rendered, ...host.connectionVars } }, { ...this.#flags, extraVars: {} });
      this.#known.set(key, connection);
    }
    return connection;
  }

  /** Whether all that is needed to connect to them can be made of their variables. @throws FleetTapError kind `input` */
  check(hosts: readonly Host[]): void {
    for (const host of hosts) if (!this.of(host).isLocal) this.target(host);
  }

  /** @param password for a host that has none of its own. @throws FleetTapError kind `input` */
  target(host: Host, password?: string): DialTarget {
    const key = connectionKey(host);
    const target = this.#targets.get(key) ?? resolveTarget(this.of(host), this.#machine, this.#files);
    this.#targets.set(key, target);
    return target.login.password !== undefined || password === undefined ? target : { ...target, login: { ...target.login, password } };
  }
}

/** Of those that connectionOf reads; others may hold templates that only a playbook can render. */
function templatesIn(vars: Vars): string[] {
  return Object.keys(vars).filter((name) => CONNECTION_VARIABLE.test(name) && typeof vars[name] === 'string' && /\{[{%#]/.test(vars[name]));
}
