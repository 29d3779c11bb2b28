// What comes in: a parsed expression, its source, and names. What goes out: a value, or an error with the expression and its place.
// Guaranteed: nothing of JavaScript is reachable (own properties of plain data only); what is undefined may be tested and defaulted, and used in
// no other way; a string that a host said is a value like any other and is never parsed.
import type { FleetTapError } from '../../base/errors.js';
import type { TemplateSource } from '../template-source.js';
import type { Arguments, CompareOperator, Expression } from './ast.js';
import { FilterError } from './filter-error.js';
import { bindArguments, filters } from './filters.js';
import { methods } from './methods.js';
import { tests } from './tests.js';
import { isEqual, isMapping, isTrue, Lazy, repr, toText, typeName, Undefined } from './values.js';

export interface Names {
  /** The value of a name, or Undefined. */
  get(name: string): unknown;
}

/** Longer results are refused: `'x' * 10**9` must not take the controller down. */
const LIMIT_LENGTH = 10_000_000;

/**
 * @returns a value; possibly `Undefined`, which the caller refuses or not
 * @throws FleetTapError kind `host`: `expression-undefined`, `expression-failed`
 */
export function evaluate(expression: Expression, source: TemplateSource, names: Names): unknown {
  return new Evaluator(source, names).value(expression);
}

/** The error for an undefined value that was used. */
export function undefinedError(source: TemplateSource, at: number, value: Undefined): FleetTapError {
  return source.failure(at, `${value.reason} is undefined`, 'expression-undefined', 'set it in the inventory or with -e, or give it a value for this case: | default(...)');
}

class Evaluator {
  readonly #source: TemplateSource;
  readonly #names: Names;

  constructor(source: TemplateSource, names: Names) {
    this.#source = source;
    this.#names = names;
  }

  value(node: Expression): unknown {
    switch (node.kind) {
      case 'literal':
        return node.value;
      case 'name':
        return this.#names.get(node.name);
      case 'list':
        return node.items.map((item) => this.#defined(item));
      case 'dict':
        return Object.fromEntries(node.entries.map(([key, value]) => [toText(this.#defined(key)), this.#defined(value)]));
      case 'item':
        return this.#item(node.object, this.value(node.object), this.#defined(node.key), node.at);
      case 'slice':
        return this.#slice(node);
      case 'not':
        return !isTrue(this.#defined(node.operand));
      case 'negative':
        return -this.#number(node.operand);
      case 'binary':
        return this.#binary(node);
      case 'compare':
        return this.#compare(node);
      case 'if':
        if (isTrue(this.#defined(node.condition))) return this.value(node.yes);
        return node.no === null ? new Undefined('the inline if without else') : this.value(node.no);
      case 'method':
      case 'filter':
      case 'test':
        return this.#call(node);
    }
  }

  #defined(node: Expression): unknown {
    const value = this.value(node);
    if (value instanceof Undefined) throw undefinedError(this.#source, node.at, value);
    return value;
  }

  #number(node: Expression): number {
    const value = this.#defined(node);
    const number = typeof value === 'boolean' ? Number(value) : value;
    if (typeof number !== 'number') throw this.#failure(node.at, `a number is needed here, not ${typeName(value)} ${repr(value)}`, 'a text that holds digits becomes one with | int');
    if (!Number.isInteger(number)) throw this.#failure(node.at, `arithmetic with fractions (${number}) is not supported yet`);
    return number;
  }

  #item(node: Expression, object: unknown, key: unknown, at: number): unknown {
    if (object instanceof Undefined) return object;
    if (object instanceof Lazy) return object.get(toText(key));
    if (Array.isArray(object) || typeof object === 'string') {
      const items: readonly unknown[] = typeof object === 'string' ? [...object] : object;
      if (typeof key === 'number') return items.at(key) ?? (key < items.length && key >= -items.length ? null : new Undefined(`item ${key} of a list of ${items.length}`));
      return new Undefined(`"${toText(key)}" of a ${typeName(object)}`);
    }
    if (isMapping(object)) {
      const name = toText(key);
      if (Object.hasOwn(object, name)) return object[name];
      return new Undefined(node.kind === 'name' ? `"${node.name}" has no "${name}": it` : `"${name}"`);
    }
    throw this.#failure(at, `${typeName(object)} ${repr(object)} has no "${toText(key)}"`);
  }

  #slice(node: Extract<Expression, { kind: 'slice' }>): unknown {
    const object = this.#defined(node.object);
    if (typeof object !== 'string' && !Array.isArray(object)) throw this.#failure(node.at, `a slice is taken of a list or a string, not of ${typeName(object)}`);
    const from = node.from === null ? 0 : this.#number(node.from);
    const to = node.to === null ? undefined : this.#number(node.to);
    return typeof object === 'string' ? [...object].slice(from, to).join('') : object.slice(from, to);
  }

  #binary(node: Extract<Expression, { kind: 'binary' }>): unknown {
    const { operator, left, right } = node;
    if (operator === 'and' || operator === 'or') {
      const first = this.#defined(left);
      return isTrue(first) === (operator === 'and') ? this.#defined(right) : first;
    }
    if (operator === '~') return this.#limited(node.at, toText(this.#defined(left)) + toText(this.#defined(right)));
    if (operator === '+') {
      const a = this.#defined(left);
      const b = this.#defined(right);
      if (typeof a === 'string' && typeof b === 'string') return this.#limited(node.at, a + b);
      if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b];
      const isText = typeof a === 'string' || typeof b === 'string';
      if (isText) throw this.#failure(node.at, `${typeName(a)} and ${typeName(b)} cannot be added`, 'put texts together with ~');
    }
    if (operator === '*') {
      const repeated = this.#repeated(node.at, this.#defined(left), this.#defined(right));
      if (repeated !== undefined) return repeated;
    }
    const a = this.#number(left);
    const b = this.#number(right);
    if (operator === '+') return a + b;
    if (operator === '-') return a - b;
    if (operator === '*') return a * b;
    if (b === 0) throw this.#failure(node.at, 'a division by zero');
    return operator === '//' ? Math.floor(a / b) : a - b * Math.floor(a / b);
  }

  /** A text or a list times a number; undefined for numbers. */
  #repeated(at: number, left: unknown, right: unknown): unknown {
    const [what, count] = typeof left === 'string' || Array.isArray(left) ? [left, right] : [right, left];
    if ((typeof what !== 'string' && !Array.isArray(what)) || typeof count !== 'number' || !Number.isInteger(count)) return undefined;
    const times = Math.max(0, count);
    if (what.length * times > LIMIT_LENGTH) throw this.#failure(at, `a result of ${what.length * times} characters or items; the limit is ${LIMIT_LENGTH}`);
    return typeof what === 'string' ? what.repeat(times) : Array.from({ length: times }, () => what as unknown[]).flat();
  }

  #compare(node: Extract<Expression, { kind: 'compare' }>): boolean {
    let left = this.#defined(node.first);
    for (const { operator, at, right: rightNode } of node.rest) {
      const right = this.#defined(rightNode);
      if (!this.#holds(operator, left, right, at)) return false;
      left = right;
    }
    return true;
  }

  #holds(operator: CompareOperator, left: unknown, right: unknown, at: number): boolean {
    if (operator === '==') return isEqual(left, right);
    if (operator === '!=') return !isEqual(left, right);
    if (operator === 'in') return this.#isIn(left, right, at);
    if (operator === 'not in') return !this.#isIn(left, right, at);
    const areTexts = typeof left === 'string' && typeof right === 'string';
    const isNumber = (value: unknown) => typeof value === 'number' || typeof value === 'boolean';
    if (!areTexts && !(isNumber(left) && isNumber(right))) {
      throw this.#failure(at, `${typeName(left)} ${repr(left)} and ${typeName(right)} ${repr(right)} have no order`, 'a text that holds digits becomes a number with | int');
    }
    const [a, b] = [left as string, right as string];
    return operator === '<' ? a < b : operator === '>' ? a > b : operator === '<=' ? a <= b : a >= b;
  }

  #isIn(item: unknown, container: unknown, at: number): boolean {
    if (Array.isArray(container)) return container.some((other) => isEqual(other, item));
    if (container instanceof Lazy) return container.keys().includes(toText(item));
    if (isMapping(container)) return Object.hasOwn(container, toText(item));
    if (typeof container === 'string' && typeof item === 'string') return container.includes(item);
    throw this.#failure(at, `"in" looks into a list, a mapping or a string, not for ${typeName(item)} in ${typeName(container)}`);
  }

  #call(node: Extract<Expression, { kind: 'filter' | 'test' | 'method' }>): unknown {
    const filter = node.kind === 'filter' ? filters.get(node.name) : undefined;
    const test = node.kind === 'test' ? tests.get(node.name) : undefined;
    const inputNode = node.kind === 'method' ? node.object : node.input;
    const takesUndefined = (filter ?? test)?.takesUndefined === true;
    const input = takesUndefined ? this.value(inputNode) : this.#defined(inputNode);
    const args = this.#arguments(node.args);
    try {
      if (filter !== undefined) return this.#limited(node.at, filter.apply(input, bindArguments(filter, args)));
      if (Object.keys(args.named).length > 0) throw new FilterError('takes no named arguments here');
      if (test === undefined) return this.#limited(node.at, methods.get(node.name)?.(input, args.positional));
      if (args.positional.length !== test.arguments) throw new FilterError(`takes ${test.arguments} arguments here, not ${args.positional.length}`);
      return test.apply(input, args.positional);
    } catch (error) {
      if (error instanceof FilterError) throw this.#failure(node.at, `the ${node.kind} "${node.name}" ${error.message}`);
      throw error;
    }
  }

  #arguments(args: Arguments) {
    const named = Object.fromEntries(Object.entries(args.named).map(([name, value]) => [name, this.#defined(value)]));
    return { positional: args.positional.map((value) => this.#defined(value)), named };
  }

  #limited<T>(at: number, value: T): T {
    if (typeof value === 'string' && value.length > LIMIT_LENGTH) throw this.#failure(at, `a text of ${value.length} characters; the limit is ${LIMIT_LENGTH}`);
    return value;
  }

  #failure(at: number, message: string, hint?: string): FleetTapError {
    return this.#source.failure(at, message, 'expression-failed', hint);
  }
}
