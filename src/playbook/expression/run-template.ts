// What comes in: a template's statements and names. What goes out: what they print, piece by piece: one piece alone keeps its type.
// Guaranteed: names have the extent that Jinja gives them (a loop's own are gone behind it; `namespace()` is the way out). Tags that load other
// templates ask `load`, which knows where they may lie. Source: Jinja's template designer documentation.
import type { TemplateSource } from '../template-source.js';
import type { Expression, Macro, Statement, Target } from './ast.js';
import { spend } from './budget.js';
import { Evaluator, type Names } from './evaluate.js';
import { FilterError } from './filter-error.js';
import { runFor } from './for-loop.js';
import { iterate } from './iterate.js';
import { makeDict, Tuple } from './kinds.js';
import { Callable, type CallArguments, Namespace } from './objects.js';
import { Frame } from './scope.js';
import { concat } from './pieces.js';
import { Undefined } from './undefined.js';
import { isTrue, toText } from './values.js';

export interface LoadedTemplate {
  readonly source: TemplateSource;
  readonly statements: readonly Statement[];
}

/** @returns undefined where there is no such template */
export type LoadTemplate = (name: string) => LoadedTemplate | undefined;

/** Methods that change what they are called on: then the template works on copies of the variables. */
export function changesInPlace(text: string): boolean {
  return /\.\s*(?:append|extend|insert|pop|popitem|remove|clear|reverse|sort|update|setdefault)\s*\(/.test(text);
}

type Blocks = ReadonlyMap<string, readonly { readonly source: TemplateSource; readonly body: readonly Statement[] }[]>;
const LIMIT_DEPTH = 50;

/** @returns the pieces: texts and values, in order */
export function runTemplate(template: LoadedTemplate, names: Names, load: LoadTemplate, changes: boolean): readonly unknown[] {
  const frame = new Frame(names, undefined, changes);
  const runner = new Runner(template.source, frame, load, new Map(), 0);
  return runner.evaluator.placed(0, 'this template', () => runner.whole(template.statements));
}

class Runner {
  readonly evaluator: Evaluator;
  readonly #load: LoadTemplate;
  readonly #blocks: Blocks;
  readonly #depth: number;

  constructor(source: TemplateSource, frame: Frame, load: LoadTemplate, blocks: Blocks, depth: number) {
    this.evaluator = new Evaluator(source, frame);
    this.#load = load;
    this.#blocks = blocks;
    this.#depth = depth;
  }

  get frame(): Frame {
    return this.evaluator.frame;
  }

  inner(frame: Frame = this.frame.inner()): Runner {
    return new Runner(this.evaluator.source, frame, this.#load, this.#blocks, this.#depth);
  }

  whole(statements: readonly Statement[]): readonly unknown[] {
    const parent = statements.find((statement) => statement.kind === 'extends');
    if (parent?.kind !== 'extends') return this.run(statements);
    this.run(statements.filter(({ kind }) => kind === 'set' || kind === 'macro' || kind === 'import' || kind === 'from'));
    const blocks = new Map(this.#blocks);
    for (const statement of statements) {
      if (statement.kind === 'block') blocks.set(statement.name, [...(blocks.get(statement.name) ?? []), { source: this.evaluator.source, body: statement.body }]);
    }
    const loaded = this.#loaded(parent.template, parent.at, false);
    return loaded === undefined ? [] : this.#deeper(loaded, this.frame, parent.at, blocks).whole(loaded.statements);
  }

  run(statements: readonly Statement[]): unknown[] {
    const pieces: unknown[] = [];
    for (const statement of statements) this.#statement(statement, pieces);
    return pieces;
  }

  /** The pieces as one value. */
  one(statements: readonly Statement[]): unknown {
    return concat(this.run(statements));
  }

  #statement(statement: Statement, pieces: unknown[]): void {
    spend(1);
    switch (statement.kind) {
      case 'text':
        pieces.push(statement.text);
        return;
      case 'output': {
        const value = this.evaluator.value(statement.expression);
        if (value instanceof Undefined && !value.isNothing) this.evaluator.placed(statement.expression.at, 'this', () => toText(value));
        pieces.push(value);
        return;
      }
      case 'if': {
        const branch = statement.branches.find(([condition]) => this.evaluator.placed(condition.at, 'this', () => isTrue(this.evaluator.value(condition))));
        for (const inside of branch === undefined ? statement.otherwise : branch[1]) this.#statement(inside, pieces);
        return;
      }
      case 'for':
        for (const piece of runFor(this, statement)) pieces.push(piece);
        return;
      case 'set':
        this.assign(statement.target, this.evaluator.value(statement.value));
        return;
      case 'set-block': {
        const text = this.inner().one(statement.body);
        this.assign(statement.target, new Evaluator(this.evaluator.source, this.frame, text).value(statement.filter));
        return;
      }
      case 'macro':
        this.frame.set(statement.macro.name, this.#macro(statement.macro));
        return;
      case 'call-block':
        pieces.push(this.#callBlock(statement));
        return;
      case 'filter-block':
        pieces.push(new Evaluator(this.evaluator.source, this.frame, this.inner().one(statement.body)).value(statement.filter));
        return;
      case 'with': {
        const inside = this.inner();
        for (const [target, value] of statement.values) inside.assign(target, this.evaluator.value(value));
        for (const piece of inside.run(statement.body)) pieces.push(piece);
        return;
      }
      case 'block':
        for (const piece of this.#block(statement.name, statement.body)) pieces.push(piece);
        return;
      default:
        for (const piece of this.#other(statement)) pieces.push(piece);
    }
  }

  #other(statement: Extract<Statement, { kind: 'include' | 'import' | 'from' | 'extends' }>): readonly unknown[] {
    if (statement.kind === 'extends') return [];
    const loaded = this.#loaded(statement.template, statement.at, statement.kind === 'include' && statement.ignoreMissing);
    if (loaded === undefined) return [];
    const frame = statement.withContext ? this.frame.inner() : this.frame.fresh();
    const runner = this.#deeper(loaded, frame, statement.at, new Map());
    const pieces = runner.whole(loaded.statements);
    if (statement.kind === 'include') return pieces;
    const exported = frame.own();
    if (statement.kind === 'import') this.frame.set(statement.as, new Namespace(exported));
    else {
      for (const [name, as] of statement.names) {
        this.frame.set(as, exported.get(name) ?? new Undefined(`"${name}" of the template (it has ${[...exported.keys()].join(', ') || 'nothing'}), which`, { source: this.evaluator.source, at: statement.at }));
      }
    }
    return [];
  }

  #loaded(template: Expression, at: number, ignoreMissing: boolean): LoadedTemplate | undefined {
    const value = this.evaluator.value(template);
    const candidates = Array.isArray(value) ? value : [value];
    for (const candidate of candidates) {
      const loaded = this.#load(this.evaluator.placed(at, 'this', () => toText(candidate)));
      if (loaded !== undefined) return loaded;
    }
    if (ignoreMissing) return undefined;
    throw this.evaluator.failure(at, `there is no template ${candidates.map(toText).join(', ')}`, 'template-missing', 'it is looked for in templates/ of the role and of the playbook, and beside the template that names it');
  }

  #deeper(loaded: LoadedTemplate, frame: Frame, at: number, blocks: Blocks): Runner {
    if (this.#depth >= LIMIT_DEPTH) throw this.evaluator.failure(at, `templates include each other more than ${LIMIT_DEPTH} levels deep`, 'expression-limit');
    return new Runner(loaded.source, frame, this.#load, blocks, this.#depth + 1);
  }

  #block(name: string, body: readonly Statement[]): readonly unknown[] {
    const chain = [...(this.#blocks.get(name) ?? []), { source: this.evaluator.source, body }];
    const at = (level: number): readonly unknown[] => {
      const one = chain[level];
      if (one === undefined) return [];
      const frame = this.frame.inner();
      frame.set('super', new Callable('super', () => concat(at(level + 1))));
      return new Runner(one.source, frame, this.#load, this.#blocks, this.#depth).run(one.body);
    };
    return at(0);
  }

  assign(target: Target, value: unknown): void {
    if (target.kind === 'name') this.frame.set(target.name, value);
    else if (target.kind === 'attribute') {
      const object = this.frame.get(target.object);
      if (!(object instanceof Namespace)) throw this.evaluator.failure(target.at, `only attributes of a namespace() can be set, and "${target.object}" is none`);
      object.values.set(target.name, value);
    } else {
      const items = this.evaluator.placed(target.at, 'this', () => iterate(value));
      if (items.length !== target.items.length) throw this.evaluator.failure(target.at, `${items.length} values cannot go to ${target.items.length} names`);
      for (const [index, one] of target.items.entries()) this.assign(one, items[index]);
    }
  }

  #macro(macro: Macro): Callable {
    let depth = 0;
    const call = (args: CallArguments): unknown => {
      depth += 1;
      if (depth > LIMIT_DEPTH) throw new FilterError(`calls itself more than ${LIMIT_DEPTH} levels deep`);
      try {
        return this.#expand(macro, args);
      } finally {
        depth -= 1;
      }
    };
    return new Callable(macro.name, call, new Map<string, () => unknown>([['name', () => macro.name], ['arguments', () => Tuple.make(macro.parameters.map(({ name }) => name))]]));
  }

  #expand(macro: Macro, { positional, named }: CallArguments): unknown {
    spend(5);
    const inside = this.inner();
    const rest: Record<string, unknown> = { ...named };
    for (const [index, { name, fallback }] of macro.parameters.entries()) {
      const isNamed = Object.hasOwn(named, name);
      if (isNamed && index < positional.length) throw new FilterError(`is given "${name}" twice`);
      const given = index < positional.length ? positional[index] : named[name];
      delete rest[name];
      inside.frame.set(name, index < positional.length || isNamed ? given : fallback === undefined ? new Undefined(`the parameter "${name}"`) : inside.evaluator.value(fallback));
    }
    const more = positional.slice(macro.parameters.length);
    if (more.length > 0 && !macro.takes.varargs) throw new FilterError(`takes at most ${macro.parameters.length} arguments`);
    if (macro.takes.varargs) inside.frame.set('varargs', Tuple.make(more));
    if (macro.takes.caller) {
      inside.frame.set('caller', rest.caller ?? new Undefined('"caller" (the macro was not used in a call block)'));
      delete rest.caller;
    }
    if (Object.keys(rest).length > 0 && !macro.takes.kwargs) throw new FilterError(`takes no argument "${Object.keys(rest)[0]}"`);
    if (macro.takes.kwargs) inside.frame.set('kwargs', makeDict(Object.entries(rest)));
    return inside.one(macro.body);
  }

  #callBlock({ at, call, caller }: Extract<Statement, { kind: 'call-block' }>): unknown {
    if (call.kind !== 'call') return '';
    const callee = this.evaluator.value(call.callee);
    if (callee instanceof Undefined) this.evaluator.placed(at, 'this', () => toText(callee));
    if (!(callee instanceof Callable)) throw this.evaluator.failure(at, 'call takes a macro');
    const args = this.evaluator.arguments(call.args);
    const withCaller = { ...args, named: { ...args.named, caller: this.#macro(caller) } };
    return this.evaluator.placed(at, `"${callee.name}"`, () => callee.call(withCaller));
  }
}
