// What comes in: the tokens of one expression or tag. What goes out: the expression's tree, filters and tests checked by name.
// Guaranteed: Jinja's own order of binding (parser.py): if-else, or, and, not, comparison, + -, ~, * / // %, **, unary, then . [] () and | is.
import { didYouMean } from '../../base/near-names.js';
import { pythonFloat } from '../../base/python-repr.js';
import { wholeNumber } from './arithmetic.js';
import type { Arguments, BinaryOperator, CompareOperator, Comparison, Expression, Target } from './ast.js';
import { filterNames, refusedFilters } from './filter-table.js';
import { LOOKUPS } from './embedded.js';
import { refusedLookup } from './lookups.js';
import { refusedTests, testNames } from './test-table.js';
import { describeToken as describe, isName, TokenStream } from './token-stream.js';
import type { Token } from './tokens.js';

const CONSTANTS: ReadonlyMap<string, null | boolean> = new Map([
  ['true', true], ['True', true], ['false', false], ['False', false], ['none', null], ['None', null],
]);
const COMPARISONS = new Set(['==', '!=', '<', '>', '<=', '>=']);
/** Deeper nesting is refused: a parser deep in its own recursion can end the process. */
const LIMIT_DEPTH = 100;

/** Reads the tokens of one {{ }}, one {% %} or one condition from the left. */
export class ExpressionParser extends TokenStream {
  #depth = 0;

  /** The whole of it: `a`, `a, b`. @throws FleetTapError kind `input`: `template-syntax`, `playbook-unsupported` */
  whole(): Expression {
    const value = this.tupleOrExpression();
    this.expectEnd();
    return value;
  }

  /** What `{% if %}` asks: without an inline if. */
  question(): Expression {
    const value = this.tupleOrExpression(() => this.or());
    this.expectTagEnd();
    return value;
  }

  /** A colon may stand at the end of a tag that opens something, as in Python. */
  expectTagEnd(): void {
    this.take(':');
    this.expectEnd();
  }

  expression(): Expression {
    return this.#deeper(() => {
      let value = this.or();
      for (;;) {
        const { at } = this.peek();
        if (!this.takeName('if')) return value;
        const condition = this.or();
        const no = this.takeName('else') ? this.expression() : null;
        value = { kind: 'if', at, condition, yes: value, no };
      }
    });
  }

  #deeper<T>(work: () => T): T {
    this.#depth += 1;
    if (this.#depth > LIMIT_DEPTH) throw this.syntax(this.peek(), `the expression is nested too deeply; the limit is ${LIMIT_DEPTH} levels`);
    const value = work();
    this.#depth -= 1;
    return value;
  }

  /** Commas outside of brackets make a tuple. */
  tupleOrExpression(one: () => Expression = () => this.expression()): Expression {
    const { at } = this.peek();
    const first = one();
    if (!this.is(',')) return first;
    const items = [first];
    while (this.take(',')) {
      if (this.#isTupleEnd()) break;
      items.push(one());
    }
    return { kind: 'tuple', at, items };
  }

  #isTupleEnd(): boolean {
    const token = this.peek();
    return token.kind === 'end' || (token.kind === 'operator' && token.text === ')') || (token.kind === 'name' && (token.text === 'in' || token.text === 'if' || token.text === 'recursive'));
  }

  or(): Expression {
    let left = this.#and();
    for (;;) {
      const { at } = this.peek();
      if (!this.takeName('or')) return left;
      left = { kind: 'or', at, left, right: this.#and() };
    }
  }

  #and(): Expression {
    let left = this.#not();
    for (;;) {
      const { at } = this.peek();
      if (!this.takeName('and')) return left;
      left = { kind: 'and', at, left, right: this.#not() };
    }
  }

  #not(): Expression {
    const { at } = this.peek();
    if (!this.takeName('not')) return this.#comparison();
    return { kind: 'not', at, operand: this.#deeper(() => this.#not()) };
  }

  #comparison(): Expression {
    const first = this.#sum();
    const rest: Comparison[] = [];
    for (;;) {
      const token = this.peek();
      let operator: CompareOperator;
      if (token.kind === 'operator' && COMPARISONS.has(token.text)) {
        this.next();
        operator = token.text as CompareOperator;
      } else if (this.takeName('in')) operator = 'in';
      else if (token.kind === 'name' && token.text === 'not' && isName(this.after(), 'in')) {
        this.skip(2);
        operator = 'not in';
      } else break;
      rest.push({ operator, at: token.at, right: this.#sum() });
    }
    return rest.length === 0 ? first : { kind: 'compare', at: rest[0]?.at ?? first.at, first, rest };
  }

  #sum(): Expression {
    return this.#binary(['+', '-'], () => this.#concat());
  }

  #concat(): Expression {
    const first = this.#product();
    if (!this.is('~')) return first;
    const items = [first];
    while (this.take('~')) items.push(this.#product());
    return { kind: 'concat', at: first.at, items };
  }

  #product(): Expression {
    return this.#binary(['*', '/', '//', '%'], () => this.#binary(['**'], () => this.#unary(true)));
  }

  #binary(operators: readonly string[], operand: () => Expression): Expression {
    let left = operand();
    for (;;) {
      const token = this.peek();
      if (token.kind !== 'operator' || !operators.includes(token.text)) return left;
      this.next();
      left = { kind: 'binary', at: token.at, operator: token.text as BinaryOperator, left, right: operand() };
    }
  }

  #unary(withFilters: boolean): Expression {
    const { at } = this.peek();
    let value: Expression;
    const sign = this.take('-') ? 'negative' : this.take('+') ? 'positive' : undefined;
    if (sign === undefined) value = this.primary();
    else value = { kind: sign, at, operand: this.#deeper(() => this.#unary(false)) };
    value = this.#postfix(value);
    return withFilters ? this.filtersAndTests(value) : value;
  }

  primary(): Expression {
    const token = this.next();
    const { at, text } = token;
    if (token.kind === 'name') return CONSTANTS.has(text) ? { kind: 'literal', at, value: CONSTANTS.get(text) } : { kind: 'name', at, name: text };
    if (token.kind === 'string') {
      let value = text;
      while (this.peek().kind === 'string') value += this.next().text;
      return { kind: 'literal', at, value };
    }
    if (token.kind === 'integer') return { kind: 'literal', at, value: wholeNumber(BigInt(text)) };
    if (token.kind === 'float') return { kind: 'literal', at, value: pythonFloat(Number(text)) };
    if (token.kind === 'operator' && text === '(') {
      if (this.take(')')) return { kind: 'tuple', at, items: [] };
      const value = this.tupleOrExpression();
      this.expect(')');
      return value;
    }
    if (token.kind === 'operator' && text === '[') return { kind: 'list', at, items: this.#until(']', () => this.expression()) };
    if (token.kind === 'operator' && text === '{') {
      const entry = (): readonly [Expression, Expression] => {
        const key = this.expression();
        this.expect(':');
        return [key, this.expression()];
      };
      return { kind: 'dict', at, entries: this.#until('}', entry) };
    }
    throw this.syntax(token, `a value should stand here, but ${describe(token)} does`);
  }

  #postfix(start: Expression): Expression {
    let object = start;
    for (;;) {
      const { at } = this.peek();
      if (this.take('.')) {
        const name = this.next();
        if (name.kind === 'name') object = { kind: 'attribute', at: name.at, object, name: name.text };
        else if (name.kind === 'integer') object = { kind: 'item', at: name.at, object, key: { kind: 'literal', at: name.at, value: Number(name.text) } };
        else throw this.syntax(name, `a name or a number should stand behind the dot, but ${describe(name)} does`);
      } else if (this.take('[')) object = this.#subscript(object, at);
      else if (this.is('(')) object = this.#call(object, at);
      else return object;
    }
  }

  /** A lookup that is not there is refused before any host is touched, where its name can be read. */
  #call(callee: Expression, at: number): Expression {
    const args = this.#arguments();
    const [first] = args.positional;
    if (callee.kind === 'name' && LOOKUPS.has(callee.name) && first?.kind === 'literal' && typeof first.value === 'string') {
      const hint = refusedLookup(first.value);
      if (hint !== undefined && !this.source.isFile) throw this.source.error(first.at, `the lookup "${first.value}" is not supported`, { hint });
    }
    return { kind: 'call', at, callee, args };
  }

  #subscript(object: Expression, at: number): Expression {
    const isAt = (...marks: string[]): boolean => marks.some((mark) => this.is(mark));
    const from = isAt(':') ? null : this.expression();
    if (from !== null && !isAt(':')) {
      const items = [from];
      while (this.take(',')) if (!isAt(']')) items.push(this.expression());
      this.expect(']');
      return { kind: 'item', at: from.at, object, key: items.length === 1 ? from : { kind: 'tuple', at: from.at, items } };
    }
    this.expect(':');
    const to = isAt(':', ']') ? null : this.expression();
    const step = this.take(':') && !isAt(']') ? this.expression() : null;
    this.expect(']');
    return { kind: 'slice', at, object, from, to, step };
  }

  filtersAndTests(start: Expression): Expression {
    let input = start;
    for (;;) {
      const { at } = this.peek();
      if (this.take('|')) input = this.filter(input);
      else if (this.takeName('is')) {
        const isNegated = this.takeName('not');
        const name = this.#known('test', testNames, refusedTests);
        const test: Expression = { kind: 'test', at: name.at, input, name: name.text, args: this.#testArguments() };
        input = isNegated ? { kind: 'not', at: name.at, operand: test } : test;
      } else if (this.is('(')) input = this.#call(input, at);
      else return input;
    }
  }

  /** What stands behind a `|`. */
  filter(input: Expression): Expression {
    const name = this.#known('filter', filterNames, refusedFilters);
    const args = this.is('(') ? this.#arguments() : { positional: [], named: [] };
    return { kind: 'filter', at: name.at, input, name: name.text, args };
  }

  #known(what: string, names: ReadonlySet<string>, refused: ReadonlyMap<string, string>): Token {
    const start = this.next();
    if (start.kind !== 'name') throw this.syntax(start, `the name of a ${what} should stand here, but ${describe(start)} does`);
    let { text } = start;
    while (this.take('.')) text += `.${this.next().text}`;
    const short = text.replace(/^ansible\.(builtin|legacy)\./, '');
    // What a file asks for where it does not come to is no mistake: Jinja asks for it there only.
    if (names.has(short) || this.source.isFile) return { ...start, text: short };
    const hint = refused.get(short) ?? didYouMean(short, names) ?? `supported: ${[...names].join(', ')}`;
    throw this.source.error(start.at, `the ${what} "${text}" is not supported`, { hint });
  }

  /** `is divisibleby 3`: one argument may stand without parentheses. */
  #testArguments(): Arguments {
    const token = this.peek();
    if (this.is('(')) return this.#arguments();
    const isValue = ['string', 'integer', 'float'].includes(token.kind) || (token.kind === 'operator' && '[{'.includes(token.text)) || (token.kind === 'name' && !['else', 'or', 'and'].includes(token.text));
    if (isName(token, 'is')) throw this.syntax(token, 'one test with "is" cannot follow another: join them with and');
    return { positional: isValue ? [this.#postfix(this.primary())] : [], named: [] };
  }

  #arguments(): Arguments {
    this.expect('(');
    const named: [string, Expression][] = [];
    const positional: Expression[] = [];
    let spread: Expression | undefined;
    let spreadNamed: Expression | undefined;
    this.#until(')', () => {
      const token = this.peek();
      if (this.take('*')) spread = this.expression();
      else if (this.take('**')) spreadNamed = this.expression();
      else if (token.kind === 'name' && this.after()?.text === '=' && this.after()?.kind === 'operator') {
        this.skip(2);
        named.push([token.text, this.expression()]);
      } else {
        if (named.length > 0 || spread !== undefined) throw this.syntax(token, 'an argument without a name may not follow one with a name');
        positional.push(this.expression());
      }
    });
    return { positional, named, spread, spreadNamed };
  }

  /** What `set`, `for` and `with` write to. */
  target(): Target {
    const one = (): Target => {
      const token = this.next();
      if (token.kind === 'operator' && token.text === '(') {
        const inner = this.target();
        this.expect(')');
        return inner;
      }
      if (token.kind !== 'name' || CONSTANTS.has(token.text)) throw this.syntax(token, `a name should stand here, but ${describe(token)} does`);
      if (!this.take('.')) return { kind: 'name', at: token.at, name: token.text };
      return { kind: 'attribute', at: token.at, object: token.text, name: this.next().text };
    };
    const first = one();
    if (!this.is(',')) return first;
    const items = [first];
    while (this.take(',')) {
      if (isName(this.peek(), 'in') || this.is('=') || this.is(')') || this.peek().kind === 'end') break;
      items.push(one());
    }
    return { kind: 'tuple', at: first.at, items };
  }

  #until<T>(close: string, item: () => T): T[] {
    const items: T[] = [];
    while (!this.take(close)) {
      items.push(item());
      if (!this.take(',')) {
        this.expect(close);
        break;
      }
    }
    return items;
  }
}
