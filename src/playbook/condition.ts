// What comes in: what stands after when, changed_when, failed_when, until, that. What goes out: whether it holds.
// Guaranteed: a condition is an expression of the playbook (CVE-2023-5764: what a template makes is never read as one), and its value is true or
// false: anything else is an error, as in ansible-core 2.19. As there, `"{{ x }}"` as a whole is the expression in it, and a text inside of an
// expression, `x == "{{ y }}"`, is a template.
import { isScalar, isSeq, type Node } from 'yaml';
import { describeNode, resolveAlias, type YamlFile, yamlError } from '../base/yaml.js';
import type { Expression } from './expression/ast.js';
import { FilterError } from './expression/filter-error.js';
import { evaluate, type Names, undefinedError } from './expression/evaluate.js';
import { parseExpression } from './expression/parse-template.js';
import { typeName } from './expression/kinds.js';
import { withTemplates } from './expression/embedded.js';
import { Undefined, UndefinedUse } from './expression/undefined.js';
import { repr, toPlain } from './expression/values.js';
import { Template } from './template.js';
import { TemplateSource } from './template-source.js';

export class Condition {
  readonly text: string;
  readonly #source: TemplateSource | undefined;
  readonly #expression: Expression | boolean;

  private constructor(text: string, source: TemplateSource | undefined, expression: Expression | boolean) {
    this.text = text;
    this.#source = source;
    this.#expression = expression;
  }

  /** @throws FleetTapError kind `input`. @param isPlain an expression that is shown by its text (`var` of debug): without {{ }} */
  static fromYaml(yaml: YamlFile, node: Node | null, isPlain = false): Condition {
    const current = resolveAlias(yaml, node);
    const value = isScalar(current) ? current.value : undefined;
    if (typeof value === 'boolean') return new Condition(String(value), undefined, value);
    if (current === null || typeof value !== 'string') {
      throw yamlError(yaml, node, `a condition is an expression, not ${describeNode(yaml, node)}`, { code: 'playbook-invalid' });
    }
    const source = TemplateSource.fromYaml(yaml, current, value);
    const braces = value.search(/\{\{|\{%/);
    if (braces === -1) return new Condition(value, source, parseExpression(source));
    const whole = isPlain ? undefined : new Template(source).onlyExpression;
    if (whole !== undefined) return new Condition(value, source, whole);
    // Outside of a text braces are a mistake, whatever else they would be.
    if (/\{\{|\{%/.test(value.replaceAll(/'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"/gs, ''))) throw source.error(braces, 'a condition is an expression already', { hint: 'leave out the {{ }}' });
    const templateOf = (text: string) => {
      const template = new Template(TemplateSource.fromYaml(yaml, current, text));
      return (names: Names) => template.value(names);
    };
    return new Condition(value, source, withTemplates(parseExpression(source), templateOf));
  }

  /** A list is as if joined with `and`. */
  static listFromYaml(yaml: YamlFile, node: Node | null): Condition[] {
    const current = resolveAlias(yaml, node);
    return isSeq(current) ? current.items.map((item) => Condition.fromYaml(yaml, item as Node)) : [Condition.fromYaml(yaml, node)];
  }

  /** The expression's value, whatever it is; for `var` of debug. */
  value(names: Names): unknown {
    if (typeof this.#expression === 'boolean' || this.#source === undefined) return this.#expression;
    const value = evaluate(this.#expression, this.#source, names);
    return value instanceof Undefined ? notDefined(value) : toPlain(value);
  }

  /** @throws FleetTapError kind `host`: `expression-undefined`, `expression-failed`, `condition-not-boolean` */
  holds(names: Names): boolean {
    if (typeof this.#expression === 'boolean' || this.#source === undefined) return this.#expression === true;
    const value = evaluate(this.#expression, this.#source, names);
    if (typeof value === 'boolean') return value;
    if (value instanceof Undefined) throw undefinedError({ source: this.#source, at: this.#expression.at }, value);
    const hint = 'say what is meant: `| bool`, `| length > 0`, `!= ""`, `is defined`';
    throw this.#source.failure(this.#expression.at, `the condition is neither true nor false but the ${typeName(value)}${this.#shown(value).slice(0, 60)}`, 'condition-not-boolean', hint);
  }

  /** @throws FleetTapError `expression-undefined` for what is undefined within */
  #shown(value: unknown): string {
    try {
      return ` ${repr(value)}`;
    } catch (error) {
      // A method that nobody called (`a.keys`) is shown by its type.
      if (error instanceof FilterError) return '';
      if (!(error instanceof UndefinedUse) || this.#source === undefined || typeof this.#expression === 'boolean') throw error;
      throw undefinedError({ source: this.#source, at: this.#expression.at }, error.value);
    }
  }
}

/** As debug says it (ansible-core 2.19); of `hostvars` in its older words. */
export function notDefined({ reason, part }: Undefined): string {
  if (part !== undefined) return `<< error 1 - object of type '${part.type}' has no attribute ${repr(part.key)} >>`;
  const name = /^'(\w+)'$/.exec(reason)?.[1];
  return name === undefined ? 'VARIABLE IS NOT DEFINED!' : `<< error 1 - '${name}' is undefined >>`;
}

/** The first condition that does not hold, or undefined. */
export function firstFalse(conditions: readonly Condition[], names: Names): Condition | undefined {
  return conditions.find((condition) => !condition.holds(names));
}
