// What comes in: the names of what a filter, test, function or method takes, and what it was given. What goes out: values by name.
// Guaranteed: what is not known is refused, as Python refuses it.
import { FilterError } from './filter-error.js';
import type { CallArguments } from './objects.js';

export type Bound = Readonly<Record<string, unknown>>;

/** @throws FilterError for too many arguments, unknown names, and an argument given twice */
export function bind(parameters: readonly string[], { positional, named }: CallArguments): Bound {
  if (positional.length > parameters.length) throw new FilterError(parameters.length === 0 ? 'takes no arguments here' : `takes at most ${parameters.length} arguments here (${parameters.join(', ')}), not ${positional.length}`);
  const bound: Record<string, unknown> = {};
  for (const [index, value] of positional.entries()) bound[parameters[index] ?? ''] = value;
  for (const [name, value] of Object.entries(named)) {
    if (!parameters.includes(name)) throw new FilterError(`takes no argument "${name}"${parameters.length === 0 ? '' : `; it takes ${parameters.join(', ')}`}`);
    if (Object.hasOwn(bound, name)) throw new FilterError(`is given "${name}" twice`);
    bound[name] = value;
  }
  return bound;
}
