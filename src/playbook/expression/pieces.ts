// What comes in: what a template, a macro or a block printed, in order. What goes out: its value, as ansible-core 2.19 has it (AnsibleEnvironment.concat of
// _jinja_bits.py): nothing printed is none, a single value keeps its kind, more of them are one text. A none among them prints nothing.
import { allocate } from './budget.js';
import { toText } from './values.js';

/** @throws UndefinedUse */
export function concat(all: readonly unknown[]): unknown {
  const pieces = all.filter((piece) => piece !== null);
  const [first] = pieces;
  if (pieces.length < 2 && typeof first !== 'string') return first ?? null;
  const texts = pieces.map(toText);
  allocate(texts.reduce((sum, text) => sum + text.length, 0));
  return texts.join('');
}
