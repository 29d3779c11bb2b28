// What comes in: a `for` and what runs its body. What goes out: the pieces that it prints; `loop` is there in the body as Jinja has it.
// Guaranteed: the body's names end with each round; `loop(...)` of a recursive loop is bounded in depth.
import type { ForLoop, Statement, Target } from './ast.js';
import type { Evaluator } from './evaluate.js';
import { spend } from './budget.js';
import { FilterError } from './filter-error.js';
import { iterate } from './iterate.js';
import { Callable } from './objects.js';
import { concat } from './pieces.js';
import type { Frame } from './scope.js';
import { Undefined } from './undefined.js';
import { isEqual, isTrue } from './values.js';

const LIMIT_DEPTH = 50;

/** What runs statements (run-template.ts). */
interface Runner {
  readonly evaluator: Evaluator;
  readonly frame: Frame;
  inner(): Runner;
  assign(target: Target, value: unknown): void;
  run(statements: readonly Statement[]): readonly unknown[];
}

export function runFor(runner: Runner, loop: ForLoop): readonly unknown[] {
  const items = runner.evaluator.value(loop.over);
  return round(runner, loop, items, 0);
}

function round(runner: Runner, loop: ForLoop, over: unknown, depth: number): readonly unknown[] {
  if (depth > LIMIT_DEPTH) throw new FilterError(`loops in itself more than ${LIMIT_DEPTH} levels deep`);
  const all = runner.evaluator.placed(loop.over.at, 'the loop', () => iterate(over));
  const { condition } = loop;
  const items = condition === null ? [...all] : all.filter((item) => {
    const inside = runner.inner();
    inside.assign(loop.target, item);
    return inside.evaluator.placed(condition.at, 'this', () => isTrue(inside.evaluator.value(condition)));
  });
  if (items.length === 0) return runner.inner().run(loop.otherwise);
  const pieces: unknown[] = [];
  const memory: { value?: unknown } = {};
  for (const [index, item] of items.entries()) {
    spend(3);
    const inside = runner.inner();
    inside.frame.set('loop', loopObject(runner, loop, items, index, depth, memory));
    inside.assign(loop.target, item);
    for (const piece of inside.run(loop.body)) pieces.push(piece);
  }
  return pieces;
}

function loopObject(runner: Runner, loop: ForLoop, items: readonly unknown[], index: number, depth: number, memory: { value?: unknown }): Callable {
  const neighbour = (at: number, name: string): unknown => (at < 0 || at >= items.length ? new Undefined(`loop.${name} (there is none)`) : items[at]);
  const attributes = new Map<string, () => unknown>([
    ['index', () => index + 1],
    ['index0', () => index],
    ['revindex', () => items.length - index],
    ['revindex0', () => items.length - index - 1],
    ['first', () => index === 0],
    ['last', () => index === items.length - 1],
    ['length', () => items.length],
    ['depth', () => depth + 1],
    ['depth0', () => depth],
    ['previtem', () => neighbour(index - 1, 'previtem')],
    ['nextitem', () => neighbour(index + 1, 'nextitem')],
    ['cycle', () => new Callable('cycle', ({ positional }) => {
      if (positional.length === 0) throw new FilterError('takes at least one value');
      return positional[index % positional.length];
    })],
    ['changed', () => new Callable('changed', ({ positional }) => {
      const isNew = !Object.hasOwn(memory, 'value') || !isEqual(memory.value, positional);
      memory.value = positional;
      return isNew;
    })],
  ]);
  const recurse = ({ positional }: { readonly positional: readonly unknown[] }): unknown => {
    if (!loop.isRecursive) throw new FilterError('can be called in a loop that is marked recursive only');
    return runner.evaluator.placed(loop.at, 'the loop', () => concat(round(runner, loop, positional[0], depth + 1)));
  };
  return new Callable('loop', recurse, attributes);
}
