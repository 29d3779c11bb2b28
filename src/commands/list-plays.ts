// --list-hosts, --list-tasks and --list-tags: what a playbook would do, in the words of ansible-playbook. Hosts in the order of the inventory.
import type { Host } from '../inventory/host.js';
import { toText } from '../playbook/expression/values.js';
import { NamesOf } from '../playbook/names-of.js';
import type { Playbook, Step } from '../playbook/playbook.js';
import { type Tags, tagsOf, wantedSteps } from '../playbook/tags.js';
import { taskName } from '../playbook/task-scope.js';
import { render, Template } from '../playbook/template.js';

export interface ListOptions {
  readonly hosts: boolean;
  readonly tasks: boolean;
  readonly tags: boolean;
}

/** @param select the hosts of a pattern. @returns text that ends with a newline */
export function listPlays(playbook: Playbook, what: ListOptions, select: (pattern: string) => readonly Host[], asked: Tags, extraVars: Readonly<Record<string, unknown>>): string {
  // Where no tags are named, those of tasks that never run are listed, too.
  const tags = what.tags && asked.skip.length === 0 && asked.only.join(',') === 'all' ? { only: ['never', 'all'], skip: [] } : asked;
  const lines = [`\nplaybook: ${playbook.file}`];
  for (const [index, play] of playbook.plays.entries()) {
    const names = new NamesOf([extraVars, play.vars]);
    const patterns = [render(play.hosts, names)].flat().map(toText);
    const own = tagsOf({ own: play.own, around: [] }, names);
    lines.push(`\n  play #${index + 1} (${patterns.join(',')}): ${toText(play.name instanceof Template ? play.name.source.text : play.name)}\tTAGS: [${own.join(',')}]`);
    if (what.hosts) {
      const hosts = select(patterns.join(','));
      lines.push(`    pattern: [${patterns.map((one) => `'${one}'`).join(', ')}]`, `    hosts (${hosts.length}):`, ...hosts.map(({ name }) => `      ${name}`));
    }
    if (!what.tasks && !what.tags) continue;
    const tasks = [play.preTasks, play.tasks, play.postTasks].flatMap((steps) => tasksOf(wantedSteps(steps, tags, names)));
    const text = [
      ...(what.tasks ? ['    tasks:', ...tasks.map((task) => `      ${task.name === undefined ? task.action : taskName(task, undefined)}\tTAGS: [${tagsOf(task, names).sort().join(', ')}]`)] : []),
      ...(what.tags ? [`      TASK TAGS: [${[...new Set([...own, ...tasks.flatMap((task) => tagsOf(task, names))])].sort().join(', ')}]`] : []),
    ];
    lines.push(...text);
  }
  return `${lines.join('\n')}\n`;
}

/** Without what rescue: and always: hold, as Ansible lists them. */
function tasksOf(steps: readonly Step[]): Exclude<Step, { kind: 'block' | 'role' }>[] {
  return steps.flatMap((step) => (step.kind === 'block' ? tasksOf(step.tasks) : step.kind === 'role' ? tasksOf(step.steps) : [step]));
}
