// What comes in: an inventory, -e, and what decrypts files. What goes out: a connection variable's value, its template rendered with all variables of the inventory.
// Facts are not among them: there is no connection yet. A module of its own, since few inventories need the engine, and reading it takes time.
import { resolve } from 'node:path';
import { FleetTapError } from '../base/errors.js';
import type { Vault } from '../base/vault.js';
import type { Host, Inventory, Vars } from '../inventory/host.js';
import { Omit } from '../playbook/expression/kinds.js';
import { HostVariables, UserVars } from '../playbook/host-variables.js';
import { type RunVariables, Scope } from '../playbook/variables.js';

export interface TemplateOptions {
  /** Decrypts files that templates read. */
  readonly vault: Vault;
  /** Where their relative paths begin, and `playbook_dir`; undefined: the folder we are in. */
  readonly playFolder: string | undefined;
}

export class ConnectionTemplates {
  readonly #variables: RunVariables;
  readonly #vault: Vault;

  constructor(inventory: Inventory, extraVars: Vars, { vault, playFolder }: TemplateOptions) {
    const extra = new UserVars(extraVars, (name) => `variable ${name} (-e)`);
    const hosts = new Map(inventory.hosts.map((host) => [host.name, new HostVariables(host, extra, {})]));
    this.#variables = { inventory, hosts, magic: { playbook_dir: resolve(playFolder ?? '.') } };
    this.#vault = vault;
  }

  /** @throws FleetTapError kind `input` */
  render(host: Host, name: string): unknown {
    const own = this.#variables.hosts.get(host.name);
    if (own === undefined) return host.vars[name];
    try {
      const value = new Scope(this.#variables, own, { params: [], written: [], defaults: [], magic: {}, vault: this.#vault }).get(name);
      return value instanceof Omit ? undefined : value;
    } catch (error) {
      if (!(error instanceof FleetTapError)) throw error;
      const details = { place: { host: host.name }, ...(error.hint === undefined ? {} : { hint: error.hint }) };
      throw new FleetTapError('input', 'connection-variable', `${name} has a template that cannot be rendered: ${error.message}`, details);
    }
  }
}
