// What comes in: a task and its play. What goes out: the variables that it adds to a host's, in Ansible's order, and its name. Pure.
import { dirname, resolve } from 'node:path';
import type { Place } from '../base/errors.js';
import { printable } from '../base/host-text.js';
import { inherited } from './directives.js';
import type { Names } from './expression/evaluate.js';
import { toText } from './expression/values.js';
import type { Play, TaskBase, WrittenVars } from './playbook.js';
import { roleDefaults, roleParams, roleVars, allDependencies, exportedVars } from './role.js';
import { chainOf } from './settings.js';
import { render, Template } from './template.js';
import type { TaskVariables } from './variables.js';

/** What a play has gathered: answers of vars_prompt, vars_files of a host. Lowest first. */
export type PlayVars = readonly WrittenVars[];

/** Ansible's, of logins. */
const DEFAULT_TIMEOUT_SEC = 10;

/** How hosts are reached of which nobody says it. */
export interface ConnectsBy {
  readonly connection: string;
  readonly user?: string | undefined;
  readonly port?: number | undefined;
  readonly privateKey?: string | undefined;
  readonly timeoutSec?: number | undefined;
}

export function taskVariables(task: Pick<TaskBase, 'own' | 'around' | 'role' | 'place'> | undefined, play: Play, playVars: PlayVars, by: ConnectsBy = { connection: 'ssh' }): TaskVariables {
  const chain = task === undefined ? [] : chainOf(task);
  const role = task?.role;
  const ofRole = role === undefined ? [] : roleVars(role);
  const written = [...chain.map((one) => one.vars), ...ofRole.toReversed(), ...play.roles.flatMap(exportedVars).toReversed(), ...playVars.toReversed(), play.vars];
  const params = [...chain.flatMap((one) => (one.params === undefined ? [] : [one.params])), ...(role === undefined ? [] : roleParams(role).toReversed())];
  const defaults = [...(role === undefined ? [] : roleDefaults(role).toReversed()), ...play.roles.flatMap((one) => roleDefaults(one)).toReversed()];
  // In a task, Ansible's plugin says how it connects where nobody else does.
  const connection = inherited(chain, 'connection');
  if (task !== undefined) defaults.push({ ansible_connection: typeof connection === 'string' ? connection : by.connection });
  const connects = task === undefined ? undefined : { user: inherited(chain, 'remoteUser') ?? by.user, port: by.port, privateKey: by.privateKey, timeout: by.timeoutSec ?? DEFAULT_TIMEOUT_SEC };
  return { ...(connects === undefined ? {} : { connects }), params, written, defaults, magic: { ...magicOf(role, play), ...(task === undefined ? {} : { ansible_search_path: searchPath(task, play) }) }, delegateTo: inherited(chain, 'delegateTo'), vault: play.vault };
}

/** Where files that a task names are looked for (playbook/task.py, get_search_path). */
export function searchPath({ role, place }: Pick<TaskBase, 'role' | 'place'>, play: Pick<Play, 'folder'>): string[] {
  const roles = role === undefined ? [] : [role, ...role.parents.toReversed()].map(({ path }) => path);
  return [...new Set([...roles, dirname(resolve(place.file ?? '')), play.folder])];
}

function magicOf(role: TaskBase['role'], play: Play): Record<string, unknown> {
  const own = play.roles.map(({ name }) => name);
  const needed = [...new Set(play.roles.flatMap(allDependencies).map(({ name }) => name))];
  const magic: Record<string, unknown> = {
    ansible_play_role_names: own,
    role_names: own,
    ansible_dependent_role_names: needed,
    ansible_role_names: [...new Set([...needed, ...own])],
  };
  if (role === undefined) return magic;
  const parents = role.parents.toReversed();
  return { ...magic, role_name: role.name, ansible_role_name: role.name, role_path: role.path, ...(parents.length === 0 ? {} : { ansible_parent_role_names: parents.map(({ name }) => name), ansible_parent_role_paths: parents.map(({ path }) => path) }) };
}

/** As the banner shows it: `role : name`; templates as they are where they cannot be rendered. */
export function taskName(task: Pick<TaskBase, 'name' | 'role' | 'action'>, names: Names | undefined): string {
  return shownName(task, plainName(task, names));
}

/** @param own of plainName */
export function shownName(task: Pick<TaskBase, 'role' | 'action'>, own: string): string {
  const shown = own === '' ? task.action : own;
  return task.role === undefined ? shown : `${task.role.name} : ${shown}`;
}

/** `file:line`, as -vv shows it: the whole path (playbook/base.py, get_path). */
export function pathOf({ place: { file, line } }: { readonly place: Place }): string {
  if (file === undefined) return '';
  return line === undefined ? resolve(file) : `${resolve(file)}:${line}`;
}

/** What `taskName` has put in front is left out. */
export function withoutRole(name: string, role: TaskBase['role']): string {
  return role !== undefined && name.startsWith(`${role.name} : `) ? name.slice(`${role.name} : `.length) : name;
}

export function plainName(task: Pick<TaskBase, 'name'>, names: Names | undefined): string {
  const { name } = task;
  if (!(name instanceof Template)) return (name ?? '').trim();
  if (names === undefined) return name.source.text.trim();
  try {
    return printable(toText(render(name, names))).trim();
  } catch {
    return name.source.text.trim();
  }
}
