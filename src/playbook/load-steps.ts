// What comes in: a list of tasks. What goes out: steps; blocks with what is in them, imports already in place.
// Guaranteed: a file or role that is named without a template is loaded now, so that its mistakes are found before any host is touched.
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { isMap, isSeq, type Node } from 'yaml';
import { FleetTapError } from '../base/errors.js';
import { type MapEntry, resolveAlias, type YamlFile, yamlError, yamlPlace } from '../base/yaml.js';
import { readDirectives } from './directives.js';
import { applyOf, includeVars, knownName } from './include-parts.js';
import { COMMON_KEYS, unsupportedTaskKeys } from './keys.js';
import { holdsTemplate, writtenArguments } from './load-arguments.js';
import type { LoadContext } from './load-context.js';
import { LOOP_KEYS } from './load-loop.js';
import { importRole, includeRole } from './load-role.js';
import { actionOf, INCLUDES, loadTask, shortName, taskBase } from './load-task.js';
import type { Block, Handler, Include, Included, Step } from './playbook.js';
import { firstFile, readYaml } from './read-file.js';
import { type Entries, entriesOf, INVALID, isNothing, itemsOf, keyError, saidEntries, UNSUPPORTED } from './read-keys.js';
import { compileNode } from './template.js';

const BLOCK_KEYS = [...COMMON_KEYS, 'block', 'rescue', 'always', 'delegate_to', 'delegate_facts', 'notify'];
const IMPORT_KEYS = [...COMMON_KEYS, 'args', 'register', 'delegate_to', 'delegate_facts', 'listen', 'notify'];
/** Of includes themselves; what is meant for the tasks that they bring stands below `apply`. */
const INCLUDE_KEYS = ['name', 'when', 'tags', 'vars', 'args', 'register', 'ignore_errors', 'no_log', 'run_once', 'timeout', 'collections', 'listen', ...LOOP_KEYS, 'loop_control'];
const notOfIncludes = Object.fromEntries([...IMPORT_KEYS, 'notify'].map((key) => [key, `put it below apply: of the include, for the tasks that it brings (or use import_)`]));
const notOfImports = Object.fromEntries([...LOOP_KEYS, 'loop_control'].map((key) => [key, 'an import is done once, before the run: use include_tasks or include_role']));

/** Each mistake is told (`onMistake`) or thrown. */
export async function loadSteps(context: LoadContext, node: Node | null, what: string): Promise<Step[]> {
  const steps: Step[] = [];
  for (const item of itemsOf(context.yaml, node, what)) {
    try {
      const loaded = await loadStep(context, item);
      steps.push(...loaded);
      if (loaded[0]?.kind !== 'block') seen(context, item, loaded[0]);
    } catch (error) {
      if (!(error instanceof FleetTapError) || context.play.onMistake === undefined) throw error;
      context.play.onMistake(error);
      seen(context, item, undefined, error);
    }
  }
  return steps;
}

function seen({ yaml, play }: LoadContext, item: Node, step: Step | undefined, mistake?: FleetTapError): void {
  const { line = 1, column = 1 } = yamlPlace(yaml, item);
  const node = resolveAlias(yaml, item);
  const name = isMap(node) ? node.get('name') : undefined;
  const isDynamic = step?.kind === 'include' && holdsTemplate(step.target);
  play.onTask?.({ file: yaml.file, line, column, name: typeof name === 'string' ? name : '', isDynamic, mistake });
}

export async function loadHandlers(context: LoadContext, node: Node | null): Promise<Handler[]> {
  const steps = await loadSteps({ ...context, kind: 'handler' }, node, 'handlers');
  return steps.flatMap((step) => (step.kind === 'block' || step.kind === 'role' ? [] : [step]));
}

/** `action: include_tasks x.yml` is the same as `include_tasks: x.yml`. */
function withoutAction(yaml: YamlFile, entries: Entries): Entries {
  const action = entries.get('action');
  if (action === undefined) return entries;
  const { written, entry } = actionOf(yaml, action);
  if (!INCLUDES.includes(shortName(written))) return entries;
  return new Map([...entries].map(([name, one]) => (name === 'action' ? [written, { ...entry, key: written }] : [name, one])));
}

async function loadStep(context: LoadContext, item: Node): Promise<Step[]> {
  const { yaml } = context;
  const entries = withoutAction(yaml, saidEntries(yaml, entriesOf(yaml, item, context.kind === 'task' ? 'a task' : 'a handler')));
  if (entries.has('block')) return context.kind === 'handler' ? loadHandlerBlock(context, entries) : [await loadBlock(context, entries)];
  const key = [...entries.keys()].find((one) => INCLUDES.includes(shortName(one)));
  const entry = key === undefined ? undefined : entries.get(key);
  if (key === undefined || entry === undefined) return [loadTask(context, item, entries)];
  const isDynamic = shortName(key).startsWith('include_');
  const [known, unsupported] = isDynamic ? [INCLUDE_KEYS, { ...unsupportedTaskKeys, ...notOfIncludes }] : [IMPORT_KEYS, { ...unsupportedTaskKeys, ...notOfImports }];
  for (const [name, other] of entries) if (name !== key && !known.includes(name)) throw keyError(yaml, other, key, known, unsupported);
  const args = includeArguments(context, entry, entries.get('args'), key);
  const own = readDirectives(yaml, entries);
  const around = { ...own, params: own.vars };
  switch (shortName(key)) {
    case 'import_tasks': {
      const inside = { ...context, around: [around, ...context.around] };
      return [...(await loadTasksFile(inside, nameOf(inside, entry, args.get('file'), key), entry.keyNode)).steps];
    }
    case 'import_role':
      return importRole({ ...context, around: [around, ...context.around] }, args, entry);
    case 'include_role':
      return [await includeRole(context, { ...taskBase(context, item, entries, key) }, args, entry)];
    default:
      return [await includeTasks(context, item, entries, key, entry, args)];
  }
}

async function loadBlock(context: LoadContext, entries: Entries): Promise<Block> {
  const { yaml } = context;
  for (const [key, entry] of entries) if (!BLOCK_KEYS.includes(key)) throw keyError(yaml, entry, 'block', BLOCK_KEYS, unsupportedTaskKeys);
  const own = readDirectives(yaml, entries);
  const inside = { ...context, around: [own, ...context.around] };
  const steps = (key: string) => loadSteps(inside, entries.get(key)?.value ?? null, key);
  return { kind: 'block', own, around: context.around, tasks: await steps('block'), rescue: await steps('rescue'), always: await steps('always') };
}

/** Its tasks are handlers, each by its own name; Ansible never runs its rescue and always, and knows no name of its own. */
async function loadHandlerBlock(context: LoadContext, entries: Entries): Promise<Step[]> {
  for (const key of ['block', 'rescue', 'always']) {
    for (const item of itemsOf(context.yaml, entries.get(key)?.value ?? null, key)) {
      const inner = resolveAlias(context.yaml, item);
      if (isMap(inner) && inner.has('block')) throw yamlError(context.yaml, item, 'a block in a block cannot be a handler', { code: UNSUPPORTED, hint: 'give each task its own handler; listen: notifies them together' });
    }
  }
  return [...(await loadBlock(context, entries)).tasks];
}

async function includeTasks(context: LoadContext, node: Node, entries: Entries, key: string, entry: MapEntry, args: ReadonlyMap<string, MapEntry>): Promise<Include> {
  const base = taskBase(context, node, entries, key);
  const file = args.get('file');
  if (file === undefined) throw yamlError(context.yaml, entry.keyNode, `${key} names no file`, { code: INVALID });
  const target = compileNode(context.yaml, file.value);
  const apply = applyOf(context, args.get('apply'));
  const around = [...(apply === undefined ? [] : [apply]), includeVars(base.own.vars), ...context.around];
  const inner = { ...context, around };
  const load = (path: string): Promise<Included> => loadTasksFile({ ...inner, play: { ...inner.play, onMistake: undefined, onTask: undefined } }, path, file.value ?? entry.keyNode, true);
  const include: Include = { kind: 'include', what: 'tasks', ...base, target, roleOptions: { isPublic: false, from: new Map() }, apply, isThere: async (path) => (await findTasks(inner, path, true)) !== undefined, load };
  if (holdsTemplate(target) || typeof target !== 'string') return include;
  const path = await findTasks(inner, target, true);
  if (path !== undefined && context.play.open.includes(path)) return include;
  const loaded = await loadTasksFile(inner, target, file.value ?? entry.keyNode, true);
  return { ...include, load: async () => loaded };
}

function includeArguments(context: LoadContext, entry: MapEntry, args: MapEntry | undefined, key: string): Map<string, MapEntry> {
  const { yaml } = context;
  const isTasks = key.endsWith('_tasks');
  const nodes = writtenArguments(yaml, entry, { name: key, freeForm: isTasks ? 'file' : undefined });
  if (args !== undefined) for (const [name, item] of entriesOf(yaml, args.value, 'args')) nodes.set(name, item);
  const dynamic = key.includes('include_');
  const known = isTasks ? ['file', ...(dynamic ? ['apply'] : [])] : ['name', 'role', 'tasks_from', 'vars_from', 'defaults_from', 'handlers_from', 'allow_duplicates', 'rolespec_validate', 'public', ...(dynamic ? ['apply'] : [])];
  for (const [name, item] of nodes) if (!known.includes(name)) throw yamlError(yaml, item.keyNode, `${key} has no parameter "${name}"`, { code: INVALID, hint: `it takes ${known.join(', ')}; variables stand below vars:` });
  for (const [name, item] of nodes) if (/^name$|^role$|_from$/.test(name) && isNothing(yaml, item.value)) throw yamlError(yaml, item.keyNode, `${name} takes a string, not nothing`, { code: INVALID });
  return nodes;
}

/** The name of what is imported: known before the run, from -e and the play's variables. */
function nameOf(context: LoadContext, entry: MapEntry, value: MapEntry | undefined, key: string): string {
  if (value === undefined) throw yamlError(context.yaml, entry.keyNode, `${key} names no file`, { code: INVALID });
  return knownName(context, compileNode(context.yaml, value.value), value.value ?? entry.keyNode, key);
}

async function loadTasksFile(context: LoadContext, path: string, node: Node, isIncluded = false): Promise<Included> {
  const found = await findTasks(context, path, isIncluded);
  if (found === undefined) throw yamlError(context.yaml, node, `there is no file ${path}`, { code: 'file-missing', hint: `looked for ${taskPaths(context, path, isIncluded).join(', ')}` });
  if (context.play.open.includes(found) && context.play.open.filter((one) => one === found).length > 50) throw yamlError(context.yaml, node, `${path} includes itself without end`, { code: INVALID });
  const yaml = await readYaml(found, 'file of tasks', context.play.vault);
  const root = resolveAlias(yaml, yaml.root);
  if (!isNothing(yaml, root) && !isSeq(root)) throw yamlError(yaml, root, `a file of tasks is a list${isMap(root) ? ', not a mapping' : ''}`, { code: INVALID, hint: 'start each task with `- `' });
  const play = { ...context.play, open: [...context.play.open, found] };
  const namedFolders = [path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '', ...(context.namedFolders ?? [])];
  const steps = await loadSteps({ ...context, yaml, play, namedFolders }, root, 'a file of tasks');
  return { shown: shownPath(context, path, found), steps, handlers: [], role: undefined };
}

/** As Ansible puts it together: what is found beside other files is told with its `./` and `../` (playbook/included_file.py). */
function shownPath({ role, play, namedFolders = [] }: LoadContext, path: string, found: string): string {
  if (isAbsolute(path)) return found;
  const joined = (...parts: readonly string[]) => parts.filter((part) => part !== '').join('/');
  const folders = role === undefined ? namedFolders.map((_, index) => joined(play.folder, ...namedFolders.slice(0, index + 1).toReversed())) : [`${role.path}/tasks`];
  return folders.map((folder) => joined(folder, path)).find((one) => resolve(one) === found) ?? found;
}

function findTasks(context: LoadContext, path: string, isIncluded: boolean): Promise<string | undefined> {
  return firstFile(taskPaths(context, path, isIncluded));
}

/** Beside the file that names it, in the role's tasks/, beside the playbook; for include_tasks of a role's tasks beside that file last (playbook/included_file.py). */
function taskPaths({ yaml, role, play, kind }: LoadContext, path: string, isIncluded: boolean): string[] {
  if (isAbsolute(path)) return [resolve(path)];
  const beside = dirname(resolve(yaml.file));
  const others = [...(role === undefined ? [] : [join(role.path, 'tasks'), role.path]), join(play.folder, 'tasks'), play.folder];
  const folders = isIncluded && role !== undefined && kind === 'task' ? [...others, beside] : [beside, ...others];
  return [...new Set(folders.map((folder) => resolve(folder, path)))];
}
