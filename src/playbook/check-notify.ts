// Every name that is notified is a handler's, or a topic. Ansible finds out only when the task has changed something.
// Not checked: names with templates, and plays in which a dynamic include may bring more handlers.
import { didYouMean } from '../base/near-names.js';
import type { FleetTapError } from '../base/errors.js';
import { type YamlFile, yamlError } from '../base/yaml.js';
import { holdsTemplate } from './load-arguments.js';
import type { Handler, Play, Step, Task } from './playbook.js';
import { INVALID } from './read-keys.js';
import { Template } from './template.js';

export function checkNotify(yaml: YamlFile, play: Play, tell: (error: FleetTapError) => void): void {
  const tasks = tasksOf([...play.preTasks, ...play.tasks, ...play.postTasks]).filter((task) => task.role === undefined && task.place.file === yaml.file);
  const own = play.handlers.filter((handler) => handler.role === undefined);
  if (hasDynamicRole([...play.preTasks, ...play.tasks, ...play.postTasks]) || play.handlers.some((handler) => handler.name instanceof Template)) return;
  const names = new Set(play.handlers.flatMap((handler) => [nameOf(handler), ...(handler.role === undefined ? [] : [`${handler.role.name} : ${nameOf(handler)}`]), ...handler.listen.flatMap((topic) => (handler.role === undefined ? [topic] : [topic, `${handler.role.name} : ${topic}`]))]));
  for (const task of [...tasks, ...own]) {
    const unknown = task.kind === 'task' ? notifiedBy(task).find((name) => !names.has(name)) : undefined;
    if (unknown === undefined) continue;
    const hint = didYouMean(unknown, names) ?? (names.size === 0 ? 'the play has no handlers' : `handlers: ${[...names].join(', ')}`);
    tell(yamlError(yaml, offsetOf(yaml, task), `this task notifies "${unknown}", and no handler has that name`, { code: INVALID, hint }));
  }
}

function nameOf(handler: Handler): string {
  return handler.name instanceof Template ? handler.name.source.text : (handler.name ?? handler.action);
}

function notifiedBy(task: Task): string[] {
  return [task.notify].flat().filter((name): name is string => typeof name === 'string' && !holdsTemplate(name));
}

function offsetOf(yaml: YamlFile, { place }: Handler): number {
  return (yaml.lineCounter.lineStarts[(place.line ?? 1) - 1] ?? 0) + (place.column ?? 1) - 1;
}

function tasksOf(steps: readonly Step[]): Handler[] {
  return steps.flatMap((step) => (step.kind === 'block' ? tasksOf([...step.tasks, ...step.rescue, ...step.always]) : step.kind === 'role' ? tasksOf(step.steps) : [step]));
}

function hasDynamicRole(steps: readonly Step[]): boolean {
  return tasksOf(steps).some((step) => step.kind === 'include');
}
