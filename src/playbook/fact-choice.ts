// What comes in: gather_subset of a play, and module_defaults of gather_facts and setup. What goes out: which facts "Gathering Facts" takes.
import { FleetTapError } from '../base/errors.js';
import { type MapEntry, type YamlFile, yamlError } from '../base/yaml.js';
import type { AnsibleFacts } from '../facts/fact.js';
import { badSubset, chosenFacts } from '../facts/subsets.js';
import { setup } from '../modules/facts-modules.js';
import { convertParameter, ParameterError } from '../modules/params.js';
import type { Names } from './expression/evaluate.js';
import { holdsTemplate } from './load-arguments.js';
import { defaultsOf } from './module-defaults.js';
import type { Directives, FactChoice } from './playbook.js';
import { type Entries, INVALID } from './read-keys.js';
import { compileNode, render } from './template.js';

/** @throws FleetTapError kind `input` for a subset that does not exist */
export function loadFactChoice(yaml: YamlFile, entries: Entries, own: Directives): FactChoice {
  for (const key of ['gather_subset', 'gather_timeout', 'fact_path'] as const) {
    const entry = entries.get(key);
    if (entry !== undefined) checked(yaml, entry, key);
  }
  const defaults = defaultsOf([own], 'gather_facts');
  const compiled = (key: 'gather_subset' | 'filter' | 'fact_path') => {
    const found = defaults.get(key);
    if (found === undefined) return undefined;
    checked(found.yaml, found.item, key);
    return compileNode(found.yaml, found.item.value);
  };
  const value = (key: 'gather_subset' | 'fact_path') => {
    const written = entries.get(key);
    return written === undefined ? compiled(key) : compileNode(yaml, written.value);
  };
  return { subset: value('gather_subset'), path: value('fact_path'), filter: compiled('filter') };
}

function checked(yaml: YamlFile, { value, keyNode }: MapEntry, key: 'gather_subset' | 'gather_timeout' | 'filter' | 'fact_path'): void {
  const compiled = compileNode(yaml, value);
  if (holdsTemplate(compiled)) return;
  try {
    const converted = convertParameter(key, setup.parameters[key] ?? { type: 'raw' }, compiled);
    const bad = key === 'gather_subset' ? badSubset(converted as readonly string[]) : undefined;
    if (bad !== undefined) throw new ParameterError(bad);
  } catch (error) {
    throw error instanceof ParameterError ? yamlError(yaml, value ?? keyNode, error.message, { code: INVALID, hint: error.hint }) : error;
  }
}

/** @throws FleetTapError kind `host` where a template makes a subset that does not exist */
export function chosenOf(facts: AnsibleFacts, { subset, filter }: FactChoice, names: Names): AnsibleFacts {
  const list = (key: 'gather_subset' | 'filter', value: FactChoice['subset']) => convertParameter(key, setup.parameters[key], render(value, names)) as readonly string[];
  const asked = list('gather_subset', subset);
  const bad = badSubset(asked);
  if (bad !== undefined) throw new FleetTapError('host', 'parameter-invalid', bad);
  return chosenFacts(facts, asked, list('filter', filter));
}

/** The folder of the host's own facts. @throws FleetTapError kind `host` */
export function localFactsOf({ path }: FactChoice, names: Names): string {
  return convertParameter('fact_path', setup.parameters.fact_path, render(path, names)) as string;
}
