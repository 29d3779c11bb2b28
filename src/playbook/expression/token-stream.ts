// What comes in: the tokens of one {{ }}, one {% %} or one condition. What goes out: one after the other, as a parser asks for them.
// Guaranteed: the end is never passed; what is missing is an error with its place.
import type { TemplateSource } from '../template-source.js';
import type { Token } from './tokens.js';

export class TokenStream {
  readonly source: TemplateSource;
  readonly #tokens: readonly Token[];
  #index = 0;

  constructor(source: TemplateSource, tokens: readonly Token[]) {
    this.source = source;
    this.#tokens = tokens;
  }

  peek(): Token {
    return this.#tokens[this.#index] as Token; // the last one, `end`, is never taken
  }

  next(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.#index += 1;
    return token;
  }

  is(operator: string): boolean {
    const token = this.peek();
    return token.kind === 'operator' && token.text === operator;
  }

  take(operator: string): boolean {
    if (!this.is(operator)) return false;
    this.#index += 1;
    return true;
  }

  takeName(name: string): boolean {
    if (!isName(this.peek(), name)) return false;
    this.#index += 1;
    return true;
  }

  expect(operator: string): void {
    if (!this.take(operator)) throw this.syntax(this.peek(), `"${operator}" should stand here, but ${describeToken(this.peek())} does`);
  }

  expectName(): Token {
    const token = this.next();
    if (token.kind !== 'name') throw this.syntax(token, `a name should stand here, but ${describeToken(token)} does`);
    return token;
  }

  expectEnd(): Token {
    const token = this.peek();
    if (token.kind !== 'end') throw this.syntax(token, `the expression should end here, but ${describeToken(token)} follows`);
    return token;
  }

  syntax(token: Token, message: string) {
    return this.source.error(token.at, message, { code: 'template-syntax' });
  }

  /** The token behind the next one. */
  after(): Token | undefined {
    return this.#tokens[this.#index + 1];
  }

  skip(count: number): void {
    this.#index += count;
  }
}

export function isName(token: Token | undefined, name: string): boolean {
  return token?.kind === 'name' && token.text === name;
}

export function describeToken(token: Token): string {
  return token.kind === 'end' ? 'the end' : `"${token.text}"`;
}
