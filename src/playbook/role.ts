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

/** Lowest first (get_vars without params). */
export function roleVars(role: Role, parents: readonly Role[] = role.parents): WrittenVars[] {
  return [...parents.map((one) => one.vars), ...allDependencies(role).flatMap((one) => roleVars(one, [])), role.ownVars, role.vars];
}

/** Lowest first (get_role_params). */
export function roleParams(role: Role): WrittenVars[] {
  return [...role.parents.map((one) => one.params), role.params];
}
