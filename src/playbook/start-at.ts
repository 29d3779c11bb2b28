// --start-at-task: a play without what stands before the named task; other plays before it are passed over (executor/play_iterator.py).
import { globToRegExp } from '../inventory/glob.js';
import type { Names } from './expression/evaluate.js';
import type { Play, Step } from './playbook.js';
import { plainName, taskName } from './task-scope.js';

/** @param wanted its name is taken away once it is found. @returns undefined: nothing of this play runs */
export function startingAt(play: Play, wanted: { name: string | undefined }, names: Names): Play | undefined {
  if (wanted.name === undefined) return play;
  const sections = { preTasks: from(play.preTasks, wanted, names), tasks: from(play.tasks, wanted, names), postTasks: from(play.postTasks, wanted, names) };
  return wanted.name === undefined ? { ...play, ...sections } : undefined;
}

function from(steps: readonly Step[], wanted: { name: string | undefined }, names: Names): Step[] {
  const left: Step[] = [];
  for (const step of steps) {
    if (wanted.name === undefined) left.push(step);
    else if (step.kind === 'block') {
      const tasks = from(step.tasks, wanted, names);
      if (wanted.name === undefined) left.push({ ...step, tasks });
    } else if (step.kind === 'role') {
      const inside = from(step.steps, wanted, names);
      if (wanted.name === undefined) left.push({ ...step, steps: inside });
    } else if (fits(step, wanted.name, names)) {
      wanted.name = undefined;
      left.push(step);
    }
  }
  return left;
}

function fits(step: Exclude<Step, { kind: 'block' | 'role' }>, name: string, names: Names): boolean {
  const own = [plainName(step, names), taskName(step, names)];
  const pattern = globToRegExp(name);
  return own.some((one) => one === name || (one !== '' && pattern.test(one)));
}
