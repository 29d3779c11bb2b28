// What comes in: all places where variables are set. What goes out: Names for the evaluator: a name's value by Ansible's precedence.
// From low to high: role defaults < inventory < facts < play vars < vars_files < role vars < block vars < task vars < include_vars < set_fact and
// register < role and include parameters < extra vars < loop item < Ansible's own names (vars/manager.py).
// Guaranteed: what the user wrote (inventory, playbook, -e) is rendered when it is asked for; what came from hosts (facts, register, set_fact,
// add_host) is handed out as it is and never rendered.
import { statSync } from 'node:fs';
import { FleetTapError } from '../base/errors.js';
import type { Vault } from '../base/vault.js';
import { CONNECTION_VARIABLE, type Host, type Inventory, type Vars } from '../inventory/host.js';
import type { Effect } from '../modules/module.js';
import type { Names } from './expression/evaluate.js';
import type { ProgramOutput, RenderFile, RunProgram } from './expression/plugin.js';
import { templateFileValue } from './template-file.js';
import { templateNames } from './template-names.js';
import { Lazy, Omit } from './expression/kinds.js';
import { Undefined } from './expression/undefined.js';
import { toText } from './expression/values.js';
import type { WrittenVars } from './playbook.js';
import { compileUserData, renderVariable, type TemplateValue } from './template.js';
import { CONNECTION_NAMES, type ConnectionKind } from './connection-names.js';

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
  readonly bareFacts = new Set<string>();
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

function compileIncluded(name: string, value: unknown): TemplateValue {
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

/** What all hosts of a run share. */
export interface RunVariables {
  readonly inventory: Pick<Inventory, 'groups'>;
  readonly hosts: ReadonlyMap<string, HostVariables>;
  /** This machine under a name that the inventory has not: it is in no list, and has variables all the same. */
  readonly implicit?: (name: string) => HostVariables | undefined;
  readonly magic: Readonly<Record<string, unknown>>;
  /** For lookups. Default: none is run. */
  readonly runProgram?: ((line: string, folder: string) => ProgramOutput) | undefined;
}

/** What a task adds; in each list the first wins. */
export interface TaskVariables {
  /** Over set_fact: role and include parameters. */
  readonly params: readonly WrittenVars[];
  /** Task, blocks, roles' vars, vars_files, the play. */
  readonly written: readonly WrittenVars[];
  /** Roles' defaults: under the inventory. */
  readonly defaults: readonly WrittenVars[];
  /** role_name and its like. */
  readonly magic: Readonly<Record<string, unknown>>;
  /** What the keys of the task and the options of the run say of its connection, where no variable does. */
  readonly connects?: Readonly<Record<ConnectionKind | 'delegateTo', TemplateValue>>;
  /** Default: no file can be decrypted. */
  readonly vault?: Vault;
}

const NOTHING = Symbol('nothing says it');
const DELEGATE = 'delegate_to';
const NO_TASK: TaskVariables = { params: [], written: [], defaults: [], magic: {} };

export class Scope implements Names {
  readonly #run: RunVariables;
  readonly #variables: HostVariables;
  readonly #task: TaskVariables;
  /** Loop item and results under way: data. */
  readonly #local: Readonly<Record<string, unknown>>;
  /** What earlier items of a loop have included: over everything but those. */
  readonly #included: WrittenVars;
  readonly #open = new Set<string>();

  constructor(run: RunVariables, variables: HostVariables, task: TaskVariables = NO_TASK, local: Readonly<Record<string, unknown>> = {}, included: WrittenVars = {}) {
    this.#run = run;
    this.#variables = variables;
    this.#task = task;
    this.#local = local;
    this.#included = included;
  }

  with(local: Readonly<Record<string, unknown>>): Scope {
    return new Scope(this.#run, this.#variables, this.#task, { ...this.#local, ...local }, this.#included);
  }

  /** @param vars of include_vars */
  including(vars: Readonly<Record<string, unknown>>): Scope {
    const compiled = Object.fromEntries(Object.entries(vars).map(([name, value]) => [name, compileIncluded(name, value)]));
    return new Scope(this.#run, this.#variables, this.#task, this.#local, { ...this.#included, ...compiled });
  }

  /** For a look at a task before its turn: programs of lookups wait until then. */
  ahead(): Scope {
    return new Scope({ ...this.#run, runProgram: undefined }, this.#variables, this.#task, this.#local, this.#included);
  }

  get runProgram(): RunProgram | undefined {
    const { runProgram } = this.#run;
    return runProgram === undefined ? undefined : (line) => runProgram(line, toText(this.get('playbook_dir')));
  }

  get vault(): Vault | undefined {
    return this.#task.vault;
  }

  readonly renderFile: RenderFile = (text, path, more, marks) => templateFileValue(text, path, templateNames(this.with(more), path, statSync(path)), marks);

  get(name: string): unknown {
    const found = this.#written(name);
    return found === NOTHING ? this.#connectionVariable(name) : found;
  }

  #written(name: string): unknown {
    const magic = this.#magic(name);
    if (magic !== undefined) return magic;
    if (Object.hasOwn(this.#local, name)) return this.#local[name];
    if (Object.hasOwn(this.#included, name)) return this.#render(name, this.#included[name]);
    const { extra, registered, registeredVars, facts, bareFacts, inventory, included, data } = this.#variables;
    const { params, written, defaults } = this.#task;
    if (extra.has(name)) return this.#render(name, extra.get(name));
    for (const vars of params) if (Object.hasOwn(vars, name)) return this.#render(name, vars[name]);
    if (registeredVars.has(name)) return this.#render(name, registeredVars.get(name));
    if (registered.has(name)) return registered.get(name);
    if (included.has(name)) return this.#render(name, included.get(name));
    for (const vars of written) if (Object.hasOwn(vars, name)) return this.#render(name, vars[name]);
    if (name === 'ansible_facts') return namespaced(facts);
    const fact = name.startsWith('ansible_') ? name.slice('ansible_'.length) : '';
    if (bareFacts.has(name)) return facts[name];
    if (fact !== '' && Object.hasOwn(facts, fact) && !bareFacts.has(fact)) return facts[fact];
    if (data.has(name)) return data.get(name);
    if (inventory.has(name)) return this.#render(name, inventory.get(name));
    for (const vars of defaults) if (Object.hasOwn(vars, name)) return this.#render(name, vars[name]);
    return NOTHING;
  }

  /** How the host is reached, of which no variable says it: by the variable's other name, the playbook's key, an option (playbook/play_context.py, update_vars). */
  #connectionVariable(name: string): unknown {
    const kind = CONNECTION_NAMES[name];
    const own = this.#variables.host.name;
    if (kind === undefined || own === '') return new Undefined(`'${name}'`);
    const delegate = this.#delegate();
    const reached = delegate === undefined ? this : new Scope(this.#run, this.#run.hosts.get(delegate) ?? this.#run.implicit?.(delegate) ?? this.#variables);
    const said = Object.keys(CONNECTION_NAMES).filter((one) => CONNECTION_NAMES[one] === kind && (delegate !== undefined || one !== name)).map((one) => reached.#written(one)).find((value) => value !== NOTHING);
    if (said !== undefined) return said;
    if (kind === 'host') return delegate ?? own;
    const value = this.#task.connects?.[kind];
    return value === undefined || value === null || value === '' ? new Undefined(`'${name}'`) : this.#render(`${kind} of the connection`, value);
  }

  /** Whom the task is delegated to; undefined: nobody else, or that is being found out. */
  #delegate(): string | undefined {
    const written = this.#task.connects?.delegateTo;
    if (written === undefined || written === null || written === '' || this.#open.has(DELEGATE)) return undefined;
    const name = toText(this.#render(DELEGATE, written));
    return name === this.#variables.host.name ? undefined : name;
  }

  /** `ansible_host` of another host. */
  addressOf(name: string): string | undefined {
    const host = this.#run.hosts.get(name) ?? this.#run.implicit?.(name);
    const address = host === undefined ? NOTHING : new Scope(this.#run, host).#written('ansible_host');
    return address === NOTHING || address instanceof Undefined || address === null ? undefined : toText(address);
  }

  /**
   * Connection variables that are set over the inventory: by plays, roles, blocks and tasks, include_vars and set_fact. Those of -e the connection knows.
   * @param isDelegated for another host: without what is this one's own
   * @throws FleetTapError kind `host` where one is undefined
   */
  connectionVars(isDelegated: boolean): Vars {
    const { extra, registered, included } = this.#variables;
    const { params, written } = this.#task;
    const own = isDelegated ? [] : [...namesIn(registered.keys()), ...namesIn(included.keys())];
    const names = new Set([...own, ...[...params, ...written].flatMap(connectionNames)].filter((name) => !extra.has(name)));
    const found: Record<string, unknown> = {};
    for (const name of names) {
      const value = this.get(name);
      if (value instanceof Undefined) throw new FleetTapError('host', 'expression-undefined', `${name}: ${value.reason} is undefined`, { place: { host: this.#variables.host.name } });
      if (!(value instanceof Omit) && value !== null) found[name] = typeof value === 'boolean' || typeof value === 'number' ? value : toText(value);
    }
    return found;
  }

  /** All names that have a value. */
  names(): string[] {
    const { extra, registered, facts, bareFacts, inventory, included, data } = this.#variables;
    const { params, written, defaults, magic } = this.#task;
    const layers = [...params, ...written, ...defaults, this.#local, this.#included, this.#run.magic, magic].flatMap((layer) => Object.keys(layer));
    const own = [...MAGIC, ...extra.names(), ...registered.keys(), ...included.keys(), ...inventory.names(), ...data.keys(), ...Object.keys(facts).map((fact) => (bareFacts.has(fact) ? fact : `ansible_${fact}`))];
    return [...new Set([...own, ...layers])];
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
        return this.#groupNames();
      case 'groups':
        return Object.fromEntries([...this.#run.inventory.groups].map(([group, { hosts }]) => [group, hosts]));
      case 'hostvars':
        return this.#hostvars();
      case 'vars':
        return new Lazy((key) => this.get(key), () => this.#listed());
      case 'omit':
        return new Omit();
      default:
        if (Object.hasOwn(this.#task.magic, name)) return this.#task.magic[name];
        return Object.hasOwn(this.#run.magic, name) ? this.#run.magic[name] : undefined;
    }
  }

  /** What `vars` and a host of `hostvars` hold when they are written out: all but `omit`, which is no value. */
  #listed(): readonly string[] {
    return this.names().filter((name) => name !== 'omit');
  }

  #groupNames(): readonly string[] {
    const { name } = this.#variables.host;
    // This machine without a place in the inventory is not even ungrouped.
    if (!this.#run.hosts.has(name) && this.#run.implicit?.(name) !== undefined) return [];
    const found = [...this.#run.inventory.groups].filter(([group, { hosts }]) => group !== 'all' && group !== 'ungrouped' && hosts.includes(name)).map(([group]) => group).sort();
    return found.length === 0 ? ['ungrouped'] : found;
  }

  #hostvars(): Lazy {
    const { hosts, implicit } = this.#run;
    const ofHost = (name: string): unknown => {
      const variables = hosts.get(name) ?? implicit?.(name);
      if (variables === undefined) return new Undefined(`"${name}" of hostvars (no host of the inventory has that name)`);
      const scope = new Scope(this.#run, variables);
      return new Lazy((key) => scope.get(key), () => scope.#listed());
    };
    return new Lazy(ofHost, () => [...hosts.keys()], (name) => hosts.has(name) || implicit?.(name) !== undefined);
  }
}

/** What `ansible_facts` says: names without prefix, but `ansible_local` (vars/clean.py, namespace_facts). */
function namespaced(facts: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { local, ...others } = facts;
  return local === undefined ? facts : { ...others, ansible_local: local };
}

function namesIn(names: Iterable<string>): string[] {
  return [...names].filter((name) => CONNECTION_VARIABLE.test(name));
}

/** Most layers are the same for every task and host, and have none. */
const known = new WeakMap<WrittenVars, readonly string[]>();

function connectionNames(vars: WrittenVars): readonly string[] {
  const names = known.get(vars) ?? namesIn(Object.keys(vars));
  known.set(vars, names);
  return names;
}

const MAGIC = ['inventory_hostname', 'inventory_hostname_short', 'group_names', 'groups', 'omit'];
