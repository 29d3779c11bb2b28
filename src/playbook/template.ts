// What comes in: a TemplateSource, or data in which strings may hold `{{ }}`. What goes out: templates ready to render, and their values.
// Guaranteed: every mistake of syntax, and every filter or test that is not known, is found when it is made, before any host is touched.
// A string that is one expression keeps the expression's type (ansible-core 2.19); anything else becomes text as Python prints it.
import { type Node, isScalar } from 'yaml';
import { isMap, isSeq, type YAMLMap } from 'yaml';
import { PythonFloat } from '../base/python-repr.js';
import { mapEntries, resolveAlias, type YamlFile } from '../base/yaml.js';
import type { Expression } from './expression/ast.js';
import { evaluate, type Names, undefinedError } from './expression/evaluate.js';
import { parseExpression } from './expression/parse.js';
import { toText, Undefined } from './expression/values.js';
import { TemplateSource } from './template-source.js';

type Part = string | { readonly expression: Expression };

/** A string with at least one `{{ }}`. */
export class Template {
  readonly source: TemplateSource;
  readonly #parts: readonly Part[];

  /** @throws FleetTapError kind `input`: `template-syntax`, `playbook-unsupported` */
  constructor(source: TemplateSource) {
    this.source = source;
    this.#parts = parts(source);
  }

  /** @throws FleetTapError kind `host` when a value is undefined or an expression fails */
  render(names: Names): unknown {
    const values = this.#parts.map((part) => {
      if (typeof part === 'string') return part;
      const value = evaluate(part.expression, this.source, names);
      if (value instanceof Undefined) throw undefinedError(this.source, part.expression.at, value);
      return value;
    });
    return values.length === 1 ? values[0] : values.map(toText).join('');
  }
}

/** Data in which a Template may stand wherever a string may. */
export type TemplateValue = unknown;

/** A node of a playbook as a value. */
export function compileNode(yaml: YamlFile, node: Node | null): TemplateValue {
  const current = resolveAlias(yaml, node);
  if (current === null) return null;
  if (isSeq(current)) return current.items.map((item) => compileNode(yaml, item as Node));
  if (isMap(current)) return Object.fromEntries(mapEntries(yaml, current as YAMLMap).map(({ key, value }) => [String(key), compileNode(yaml, value)]));
  if (!isScalar(current)) return null;
  return typeof current.value === 'string' ? compileText(TemplateSource.fromYaml(yaml, current, current.value)) : current.value;
}

/** Data that the user gave in an inventory or on the command line. Never a host's. */
export function compileUserData(value: unknown, where: string): TemplateValue {
  if (typeof value === 'string') return compileText(TemplateSource.fromUser(value, where));
  if (Array.isArray(value)) return value.map((item) => compileUserData(item, where));
  if (typeof value !== 'object' || value === null || value instanceof PythonFloat) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, compileUserData(item, where)]));
}

export function compileText(source: TemplateSource): string | Template {
  const marker = /\{[%#]/.exec(source.text);
  if (marker !== null) {
    const what = marker[0] === '{%' ? 'statements ({% %})' : 'comments ({# #})';
    throw source.error(marker.index, `${what} in templates are not supported yet`, { hint: 'use {{ ... if ... else ... }}, a filter, `when` or `loop`; and YAML comments' });
  }
  return source.text.includes('{{') ? new Template(source) : source.text;
}

/** @throws FleetTapError kind `host` when a value is undefined or an expression fails */
export function render(value: TemplateValue, names: Names): unknown {
  if (value instanceof Template) return value.render(names);
  if (Array.isArray(value)) return value.map((item) => render(item, names));
  if (typeof value !== 'object' || value === null || value instanceof PythonFloat) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, render(item, names)]));
}

function parts(source: TemplateSource): Part[] {
  const found: Part[] = [];
  let at = 0;
  for (;;) {
    const open = source.text.indexOf('{{', at);
    if (open === -1) break;
    if (open > at) found.push(source.text.slice(at, open));
    if (source.text[open + 2] === '-') throw source.error(open, 'whitespace control ({{-) is not supported yet', { hint: 'write {{' });
    const parsed = parseExpression(source, open + 2, true);
    found.push({ expression: parsed.expression });
    at = parsed.endsAt;
  }
  if (at < source.text.length) found.push(source.text.slice(at));
  return found;
}
