// What includes and imports of files and of roles have in common.
import type { Node } from 'yaml';
import { FleetTapError } from '../base/errors.js';
import { type MapEntry, yamlError } from '../base/yaml.js';
import { NO_DIRECTIVES, readDirectives } from './directives.js';
import { toText } from './expression/values.js';
import type { LoadContext } from './load-context.js';
import type { Directives, WrittenVars } from './playbook.js';
import { entriesOf } from './read-keys.js';
import { render, type TemplateValue } from './template.js';

/** What an include's own variables are to the tasks that it brings; nothing else of it is handed on. */
export function includeVars(vars: WrittenVars): Directives {
  return { ...NO_DIRECTIVES, vars, params: vars };
}

/** `apply:` of an include. */
export function applyOf(context: LoadContext, entry: MapEntry | undefined): Directives | undefined {
  return entry === undefined ? undefined : readDirectives(context.yaml, entriesOf(context.yaml, entry.value, 'apply'));
}

/** A name that must be known before the run: from -e and the play's variables. */
export function knownName(context: LoadContext, value: TemplateValue, node: Node, key: string): string {
  try {
    return toText(render(value, context.play.names));
  } catch (error) {
    if (!(error instanceof FleetTapError) || error.kind === 'input') throw error;
    throw yamlError(context.yaml, node, `${key} is done before the run: ${error.message}`, { code: error.code, hint: `give it with -e, or use ${key.replace('import', 'include')}` });
  }
}
