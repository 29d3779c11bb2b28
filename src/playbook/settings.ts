// What comes in: what is written around a task, and its variables. What goes out: how it runs: check mode, become, environment, where.
// A variable goes before the key of the same meaning, as in Ansible (ansible_become over become).
import { FleetTapError } from '../base/errors.js';
import { connectionKind } from '../inventory/connection-values.js';
import type { BecomeMethod } from '../inventory/become.js';
import type { Become } from '../inventory/become.js';
import type { Host, Vars } from '../inventory/host.js';
import { added, inherited, NO_DIRECTIVES } from './directives.js';
import { dictEntries, isDict, makeDict } from './expression/kinds.js';
import { toBool } from './expression/filters-numbers.js';
import type { Names } from './expression/evaluate.js';
import { Undefined } from './expression/undefined.js';
import { toText } from './expression/values.js';
import type { Directives, TaskBase } from './playbook.js';
import { render, type Template } from './template.js';
import type { Scope } from './variables.js';

export interface Settings {
  readonly check: boolean;
  readonly diff: boolean;
  readonly noLog: boolean;
  /** Whom to become; false: nobody. An empty object: whom the connection says. */
  readonly become: false | Partial<Become>;
  readonly environment: Readonly<Record<string, string>>;
  readonly delegateTo: string | undefined;
  /** Its ansible_host. */
  readonly delegateAddress: string | undefined;
  readonly timeoutSec: number | undefined;
  /** Lines of a diff around a change. */
  readonly diffContext: number;
  /** ssh or local. These three: where no variable of the host says another. */
  readonly connection: 'ssh' | 'local' | undefined;
  readonly remoteUser: string | undefined;
  readonly port: number | undefined;
  /** Over all of these, and over the inventory: variables of the playbook. */
  readonly connectionVars: Vars;
  readonly ignoreErrors: boolean;
  readonly ignoreUnreachable: boolean;
}

export interface SettingDefaults {
  readonly check: boolean;
  readonly diff: boolean;
  readonly become: boolean;
  /** Where nothing is written; 0: no limit. */
  readonly timeoutSec: number;
  readonly diffContext: number;
  /** How hosts are reached of which neither inventory nor playbook says it. */
  readonly defaultConnection: string;
}

export function chainOf(task: Pick<TaskBase, 'own' | 'around'>): readonly Directives[] {
  return [task.own, ...task.around];
}

/** @throws FleetTapError kind `host` where a variable is undefined */
export function settingsOf(chain: readonly Directives[], names: Scope, defaults: SettingDefaults): Settings {
  const flag = (key: 'checkMode' | 'diff' | 'become' | 'ignoreUnreachable') => switchOf(inherited(chain, key), names);
  const text = (key: 'becomeUser' | 'becomeMethod' | 'becomeExe' | 'delegateTo' | 'connection' | 'remoteUser' | 'port') => {
    const value = render(inherited(chain, key), names);
    return value === undefined || value === null || value === '' ? undefined : toText(value);
  };
  const timeout = render(inherited(chain, 'timeoutSec'), names) ?? defaults.timeoutSec;
  const become = variableSwitch(names, 'ansible_become') ?? flag('become') ?? defaults.become;
  const identity: { user?: string; method?: BecomeMethod; exe?: string } = {};
  const [user, method, exe] = [text('becomeUser'), text('becomeMethod'), text('becomeExe')];
  if (user !== undefined && !isSet(names, 'ansible_become_user')) identity.user = user;
  if (exe !== undefined && !isSet(names, 'ansible_become_exe')) identity.exe = exe;
  if (method !== undefined && !isSet(names, 'ansible_become_method')) identity.method = methodOf(method);
  const delegateTo = text('delegateTo');
  return {
    check: flag('checkMode') ?? defaults.check,
    diff: flag('diff') ?? defaults.diff,
    become: become ? identity : false,
    environment: environmentOf(chain, names),
    delegateTo,
    delegateAddress: delegateTo === undefined ? undefined : names.addressOf(delegateTo),
    connectionVars: names.connectionVars(delegateTo !== undefined),
    connection: otherThan(defaults.defaultConnection, connectionNamed(text('connection'))),
    ...loginOf(text('remoteUser'), text('port')),
    timeoutSec: Number(timeout) === 0 ? undefined : Number(timeout),
    diffContext: defaults.diffContext,
    ...verdictOf(chain, names),
    ignoreUnreachable: flag('ignoreUnreachable') ?? false,
  };
}

/** Those that say what a failure means: they hold also where another setting cannot be evaluated. @throws FleetTapError kind `host` where they cannot */
export function verdictOf(chain: readonly Directives[], names: Names): Pick<Settings, 'noLog' | 'ignoreErrors'> {
  return { noLog: switchOf(inherited(chain, 'noLog'), names) ?? false, ignoreErrors: switchOf(inherited(chain, 'ignoreErrors'), names) ?? false };
}

function loginOf(remoteUser: string | undefined, port: string | undefined): Pick<Settings, 'remoteUser' | 'port'> {
  if (port !== undefined && !/^\d+$/.test(port)) throw new FleetTapError('host', 'parameter-invalid', `port is "${port}", which is no number`);
  return { remoteUser, port: port === undefined ? undefined : Number(port) };
}

/** The host as these settings reach it: a variable of the host goes before a key of the playbook, and a variable of the playbook before both. */
export function reachedAs(host: Host, { connection, remoteUser, port, connectionVars }: Pick<Settings, 'connection' | 'remoteUser' | 'port' | 'connectionVars'>): Host {
  const { vars } = host;
  const more = {
    ...(connection === undefined || vars.ansible_connection !== undefined ? {} : { ansible_connection: connection }),
    ...(remoteUser === undefined || vars.ansible_user !== undefined || vars.ansible_ssh_user !== undefined ? {} : { ansible_user: remoteUser }),
    ...(port === undefined || vars.ansible_port !== undefined || vars.ansible_ssh_port !== undefined ? {} : { ansible_port: port }),
  };
  const isSaid = Object.keys(connectionVars).length > 0;
  return Object.keys(more).length === 0 && !isSaid ? host : { ...host, vars: { ...vars, ...more }, ...(isSaid ? { connectionVars } : {}) };
}

/** What is the default anyway makes no connection of its own. */
function otherThan(usual: string, connection: Settings['connection']): Settings['connection'] {
  return connection === connectionNamed(usual) ? undefined : connection;
}

function connectionNamed(connection: string | undefined): Settings['connection'] {
  if (connection === undefined) return undefined;
  const kind = connectionKind(connection.replace(/^ansible\.legacy\./, ''));
  if (kind !== undefined) return kind;
  throw new FleetTapError('host', 'connection-unsupported', `connection is "${connection}"; ssh and local are supported`);
}

export function switchOf(value: boolean | Template | undefined, names: Names): boolean | undefined {
  return value === undefined ? undefined : toBool(render(value, names)) === true;
}

function variableSwitch(names: Names, name: string): boolean | undefined {
  const value = names.get(name);
  return typeof value === 'boolean' || typeof value === 'string' ? toBool(value) === true : undefined;
}

function isSet(names: Names, name: string): boolean {
  return !(names.get(name) instanceof Undefined);
}

function methodOf(text: string): BecomeMethod {
  const name = text.replace(/^(ansible\.builtin|community\.general)\./, '');
  if (name === 'sudo' || name === 'su' || name === 'doas') return name;
  throw new FleetTapError('host', 'become-unsupported', `become_method is "${text}"; sudo, su and doas are supported`);
}

/** What can be known of it before facts are: they tell it as `ansible_env`. */
export function knownEnvironment(chain: readonly Directives[], names: Names): Record<string, string> {
  const found: Record<string, string> = {};
  for (const written of added(chain, (one) => one.environment)) {
    const parts = isDict(written) ? dictEntries(written).map((entry) => makeDict([entry])) : [written];
    for (const part of parts) {
      try {
        Object.assign(found, environmentOf([{ ...NO_DIRECTIVES, environment: [part] }], names));
      } catch (error) {
        if (!(error instanceof FleetTapError) || error.code !== 'expression-undefined') throw error;
      }
    }
  }
  return found;
}

/** The outer ones first; an inner one of the same name wins. */
function environmentOf(chain: readonly Directives[], names: Names): Record<string, string> {
  const found: Record<string, string> = {};
  for (const written of added(chain, (one) => one.environment)) {
    const value = render(written, names);
    for (const one of [value].flat()) {
      if (one === null || one === undefined || one === '') continue;
      if (typeof one !== 'object') throw new FleetTapError('host', 'environment', `environment takes a mapping, not ${JSON.stringify(one)}`);
      for (const [name, item] of Object.entries(one)) {
        if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new FleetTapError('host', 'environment', `${JSON.stringify(name)} is not a name for the environment`);
        found[name] = toText(item);
      }
    }
  }
  return found;
}
