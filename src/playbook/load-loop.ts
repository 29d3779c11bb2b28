// What comes in: loop, with_… and loop_control of a task. What goes out: how it loops.
import type { YamlFile } from '../base/yaml.js';
import { yamlError, yamlPlace } from '../base/yaml.js';
import type { Loop } from './playbook.js';
import { type Entries, entriesOf, INVALID, isNothing, keyError, templatedBooleanOf } from './read-keys.js';
import { checkLoopName, checkValues } from './check-values.js';
import { Condition } from './condition.js';
import { compileNode } from './template.js';

const KINDS: Readonly<Record<string, Loop['kind']>> = {
  loop: 'loop',
  with_items: 'items',
  with_list: 'list',
  with_flattened: 'flattened',
  'with_community.general.flattened': 'flattened',
  with_dict: 'dict',
  with_fileglob: 'fileglob',
  with_together: 'together',
  with_nested: 'nested',
  with_cartesian: 'nested',
  with_sequence: 'sequence',
  with_indexed_items: 'indexed',
  with_subelements: 'subelements',
  with_first_found: 'first_found',
  with_file: 'file',
  with_ini: 'ini',
  with_csvfile: 'csvfile',
  with_pipe: 'pipe',
  with_lines: 'lines',
  with_inventory_hostnames: 'hostnames',
  with_random_choice: 'random',
};
export const LOOP_KEYS = Object.keys(KINDS);
const CONTROL = ['loop_var', 'index_var', 'label', 'pause', 'extended', 'extended_allitems', 'break_when'];

export function loadLoop(yaml: YamlFile, entries: Entries): Loop | undefined {
  const keys = Object.keys(KINDS).filter((key) => entries.has(key));
  // Without a value `loop` is not there, as in Ansible.
  if (keys.length === 1 && keys[0] === 'loop' && isNothing(yaml, entries.get('loop')?.value ?? null)) return undefined;
  const [key, second] = keys;
  const entry = key === undefined ? undefined : entries.get(key);
  if (key === undefined || entry === undefined) return undefined;
  if (second !== undefined) throw yamlError(yaml, entries.get(second)?.keyNode ?? null, `a task loops in one way: ${key} or ${second}`, { code: INVALID, hint: 'remove one' });
  if (isNothing(yaml, entry.value)) throw yamlError(yaml, entry.keyNode, `${key} has no value`, { code: INVALID, hint: `${key}: [one, two]` });
  const control = entries.get('loop_control');
  const own: Entries = control === undefined ? new Map() : entriesOf(yaml, control.value, 'loop_control');
  for (const [name, item] of own) if (!CONTROL.includes(name)) throw keyError(yaml, item, 'loop_control', CONTROL, {});
  checkValues(yaml, own, CONTROL);
  checkValues(yaml, entries, ['loop']);
  for (const name of ['loop_var', 'index_var']) if (own.has(name)) checkLoopName(yaml, own.get(name)?.value ?? null, name);
  const value = (name: string) => (own.has(name) ? compileNode(yaml, own.get(name)?.value ?? null) : undefined);
  return {
    kind: KINDS[key] ?? 'loop',
    value: compileNode(yaml, entry.value),
    place: yamlPlace(yaml, entry.value ?? entry.keyNode),
    loopVar: own.has('loop_var') ? value('loop_var') : 'item',
    indexVar: value('index_var'),
    breakWhen: own.has('break_when') ? Condition.listFromYaml(yaml, own.get('break_when')?.value ?? null) : [],
    label: value('label'),
    pauseSec: value('pause'),
    isExtended: templatedBooleanOf(yaml, own, 'extended'),
    hasAllItems: templatedBooleanOf(yaml, own, 'extended_allitems'),
  };
}
