// A text of the user in which `{{ }}` and `{% %}` stand for themselves, as Ansible has it: `!unsafe` in YAML, `__ansible_unsafe` in JSON,
// and what `!vault` hides. It lives among variables until they are compiled (playbook/template.ts), which is where a text that is none of
// these becomes a template.

export class UnsafeText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }

  /** As `ansible-inventory --list` prints it, and reads it back. */
  toJSON(): unknown {
    return { [UNSAFE_MARK]: this.text };
  }
}

/** What Ansible's JSON reader knows in place of tags (parsing/ajson.py): an object with one of these keys is its value. */
export const UNSAFE_MARK = '__ansible_unsafe';
export const VAULT_MARK = '__ansible_vault';

/** For who knows no templates: data with its texts as they are. */
export function plainTexts(value: unknown): unknown {
  if (value instanceof UnsafeText) return value.text;
  if (Array.isArray(value)) return value.map(plainTexts);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainTexts(item)]));
}

/** A text that is not to be rendered: itself, where nobody would take it for a template. */
export function literalText(text: string): string | UnsafeText {
  return /\{[{%#]/.test(text) ? new UnsafeText(text) : text;
}
