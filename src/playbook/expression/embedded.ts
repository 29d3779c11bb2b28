// What comes in: the tree of a condition. What goes out: the tree in which each text that holds `{{ }}` is a template (ansible-core 2.19 does so in
// conditions, and warns; it ends with 2.23). Pure.
import type { Expression } from './ast.js';
import type { Names } from './evaluate.js';

/** @param templateOf what renders such a text; it throws where the text is no template */
export function withTemplates(expression: Expression, templateOf: (text: string) => (names: Names) => unknown): Expression {
  const walk = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(walk);
    if (typeof part !== 'object' || part === null || Object.getPrototypeOf(part) !== Object.prototype) return part;
    const node = part as { readonly kind?: unknown; readonly at?: number; readonly value?: unknown };
    if (node.kind === 'literal' && typeof node.value === 'string' && /\{\{|\{%/.test(node.value)) return { kind: 'template', at: node.at, value: templateOf(node.value) };
    return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, walk(item)]));
  };
  return walk(expression) as Expression;
}
