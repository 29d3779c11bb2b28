// What comes in: the result of include_vars. What goes out: the same as `register` keeps it, with the templates of the user's variables in it.
// Guaranteed: only what stood in the files becomes a template. The item of a loop and all else in the result are data, which may come from a host.
import type { TaskResult } from './task-result.js';
import { compileUserData, type TemplateValue } from './template.js';

/** undefined where nothing in the result is of include_vars. */
export function withTemplates({ registered, effects }: Pick<TaskResult, 'registered' | 'effects'>): TemplateValue | undefined {
  const written = new Map(effects.flatMap((effect) => (effect.kind === 'include-vars' ? [[effect.shown, effect.vars] as const] : [])));
  if (written.size === 0) return undefined;
  const compiled = (result: Readonly<Record<string, unknown>>) => {
    const vars = written.get(result.ansible_facts);
    return vars === undefined ? result : { ...result, ansible_facts: compileUserData(vars, 'ansible_facts of include_vars') };
  };
  const { results } = registered;
  return Array.isArray(results) ? { ...registered, results: (results as Readonly<Record<string, unknown>>[]).map(compiled) } : compiled(registered);
}
