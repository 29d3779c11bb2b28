// What comes in: template text. What goes out: the tree of one expression, filters and tests checked by name.
// Guaranteed: Jinja's own order of binding (parser.py): if-else, or, and, not, comparison, + -, ~, * // %, unary, then . [] () and | is.
// Not supported yet, and refused: / and ** (they make floats), calls of functions and lookups, statements ({% %}).
import { didYouMean } from '../../base/near-names.js';
import type { TemplateSource } from '../template-source.js';
import type { Arguments, BinaryOperator, CompareOperator, Comparison, Expression } from './ast.js';
import { filters } from './filters.js';
import { methods } from './methods.js';
import { tests } from './tests.js';
import { type Token, tokenize } from './tokens.js';

const CONSTANTS: ReadonlyMap<string, null | boolean> = new Map([
  ['true', true], ['True', true], ['false', false], ['False', false], ['none', null], ['None', null],
]);
const RESERVED = new Set(['and', 'or', 'not', 'in', 'is', 'if', 'else']);
/** Python's of every mapping: behind a dot they hide the mapping's own key. */
const HIDING = new Set(['clear', 'copy', 'fromkeys', 'get', 'items', 'keys', 'pop', 'popitem', 'setdefault', 'update', 'values']);
const COMPARISONS = new Set(['==', '!=', '<', '>', '<=', '>=']);
/** Deeper nesting is refused: a parser deep in its own recursion can end the process. */
const LIMIT_DEPTH = 100;

export interface ParsedExpression {
  readonly expression: Expression;
  /** Offset behind the expression and its `}}`. */
  readonly endsAt: number;
}

/** @throws FleetTapError kind `input`: `template-syntax`, `playbook-unsupported` */
export function parseExpression(source: TemplateSource, startAt = 0, isInTemplate = false): ParsedExpression {
  const parser = new Parser(source, tokenize(source, startAt, isInTemplate));
  const expression = parser.expression();
  const end = parser.expectEnd();
  return { expression, endsAt: end.endsAt };
}

class Parser {
  readonly #source: TemplateSource;
  readonly #tokens: readonly Token[];
  #index = 0;
  #depth = 0;

  constructor(source: TemplateSource, tokens: readonly Token[]) {
    this.#source = source;
    this.#tokens = tokens;
  }

  expression(): Expression {
    this.#depth += 1;
    if (this.#depth > LIMIT_DEPTH) throw this.#syntax(this.#peek(), `the expression is nested too deeply; the limit is ${LIMIT_DEPTH} levels`);
    let value = this.#or();
    while (this.#takeName('if')) {
      const at = this.#peek().at;
      const condition = this.#or();
      const no = this.#takeName('else') ? this.expression() : null;
      value = { kind: 'if', at, condition, yes: value, no };
    }
    this.#depth -= 1;
    return value;
  }

  expectEnd(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') throw this.#syntax(token, `the expression should end here, but ${describe(token)} follows`);
    return token;
  }

  #or(): Expression {
    return this.#leftToRight(['or'], () => this.#leftToRight(['and'], () => this.#not()));
  }

  #not(): Expression {
    const at = this.#peek().at;
    return this.#takeName('not') ? { kind: 'not', at, operand: this.#not() } : this.#comparison();
  }

  #comparison(): Expression {
    const first = this.#sum();
    const rest: Comparison[] = [];
    for (;;) {
      const token = this.#peek();
      let operator: CompareOperator;
      if (token.kind === 'operator' && COMPARISONS.has(token.text)) operator = this.#next().text as CompareOperator;
      else if (this.#takeName('in')) operator = 'in';
      else if (isName(token, 'not') && isName(this.#tokens[this.#index + 1], 'in')) {
        this.#index += 2;
        operator = 'not in';
      } else break;
      rest.push({ operator, at: token.at, right: this.#sum() });
    }
    return rest.length === 0 ? first : { kind: 'compare', at: first.at, first, rest };
  }

  #sum(): Expression {
    const product = () => this.#leftToRight(['*', '//', '%'], () => this.#unary());
    return this.#leftToRight(['+', '-'], () => this.#leftToRight(['~'], product));
  }

  #leftToRight(operators: readonly BinaryOperator[], operand: () => Expression): Expression {
    let left = operand();
    for (;;) {
      const token = this.#peek();
      if (token.kind === 'operator' && (token.text === '/' || token.text === '**')) {
        throw this.#unsupported(token, `the operator ${token.text} is not supported yet`, 'use // for whole numbers');
      }
      const operator = operators.find((candidate) => token.text === candidate && (token.kind === 'operator' || token.kind === 'name'));
      if (operator === undefined) return left;
      this.#next();
      left = { kind: 'binary', at: token.at, operator, left, right: operand() };
    }
  }

  #unary(withFilters = true): Expression {
    const token = this.#peek();
    let value: Expression;
    if (token.kind === 'operator' && token.text === '-') {
      this.#next();
      value = { kind: 'negative', at: token.at, operand: this.#unary(false) };
    } else value = this.#primary();
    value = this.#postfix(value);
    return withFilters ? this.#filtersAndTests(value) : value;
  }

  #primary(): Expression {
    const token = this.#next();
    const { at, text } = token;
    if (token.kind === 'string') {
      let value = text;
      while (this.#peek().kind === 'string') value += this.#next().text; // neighbours are one string, as in Python
      return { kind: 'literal', at, value };
    }
    if (token.kind === 'integer' || token.kind === 'float') return { kind: 'literal', at, value: Number(text) };
    if (token.kind === 'name') {
      const constant = CONSTANTS.get(text);
      if (constant !== undefined) return { kind: 'literal', at, value: constant };
      if (RESERVED.has(text)) throw this.#syntax(token, `a value should stand here, but ${describe(token)} does`);
      return { kind: 'name', at, name: text };
    }
    if (token.kind === 'operator' && text === '(') {
      const value = this.expression();
      if (this.#peek().text === ',') throw this.#unsupported(this.#peek(), 'tuples are not supported', 'write a list: [a, b]');
      this.#expect(')');
      return value;
    }
    if (token.kind === 'operator' && text === '[') return { kind: 'list', at, items: this.#until(']', () => this.expression()) };
    if (token.kind === 'operator' && text === '{') {
      const entries = this.#until('}', () => {
        const key = this.expression();
        this.#expect(':');
        return [key, this.expression()] as const;
      });
      return { kind: 'dict', at, entries };
    }
    throw this.#syntax(token, `a value should stand here, but ${describe(token)} does`);
  }

  #postfix(start: Expression): Expression {
    let object = start;
    for (;;) {
      const { at } = this.#peek();
      if (this.#take('.')) {
        const token = this.#next();
        if (token.kind === 'integer') object = { kind: 'item', at: token.at, object, key: { kind: 'literal', at, value: Number(token.text) } };
        else if (token.kind !== 'name') throw this.#syntax(token, `a name should stand behind the dot, but ${describe(token)} does`);
        else if (this.#peek().text === '(' && this.#peek().kind === 'operator') object = this.#method(object, token);
        else if (HIDING.has(token.text)) throw this.#unsupported(token, `.${token.text} is a method of every mapping, not its key`, `write ['${token.text}'] for the key`);
        else object = { kind: 'item', at: token.at, object, key: { kind: 'literal', at: token.at, value: token.text } };
      } else if (this.#take('[')) object = this.#subscript(object, at);
      else if (this.#peek().kind === 'operator' && this.#peek().text === '(') {
        const name = object.kind === 'name' ? `${object.name}()` : 'a call';
        throw this.#unsupported({ ...this.#peek(), at: object.at }, `${name} is not supported: expressions call no functions and no lookups`, 'set a variable to what it should give');
      } else return object;
    }
  }

  #method(object: Expression, name: Token): Expression {
    if (!methods.has(name.text)) {
      const hint = didYouMean(name.text, methods.keys()) ?? `supported: ${[...methods.keys()].join(', ')}`;
      throw this.#unsupported(name, `the method .${name.text}() is not supported`, hint);
    }
    return { kind: 'method', at: name.at, object, name: name.text, args: this.#arguments() };
  }

  #subscript(object: Expression, at: number): Expression {
    const from = this.#peek().text === ':' && this.#peek().kind === 'operator' ? null : this.expression();
    if (!this.#take(':')) {
      this.#expect(']');
      if (from === null) throw this.#syntax(this.#peek(), 'a value should stand in the brackets');
      return { kind: 'item', at, object, key: from };
    }
    const to = this.#peek().text === ']' ? null : this.expression();
    this.#expect(']');
    return { kind: 'slice', at, object, from, to };
  }

  #filtersAndTests(start: Expression): Expression {
    let input = start;
    for (;;) {
      if (this.#take('|')) {
        const name = this.#known('filter', filters);
        const args = this.#peek().text === '(' && this.#peek().kind === 'operator' ? this.#arguments() : { positional: [], named: {} };
        input = { kind: 'filter', at: name.at, input, name: name.text, args };
      } else if (this.#takeName('is')) {
        const isNegated = this.#takeName('not');
        const name = this.#known('test', tests);
        const test: Expression = { kind: 'test', at: name.at, input, name: name.text, args: this.#testArguments() };
        input = isNegated ? { kind: 'not', at: name.at, operand: test } : test;
      } else return input;
    }
  }

  #known(what: string, table: ReadonlyMap<string, unknown>): Token {
    const start = this.#next();
    if (start.kind !== 'name') throw this.#syntax(start, `the name of a ${what} should stand here, but ${describe(start)} does`);
    let { text } = start;
    while (this.#take('.')) text += `.${this.#next().text}`;
    const short = text.replace(/^ansible\.builtin\./, '');
    if (table.has(short)) return { ...start, text: short };
    const hint = didYouMean(short, table.keys()) ?? `supported: ${[...table.keys()].join(', ')}`;
    throw this.#unsupported(start, `the ${what} "${text}" is not supported`, hint);
  }

  /** `is divisibleby 3`: one argument may stand without parentheses. */
  #testArguments(): Arguments {
    const token = this.#peek();
    if (token.kind === 'operator' && token.text === '(') return this.#arguments();
    const isValue = token.kind === 'string' || token.kind === 'integer' || token.text === '[' || (token.kind === 'name' && !RESERVED.has(token.text));
    return { positional: isValue ? [this.#postfix(this.#primary())] : [], named: {} };
  }

  #arguments(): Arguments {
    this.#expect('(');
    const named: Record<string, Expression> = {};
    const positional: Expression[] = [];
    this.#until(')', () => {
      const token = this.#peek();
      if (token.kind === 'name' && this.#tokens[this.#index + 1]?.text === '=') {
        this.#index += 2;
        named[token.text] = this.expression();
      } else positional.push(this.expression());
    });
    return { positional, named };
  }

  #until<T>(close: string, item: () => T): T[] {
    const items: T[] = [];
    while (!this.#take(close)) {
      items.push(item());
      if (!this.#take(',')) {
        this.#expect(close);
        break;
      }
    }
    return items;
  }

  #peek(): Token {
    return this.#tokens[this.#index] as Token; // the last one, `end`, is never taken
  }

  #next(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') this.#index += 1;
    return token;
  }

  #take(operator: string): boolean {
    const token = this.#peek();
    if (token.kind !== 'operator' || token.text !== operator) return false;
    this.#index += 1;
    return true;
  }

  #takeName(name: string): boolean {
    if (!isName(this.#peek(), name)) return false;
    this.#index += 1;
    return true;
  }

  #expect(operator: string): void {
    if (!this.#take(operator)) throw this.#syntax(this.#peek(), `"${operator}" should stand here, but ${describe(this.#peek())} does`);
  }

  #syntax(token: Token, message: string) {
    return this.#source.error(token.at, message, { code: 'template-syntax' });
  }

  #unsupported(token: Token, message: string, hint: string) {
    return this.#source.error(token.at, message, { hint });
  }
}

function isName(token: Token | undefined, name: string): boolean {
  return token?.kind === 'name' && token.text === name;
}

function describe(token: Token): string {
  return token.kind === 'end' ? 'the end' : `"${token.text}"`;
}
