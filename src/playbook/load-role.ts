// What comes in: where a role is used (roles:, dependencies, import_role, include_role). What goes out: the role, its steps and handlers.
// Guaranteed: roles are found where Ansible finds them: roles/ beside the playbook, the configured folders, beside the role that needs it.
import { readdir } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, normalize, resolve } from 'node:path';
import { homedir } from 'node:os';
import { isMap, isSeq, type Node } from 'yaml';
import { type MapEntry, resolveAlias, type YamlFile, yamlError } from '../base/yaml.js';
import { didYouMean } from '../base/near-names.js';
import { NO_DIRECTIVES, readDirectives } from './directives.js';
import { COMMON_KEYS } from './keys.js';
import type { LoadContext } from './load-context.js';
import { applyOf, includeVars, knownBoolean, knownName } from './include-parts.js';
import { readArgumentSpecs, validationTask, type WrittenSpecs } from './load-argument-spec.js';
import { holdsTemplate } from './load-arguments.js';
import type { Directives, Handler, Include, Included, Role, RoleFiles, RoleFolder, RoleSteps, Step, TaskBase, WrittenVars } from './playbook.js';
import { firstFile, readVarsFile, readYaml, roleFiles } from './read-file.js';
import { booleanOf, entriesOf, INVALID, isNothing, itemsOf, UNSUPPORTED } from './read-keys.js';
import { compileNode, Template } from './template.js';

interface RoleUse {
  readonly name: string;
  readonly own: Directives;
  readonly params: WrittenVars;
  readonly from: Readonly<Record<RoleFolder, string>>;
  /** Whether its variables are checked against its argument specification. */
  readonly isValidated: boolean;
  /** undefined: as the role's own meta says. */
  readonly allowDuplicates: boolean | undefined;
  readonly key: string;
  readonly place: Node;
}

interface LoadedRole extends Included {
  readonly role: Role;
}

const MAIN = { tasks: 'main', vars: 'main', defaults: 'main', handlers: 'main' } as const;
const FOLDERS = Object.keys(MAIN) as RoleFolder[];

/** `roles:` of a play. */
export async function loadRoles(context: LoadContext, node: Node | null): Promise<Step[]> {
  const steps: Step[] = [];
  for (const item of itemsOf(context.yaml, node, 'roles')) {
    const loaded = await loadRole(context, usedRole(context, item), []);
    context.play.roles.push(loaded.role);
    context.play.handlers.push(...loaded.handlers);
    steps.push(...loaded.steps);
  }
  return steps;
}

/** @param context around it: the import's own keys, innermost */
export async function importRole(context: LoadContext, args: ReadonlyMap<string, MapEntry>, entry: MapEntry): Promise<Step[]> {
  const loaded = await loadRole(context, argumentsRole(context, args, entry, 'import_role'), parentsOf(context));
  if (knownBoolean(context, args, 'public') !== false) context.play.roles.push(loaded.role);
  context.play.importedHandlers.push(...loaded.handlers);
  return [...loaded.steps];
}

export async function includeRole(context: LoadContext, base: TaskBase, args: ReadonlyMap<string, MapEntry>, entry: MapEntry): Promise<Include> {
  const { yaml } = context;
  const name = args.get('name') ?? args.get('role');
  if (name === undefined) throw yamlError(yaml, entry.keyNode, 'include_role names no role', { code: INVALID, hint: 'name: the_role' });
  const target = compileNode(yaml, name.value);
  const apply = applyOf(context, args.get('apply'));
  const around = [...(apply === undefined ? [] : [apply]), includeVars(base.own.vars), ...context.around];
  const isPublic = knownBoolean(context, args, 'public') ?? false;
  const inner = { ...context, around };
  const isDynamic = holdsTemplate(target) || [...args.values()].some(({ value }) => holdsTemplate(compileNode(yaml, value)));
  const quiet = { ...inner, play: { ...inner.play, onMistake: undefined, onTask: undefined, handlers: [] } };
  const from = new Map(FOLDERS.flatMap((folder) => (args.has(`${folder}_from`) ? [[folder, compileNode(yaml, args.get(`${folder}_from`)?.value ?? null)] as const] : [])));
  const load = (name: string, files: RoleFiles) => loadRole(quiet, argumentsRole(quiet, args, entry, 'include_role', { name, files }), parentsOf(context));
  const include: Include = { kind: 'include', what: 'role', ...base, target, roleOptions: { isPublic, from }, apply, isThere: async (one) => (await findRole(inner, one)) !== undefined, load };
  if (isDynamic || typeof target !== 'string') return include;
  const found = await findRole(inner, target);
  // A role that includes itself ends by a condition: it is loaded when it runs.
  if (found !== undefined && context.play.open.includes(found.path)) return include;
  const loaded = await loadRole({ ...inner, play: { ...inner.play, handlers: [] } }, argumentsRole(inner, args, entry, 'include_role'), parentsOf(context));
  return { ...include, load: async () => loaded };
}

function parentsOf({ role }: LoadContext): Role[] {
  return role === undefined ? [] : [...role.parents, role];
}

/** One that is only there by its path from where the program was started is called by the path's last part (playbook/role/definition.py). */
async function findRole({ play, role }: LoadContext, name: string): Promise<{ readonly path: string; readonly name: string } | undefined> {
  const folders = [join(play.folder, 'roles'), ...play.rolesPath.map((path) => path.replace(/^~(?=\/)/, homedir())), ...(role === undefined ? [] : [dirname(role.path)]), play.folder];
  const known = await firstFile(folders.map((folder) => resolve(folder, name)));
  if (known !== undefined) return { path: known, name };
  const path = name.includes('/') ? await firstFile([resolve(name)]) : undefined;
  return path === undefined ? undefined : { path, name: basename(name) };
}

async function missingRoleHint({ play }: LoadContext, name: string): Promise<string> {
  const folders = [join(play.folder, 'roles'), ...play.rolesPath];
  const known = await Promise.all(folders.map((folder) => readdir(folder.replace(/^~(?=\/)/, homedir())).catch(() => [])));
  const near = didYouMean(name, known.flat());
  const where = `looked in ${folders.join(', ')}`;
  return near ?? (name.includes('.') ? `${where}; one of Ansible Galaxy is fetched first: ansible-galaxy role install ${name}` : where);
}

async function loadRole(context: LoadContext, use: RoleUse, parents: readonly Role[]): Promise<LoadedRole> {
  const { yaml } = context;
  const found = await findRole(context, use.name);
  if (found === undefined) {
    const isOfCollection = /^\w+\.\w+\.\w+$/.test(use.name);
    const hint = isOfCollection ? 'roles of collections are not supported: copy the role into roles/' : await missingRoleHint(context, use.name);
    throw yamlError(yaml, use.place, `there is no role "${use.name}"`, { code: isOfCollection ? UNSUPPORTED : INVALID, hint });
  }
  const { path, name } = found;
  if (parents.length > 50 || parents.filter((one) => one.path === path).length > 20) throw yamlError(yaml, use.place, `the role "${use.name}" needs itself`, { code: INVALID });
  const vault = context.play.vault;
  const read = async (folder: 'vars' | 'defaults'): Promise<WrittenVars> => {
    const files = await roleFiles(join(path, folder), use.from[folder], true);
    if (files.length === 0 && use.from[folder] !== 'main') throw yamlError(yaml, use.place, `the role "${use.name}" has no file ${folder}/${use.from[folder]}`, { code: 'file-missing' });
    return Object.assign({}, ...(await Promise.all(files.map((file) => readVarsFile(file, vault))))) as WrittenVars;
  };
  const meta = await readMeta(context, path);
  const dependencies: LoadedRole[] = [];
  const base = { name, path, defaults: await read('defaults'), vars: await read('vars'), ownVars: use.own.vars, params: use.params, own: use.own, parents, allowDuplicates: use.allowDuplicates ?? meta.allowDuplicates, key: JSON.stringify([path, name, use.key]) };
  const asParent: Role = { ...base, dependencies: [] };
  const around = [{ ...use.own, vars: {} }, ...context.around];
  for (const item of meta.dependencies) {
    const inner = { ...context, yaml: meta.yaml ?? yaml, role: asParent, around };
    dependencies.push(await loadRole(inner, usedRole(inner, item), [...parents, asParent]));
  }
  const role: Role = { ...base, dependencies: dependencies.map((one) => one.role) };
  const inside = { ...context, role, around, play: { ...context.play, open: [...context.play.open, path] } };
  const checks = use.isValidated ? validationTask(inside, role, await readArgumentSpecs(inside, path, meta.specs), use.from.tasks) : [];
  const [tasks] = await roleFiles(join(path, 'tasks'), use.from.tasks, false);
  if (tasks === undefined && use.from.tasks !== 'main') throw yamlError(yaml, use.place, `the role "${use.name}" has no file tasks/${use.from.tasks}`, { code: 'file-missing' });
  const steps = tasks === undefined ? [] : await loadFile(inside, tasks, 'task');
  const [handlersFile] = await roleFiles(join(path, 'handlers'), use.from.handlers, false);
  const loadedHandlers = context.play.handlersOf.get(base.key) ?? (handlersFile === undefined ? [] : await loadFile(inside, handlersFile, 'handler')).filter((step): step is Handler => step.kind !== 'block' && step.kind !== 'role');
  context.play.handlersOf.set(base.key, loadedHandlers);
  const own: RoleSteps = { kind: 'role', role, steps: [...checks, ...steps] };
  return { shown: name, role, steps: [...dependencies.flatMap((one) => one.steps), own], handlers: [...dependencies.flatMap((one) => one.handlers), ...loadedHandlers] };
}

async function loadFile(context: LoadContext, path: string, kind: 'task' | 'handler'): Promise<Step[]> {
  const yaml = await readYaml(path, 'file of tasks', context.play.vault);
  const root = resolveAlias(yaml, yaml.root);
  if (!isNothing(yaml, root) && !isSeq(root)) throw yamlError(yaml, root, 'a file of tasks is a list', { code: INVALID, hint: 'start each task with `- `' });
  return context.play.loadSteps({ ...context, yaml, kind }, root, kind === 'task' ? 'a file of tasks' : 'handlers');
}

interface Meta {
  readonly yaml: YamlFile | undefined;
  readonly dependencies: readonly Node[];
  readonly allowDuplicates: boolean;
  readonly specs: WrittenSpecs | undefined;
}

async function readMeta(context: LoadContext, path: string): Promise<Meta> {
  const [file] = await roleFiles(join(path, 'meta'), 'main', false);
  if (file === undefined) return { yaml: undefined, dependencies: [], allowDuplicates: false, specs: undefined };
  const yaml = await readYaml(file, "role's meta", context.play.vault);
  if (isNothing(yaml, yaml.root)) return { yaml, dependencies: [], allowDuplicates: false, specs: undefined };
  const entries = entriesOf(yaml, yaml.root, "a role's meta");
  const known = ['dependencies', 'allow_duplicates', 'galaxy_info', 'collections', 'argument_specs'];
  for (const [key, entry] of entries) if (!known.includes(key)) throw yamlError(yaml, entry.keyNode, `a role's meta has no key "${key}"`, { code: INVALID, hint: didYouMean(key, known) ?? `supported: ${known.join(', ')}` });
  const specs = entries.get('argument_specs');
  return { yaml, dependencies: itemsOf(yaml, entries.get('dependencies')?.value ?? null, 'dependencies'), allowDuplicates: booleanOf(yaml, entries, 'allow_duplicates') ?? false, specs: specs === undefined ? undefined : { yaml, node: specs.value } };
}

/** An entry of roles: or of dependencies. */
function usedRole(context: LoadContext, node: Node): RoleUse {
  const { yaml } = context;
  const item = resolveAlias(yaml, node);
  if (!isMap(item)) return { name: knownName(context, compileNode(yaml, item), node, 'roles'), own: NO_DIRECTIVES, params: {}, from: MAIN, isValidated: true, allowDuplicates: undefined, key: '', place: node };
  const entries = entriesOf(yaml, item, 'a role');
  const name = entries.get('role') ?? entries.get('name');
  if (name === undefined || isNothing(yaml, name.value)) throw yamlError(yaml, node, 'this entry names no role', { code: INVALID, hint: '- role: the_role' });
  if (entries.has('src') || entries.has('scm')) throw yamlError(yaml, node, 'a role that is fetched first is not supported', { code: UNSUPPORTED, hint: 'fetch it with ansible-galaxy, and name it' });
  const params = new Map([...entries].filter(([key]) => ![...COMMON_KEYS, 'role', 'delegate_to', 'delegate_facts'].includes(key)));
  const written = Object.fromEntries([...params].map(([key, { value }]) => [key, compileNode(yaml, value)]));
  const text = [...entries].filter(([key]) => key !== 'role' && key !== 'name').map(([key, { value }]) => [key, value?.range === undefined || value.range === null ? '' : yaml.text.slice(value.range[0], value.range[1])]);
  return { name: knownName(context, compileNode(yaml, name.value), name.value ?? node, 'roles'), own: readDirectives(yaml, entries), params: written, from: MAIN, isValidated: true, allowDuplicates: undefined, key: JSON.stringify(text), place: name.value ?? node };
}

/** @param given what a host has made of the templates; undefined: they are done before the run */
function argumentsRole(context: LoadContext, args: ReadonlyMap<string, MapEntry>, entry: MapEntry, key: string, given?: { readonly name: string; readonly files: RoleFiles }): RoleUse {
  const { yaml } = context;
  const name = args.get('name') ?? args.get('role');
  if (name === undefined) throw yamlError(yaml, entry.keyNode, `${key} names no role`, { code: INVALID, hint: 'name: the_role' });
  const fileOf = (folder: RoleFolder): string => {
    const which = `${folder}_from`;
    const at = args.get(which)?.value ?? entry.keyNode;
    const file = given !== undefined ? (given.files[folder] ?? 'main') : args.has(which) ? knownName(context, compileNode(yaml, args.get(which)?.value ?? null), at, key) : 'main';
    if (isAbsolute(file) || normalize(file).startsWith('..')) throw yamlError(yaml, at, `${which}: ${file} lies outside of the role`, { code: INVALID, hint: 'name a file of the role' });
    return file;
  };
  const from = { tasks: fileOf('tasks'), vars: fileOf('vars'), defaults: fileOf('defaults'), handlers: fileOf('handlers') };
  // Two uses are one where they say the same: `tasks_from: main` is another than none (playbook/role/__init__.py, _get_hash_dict).
  const saidFrom = Object.entries(given?.files ?? from).filter(([folder]) => given !== undefined || args.has(`${folder}_from`));
  const allowDuplicates = knownBoolean(context, args, 'allow_duplicates') ?? true;
  const isValidated = knownBoolean(context, args, 'rolespec_validate') ?? true;
  // Its variables are the role's: with import_role the whole play sees them.
  const vars = context.around.find((one) => one.params !== undefined)?.params ?? {};
  return { name: given?.name ?? knownName(context, compileNode(yaml, name.value), name.value ?? entry.keyNode, key), own: { ...NO_DIRECTIVES, vars }, params: {}, from, isValidated, allowDuplicates, key: JSON.stringify([saidFrom, vars], (_, value: unknown) => (value instanceof Template ? value.source.text : value)), place: name.value ?? entry.keyNode };
}
