// What comes in: a parsed expression, its source, and names. What goes out: a value, or an error with the expression and its place.
// Guaranteed: nothing of JavaScript is reachable (own properties of plain data only); what is undefined may be tested, defaulted and handed around,
// and used in no other way; a string that a host said is a value like any other and is never parsed; work and size are bounded (budget.ts).
import { readFileSync } from 'node:fs';
import { FleetTapError } from '../../base/errors.js';
import { plainBytes, type Vault } from '../../base/vault.js';
import type { TemplateSource } from '../template-source.js';
import { getAttribute, getItem, slice } from './access.js';
import { arithmetic, negative } from './arithmetic.js';
import type { Arguments, CompareOperator, Expression } from './ast.js';
import { allocate, BudgetError, EXPRESSION_LIMITS, spend, withBudget } from './budget.js';
import { compareValues, contains } from './compare.js';
import { FilterError } from './filter-error.js';
import { filters } from './filter-table.js';
import { globals } from './globals.js';
import { iterate } from './iterate.js';
import { dictEntries, isDict, makeDict, Range, Tuple, typeName } from './kinds.js';
import { Callable, type CallArguments } from './objects.js';
import type { Controller, PluginContext, RenderFile } from './plugin.js';
import { Frame } from './scope.js';
import { tests } from './test-table.js';
import { type Placed, Undefined, UndefinedUse } from './undefined.js';
import { isEqual, isTrue, toText } from './values.js';

export interface Names {
  /** The value of a name, or Undefined. */
  get(name: string): unknown;
  /** For files that lookups read. Default: none can be decrypted. */
  readonly vault?: Vault | undefined;
  /** Where templates of files can be had. */
  readonly renderFile?: RenderFile | undefined;
  /** Default: no program is run. */
  readonly controller?: Controller | undefined;
}

/**
 * @returns a value; possibly `Undefined`, which the caller refuses or not
 * @throws FleetTapError kind `host`: `expression-undefined`, `expression-failed`
 */
export function evaluate(expression: Expression, source: TemplateSource, names: Names): unknown {
  return withBudget(EXPRESSION_LIMITS, () => new Evaluator(source, new Frame(names)).value(expression));
}

/** The error for an undefined value that was used. */
export function undefinedError(where: Placed, value: Undefined): FleetTapError {
  const { source, at } = value.where ?? where;
  return source.failure(at, `${value.reason} is undefined`, 'expression-undefined', value.isNothing ? "say what it is otherwise: … else ''" : 'set it in the inventory or with -e, or give it a value for this case: | default(...)');
}

/** Evaluates in one frame; `run-template.ts` makes new frames for loops and macros. */
export class Evaluator {
  readonly source: TemplateSource;
  readonly frame: Frame;
  /** What a filter block has put in front of its filters. */
  readonly #given: unknown;

  constructor(source: TemplateSource, frame: Frame, given: unknown = null) {
    this.source = source;
    this.frame = frame;
    this.#given = given;
  }

  value(node: Expression): unknown {
    return this.placed(node.at, 'this', () => this.#value(node));
  }

  /** Errors of pure functions get the place and the name of who failed. */
  placed<T>(at: number, what: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof UndefinedUse) throw undefinedError({ source: this.source, at }, error.value);
      if (error instanceof FilterError) throw this.failure(at, `${what} ${error.message}`, error instanceof BudgetError ? 'expression-limit' : 'expression-failed');
      if (error instanceof RangeError) throw this.failure(at, `${what} goes too deep`, 'expression-limit');
      throw error;
    }
  }

  failure(at: number, message: string, code = 'expression-failed', hint?: string): FleetTapError {
    return this.source.failure(at, message, code, hint);
  }

  #value(node: Expression): unknown {
    spend(1);
    switch (node.kind) {
      case 'literal':
        return node.value;
      case 'given':
        return this.#given;
      case 'name':
        return this.#name(node.name, node.at);
      case 'template':
        return node.value(this.frame);
      case 'list':
        return node.items.map((item) => this.value(item));
      case 'tuple':
        return Tuple.make(node.items.map((item) => this.value(item)));
      case 'dict':
        return makeDict(node.entries.map(([key, value]) => [this.value(key), this.value(value)] as const));
      case 'attribute':
        return this.#located(getAttribute(this.value(node.object), node.name), node.at);
      case 'item':
        return this.#located(getItem(this.value(node.object), this.value(node.key)), node.at);
      case 'slice':
        return this.placed(node.at, 'a slice', () => slice(this.value(node.object), ...([node.from, node.to, node.step].map((part) => (part === null ? null : this.value(part))) as [unknown, unknown, unknown])));
      case 'not':
        return !isTrue(this.value(node.operand));
      case 'negative':
        return negative(this.value(node.operand));
      case 'positive':
        return arithmetic('+', 0, this.value(node.operand));
      case 'and':
      case 'or': {
        const left = this.value(node.left);
        return isTrue(left) === (node.kind === 'and') ? this.value(node.right) : left;
      }
      case 'concat':
        return this.#concat(node.items);
      case 'binary': {
        const [left, right] = [this.value(node.left), this.value(node.right)];
        return this.placed(node.at, 'the operator', () => arithmetic(node.operator, left, right));
      }
      case 'compare':
        return this.#compare(node);
      case 'if':
        if (isTrue(this.value(node.condition))) return this.value(node.yes);
        return node.no === null ? new Undefined('the inline if without else', { source: this.source, at: node.at }, true) : this.value(node.no);
      case 'call':
        return this.#call(node);
      case 'filter':
      case 'test':
        return this.#plugin(node);
    }
  }

  #name(name: string, at: number): unknown {
    let value: unknown;
    try {
      value = this.frame.get(name);
    } catch (error) {
      // A variable that is made of something undefined is itself undefined, until somebody uses it.
      if (!(error instanceof FleetTapError) || error.code !== 'expression-undefined') throw error;
      value = new Undefined(`"${name}" is made of something that is not there (${error.message}); it`, { source: this.source, at });
    }
    if (value instanceof Undefined && globals.has(name)) return globals.get(name)?.(this.context);
    return this.#located(value, at);
  }

  #located(value: unknown, at: number): unknown {
    if (value instanceof Undefined && value.where === undefined) value.where = { source: this.source, at };
    return value;
  }

  #concat(items: readonly Expression[]): string {
    const texts = items.map((item) => {
      const value = this.value(item);
      return this.placed(item.at, 'this', () => toText(value));
    });
    allocate(texts.reduce((sum, text) => sum + text.length, 0));
    return texts.join('');
  }

  #compare(node: Extract<Expression, { kind: 'compare' }>): boolean {
    let left = this.value(node.first);
    for (const { operator, at, right: rightNode } of node.rest) {
      const right = this.value(rightNode);
      const from = left;
      if (!this.placed(at, 'the comparison', () => holds(operator, from, right))) return false;
      left = right;
    }
    return true;
  }

  #call(node: Extract<Expression, { kind: 'call' }>): unknown {
    const callee = this.value(node.callee);
    if (callee instanceof Undefined) throw undefinedError({ source: this.source, at: node.at }, callee);
    if (!(callee instanceof Callable)) throw this.failure(node.at, `a ${typeName(callee)} cannot be called`);
    const args = this.arguments(node.args);
    return this.placed(node.callee.at, `"${callee.name}"`, () => callee.call(args));
  }

  #plugin(node: Extract<Expression, { kind: 'filter' | 'test' }>): unknown {
    if (!(node.kind === 'filter' ? filters : tests).has(node.name)) throw this.failure(node.at, `the ${node.kind} "${node.name}" is not supported`);
    const input = this.value(node.input);
    const args = this.arguments(node.args);
    return this.placed(node.at, `the ${node.kind} "${node.name}"`, () => (node.kind === 'filter' ? this.context.filter(node.name, input, args) : this.context.test(node.name, input, args)));
  }

  readonly context: PluginContext = {
    filter: (name, input, args) => {
      spend(1);
      const found = filters.get(name.replace(/^ansible\.(builtin|legacy)\./, ''));
      if (found === undefined) throw new FilterError(`does not know the filter "${name}"`);
      // As in 2.19, what a filter or test makes of something undefined is itself undefined, until somebody uses it: default and ternary may still be behind it.
      if (input instanceof Undefined && found.takesUndefined !== true) return input;
      const value = orUndefined(() => found.apply(input, args, this.context));
      if (typeof value === 'string') allocate(value.length);
      else if (Array.isArray(value)) allocate(value.length * 8);
      return value instanceof Range ? [...value] : value;
    },
    test: (name, input, args) => {
      spend(1);
      const found = tests.get(name.replace(/^ansible\.(builtin|legacy)\./, ''));
      if (found === undefined) throw new FilterError(`does not know the test "${name}"`);
      if (input instanceof Undefined && found.takesUndefined !== true) return input;
      return orUndefined(() => found.apply(input, args, this.context));
    },
    variable: (name) => this.#name(name, 0),
    readFile: (path) => plainBytes(readFileSync(path), path, this.frame.vault),
    renderFile: (...words) => {
      const render = this.frame.renderFile;
      if (render === undefined) throw new FilterError('renders no templates here: it is before the run');
      return render(...words);
    },
    controller: () => {
      const { controller } = this.frame;
      // No FilterError: `errors: ignore` is about programs that have run.
      if (controller === undefined) throw new FleetTapError('host', 'expression-failed', 'no program is run and no file written here: it is before the task');
      return controller;
    },
  };

  arguments(args: Arguments): CallArguments {
    const positional = args.positional.map((value) => this.value(value));
    const named: Record<string, unknown> = {};
    for (const [name, value] of args.named) named[name] = this.value(value);
    if (args.spread !== undefined) positional.push(...iterate(this.value(args.spread)));
    if (args.spreadNamed !== undefined) {
      const more = this.value(args.spreadNamed);
      if (!isDict(more)) throw this.failure(args.spreadNamed.at, `** takes a mapping, not ${typeName(more)}`);
      for (const [name, value] of dictEntries(more)) named[toText(name)] = value;
    }
    return { positional, named };
  }
}

function orUndefined(apply: () => unknown): unknown {
  try {
    return apply();
  } catch (error) {
    if (!(error instanceof UndefinedUse)) throw error;
    return error.value;
  }
}

function holds(operator: CompareOperator, left: unknown, right: unknown): boolean {
  if (operator === '==') return isEqual(left, right);
  if (operator === '!=') return !isEqual(left, right);
  if (operator === 'in') return contains(right, left);
  if (operator === 'not in') return !contains(right, left);
  const order = compareValues(left, right);
  return operator === '<' ? order < 0 : operator === '>' ? order > 0 : operator === '<=' ? order <= 0 : order >= 0;
}
