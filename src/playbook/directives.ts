// The keys that plays, roles, blocks and tasks have in common, and how a task gets them from what is around it (playbook/base.py).
// Guaranteed: `when`, `tags` and `environment` add up from the outside to the inside; of everything else the innermost that is written counts.
import { isVariableName, VARIABLE_NAME_HINT } from '../base/variable-name.js';
import type { MapEntry, YamlFile } from '../base/yaml.js';
import { yamlError } from '../base/yaml.js';
import { checkValues } from './check-values.js';
import { Condition } from './condition.js';
import { COMMON_KEYS } from './keys.js';
import type { Directives, WrittenVars } from './playbook.js';
import { type Entries, entriesOf, INVALID, isNothing, itemsOf, templatedBooleanOf, UNSUPPORTED } from './read-keys.js';
import { readModuleDefaults } from './module-defaults.js';
import { compileNode, type TemplateValue } from './template.js';

export function readDirectives(yaml: YamlFile, entries: Entries): Directives {
  checkCollections(yaml, entries);
  checkValues(yaml, entries, COMMON_KEYS);
  const value = (key: string): TemplateValue => (entries.has(key) ? compileNode(yaml, entries.get(key)?.value ?? null) : undefined);
  const flag = (key: string) => templatedBooleanOf(yaml, entries, key);
  return {
    when: entries.has('when') ? Condition.listFromYaml(yaml, entries.get('when')?.value ?? null) : [],
    tags: readTags(value('tags')),
    environment: entries.has('environment') ? [value('environment')].flat() : [],
    vars: loadVars(yaml, entries.get('vars')),
    become: flag('become'),
    becomeUser: value('become_user'),
    becomeMethod: value('become_method'),
    becomeFlags: value('become_flags'),
    becomeExe: value('become_exe'),
    ignoreErrors: flag('ignore_errors'),
    ignoreUnreachable: flag('ignore_unreachable'),
    checkMode: flag('check_mode'),
    diff: flag('diff'),
    noLog: flag('no_log'),
    runOnce: flag('run_once'),
    delegateTo: value('delegate_to'),
    delegateFacts: flag('delegate_facts'),
    anyErrorsFatal: flag('any_errors_fatal'),
    timeoutSec: value('timeout'),
    connection: value('connection'),
    throttle: value('throttle'),
    remoteUser: value('remote_user'),
    port: value('port'),
    notify: value('notify'),
    moduleDefaults: readModuleDefaults(yaml, entries.get('module_defaults')),
  };
}

/** Where short names of modules are looked for before ansible.builtin. These have none of its names. */
const COLLECTIONS = ['ansible.builtin', 'ansible.legacy', 'ansible.posix', 'community.general', 'community.crypto', 'community.mysql', 'community.postgresql', 'community.docker'];

function checkCollections(yaml: YamlFile, entries: Entries): void {
  const entry = entries.get('collections');
  if (entry === undefined) return;
  for (const item of itemsOf(yaml, entry.value, 'collections')) {
    const name = compileNode(yaml, item);
    if (typeof name !== 'string' || !COLLECTIONS.includes(name)) throw yamlError(yaml, item, `the collection ${JSON.stringify(name)} is not supported`, { code: UNSUPPORTED, hint: `its modules may have the names of others; known: ${COLLECTIONS.join(', ')}` });
  }
}

/** `vars:`, a mapping of names; a list of mappings is taken too, as Ansible does. */
export function loadVars(yaml: YamlFile, entry: MapEntry | undefined): WrittenVars {
  if (entry === undefined || isNothing(yaml, entry.value)) return {};
  const vars: Record<string, unknown> = {};
  for (const [name, { keyNode, value }] of entriesOf(yaml, entry.value, 'vars')) {
    if (!isVariableName(name)) throw yamlError(yaml, keyNode, `"${name}" is not a name for a variable`, { code: INVALID, hint: VARIABLE_NAME_HINT });
    vars[name] = compileNode(yaml, value);
  }
  return vars;
}

/** `a,b` is two tags. */
function readTags(value: TemplateValue): TemplateValue[] {
  if (value === undefined || value === null) return [];
  return [value].flat().flatMap((tag) => (typeof tag === 'string' ? tag.split(',').map((one) => one.trim()) : [tag]));
}

/** What is written of `key`, the innermost that is. */
export function inherited<K extends keyof Directives>(chain: readonly Directives[], key: K): Directives[K] | undefined {
  return chain.find((one) => one[key] !== undefined && one[key] !== null)?.[key];
}

/** All of a list key, from the outside to the inside. */
export function added<T>(chain: readonly Directives[], of: (one: Directives) => readonly T[]): T[] {
  return chain.toReversed().flatMap((one) => [...of(one)]);
}

/** What an include or import puts around what it brings. */
export const NO_DIRECTIVES: Directives = {
  when: [], tags: [], environment: [], vars: {}, become: undefined, becomeUser: undefined, becomeMethod: undefined, becomeFlags: undefined, becomeExe: undefined,
  ignoreErrors: undefined, ignoreUnreachable: undefined, checkMode: undefined, diff: undefined, noLog: undefined, runOnce: undefined, delegateTo: undefined,
  delegateFacts: undefined, anyErrorsFatal: undefined, timeoutSec: undefined, connection: undefined, throttle: undefined, remoteUser: undefined, port: undefined, notify: undefined, moduleDefaults: undefined,
};
