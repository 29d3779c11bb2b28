// What comes in: the path of a playbook. What goes out: its plays, checked, and those of the playbooks that it imports.
// Guaranteed: whatever is outside of the supported subset is an error with file:line:column before any host is touched; no key is ignored.
import { dirname, resolve } from 'node:path';
import { isSeq, type Node } from 'yaml';
import { FleetTapError } from '../base/errors.js';
import { noVault, type Vault } from '../base/vault.js';
import { type MapEntry, resolveAlias, type YamlFile, yamlError, yamlPlace } from '../base/yaml.js';
import type { Vars } from '../inventory/host.js';
import { NO_DIRECTIVES, readDirectives } from './directives.js';
import { COMMON_KEYS, unsupportedPlayKeys } from './keys.js';
import { checkValues } from './check-values.js';
import { checkNotify } from './check-notify.js';
import type { LoadContext, PlayContext, TaskSeen } from './load-context.js';
import { holdsTemplate, writtenArguments } from './load-arguments.js';
import { loadRoles } from './load-role.js';
import { loadHandlers, loadSteps } from './load-steps.js';
import { loadFactChoice } from './fact-choice.js';
import { loadVarsFiles, loadVarsPrompt } from './load-play-vars.js';
import type { Directives, Play, Playbook } from './playbook.js';
import { readYaml } from './read-file.js';
import { booleanOf, entriesOf, INVALID, keyError, textOf, templatedBooleanOf, textsOf, UNSUPPORTED, saidEntries, type Entries } from './read-keys.js';
import { compileNode, compileUserData, render, Template } from './template.js';
import { NamesOf } from './names-of.js';
import { toText } from './expression/values.js';

const PLAY_KEYS = [
  ...COMMON_KEYS, 'hosts', 'gather_facts', 'gather_subset', 'gather_timeout', 'fact_path', 'vars_files', 'vars_prompt', 'serial', 'max_fail_percentage', 'strategy', 'force_handlers', 'order',
  'roles', 'pre_tasks', 'tasks', 'post_tasks', 'handlers',
].filter((key) => key !== 'when');
const IMPORT_KEYS = ['name', 'import_playbook', 'vars', 'tags', 'when'];
const STRATEGIES: Readonly<Record<string, Play['strategy']>> = { linear: 'linear', free: 'free', host_pinned: 'free' };
const ORDERS = ['inventory', 'sorted', 'reverse_inventory', 'reverse_sorted', 'shuffle'];

export interface LoadOptions {
  /** `-e`: names of imported files and roles may use them. */
  readonly extraVars?: Vars;
  /** Where roles are looked for besides roles/ beside the playbook. */
  readonly rolesPath?: readonly string[];
  readonly vault?: Vault;
  /** Told about each mistake, and on goes the loading; without it the first one is thrown. */
  readonly onMistake?: (error: FleetTapError) => void;
  readonly onTask?: (task: TaskSeen) => void;
}

/** @throws FleetTapError kind `input`: `playbook-unsupported`, `playbook-invalid`, `template-syntax`, `yaml-syntax`, `file-…` */
export async function loadPlaybook(path: string, options: LoadOptions = {}): Promise<Playbook> {
  return { file: path, plays: await loadPlays(path, options, NO_DIRECTIVES, []) };
}

/** @param outer what import_playbook says of all its plays */
async function loadPlays(path: string, options: LoadOptions, outer: Directives, open: readonly string[]): Promise<Play[]> {
  const yaml = await readYaml(path, 'playbook', options.vault ?? noVault);
  const root = resolveAlias(yaml, yaml.root);
  if (!isSeq(root)) throw yamlError(yaml, root, 'a playbook is a list of plays', { code: INVALID, hint: 'start it with `- hosts: all`' });
  if (root.items.length === 0) throw yamlError(yaml, root, 'the playbook is empty', { code: INVALID });
  const plays: Play[] = [];
  for (const node of root.items as Node[]) {
    try {
      const entries = entriesOf(yaml, node, 'a play');
      const key = [...entries.keys()].find((one) => one.replace(/^ansible\.builtin\./, '') === 'import_playbook');
      const entry = key === undefined ? undefined : entries.get(key);
      if (entry === undefined) plays.push(await loadPlay(yaml, node, entries, options, outer));
      else plays.push(...(await importPlays(yaml, entries, entry, options, outer, [...open, resolve(path)])));
    } catch (error) {
      if (!(error instanceof FleetTapError) || options.onMistake === undefined) throw error;
      options.onMistake(error);
    }
  }
  return plays;
}

async function importPlays(yaml: YamlFile, entries: Entries, entry: MapEntry, options: LoadOptions, outer: Directives, open: readonly string[]): Promise<Play[]> {
  for (const [key, other] of entries) if (other !== entry && !IMPORT_KEYS.includes(key)) throw keyError(yaml, other, 'import_playbook', IMPORT_KEYS, {});
  const own = readDirectives(yaml, entries);
  const file = [...writtenArguments(yaml, entry, { name: 'import_playbook', freeForm: 'file' }).values()][0];
  const names = new NamesOf([compiledExtra(options), own.vars, outer.vars]);
  const path = file === undefined ? undefined : renderKnown(yaml, file.value ?? entry.keyNode, names);
  if (typeof path !== 'string') throw yamlError(yaml, entry.value ?? entry.keyNode, 'import_playbook names no file', { code: INVALID });
  const found = resolve(dirname(resolve(yaml.file)), path);
  if (open.includes(found)) throw yamlError(yaml, entry.value ?? entry.keyNode, `${path} imports itself`, { code: INVALID });
  const both = { ...NO_DIRECTIVES, vars: { ...own.vars, ...outer.vars }, tags: [...outer.tags, ...own.tags], when: [...outer.when, ...own.when] };
  return loadPlays(found, options, both, open);
}

async function loadPlay(yaml: YamlFile, node: Node, given: Entries, options: LoadOptions, outer: Directives): Promise<Play> {
  const entries = withRemoteUser(yaml, saidEntries(yaml, given));
  for (const [key, entry] of entries) if (!PLAY_KEYS.includes(key)) throw keyError(yaml, entry, 'play', PLAY_KEYS, unsupportedPlayKeys);
  const hostsEntry = entries.get('hosts');
  if (hostsEntry === undefined) throw yamlError(yaml, node, 'this play says no hosts', { code: INVALID, hint: 'hosts: all' });
  const written = readDirectives(yaml, entries);
  checkValues(yaml, entries, ['serial', 'max_fail_percentage']);
  const own: Directives = { ...written, vars: {}, tags: [...outer.tags, ...written.tags], when: outer.when };
  const vars = { ...written.vars, ...outer.vars };
  const folder = dirname(resolve(yaml.file));
  const compiled = compileNode(yaml, hostsEntry.value);
  if (!holdsTemplate(compiled)) textsOf(yaml, entries, 'hosts');
  if (compiled === null || (Array.isArray(compiled) && compiled.length === 0)) throw yamlError(yaml, hostsEntry.value ?? hostsEntry.keyNode, 'this play names no hosts', { code: INVALID, hint: 'hosts: all' });
  const names = new NamesOf([compiledExtra(options), vars]);
  const strategy = knownText(yaml, entries, 'strategy', names) ?? 'linear';
  const known = STRATEGIES[strategy.replace(/^ansible\.builtin\./, '')];
  if (known === undefined) throw yamlError(yaml, entries.get('strategy')?.value ?? node, `the strategy ${JSON.stringify(strategy)} is not supported`, { code: UNSUPPORTED, hint: 'linear, free and host_pinned are' });
  const order = knownText(yaml, entries, 'order', names);
  if (order !== undefined && !ORDERS.includes(order)) throw yamlError(yaml, entries.get('order')?.value ?? node, `the order ${order} is not known`, { code: INVALID, hint: ORDERS.join(', ') });
  const play: PlayContext = {
    folder, rolesPath: options.rolesPath ?? [], names, isFree: known === 'free', roles: [], handlers: [], importedHandlers: [], handlersOf: new Map(),
    onMistake: options.onMistake, onTask: options.onTask, vault: options.vault ?? noVault, open: [resolve(yaml.file)], loadSteps,
  };
  const context: LoadContext = { yaml, play, role: undefined, around: [own], kind: 'task' };
  const steps = (key: string) => loadSteps(context, entries.get(key)?.value ?? null, key);
  // In this order: a role's handlers stand before the play's.
  const preTasks = await steps('pre_tasks');
  const roleSteps = await loadRoles(context, entries.get('roles')?.value ?? null);
  const tasks = [...roleSteps, ...(await steps('tasks'))];
  const postTasks = await steps('post_tasks');
  const handlers = [...play.handlers, ...(await loadHandlers(context, entries.get('handlers')?.value ?? null)), ...play.importedHandlers];
  const value = (key: string) => (entries.has(key) ? compileNode(yaml, entries.get(key)?.value ?? null) : undefined);
  const loaded: Play = {
    name: value('name') ?? (Array.isArray(compiled) ? compiled.join(',') : compiled),
    hosts: compiled,
    hostsPlace: yamlPlace(yaml, hostsEntry.value ?? hostsEntry.keyNode),
    own,
    gatherFacts: templatedBooleanOf(yaml, entries, 'gather_facts'),
    gathers: loadFactChoice(yaml, entries, own),
    serial: value('serial'),
    maxFailPercentage: value('max_fail_percentage'),
    strategy: known,
    forceHandlers: booleanOf(yaml, entries, 'force_handlers'),
    order,
    vars,
    varsFiles: await loadVarsFiles(context, entries),
    varsPrompt: loadVarsPrompt(yaml, entries),
    roles: play.roles,
    preTasks, tasks, postTasks, handlers, folder,
    vault: play.vault,
    place: yamlPlace(yaml, node),
  };
  checkNotify(yaml, loaded, (error) => {
    if (options.onMistake === undefined) throw error;
    options.onMistake(error);
  });
  return loaded;
}

function compiledExtra(options: LoadOptions): Readonly<Record<string, unknown>> {
  return compileUserData(options.extraVars ?? {}, 'extra variables (-e)') as Readonly<Record<string, unknown>>;
}

/** `user` of a play is an old name of remote_user. */
function withRemoteUser(yaml: YamlFile, entries: Entries): Entries {
  const user = entries.get('user');
  if (user === undefined) return entries;
  if (entries.has('remote_user')) throw yamlError(yaml, user.keyNode, 'a play has either user or remote_user', { code: INVALID, hint: 'user is the old name: remove it' });
  return new Map([...entries].map(([key, entry]) => [key === 'user' ? 'remote_user' : key, entry]));
}

/** A text that may be a template over -e and the play's variables. */
function knownText(yaml: YamlFile, entries: Entries, key: string, names: NamesOf): string | undefined {
  const entry = entries.get(key);
  if (entry === undefined || !holdsTemplate(compileNode(yaml, entry.value))) return textOf(yaml, entries, key);
  return toText(renderKnown(yaml, entry.value ?? entry.keyNode, names));
}

function renderKnown(yaml: YamlFile, node: Node, names: NamesOf): unknown {
  const value = compileNode(yaml, node);
  try {
    return render(value, names);
  } catch (error) {
    if (!(value instanceof Template) || !(error instanceof FleetTapError)) throw error;
    throw yamlError(yaml, node, `this is done before the run: ${error.message}`, { code: error.code, hint: 'give it with -e' });
  }
}
