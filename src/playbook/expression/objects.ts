// Things that an expression can name and that are no data: functions (globals, macros, methods), `namespace()`.
// Guaranteed: nothing of JavaScript can be reached through them; what is not listed here is no attribute.

/** Evaluated arguments of a call. */
export interface CallArguments {
  readonly positional: readonly unknown[];
  readonly named: Readonly<Record<string, unknown>>;
}

export class Callable {
  readonly name: string;
  readonly call: (args: CallArguments) => unknown;
  /** Attributes that may be read, for example of `loop`. */
  readonly attributes: ReadonlyMap<string, () => unknown>;
  constructor(name: string, call: (args: CallArguments) => unknown, attributes: ReadonlyMap<string, () => unknown> = new Map()) {
    this.name = name;
    this.call = call;
    this.attributes = attributes;
  }
}

/** `namespace(a=1)`, whose attributes `{% set ns.a = 2 %}` changes; and what `import` gives. */
export class Namespace {
  readonly values: Map<string, unknown>;
  constructor(values: Iterable<readonly [string, unknown]> = []) {
    this.values = new Map(values);
  }

  toString(): string {
    return '<Namespace>';
  }
}
