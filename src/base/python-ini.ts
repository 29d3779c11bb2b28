// What comes in: the text of an INI file. What goes out: its sections and values, as Python's configparser.ConfigParser reads them (strict, BasicInterpolation).
// Names are in lower case, what stands in DEFAULT is in every section, further lines of a value are indented, `%(name)s` is another value.
// Guaranteed: what configparser refuses is refused, with its sentence. Source: the documentation of configparser, Python 3.13. Pure.
import { reprString } from './python-repr.js';

export class IniError extends Error {
  readonly kind: 'text' | 'twice' | 'no-section' | 'no-option' | 'value';

  constructor(kind: IniError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

export interface IniOptions {
  /** A name may stand alone: its value is null. Default: no. */
  readonly allowsNoValue?: boolean;
  /** Default: names are in lower case. */
  readonly keepsCase?: boolean;
  /** Default: `%(name)s` is the value of that name. */
  readonly interpolates?: boolean;
}

type Value = string | null;
type Section = Map<string, Value>;

const DEFAULT = 'DEFAULT';
const MAX_DEPTH = 10;
/** Ours: ten levels of values that each name many others would take for ever. */
const MAX_NAMES = 100_000;
const SOURCE = "'<???>'";

export class PythonIni {
  readonly #allowsNoValue: boolean;
  readonly #keepsCase: boolean;
  readonly #interpolates: boolean;
  readonly #sections = new Map<string, Section>();
  readonly #defaults: Section = new Map();

  constructor({ allowsNoValue = false, keepsCase = false, interpolates = true }: IniOptions = {}) {
    this.#allowsNoValue = allowsNoValue;
    this.#keepsCase = keepsCase;
    this.#interpolates = interpolates;
  }

  /** What was read before stays, where the text has no other value. @throws IniError */
  read(text: string): void {
    const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
    const seen = new Set<string>();
    const wrong: string[] = [];
    const grown: [Section, string, string[]][] = [];
    let section: Section | undefined;
    let title = '';
    let open: { readonly name: string; readonly lines: string[] | null } | undefined;
    let indent = 0;
    const place = (index: number) => `While reading from ${SOURCE} [line ${String(index + 1).padStart(2)}]: `;
    for (const [index, line] of lines.entries()) {
      const bare = line.trim();
      if (/^[#;]/.test(bare)) continue;
      if (bare === '') {
        open?.lines?.push('');
        continue;
      }
      const own = line.length - line.trimStart().length;
      if (open !== undefined && own > indent) {
        if (open.lines === null) throw new IniError('text', `Key without value continued with an indented line.\nfile: ${SOURCE}, line: ${index + 1}\n${reprString(line)}`);
        open.lines.push(bare);
        continue;
      }
      indent = own;
      const [, header] = /^\[(.+)\]/.exec(bare) ?? [];
      if (header !== undefined) {
        if (header !== DEFAULT && seen.has(header)) throw new IniError('text', `${place(index)}section ${reprString(header)} already exists`);
        seen.add(header);
        title = header;
        section = header === DEFAULT ? this.#defaults : (this.#sections.get(header) ?? new Map<string, Value>());
        if (header !== DEFAULT) this.#sections.set(header, section);
        open = undefined;
        continue;
      }
      if (section === undefined) throw new IniError('text', `File contains no section headers.\nfile: ${SOURCE}, line: ${index + 1}\n${reprString(line)}`);
      const [, written = '', value] = /^(.*?)\s*(?:[=:]\s*(.*))?$/.exec(bare) ?? [];
      if (written === '' || (value === undefined && !this.#allowsNoValue)) {
        wrong.push(`\n\t[line ${String(index + 1).padStart(2)}]: ${reprString(line)}`);
        continue;
      }
      const name = this.#nameOf(written);
      const key = JSON.stringify([title, name]);
      if (seen.has(key)) throw new IniError('twice', `${place(index)}option ${reprString(name)} in section ${reprString(title)} already exists`);
      seen.add(key);
      open = { name, lines: value === undefined ? null : [value.trim()] };
      section.set(name, null);
      if (open.lines !== null) grown.push([section, name, open.lines]);
    }
    for (const [into, name, values] of grown) into.set(name, values.join('\n').trimEnd());
    if (wrong.length > 0) throw new IniError('text', `Source contains parsing errors: ${SOURCE}${wrong.join('')}`);
  }

  sections(): string[] {
    return [...this.#sections.keys()];
  }

  /** Names of a section, then those of DEFAULT. */
  options(section: string): string[] {
    return [...new Set([...(this.#sections.get(section)?.keys() ?? []), ...this.#defaults.keys()])];
  }

  /** @throws IniError kind `no-section`, `no-option`, `value` */
  get(section: string, written: string): Value {
    const values = this.#valuesOf(section);
    const option = this.#nameOf(written);
    const value = values.get(option);
    if (value === undefined) throw new IniError('no-option', `No option ${reprString(option)} in section: ${reprString(section)}`);
    return value === null || !this.#interpolates ? value : interpolated(value, { option, section, values, nameOf: (name) => this.#nameOf(name), named: { count: 0 } }, 1);
  }

  /** Names and values, those of DEFAULT first. @throws IniError kind `no-section`, `value` */
  items(section: string): (readonly [string, Value])[] {
    return [...this.#valuesOf(section).keys()].map((name) => [name, this.get(section, name) ?? (this.#interpolates ? '' : null)]);
  }

  #valuesOf(section: string): Section {
    const own = section === DEFAULT ? new Map<string, Value>() : this.#sections.get(section);
    if (own === undefined) throw new IniError('no-section', `No section: ${reprString(section)}`);
    return new Map([...this.#defaults, ...own]);
  }

  #nameOf(written: string): string {
    return this.#keepsCase ? written : written.toLowerCase();
  }
}

interface Where {
  readonly option: string;
  readonly section: string;
  readonly values: Section;
  readonly nameOf: (written: string) => string;
  readonly named: { count: number };
}

function interpolated(text: string, where: Where, depth: number): string {
  const { option, section, values, nameOf } = where;
  const told = `option ${reprString(option)} in section ${reprString(section)} contains an interpolation key`;
  const raw = `Raw value: ${reprString(values.get(option) ?? '')}`;
  if (depth > MAX_DEPTH) throw new IniError('value', `Recursion limit exceeded in value substitution: ${told} which cannot be substituted in ${MAX_DEPTH} steps. ${raw}`);
  return text.replace(/%(%|\(([^)]+)\)s|)/g, (_, found: string, written: string | undefined, at: number) => {
    if (found === '%') return '%';
    const rest = text.slice(at);
    if (written === undefined) throw new IniError('value', rest[1] === '(' ? `bad interpolation variable reference ${reprString(rest)}` : `'%' must be followed by '%' or '(', found: ${reprString(rest)}`);
    where.named.count += 1;
    if (where.named.count > MAX_NAMES) throw new IniError('value', `Too many substitutions: ${told}, and they are more than ${MAX_NAMES}. ${raw}`);
    const name = nameOf(written);
    const value = values.get(name);
    if (value === undefined) throw new IniError('value', `Bad value substitution: ${told} ${reprString(name)} which is not a valid option name. ${raw}`);
    return interpolated(value ?? '', where, depth + 1);
  });
}
