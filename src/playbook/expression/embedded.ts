// What comes in: the tree of a condition. What goes out: the tree in which each text that holds `{{ }}` is a template (ansible-core 2.19 does so in
// conditions and in the terms of lookups, and warns; it ends with 2.23). Pure.
import type { Expression, Statement } from './ast.js';
import type { Names } from './evaluate.js';

/** Functions that read a lookup's name and terms. */
export const LOOKUPS: ReadonlySet<string> = new Set(['lookup', 'query', 'q']);

/** @param templateOf what renders such a text; it throws where the text is no template */
export function withTemplates(expression: Expression, templateOf: TemplateOf): Expression {
  return changed(expression, (node) => (node.kind === 'literal' && typeof node.value === 'string' && /\{\{|\{%/.test(node.value) ? { kind: 'template', at: node.at, value: templateOf(node.value, node.at) } : undefined)) as Expression;
}

/** The same in the terms of lookups only: what stands behind a lookup's name. */
export function withLookupTemplates(statements: readonly Statement[], templateOf: TemplateOf): readonly Statement[] {
  return changed(statements, (node) => {
    if (node.kind !== 'call' || node.callee.kind !== 'name' || !LOOKUPS.has(node.callee.name)) return undefined;
    const [name, ...terms] = node.args.positional;
    if (name === undefined) return undefined;
    return { ...node, args: { ...node.args, positional: [name, ...terms.map((term) => withTemplates(term, templateOf))] } };
  }) as readonly Statement[];
}

/** @param at offset of the text */
type TemplateOf = (text: string, at: number) => (names: Names) => unknown;

/** The tree in which `change` has put others for some of its nodes. */
function changed(tree: unknown, change: (node: Expression) => Expression | undefined): unknown {
  if (Array.isArray(tree)) return tree.map((part) => changed(part, change));
  if (typeof tree !== 'object' || tree === null || Object.getPrototypeOf(tree) !== Object.prototype) return tree;
  return change(tree as Expression) ?? Object.fromEntries(Object.entries(tree).map(([key, part]) => [key, changed(part, change)]));
}
