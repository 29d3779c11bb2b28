// module_defaults: parameters that tasks of a module have where they do not say otherwise (executor/module_common.py).
// Guaranteed: names of modules and of parameters are checked; the values are checked with the tasks that take them.
import { isSeq } from 'yaml';
import { type MapEntry, resolveAlias, type YamlFile, yamlError } from '../base/yaml.js';
import { moduleNamed } from '../modules/index.js';
import { ParameterError, parameterName } from '../modules/params.js';
import type { Directives, WrittenDefaults } from './playbook.js';
import { entriesOf, isNothing, itemsOf, UNSUPPORTED } from './read-keys.js';

/** A mapping, or a list of mappings. @throws FleetTapError kind `input` */
export function readModuleDefaults(yaml: YamlFile, entry: MapEntry | undefined): ReadonlyMap<string, WrittenDefaults> | undefined {
  if (entry === undefined || isNothing(yaml, entry.value)) return undefined;
  const value = resolveAlias(yaml, entry.value);
  const found = new Map<string, WrittenDefaults>();
  for (const node of isSeq(value) ? itemsOf(yaml, value, 'module_defaults') : [value]) {
    for (const [name, { keyNode, value: parameters }] of entriesOf(yaml, node, 'module_defaults')) {
      const module = moduleNamed(name);
      if (module === undefined) throw yamlError(yaml, keyNode, name.startsWith('group/') ? 'groups of modules are not supported' : `the module "${name}" is not supported`, { code: UNSUPPORTED, hint: name.startsWith('group/') ? 'name each module' : 'docs/modules.md lists the modules' });
      const written = new Map<string, { readonly yaml: YamlFile; readonly item: MapEntry }>();
      for (const [parameter, item] of isNothing(yaml, parameters) ? [] : entriesOf(yaml, parameters, name)) {
        try {
          written.set(module.takesAnyName === true ? parameter : parameterName(module.parameters, parameter), { yaml, item });
        } catch (error) {
          throw error instanceof ParameterError ? yamlError(yaml, item.keyNode, error.message, { code: UNSUPPORTED, hint: error.hint }) : error;
        }
      }
      found.set(module.name, written);
    }
  }
  return found;
}

/** @param chain the innermost first */
export function defaultsOf(chain: readonly Directives[], module: string): WrittenDefaults {
  const own = chain.find((one) => one.moduleDefaults?.has(module) === true)?.moduleDefaults?.get(module) ?? new Map();
  // It runs setup, which has defaults of its own (plugins/action/gather_facts.py).
  return module === 'gather_facts' ? new Map([...defaultsOf(chain, 'setup'), ...own]) : own;
}
