// What templates and expressions are made of. `at` is the offset in the source text, for the caret.

export type Expression =
  | { readonly kind: 'literal'; readonly at: number; readonly value: unknown }
  | { readonly kind: 'name'; readonly at: number; readonly name: string }
  /** A text of a condition with a template in it (embedded.ts). */
  | { readonly kind: 'template'; readonly at: number; readonly value: (names: { get(name: string): unknown }) => unknown }
  | { readonly kind: 'list' | 'tuple'; readonly at: number; readonly items: readonly Expression[] }
  | { readonly kind: 'dict'; readonly at: number; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly kind: 'attribute'; readonly at: number; readonly object: Expression; readonly name: string }
  | { readonly kind: 'item'; readonly at: number; readonly object: Expression; readonly key: Expression }
  | { readonly kind: 'slice'; readonly at: number; readonly object: Expression; readonly from: Expression | null; readonly to: Expression | null; readonly step: Expression | null }
  | { readonly kind: 'call'; readonly at: number; readonly callee: Expression; readonly args: Arguments }
  | { readonly kind: 'filter'; readonly at: number; readonly input: Expression; readonly name: string; readonly args: Arguments }
  | { readonly kind: 'test'; readonly at: number; readonly input: Expression; readonly name: string; readonly args: Arguments }
  | { readonly kind: 'not' | 'negative' | 'positive'; readonly at: number; readonly operand: Expression }
  | { readonly kind: 'and' | 'or'; readonly at: number; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'concat'; readonly at: number; readonly items: readonly Expression[] }
  | { readonly kind: 'binary'; readonly at: number; readonly operator: BinaryOperator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'compare'; readonly at: number; readonly first: Expression; readonly rest: readonly Comparison[] }
  | { readonly kind: 'if'; readonly at: number; readonly condition: Expression; readonly yes: Expression; readonly no: Expression | null }
  /** What a filter block has put in front of the filters. */
  | { readonly kind: 'given'; readonly at: number };

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**';
export type CompareOperator = '==' | '!=' | '<' | '>' | '<=' | '>=' | 'in' | 'not in';

export interface Comparison {
  readonly operator: CompareOperator;
  readonly at: number;
  readonly right: Expression;
}

export interface Arguments {
  readonly positional: readonly Expression[];
  readonly named: readonly (readonly [string, Expression])[];
  /** `*list` and `**mapping`. */
  readonly spread?: Expression | undefined;
  readonly spreadNamed?: Expression | undefined;
}

/** What `set` and `for` write to. */
export type Target =
  | { readonly kind: 'name'; readonly at: number; readonly name: string }
  | { readonly kind: 'attribute'; readonly at: number; readonly object: string; readonly name: string }
  | { readonly kind: 'tuple'; readonly at: number; readonly items: readonly Target[] };

export interface Parameter {
  readonly name: string;
  readonly fallback: Expression | undefined;
}

export interface Macro {
  readonly name: string;
  readonly at: number;
  readonly parameters: readonly Parameter[];
  readonly body: readonly Statement[];
  /** The body speaks of `varargs`, `kwargs`, `caller`: it takes more than its parameters. */
  readonly takes: { readonly varargs: boolean; readonly kwargs: boolean; readonly caller: boolean };
}

export interface ForLoop {
  readonly kind: 'for';
  readonly at: number;
  readonly target: Target;
  readonly over: Expression;
  readonly condition: Expression | null;
  readonly isRecursive: boolean;
  readonly body: readonly Statement[];
  readonly otherwise: readonly Statement[];
}

export type Statement =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output'; readonly at: number; readonly expression: Expression }
  | { readonly kind: 'if'; readonly at: number; readonly branches: readonly (readonly [Expression, readonly Statement[]])[]; readonly otherwise: readonly Statement[] }
  | ForLoop
  | { readonly kind: 'set'; readonly at: number; readonly target: Target; readonly value: Expression }
  | { readonly kind: 'set-block'; readonly at: number; readonly target: Target; readonly filter: Expression; readonly body: readonly Statement[] }
  | { readonly kind: 'macro'; readonly at: number; readonly macro: Macro }
  | { readonly kind: 'call-block'; readonly at: number; readonly call: Expression; readonly caller: Macro }
  | { readonly kind: 'filter-block'; readonly at: number; readonly filter: Expression; readonly body: readonly Statement[] }
  | { readonly kind: 'with'; readonly at: number; readonly values: readonly (readonly [Target, Expression])[]; readonly body: readonly Statement[] }
  | { readonly kind: 'block'; readonly at: number; readonly name: string; readonly body: readonly Statement[] }
  | { readonly kind: 'extends'; readonly at: number; readonly template: Expression }
  | { readonly kind: 'include'; readonly at: number; readonly template: Expression; readonly ignoreMissing: boolean; readonly withContext: boolean }
  | { readonly kind: 'import'; readonly at: number; readonly template: Expression; readonly as: string; readonly withContext: boolean }
  | { readonly kind: 'from'; readonly at: number; readonly template: Expression; readonly names: readonly (readonly [string, string])[]; readonly withContext: boolean };
