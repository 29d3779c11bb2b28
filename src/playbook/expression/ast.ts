// What an expression is made of. `at` is the offset in the source text, for the caret.

export type Expression =
  | { readonly kind: 'literal'; readonly at: number; readonly value: null | boolean | number | string }
  | { readonly kind: 'name'; readonly at: number; readonly name: string }
  | { readonly kind: 'list'; readonly at: number; readonly items: readonly Expression[] }
  | { readonly kind: 'dict'; readonly at: number; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly kind: 'item'; readonly at: number; readonly object: Expression; readonly key: Expression }
  | { readonly kind: 'slice'; readonly at: number; readonly object: Expression; readonly from: Expression | null; readonly to: Expression | null }
  | { readonly kind: 'method'; readonly at: number; readonly object: Expression; readonly name: string; readonly args: Arguments }
  | { readonly kind: 'filter'; readonly at: number; readonly input: Expression; readonly name: string; readonly args: Arguments }
  | { readonly kind: 'test'; readonly at: number; readonly input: Expression; readonly name: string; readonly args: Arguments }
  | { readonly kind: 'not' | 'negative'; readonly at: number; readonly operand: Expression }
  | { readonly kind: 'binary'; readonly at: number; readonly operator: BinaryOperator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'compare'; readonly at: number; readonly first: Expression; readonly rest: readonly Comparison[] }
  | { readonly kind: 'if'; readonly at: number; readonly condition: Expression; readonly yes: Expression; readonly no: Expression | null };

export type BinaryOperator = 'and' | 'or' | '+' | '-' | '*' | '//' | '%' | '~';
export type CompareOperator = '==' | '!=' | '<' | '>' | '<=' | '>=' | 'in' | 'not in';

export interface Comparison {
  readonly operator: CompareOperator;
  readonly at: number;
  readonly right: Expression;
}

export interface Arguments {
  readonly positional: readonly Expression[];
  readonly named: Readonly<Record<string, Expression>>;
}
