// --tags and --skip-tags: which tasks run (playbook/taggable.py), and a play without the others. Pure.
import { added } from './directives.js';
import type { Names } from './expression/evaluate.js';
import { toText } from './expression/values.js';
import type { Block, Step, TaskBase } from './playbook.js';
import { chainOf } from './settings.js';
import { render } from './template.js';

export interface Tags {
  /** `all` where none are named. */
  readonly only: readonly string[];
  readonly skip: readonly string[];
}

export function tagsOf(task: Pick<TaskBase, 'own' | 'around'>, names: Names): string[] {
  const written = added(chainOf(task), (one) => one.tags);
  return [...new Set(written.flatMap((tag) => [render(tag, names)].flat(2)).flatMap((tag) => toText(tag).split(',')).map((tag) => tag.trim()).filter((tag) => tag !== ''))];
}

export function isWanted(written: readonly string[], { only, skip }: Tags): boolean {
  const isTagged = written.length > 0;
  const tags = isTagged ? written : ['untagged'];
  const has = (tag: string) => tags.includes(tag);
  const meets = (list: readonly string[]) => list.some(has);
  const isNever = has('never');
  const runs = has('always') || (only.includes('all') && !isNever) || meets(only) || (only.includes('tagged') && isTagged && !isNever);
  if (!runs || skip.length === 0) return runs;
  if (skip.includes('all')) return has('always') && !skip.includes('always');
  return !meets(skip) && !(skip.includes('tagged') && isTagged);
}

/** The steps that are wanted; blocks of which nothing is left are gone. */
export function wantedSteps(steps: readonly Step[], tags: Tags, names: Names): Step[] {
  if (tags.only.includes('all') && tags.skip.length === 0 && !steps.some((step) => mayBeNever(step))) return [...steps];
  return steps.flatMap((step): Step[] => {
    if (step.kind === 'role') return [{ ...step, steps: wantedSteps(step.steps, tags, names) }];
    if (step.kind !== 'block') return isWanted(tagsOf(step, names), tags) ? [step] : [];
    const left: Block = { ...step, tasks: wantedSteps(step.tasks, tags, names), rescue: wantedSteps(step.rescue, tags, names), always: wantedSteps(step.always, tags, names) };
    return left.tasks.length + left.rescue.length + left.always.length === 0 ? [] : [left];
  });
}

function mayBeNever(step: Step): boolean {
  if (step.kind === 'role') return step.steps.some(mayBeNever);
  if (step.kind === 'block') return [step, ...step.around].some((one) => ('own' in one ? one.own : one).tags.length > 0) || [...step.tasks, ...step.rescue, ...step.always].some(mayBeNever);
  return chainOf(step).some((one) => one.tags.length > 0);
}
