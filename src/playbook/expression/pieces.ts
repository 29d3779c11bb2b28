// What comes in: what a template, a macro or a block printed, in order. What goes out: its value, as ansible-core 2.19 has it (AnsibleEnvironment.concat of
// _jinja_bits.py): nothing printed is none, a single value keeps its kind, more of them are one text. A none or an `omit` among them prints nothing,
// and tuples print as lists, also inside of others.
import { entriesOf } from '../../base/keyed-object.js';
import { allocate } from './budget.js';
import { Dict, isMapping, makeDict, Omit, Range, Tuple } from './kinds.js';
import { toText, withoutOmitted } from './values.js';

/** @throws UndefinedUse */
export function concat(all: readonly unknown[]): unknown {
  const pieces = all.filter((piece) => piece !== null);
  const [first] = pieces;
  if (pieces.length < 2 && typeof first !== 'string') return first ?? null;
  const texts = pieces.map((piece) => (piece instanceof Omit ? '' : toText(withLists(withoutOmitted(piece)))));
  allocate(texts.reduce((sum, text) => sum + text.length, 0));
  return texts.join('');
}

/** As texts have it: tuples are lists. */
export function withLists(value: unknown): unknown {
  if (value instanceof Range) return value;
  if (Array.isArray(value)) return value instanceof Tuple || value.some(mayHoldTuple) ? Array.from(value, withLists) : value;
  if (value instanceof Dict) return makeDict(value.entries().map(([key, item]) => [key, withLists(item)]));
  return isMapping(value) && Object.values(value).some(mayHoldTuple) ? makeDict(entriesOf(value).map(([key, item]) => [key, withLists(item)] as const)) : value;
}

function mayHoldTuple(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
