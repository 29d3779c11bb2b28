// What comes in: all places where variables are set. What goes out: Names for the evaluator: a name's value by Ansible's precedence.
// From low to high: inventory < facts < play vars < block vars < task vars < set_fact and register < extra vars < loop item < Ansible's own names.
// Guaranteed: what the user wrote (inventory, playbook, -e) is rendered when it is asked for; what came from hosts (facts, register, set_fact)
// is handed out as it is and never rendered.
import type { Host, Inventory } from '../inventory/host.js';
import { compileUserData, renderVariable, type TemplateValue } from './template.js';
import type { Names } from './expression/evaluate.js';
import { Lazy, Omit } from './expression/kinds.js';
import { Undefined } from './expression/undefined.js';
import { FleetTapError } from '../base/errors.js';
import type { WrittenVars } from './playbook.js';

/** What is known of a host while a playbook runs. */
export class HostVariables {
  readonly host: Host;
  readonly extra: UserVars;
  readonly inventory: UserVars;
  /** `ansible_facts`, without prefix. */
  facts: Readonly<Record<string, unknown>> = {};
  /** register and set_fact. Data of hosts. */
  readonly registered = new Map<string, unknown>();

  constructor(host: Host, extra: UserVars, hostVars: Readonly<Record<string, unknown>>) {
    this.host = host;
    this.extra = extra;
    this.inventory = new UserVars({ ...host.vars, ...hostVars }, (name) => `variable ${name} of ${host.name} (inventory)`);
  }
}

/** Variables that the user wrote as plain data; each is parsed when it is first asked for. */
export class UserVars {
  readonly #plain: Readonly<Record<string, unknown>>;
  readonly #where: (name: string) => string;
  readonly #compiled = new Map<string, TemplateValue>();

  constructor(plain: Readonly<Record<string, unknown>>, where: (name: string) => string) {
    this.#plain = plain;
    this.#where = where;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#plain, name);
  }

  get(name: string): TemplateValue {
    if (!this.#compiled.has(name)) this.#compiled.set(name, compileUserData(this.#plain[name], this.#where(name)));
    return this.#compiled.get(name);
  }

  names(): string[] {
    return Object.keys(this.#plain);
  }
}

/** What all hosts of a run share. */
export interface RunVariables {
  readonly inventory: Inventory;
  readonly hosts: ReadonlyMap<string, HostVariables>;
  readonly magic: Readonly<Record<string, unknown>>;
}

export class Scope implements Names {
  readonly #run: RunVariables;
  readonly #variables: HostVariables;
  /** Highest precedence first. */
  readonly #written: readonly WrittenVars[];
  /** Loop item and results under way: data. */
  readonly #local: Readonly<Record<string, unknown>>;
  readonly #open = new Set<string>();

  constructor(run: RunVariables, variables: HostVariables, written: readonly WrittenVars[] = [], local: Readonly<Record<string, unknown>> = {}) {
    this.#run = run;
    this.#variables = variables;
    this.#written = written;
    this.#local = local;
  }

  with(local: Readonly<Record<string, unknown>>): Scope {
    return new Scope(this.#run, this.#variables, this.#written, { ...this.#local, ...local });
  }

  get(name: string): unknown {
    const magic = this.#magic(name);
    if (magic !== undefined) return magic;
    if (Object.hasOwn(this.#local, name)) return this.#local[name];
    const { extra, registered, facts, inventory } = this.#variables;
    if (extra.has(name)) return this.#render(name, extra.get(name));
    if (registered.has(name)) return registered.get(name);
    for (const vars of this.#written) if (Object.hasOwn(vars, name)) return this.#render(name, vars[name]);
    if (name === 'ansible_facts') return facts;
    const fact = name.startsWith('ansible_') ? name.slice('ansible_'.length) : '';
    if (fact !== '' && Object.hasOwn(facts, fact)) return facts[fact];
    if (inventory.has(name)) return this.#render(name, inventory.get(name));
    return new Undefined(`"${name}"`);
  }

  #render(name: string, value: TemplateValue): unknown {
    if (this.#open.has(name)) {
      const chain = [...this.#open, name].join(' → ');
      throw new FleetTapError('host', 'variable-loop', `the variable "${name}" is made of itself: ${chain}`, { place: { host: this.#variables.host.name } });
    }
    this.#open.add(name);
    try {
      return renderVariable(value, this);
    } finally {
      this.#open.delete(name);
    }
  }

  #magic(name: string): unknown {
    const { host } = this.#variables;
    switch (name) {
      case 'inventory_hostname':
        return host.name;
      case 'inventory_hostname_short':
        return host.name.split('.')[0];
      case 'group_names':
        return host.groups.length === 0 ? ['ungrouped'] : host.groups;
      case 'groups':
        return Object.fromEntries([...this.#run.inventory.groups].map(([group, { hosts }]) => [group, hosts]));
      case 'hostvars':
        return this.#hostvars();
      case 'omit':
        return new Omit();
      default:
        return Object.hasOwn(this.#run.magic, name) ? this.#run.magic[name] : undefined;
    }
  }

  #hostvars(): Lazy {
    const { hosts } = this.#run;
    const ofHost = (name: string): unknown => {
      const variables = hosts.get(name);
      if (variables === undefined) return new Undefined(`"${name}" of hostvars (no host of the inventory has that name)`);
      const scope = new Scope(this.#run, variables);
      const names = () => [...variables.inventory.names(), ...variables.registered.keys(), ...Object.keys(variables.facts).map((fact) => `ansible_${fact}`)];
      return new Lazy((key) => scope.get(key), names);
    };
    return new Lazy(ofHost, () => [...hosts.keys()]);
  }
}
