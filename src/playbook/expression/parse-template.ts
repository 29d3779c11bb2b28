// What comes in: the parts of a template. What goes out: its statements.
// Guaranteed: every tag that Jinja has by itself (parser.py) and that Ansible leaves on; others are refused by name, with the place.
import type { TemplateSource } from '../template-source.js';
import type { Expression, ForLoop, Macro, Parameter, Statement } from './ast.js';
import { ExpressionParser } from './parse.js';
import { type Part, type Syntax, templateParts } from './parts.js';
import { tokenize } from './tokens.js';

/** An expression that stands alone: what follows `when:`. @throws FleetTapError kind `input`: `template-syntax`, `playbook-unsupported` */
export function parseExpression(source: TemplateSource): Expression {
  return new ExpressionParser(source, tokenize(source, 0)).whole();
}

/** @throws FleetTapError kind `input`: `template-syntax`, `playbook-unsupported` */
export function parseTemplate(source: TemplateSource, syntax: Syntax, startAt = 0): readonly Statement[] {
  return new TemplateParser(source, templateParts(source, syntax, startAt)).whole();
}

const NOT_ON: Readonly<Record<string, string>> = {
  do: 'Ansible leaves this extension off: write {% set _ = ... %}',
  break: 'Ansible leaves this extension off: put a condition on the loop ({% for ... if ... %})',
  continue: 'Ansible leaves this extension off: put a condition on the loop ({% for ... if ... %})',
  trans: 'there are no translations in playbooks',
  autoescape: 'there is nothing to escape in playbooks',
};
const LIMIT_DEPTH = 60;

class TemplateParser {
  readonly #source: TemplateSource;
  readonly #parts: readonly Part[];
  #index = 0;
  #depth = 0;

  constructor(source: TemplateSource, parts: readonly Part[]) {
    this.#source = source;
    this.#parts = parts;
  }

  whole(): readonly Statement[] {
    const { body } = this.#body([], 0);
    return body;
  }

  /** Statements up to a tag of one of these names, which is handed back with the rest of its tokens. */
  #body(ends: readonly string[], openAt: number): { readonly body: readonly Statement[]; readonly end: string; readonly rest: ExpressionParser | undefined } {
    this.#depth += 1;
    if (this.#depth > LIMIT_DEPTH) throw this.#source.error(openAt, `tags are nested too deeply; the limit is ${LIMIT_DEPTH} levels`, { code: 'template-syntax' });
    const body: Statement[] = [];
    for (; this.#index < this.#parts.length; ) {
      const part = this.#parts[this.#index] as Part;
      this.#index += 1;
      if (part.kind === 'text') {
        body.push(part);
        continue;
      }
      const parser = new ExpressionParser(this.#source, part.tokens);
      if (part.kind === 'output') {
        body.push({ kind: 'output', at: part.at, expression: parser.whole() });
        continue;
      }
      const name = parser.expectName();
      if (ends.includes(name.text)) {
        this.#depth -= 1;
        return { body, end: name.text, rest: parser };
      }
      if (name.text.startsWith('end') || name.text === 'else' || name.text === 'elif') {
        throw parser.syntax(name, ends.length === 0 ? `this ${name.text} ends nothing` : `${ends.join(' or ')} should stand here, but ${name.text} does`);
      }
      body.push(this.#tag(name.text, name.at, parser));
    }
    if (ends.length > 0) throw this.#source.error(openAt, `this tag has no ${ends.at(-1)}`, { code: 'template-syntax' });
    this.#depth -= 1;
    return { body, end: '', rest: undefined };
  }

  #closed(end: string, at: number): readonly Statement[] {
    const found = this.#body([end], at);
    if (end === 'endmacro' || end === 'endblock') while (found.rest?.peek().kind === 'name') found.rest.next(); // their name may be said again
    found.rest?.expectEnd();
    return found.body;
  }

  #tag(name: string, at: number, parser: ExpressionParser): Statement {
    switch (name) {
      case 'if':
        return this.#if(at, parser);
      case 'for':
        return this.#for(at, parser);
      case 'set':
        return this.#set(at, parser);
      case 'macro': {
        const macro = this.#macro(parser.expectName().text, at, parser, 'endmacro');
        return { kind: 'macro', at, macro };
      }
      case 'call': {
        const parameters = parser.take('(') ? this.#parameters(parser) : [];
        const call = parser.expression();
        parser.expectTagEnd();
        if (call.kind !== 'call') throw this.#source.error(at, 'call takes a call of a macro', { code: 'template-syntax' });
        return { kind: 'call-block', at, call, caller: { name: 'caller', at, parameters, ...this.#macroBody('endcall', at) } };
      }
      case 'filter': {
        let filter = parser.filter({ kind: 'given', at });
        while (parser.take('|')) filter = parser.filter(filter);
        parser.expectTagEnd();
        return { kind: 'filter-block', at, filter, body: this.#closed('endfilter', at) };
      }
      case 'with':
        return this.#with(at, parser);
      case 'block': {
        const label = parser.expectName().text;
        while (parser.takeName('scoped') || parser.takeName('required'));
        parser.expectTagEnd();
        return { kind: 'block', at, name: label, body: this.#closed('endblock', at) };
      }
      case 'extends':
        return { kind: 'extends', at, template: parser.whole() };
      case 'include': {
        const template = parser.expression();
        const ignoreMissing = parser.takeName('ignore');
        if (ignoreMissing && !parser.takeName('missing')) throw parser.syntax(parser.peek(), '"missing" should follow "ignore"');
        return { kind: 'include', at, template, ignoreMissing, withContext: this.#context(parser, true) };
      }
      case 'import': {
        const template = parser.expression();
        if (!parser.takeName('as')) throw parser.syntax(parser.peek(), 'import takes a name: import "file" as name');
        const as = parser.expectName().text;
        return { kind: 'import', at, template, as, withContext: this.#context(parser, false) };
      }
      case 'from':
        return this.#from(at, parser);
      default:
        throw this.#source.error(at, `the tag "${name}" is not supported`, { hint: NOT_ON[name] ?? 'supported: if, for, set, macro, call, filter, with, raw, include, import, from, extends, block' });
    }
  }

  #if(at: number, parser: ExpressionParser): Statement {
    const branches: (readonly [Expression, readonly Statement[]])[] = [];
    let condition = parser.question();
    for (;;) {
      const found = this.#body(['elif', 'else', 'endif'], at);
      branches.push([condition, found.body]);
      if (found.end === 'elif' && found.rest !== undefined) condition = found.rest.question();
      else if (found.end === 'else') {
        found.rest?.expectTagEnd();
        return { kind: 'if', at, branches, otherwise: this.#closed('endif', at) };
      } else {
        found.rest?.expectEnd();
        return { kind: 'if', at, branches, otherwise: [] };
      }
    }
  }

  #for(at: number, parser: ExpressionParser): ForLoop {
    const target = parser.target();
    if (!parser.takeName('in')) throw parser.syntax(parser.peek(), '"in" should stand here');
    const over = parser.tupleOrExpression(() => parser.or());
    const condition = parser.takeName('if') ? parser.expression() : null;
    const isRecursive = parser.takeName('recursive');
    parser.expectTagEnd();
    const found = this.#body(['else', 'endfor'], at);
    if (found.end === 'else') found.rest?.expectTagEnd();
    else found.rest?.expectEnd();
    return { kind: 'for', at, target, over, condition, isRecursive, body: found.body, otherwise: found.end === 'else' ? this.#closed('endfor', at) : [] };
  }

  #set(at: number, parser: ExpressionParser): Statement {
    const target = parser.target();
    if (parser.take('=')) return { kind: 'set', at, target, value: parser.whole() };
    const filter = parser.filtersAndTests({ kind: 'given', at });
    parser.expectTagEnd();
    return { kind: 'set-block', at, target, filter, body: this.#closed('endset', at) };
  }

  #with(at: number, parser: ExpressionParser): Statement {
    const values: (readonly [Extract<Statement, { kind: 'set' }>['target'], Expression])[] = [];
    while (parser.peek().kind !== 'end') {
      if (values.length > 0) parser.expect(',');
      const token = parser.expectName();
      parser.expect('=');
      values.push([{ kind: 'name', at: token.at, name: token.text }, parser.expression()]);
    }
    return { kind: 'with', at, values, body: this.#closed('endwith', at) };
  }

  #from(at: number, parser: ExpressionParser): Statement {
    const template = parser.expression();
    if (!parser.takeName('import')) throw parser.syntax(parser.peek(), '"import" should stand here');
    const names: (readonly [string, string])[] = [];
    for (;;) {
      const name = parser.expectName().text;
      names.push([name, parser.takeName('as') ? parser.expectName().text : name]);
      if (!parser.take(',')) break;
    }
    return { kind: 'from', at, template, names, withContext: this.#context(parser, false) };
  }

  #context(parser: ExpressionParser, byDefault: boolean): boolean {
    const isWith = parser.takeName('with') ? true : parser.takeName('without') ? false : undefined;
    if (isWith !== undefined && !parser.takeName('context')) throw parser.syntax(parser.peek(), '"context" should stand here');
    parser.expectEnd();
    return isWith ?? byDefault;
  }

  #macro(name: string, at: number, parser: ExpressionParser, end: string): Macro {
    parser.expect('(');
    const parameters = this.#parameters(parser);
    parser.expectTagEnd();
    return { name, at, parameters, ...this.#macroBody(end, at) };
  }

  #parameters(parser: ExpressionParser): readonly Parameter[] {
    const parameters: Parameter[] = [];
    while (!parser.take(')')) {
      if (parameters.length > 0) parser.expect(',');
      if (parser.take(')')) break;
      const { text } = parser.expectName();
      parameters.push({ name: text, fallback: parser.take('=') ? parser.expression() : undefined });
    }
    return parameters;
  }

  #macroBody(end: string, at: number): Pick<Macro, 'body' | 'takes'> {
    const first = this.#index;
    const body = this.#closed(end, at);
    const names = new Set(this.#parts.slice(first, this.#index).flatMap((part) => (part.kind === 'text' ? [] : part.tokens.filter(({ kind }) => kind === 'name').map(({ text }) => text))));
    return { body, takes: { varargs: names.has('varargs'), kwargs: names.has('kwargs'), caller: names.has('caller') } };
  }
}
