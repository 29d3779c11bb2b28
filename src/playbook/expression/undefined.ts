// What is not there: the value of a name that is not set, and what is thrown when such a value is used.
// Guaranteed: it can be tested, defaulted and handed around; whoever needs a value of it throws UndefinedUse, and the evaluator says where.
import type { TemplateSource } from '../template-source.js';

/** A place in a template. */
export interface Placed {
  readonly source: TemplateSource;
  readonly at: number;
}

/** The value of a name that is not set. Going further into it stays undefined, as in Ansible, so that `a.b.c | default(1)` works. */
export class Undefined {
  /** What was asked for: `foo`, or `'dict' has no 'bar'`. */
  readonly reason: string;
  /** Where it was asked for, once that is known. */
  where: Placed | undefined;
  /** The else that an inline if has not: it prints as nothing, and there is no error (Jinja's codegen, `cond_expr_undefined`). */
  readonly isNothing: boolean;
  /** What was missing in what, where a value has no such part. */
  readonly part: { readonly type: string; readonly key: unknown } | undefined;
  constructor(reason: string, where?: Placed, isNothing = false, part?: Undefined['part']) {
    this.reason = reason;
    this.where = where;
    this.isNothing = isNothing;
    this.part = part;
  }
}

/** Thrown where an undefined value would be used. */
export class UndefinedUse extends Error {
  readonly value: Undefined;
  constructor(value: Undefined) {
    super(`${value.reason} is undefined`);
    this.value = value;
  }
}
