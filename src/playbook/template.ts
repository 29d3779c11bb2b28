// What comes in: a TemplateSource, or data in which strings may hold `{{ }}` and `{% %}`. What goes out: templates ready to render, and their values.
// Guaranteed: every mistake of syntax, and every filter, test or lookup that is not known, is found when it is made, before any host is touched.
// A string that is one expression keeps the expression's type (ansible-core 2.19); anything else becomes text as Python prints it.
// Not here: templates in files (template-file.ts).
import { type Node, isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import { DateTime } from '../base/datetime.js';
import { entriesOf } from '../base/keyed-object.js';
import { PythonFloat } from '../base/python-repr.js';
import { UNSAFE_MARK, UnsafeText } from '../base/unsafe-text.js';
import { mapEntries, resolveAlias, type YamlFile, yamlPlace } from '../base/yaml.js';
import { isUnsafeTag, isVaultTag } from '../base/yaml-scalars.js';
import { jsonMark } from '../base/yaml-value.js';
import type { Expression, Statement } from './expression/ast.js';
import { EXPRESSION_LIMITS, withBudget } from './expression/budget.js';
import { withLookupTemplates } from './expression/embedded.js';
import { Evaluator, type Names } from './expression/evaluate.js';
import { Dict, makeDict } from './expression/kinds.js';
import { parseTemplate } from './expression/parse-template.js';
import { PLAYBOOK_SYNTAX } from './expression/parts.js';
import { changesInPlace, type LoadTemplate, runTemplate } from './expression/run-template.js';
import { concat } from './expression/pieces.js';
import { Frame } from './expression/scope.js';
import { toPlain } from './expression/values.js';
import { loadFrom, withLastBreaks } from './template-file.js';
import { TemplateSource } from './template-source.js';

/** A string with at least one `{{ }}` or `{% %}`. */
export class Template {
  readonly source: TemplateSource;
  readonly #statements: readonly Statement[];
  readonly #changes: boolean;

  /** @throws FleetTapError kind `input`: `template-syntax`, `playbook-unsupported` */
  constructor(source: TemplateSource) {
    this.source = source;
    this.#statements = parseWithLookups(source);
    this.#changes = changesInPlace(source.text);
  }

  /** Of a text that is one `{{ }}` and nothing else: what stands in it. */
  get onlyExpression(): Expression | undefined {
    const [first, second] = this.#statements.filter((statement) => statement.kind !== 'text' || statement.text.trim() !== '');
    return second === undefined && first?.kind === 'output' ? first.expression : undefined;
  }

  /** The value as expressions see it: tuples and the like are kept. @throws FleetTapError kind `host` */
  value(names: Names): unknown {
    return withBudget(EXPRESSION_LIMITS, () => {
      const load: LoadTemplate = loadFrom(names, this.source);
      const pieces = runTemplate({ source: this.source, statements: this.#statements }, names, load, this.#changes);
      return new Evaluator(this.source, new Frame(names)).placed(0, 'this', () => {
        const value = concat(pieces);
        return typeof value === 'string' ? withLastBreaks(value, this.source.text) : value;
      });
    });
  }

  /** The value as a task takes it: lists, mappings with texts as keys, numbers, texts. @throws FleetTapError kind `host` when a value is undefined or an expression fails */
  render(names: Names): unknown {
    const value = this.value(names);
    return new Evaluator(this.source, new Frame(names)).placed(firstOutput(this.#statements), 'this', () => toPlain(value));
  }
}

/** A text in the terms of a lookup may be a template itself. */
function parseWithLookups(source: TemplateSource): readonly Statement[] {
  const statements = parseTemplate(source, PLAYBOOK_SYNTAX);
  if (!/\b(lookup|query|q)\s*\(.*['"].*(\{\{|\{%)/s.test(source.text)) return statements;
  return withLookupTemplates(statements, (text, at) => {
    const template = new Template(source.inner(text, at));
    return (names) => template.value(names);
  });
}

function firstOutput(statements: readonly Statement[]): number {
  const output = statements.find((statement) => statement.kind === 'output');
  return output?.kind === 'output' ? output.expression.at : 0;
}

/** Data in which a Template may stand wherever a string may. */
export type TemplateValue = unknown;

/** A node of a playbook as a value. @param isBelow whether an `!unsafe` stands above it */
export function compileNode(yaml: YamlFile, node: Node | null, isBelow = false): TemplateValue {
  const current = resolveAlias(yaml, node);
  if (current === null) return null;
  const isUnsafe = isBelow || isUnsafeTag(current.tag);
  if (isSeq(current)) return current.items.map((item) => compileNode(yaml, item as Node, isUnsafe));
  if (isMap(current)) return compileMapping(yaml, current as YAMLMap, isUnsafe);
  if (!isScalar(current)) return null;
  if (isVaultTag(current.tag)) return yaml.vault.text(String(current.value), yamlPlace(yaml, current));
  return typeof current.value === 'string' && !isUnsafe ? compileText(TemplateSource.fromYaml(yaml, current, current.value)) : current.value;
}

function compileMapping(yaml: YamlFile, node: YAMLMap, isUnsafe: boolean): TemplateValue {
  const entries = mapEntries(yaml, node);
  const mark = jsonMark(yaml, entries);
  if (mark?.key === UNSAFE_MARK) return compileNode(yaml, mark.value, true);
  if (mark !== undefined) return yaml.vault.text(String(compileNode(yaml, mark.value, true)), yamlPlace(yaml, node));
  return makeDict(entries.map(({ key, value }) => [key, compileNode(yaml, value, isUnsafe)] as const));
}

/** Data that the user gave in an inventory or on the command line. Never a host's. */
export function compileUserData(value: unknown, where: string): TemplateValue {
  if (value instanceof UnsafeText) return value.text;
  if (typeof value === 'string') return compileText(TemplateSource.fromUser(value, where));
  if (Array.isArray(value)) return value.map((item) => compileUserData(item, where));
  if (typeof value !== 'object' || value === null || value instanceof PythonFloat || value instanceof DateTime) return value;
  return makeDict(entriesOf(value).map(([key, item]) => [key, compileUserData(item, where)] as const));
}

export function compileText(source: TemplateSource): string | Template {
  return /\{[{%#]/.test(source.text) ? new Template(source) : source.text;
}

/** A value for a task. @throws FleetTapError kind `host` when a value is undefined or an expression fails */
export function render(value: TemplateValue, names: Names): unknown {
  return rendered(value, (template) => template.render(names), true);
}

/** A value for other expressions, which know more kinds of values than tasks do. @throws as `render` */
export function renderVariable(value: TemplateValue, names: Names): unknown {
  return rendered(value, (template) => template.value(names), false);
}

function rendered(value: TemplateValue, one: (template: Template) => unknown, isPlain: boolean): unknown {
  if (value instanceof Template) return one(value);
  if (Array.isArray(value)) return value.map((item) => rendered(item, one, isPlain));
  if (value instanceof Dict) {
    const entries = value.entries().map(([key, item]) => [key, rendered(item, one, isPlain)] as const);
    return isPlain ? toPlain(makeDict(entries)) : makeDict(entries);
  }
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rendered(item, one, isPlain)]));
}
