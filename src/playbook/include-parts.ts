// What includes and imports of files and of roles have in common.
import type { Node } from 'yaml';
import { FleetTapError } from '../base/errors.js';
import { type MapEntry, yamlError } from '../base/yaml.js';
import { NO_DIRECTIVES, readDirectives } from './directives.js';
import { toBool } from './expression/filters-numbers.js';
import { toText } from './expression/values.js';
import type { Names } from './expression/evaluate.js';
import type { LoadContext } from './load-context.js';
import type { Directives, WrittenVars } from './playbook.js';
import { type Entries, entriesOf, templatedBooleanOf } from './read-keys.js';
import { NamesOf } from './names-of.js';
import { roleDefaults, roleParams, roleVars } from './role.js';
import { render, Template, type TemplateValue } from './template.js';

/** What an include's own variables are to the tasks that it brings; nothing else of it is handed on. */
export function includeVars(vars: WrittenVars): Directives {
  return { ...NO_DIRECTIVES, vars, params: vars };
}

/** `apply:` of an include. */
export function applyOf(context: LoadContext, entry: MapEntry | undefined): Directives | undefined {
  return entry === undefined ? undefined : readDirectives(context.yaml, entriesOf(context.yaml, entry.value, 'apply'));
}

/** A name that must be known before the run: from where the playbook and the role stand, -e, what is around it, the role's variables, those of the play, the role's defaults. */
export function knownName(context: LoadContext, value: TemplateValue, node: Node, key: string): string {
  try {
    return toText(render(value, namesBefore(context)));
  } catch (error) {
    if (!(error instanceof FleetTapError) || error.kind === 'input') throw error;
    throw yamlError(context.yaml, node, `${key} is done before the run: ${error.message}`, { code: error.code, hint: `give it with -e, or use ${key.replace('import', 'include')}` });
  }
}

/** A switch of an include or import of a role; a template as far as it is known before the run. @throws FleetTapError where it is not */
export function knownBoolean(context: LoadContext, args: Entries, key: string): boolean | undefined {
  const value = templatedBooleanOf(context.yaml, args, key);
  if (!(value instanceof Template)) return value;
  try {
    return toBool(render(value, namesBefore(context))) === true;
  } catch (error) {
    if (!(error instanceof FleetTapError) || error.kind === 'input') throw error;
    throw value.source.error(0, `${key} is asked before the run: ${error.message}`, { hint: 'write true or false; `when` decides for each host' });
  }
}

function namesBefore({ play, role, around }: LoadContext): Names {
  const inner = around.flatMap(({ params = {}, vars }) => [params, vars]);
  const ofRole = role === undefined ? [] : [...roleParams(role).toReversed(), ...roleVars(role).toReversed()];
  const defaults = role === undefined ? [] : roleDefaults(role).toReversed();
  const places = { playbook_dir: play.folder, ...(role === undefined ? {} : { role_path: role.path, role_name: role.name, ansible_role_name: role.name }) };
  return new NamesOf([places, ...play.names.layers.slice(0, 1), ...inner, ...ofRole, ...play.names.layers.slice(1), ...defaults]);
}
