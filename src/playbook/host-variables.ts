// What is known of one host while a playbook runs: what the inventory says, and what add_host, facts, include_vars, register and set_fact bring.
// Guaranteed: what the user wrote is kept as templates, what hosts said as data. Not here: which of them counts (variables.ts).
import { BARE_FACTS } from '../facts/subsets.js';
import type { Host } from '../inventory/host.js';
import type { Effect } from '../modules/module.js';
import { compileUserData, type TemplateValue } from './template.js';

/** What is known of a host while a playbook runs. */
export class HostVariables {
  readonly host: Host;
  readonly extra: UserVars;
  inventory: UserVars;
  /** Of add_host: data, over the inventory. */
  readonly data = new Map<string, unknown>();
  /** `ansible_facts`, without prefix. */
  facts: Readonly<Record<string, unknown>> = {};
  /** Facts that are variables by their own names: `packages`, not `ansible_packages`. */
  readonly bareFacts = new Set(BARE_FACTS);
  /** include_vars. */
  readonly included = new Map<string, TemplateValue>();
  readonly #more: Readonly<Record<string, unknown>>;
  /** register and set_fact. Data of hosts. */
  readonly registered = new Map<string, unknown>();
  /** Those of `registered` that hold variables of include_vars, which the user wrote: rendered when they are asked for. */
  readonly registeredVars = new Map<string, TemplateValue>();

  constructor(host: Host, extra: UserVars, hostVars: Readonly<Record<string, unknown>>) {
    this.host = host;
    this.extra = extra;
    this.#more = hostVars;
    this.inventory = this.#ofInventory(host.vars);
  }

  /** It has come into other groups. */
  joined(vars: Readonly<Record<string, unknown>>): void {
    this.inventory = this.#ofInventory(vars);
  }

  #ofInventory(vars: Readonly<Record<string, unknown>>): UserVars {
    return new UserVars({ ...vars, ...this.#more }, (name) => `variable ${name} of ${this.host.name} (inventory)`);
  }

  /** @param facts of set_fact */
  keep(facts: Readonly<Record<string, unknown>>, effects: readonly Effect[]): void {
    for (const [name, value] of Object.entries(facts)) this.register(name, value);
    for (const effect of effects) {
      if (effect.kind === 'ansible-facts') {
        this.facts = { ...this.facts, ...effect.facts };
        if (effect.areBare === true) for (const name of Object.keys(effect.facts)) this.bareFacts.add(name);
      }
      if (effect.kind === 'include-vars') for (const [name, value] of Object.entries(effect.vars)) this.included.set(name, compileIncluded(name, value));
    }
  }

  /** @param value data; what was registered under that name before is gone. @param written the same, where it holds what the user wrote */
  register(name: string, value: unknown, written?: TemplateValue): void {
    this.registered.set(name, value);
    if (written === undefined) this.registeredVars.delete(name);
    else this.registeredVars.set(name, written);
  }
}

export function compileIncluded(name: string, value: unknown): TemplateValue {
  return compileUserData(value, `the variable ${name} (include_vars)`);
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
