// What a role gives to variables, and what it needs. Pure.
import type { Role, WrittenVars } from './playbook.js';

/** All it needs, in the order in which they run. */
export function allDependencies(role: Role): Role[] {
  return role.dependencies.flatMap((one) => [...allDependencies(one), one]);
}

/** Lowest first (playbook/role/__init__.py, get_default_vars). */
export function roleDefaults(role: Role, parents: readonly Role[] = role.parents): WrittenVars[] {
  return [...allDependencies(role).flatMap((one) => roleDefaults(one, [])), ...parents.map((one) => one.defaults), role.defaults];
}

/** What its own tasks see. Lowest first (get_vars without params). */
export function roleVars(role: Role): WrittenVars[] {
  return [...role.parents.flatMap((one) => [one.ownVars, one.vars]), ...exportedVars(role), role.ownVars];
}

/** What all tasks of the play see: vars/ of the role and of those that it needs. Lowest first (get_vars with only_exports). */
export function exportedVars(role: Role): WrittenVars[] {
  return [...allDependencies(role).flatMap(exportedVars), role.vars];
}

/** Lowest first (get_role_params). */
export function roleParams(role: Role): WrittenVars[] {
  return [...role.parents.map((one) => one.params), role.params];
}
