// The lookups `pipe` and `lines`: what programs of this machine say. What comes in: lines for sh, and how one is run. What goes out: texts.
// Guaranteed: a program that fails is an error. Source: Ansible's plugins/lookup/pipe.py and lines.py.
import { FilterError } from './filter-error.js';
import type { Controller } from './plugin.js';
import { toText } from './values.js';

/** One text for each line of sh, without white space at its end. @throws FilterError */
export function pipeValues(terms: readonly unknown[], controller: Controller): string[] {
  return terms.map((term) => output(term, controller).trimEnd());
}

/** One text for each line of output. @throws FilterError */
export function linesValues(terms: readonly unknown[], controller: Controller): string[] {
  return terms.flatMap((term) => {
    const lines = output(term, controller).split(/\r\n|\r|\n/);
    return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  });
}

function output(term: unknown, controller: Controller): string {
  const { status, stdout } = controller.run(toText(term));
  if (status !== 0) throw new FilterError(`ran ${toText(term)}: it ended with status ${status}`);
  const text = stdout.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(stdout)) throw new FilterError(`ran ${toText(term)}: it printed what is not UTF-8`);
  return text;
}
