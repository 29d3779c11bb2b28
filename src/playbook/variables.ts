// What comes in: all places where variables are set. What goes out: Names for the evaluator: a name's value by Ansible's precedence.
// From low to high: role defaults < inventory < facts < play vars < vars_files < role vars < block vars < task vars < include_vars < set_fact and
// register < role and include parameters < extra vars < loop item < Ansible's own names (vars/manager.py).
// Guaranteed: what the user wrote (inventory, playbook, -e) is rendered when it is asked for; what came from hosts (facts, register, set_fact,
// add_host) is handed out as it is and never rendered.
import { statSync } from 'node:fs';
import { FleetTapError } from '../base/errors.js';
import type { Vault } from '../base/vault.js';
import { CONNECTION_VARIABLE, type Inventory, type Vars } from '../inventory/host.js';
import type { Names } from './expression/evaluate.js';
import type { Controller, ProgramOutput, RenderFile } from './expression/plugin.js';
import { templateFileValue } from './template-file.js';
import { templateNames } from './template-names.js';
import { Lazy, Omit } from './expression/kinds.js';
import { Undefined } from './expression/undefined.js';
import { toText } from './expression/values.js';
import type { WrittenVars } from './playbook.js';
import { compileIncluded, HostVariables } from './host-variables.js';
import { renderVariable, Template, type TemplateValue } from './template.js';
import { CONNECTION_NAMES, type ConnectionKind } from './connection-names.js';

/** What all hosts of a run share. */
export interface RunVariables {
  readonly inventory: Pick<Inventory, 'groups'>;
  readonly hosts: ReadonlyMap<string, HostVariables>;
  /** This machine under a name that the inventory has not: it is in no list, and has variables all the same. */
  readonly implicit?: (name: string) => HostVariables | undefined;
  readonly magic: Readonly<Record<string, unknown>>;
  /** For lookups. Default: nothing is run or written. */
  readonly controller?: { run(line: string, folder: string): ProgramOutput; write(path: string, text: string): void } | undefined;
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
  readonly delegateTo?: TemplateValue;
  /** What the keys of the task and the options of the run say of its connection, where no variable does. */
  readonly connects?: Readonly<Record<ConnectionKind, TemplateValue>>;
  /** Default: no file can be decrypted. */
  readonly vault?: Vault;
}

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

  /** For a look at a task before its turn: what lookups do waits until then. */
  ahead(): Scope {
    return new Scope({ ...this.#run, controller: undefined }, this.#variables, this.#task, this.#local, this.#included);
  }

  get controller(): Controller | undefined {
    const { controller } = this.#run;
    return controller === undefined ? undefined : { run: (line) => controller.run(line, toText(this.get('playbook_dir'))), write: controller.write };
  }

  get vault(): Vault | undefined {
    return this.#task.vault;
  }

  readonly renderFile: RenderFile = (text, path, more, marks) => templateFileValue(text, path, templateNames(this.with(more), path, statSync(path)), marks);

  get(name: string): unknown {
    const magic = this.#magic(name);
    if (magic !== undefined) return magic;
    if (Object.hasOwn(this.#local, name)) return this.#local[name];
    const found = this.#found(name);
    if (found !== undefined) return found.isWritten ? this.#render(name, found.value) : found.value;
    if (name === 'ansible_delegated_vars') return this.#delegatedVars() ?? new Undefined(`'${name}'`);
    return this.#connectionVariable(name);
  }

  /** How the host is reached, of which no variable says it: by the variable's other name, the playbook's key, an option (playbook/play_context.py, update_vars). */
  #connectionVariable(name: string): unknown {
    const kind = CONNECTION_NAMES[name];
    const own = this.#variables.host.name;
    if (kind === undefined || own === '') return new Undefined(`'${name}'`);
    // While it is found out whom the task is delegated to, it is nobody.
    const other = this.#open.has(DELEGATE) ? undefined : this.#delegate();
    const delegate = other === undefined || other.#variables.host.name === own ? undefined : other;
    const reached = delegate ?? this;
    for (const [one, of] of Object.entries(CONNECTION_NAMES)) {
      const found = of === kind && (delegate !== undefined || one !== name) ? reached.#found(one) : undefined;
      if (found !== undefined) return found.isWritten ? reached.#render(one, found.value) : found.value;
    }
    if (kind === 'host') return reached.#variables.host.name;
    const value = this.#task.connects?.[kind];
    return value === undefined || value === null || value === '' ? new Undefined(`'${name}'`) : this.#render(`${kind} of the connection`, value);
  }

  /** In the first layer that has it. Written: by the user, so that it may be a template. */
  #found(name: string): { readonly value: TemplateValue; readonly isWritten: boolean } | undefined {
    const written = (value: TemplateValue) => ({ value, isWritten: true });
    const data = (value: unknown) => ({ value, isWritten: false });
    if (Object.hasOwn(this.#included, name)) return written(this.#included[name]);
    const { extra, registered, registeredVars, facts, bareFacts, inventory, included, data: added } = this.#variables;
    const { params, written: layers, defaults } = this.#task;
    if (extra.has(name)) return written(extra.get(name));
    for (const vars of params) if (Object.hasOwn(vars, name)) return written(vars[name]);
    if (registeredVars.has(name)) return written(registeredVars.get(name));
    if (registered.has(name)) return data(registered.get(name));
    if (included.has(name)) return written(included.get(name));
    for (const vars of layers) if (Object.hasOwn(vars, name)) return written(vars[name]);
    if (name === 'ansible_facts') return data(namespaced(facts));
    const fact = name.startsWith('ansible_') ? name.slice('ansible_'.length) : '';
    if (bareFacts.has(name) && Object.hasOwn(facts, name)) return data(facts[name]);
    if (fact !== '' && Object.hasOwn(facts, fact) && !bareFacts.has(fact)) return data(facts[fact]);
    if (added.has(name)) return data(added.get(name));
    if (inventory.has(name)) return written(inventory.get(name));
    for (const vars of defaults) if (Object.hasOwn(vars, name)) return written(vars[name]);
    return undefined;
  }

  /** The host that the task is delegated to, with its own variables and the task's; undefined: none. */
  #delegate(): Scope | undefined {
    const { delegateTo, ...task } = this.#task;
    const value = delegateTo === undefined ? undefined : this.#render(DELEGATE, delegateTo);
    if (value === undefined || value === null || value === '' || value instanceof Omit || value instanceof Undefined) return undefined;
    const name = toText(value);
    const variables = this.#run.hosts.get(name) ?? this.#run.implicit?.(name) ?? new HostVariables({ name, groups: [], vars: {} }, this.#variables.extra, {});
    return new Scope(this.#run, variables, task);
  }

  /** By the name of that host. Templates in them are rendered with this host's variables (vars/manager.py, get_delegated_vars_and_hostname). */
  #delegatedVars(): Lazy | undefined {
    const delegate = this.#delegate();
    if (delegate === undefined) return undefined;
    const value = (key: string): unknown => {
      if (key === 'inventory_hostname') return this.get(key);
      const found = delegate.#found(key);
      if (found !== undefined) return found.isWritten ? this.#render(key, found.value) : found.value;
      return key === 'ansible_port' || key === 'ansible_user' ? null : delegate.get(key);
    };
    const ofHost = new Lazy(value, () => [...new Set([...delegate.#listed(), ...KNOWN_OF_DELEGATES])]);
    const { name } = delegate.#variables.host;
    return new Lazy((key) => (key === name ? ofHost : new Undefined(`"${key}" of ansible_delegated_vars`)), () => [name]);
  }

  /** How the host is reached that the task is delegated to, as it is written (executor/task_executor.py); undefined: it is not delegated. */
  delegatedVars(): Vars | undefined {
    const delegate = this.#delegate();
    if (delegate === undefined) return undefined;
    const raw = (name: string): unknown => {
      const value = delegate.#found(name)?.value;
      return value instanceof Template ? value.source.text : (value ?? null);
    };
    const [connection, address] = [raw('ansible_connection'), raw('ansible_host')];
    // The plugin ssh knows a host of the older name as one without an address.
    const isOld = connection === 'ssh' && raw('ansible_ssh_host') !== null;
    return { ansible_connection: connection, ansible_host: address ?? (isOld ? null : delegate.#variables.host.name), ansible_port: raw('ansible_port'), ansible_user: raw('ansible_user') };
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
    const isImplicit = !this.#run.hosts.has(name) && this.#run.implicit?.(name) !== undefined;
    const found = [...this.#run.inventory.groups].filter(([group, { hosts }]) => group !== 'all' && group !== 'ungrouped' && hosts.includes(name)).map(([group]) => group).sort();
    return found.length === 0 && !isImplicit ? ['ungrouped'] : found;
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

/** They have a value even where nobody has set it. */
const KNOWN_OF_DELEGATES = ['ansible_host', 'ansible_port', 'ansible_user', 'ansible_facts', 'hostvars'];

const MAGIC = ['inventory_hostname', 'inventory_hostname_short', 'group_names', 'groups', 'omit'];
