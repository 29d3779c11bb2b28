// What comes in: the path of a playbook. What goes out: its plays, checked.
// Guaranteed: whatever is outside of the supported subset is an error with file:line:column before any host is touched; no key is ignored.
import { isSeq } from 'yaml';
import { readText } from '../base/read-text.js';
import { parseYaml, resolveAlias, type YamlFile, yamlError, yamlPlace } from '../base/yaml.js';
import { unsupportedPlayKeys } from './keys.js';
import { checkBecome, loadHandlers, loadSteps, loadVars } from './load-task.js';
import type { Play, Playbook, Step, Task } from './playbook.js';
import { booleanOf, entriesOf, INVALID, keyError, textOf, textsOf, UNSUPPORTED } from './read-keys.js';
import { compileNode, Template } from './template.js';
import { didYouMean } from '../base/near-names.js';
import type { Node } from 'yaml';

const PLAY = ['name', 'hosts', 'become', 'become_user', 'become_method', 'gather_facts', 'any_errors_fatal', 'vars', 'tasks', 'handlers', 'tags'];

/** @throws FleetTapError kind `input`: `playbook-unsupported`, `playbook-invalid`, `template-syntax`, `yaml-syntax`, `file-…` */
export async function loadPlaybook(path: string): Promise<Playbook> {
  return parsePlaybook(await readText(path, 'playbook'), path);
}

/** Pure. @param file the name to show in errors; also the folder for files that tasks send */
function parsePlaybook(text: string, file: string): Playbook {
  const yaml = parseYaml(text, file);
  const root = resolveAlias(yaml, yaml.root);
  if (!isSeq(root)) throw yamlError(yaml, root, 'a playbook is a list of plays', { code: INVALID, hint: 'start it with `- hosts: all`' });
  if (root.items.length === 0) throw yamlError(yaml, root, 'the playbook is empty', { code: INVALID });
  return { file, plays: root.items.map((node) => loadPlay(yaml, node as Node)) };
}

function loadPlay(yaml: YamlFile, node: Node): Play {
  const entries = entriesOf(yaml, node, 'a play');
  for (const [key, entry] of entries) if (!PLAY.includes(key.replace(/^ansible\.builtin\./, ''))) throw keyError(yaml, entry, 'play', PLAY, unsupportedPlayKeys);
  const hostsEntry = entries.get('hosts');
  if (hostsEntry === undefined) throw yamlError(yaml, node, 'this play says no hosts', { code: INVALID, hint: 'hosts: all' });
  checkBecome(yaml, entries);
  if (textsOf(yaml, entries, 'tags').includes('never')) throw yamlError(yaml, entries.get('tags')?.keyNode ?? node, 'the tag never is not supported yet', { code: UNSUPPORTED, hint: 'use `when`' });
  const compiled = compileNode(yaml, hostsEntry.value);
  const hosts = compiled instanceof Template ? compiled : textsOf(yaml, entries, 'hosts').join(',');
  const tasks = loadSteps(yaml, entries.get('tasks')?.value ?? null, 'tasks');
  const handlers = loadHandlers(yaml, entries.get('handlers')?.value ?? null);
  const play: Play = {
    name: textOf(yaml, entries, 'name') ?? (compiled instanceof Template ? compiled.source.text : String(hosts)),
    hosts,
    become: booleanOf(yaml, entries, 'become'),
    gatherFacts: booleanOf(yaml, entries, 'gather_facts') ?? true,
    anyErrorsFatal: booleanOf(yaml, entries, 'any_errors_fatal') ?? false,
    vars: loadVars(yaml, entries.get('vars')),
    tasks,
    handlers,
    place: yamlPlace(yaml, node),
  };
  checkNotify(yaml, play);
  return play;
}

/** Every name that is notified is one handler's, or a topic. Ansible finds out only when the task has changed something, and runs one of two. */
function checkNotify(yaml: YamlFile, play: Play): void {
  const nameOf = (handler: Task) => (typeof handler.name === 'string' ? handler.name : handler.name.source.text);
  const names = new Set(play.handlers.flatMap((handler) => [nameOf(handler), ...handler.listen]));
  const notified = new Set([...tasksOf(play.tasks), ...play.handlers].flatMap((task) => task.notify));
  for (const [index, handler] of play.handlers.entries()) {
    const name = nameOf(handler);
    if (!notified.has(name) || play.handlers.findIndex((other) => nameOf(other) === name) === index) continue;
    throw yamlError(yaml, offsetOf(yaml, handler), `two handlers of this play have the name "${name}"`, { code: INVALID, hint: 'give each its own; listen: lets one notify both' });
  }
  for (const task of [...tasksOf(play.tasks), ...play.handlers]) {
    const unknown = task.notify.find((name) => !names.has(name));
    if (unknown === undefined) continue;
    const hint = didYouMean(unknown, names) ?? (names.size === 0 ? 'the play has no handlers' : `handlers: ${[...names].join(', ')}`);
    throw yamlError(yaml, offsetOf(yaml, task), `this task notifies "${unknown}", and no handler has that name`, { code: INVALID, hint });
  }
}

function offsetOf(yaml: YamlFile, { place }: Task): number {
  return (yaml.lineCounter.lineStarts[(place.line ?? 1) - 1] ?? 0) + (place.column ?? 1) - 1;
}

function tasksOf(steps: readonly Step[]): Task[] {
  return steps.flatMap((step) => (step.kind === 'task' ? [step] : tasksOf([...step.tasks, ...step.rescue, ...step.always])));
}
