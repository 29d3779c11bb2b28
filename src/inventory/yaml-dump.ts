// What comes in: values as an inventory holds them. What goes out: YAML as `ansible-inventory --yaml` prints it.
// Guaranteed: the bytes of PyYAML's dump by libyaml 0.2 (emitter.c) in block style with unicode: plain, quoted or double-quoted by its rules, lines
// folded after column 80, keys sorted, lists and mappings that are met again as `*id001`.
import { DateTime } from '../base/datetime.js';
import { PythonFloat, reprFloat } from '../base/python-repr.js';
import { UnsafeText } from '../base/unsafe-text.js';
import { isPlainText } from '../base/yaml-scalars.js';
import { compareNames } from './python-text.js';
import { VaultText } from './vault-text.js';
import { analyzeText, YamlWriter } from './yaml-writer.js';

/** A longer key stands behind `?`, on lines of its own (emitter.c, yaml_emitter_check_simple_key). */
const LIMIT_KEY_BYTES = 128;

type Collection = readonly unknown[] | Readonly<Record<string, unknown>>;

/** @param value a mapping, nested as you like; names of anchors count from 001 */
export function yamlDump(value: Readonly<Record<string, unknown>>): string {
  const dump = new Dump(anchorsOf(value));
  dump.node(value, { indent: -1, isValue: false, isKey: false });
  return dump.out.finish();
}

interface Where {
  /** Of the collection around it; -1: the top. */
  readonly indent: number;
  /** Behind `key:`, on the same line. */
  readonly isValue: boolean;
  readonly isKey: boolean;
}

class Dump {
  readonly out = new YamlWriter();
  readonly #anchors: ReadonlyMap<Collection, string>;
  readonly #written = new Set<Collection>();

  constructor(anchors: ReadonlyMap<Collection, string>) {
    this.#anchors = anchors;
  }

  node(value: unknown, where: Where): void {
    if (!isCollection(value)) return this.#scalar(value, where);
    const anchor = this.#anchors.get(value);
    if (anchor !== undefined) {
      const isAgain = this.#written.has(value);
      this.out.indicator(`${isAgain ? '*' : '&'}${anchor}`, true);
      if (isAgain) return;
      this.#written.add(value);
    }
    if (Array.isArray(value)) this.#list(value, where);
    else this.#mapping(value as Readonly<Record<string, unknown>>, where);
  }

  #list(list: readonly unknown[], { indent, isValue }: Where): void {
    if (list.length === 0) return this.out.indicator('[]', true);
    // Right below its key, a list is not indented.
    const own = isValue && !this.out.isIndented ? Math.max(indent, 0) : indent < 0 ? 0 : indent + 2;
    for (const item of list) {
      this.out.newLine(own);
      this.out.indicator('-', true, true);
      this.node(item, { indent: own, isValue: false, isKey: false });
    }
  }

  #mapping(mapping: Readonly<Record<string, unknown>>, { indent }: Where): void {
    const keys = Object.keys(mapping).sort(compareNames);
    if (keys.length === 0) return this.out.indicator('{}', true);
    const own = indent < 0 ? 0 : indent + 2;
    for (const key of keys) {
      this.out.newLine(own);
      const isSimple = Buffer.byteLength(key) <= LIMIT_KEY_BYTES && !analyzeText(key).isMultiline;
      if (!isSimple) this.out.indicator('?', true, true);
      this.#scalar(key, { indent: own, isValue: false, isKey: isSimple });
      if (isSimple) this.out.indicator(':', false);
      else {
        this.out.newLine(own);
        this.out.indicator(':', true, true);
      }
      this.node(mapping[key], { indent: own, isValue: true, isKey: false });
    }
  }

  #scalar(written: unknown, { indent, isKey }: Where): void {
    const value = written instanceof UnsafeText ? written.text : written;
    // What goes on over several lines stands deeper than what is around it.
    const deeper = indent < 0 ? 2 : indent + 2;
    if (value instanceof VaultText) {
      this.out.indicator('!vault', true);
      this.out.literal(value.ciphertext, deeper);
    } else if (typeof value === 'string') this.out.text(value, { indent: deeper, isKey, mayBePlain: isPlainText(value) });
    else this.out.text(plainOf(value), { indent: deeper, isKey, mayBePlain: true });
  }
}

/** PyYAML's representers of what is no text. */
function plainOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number' && Number.isInteger(value)) return String(value);
  if (value instanceof DateTime) return value.toString();
  const number = Number(value);
  if (Number.isNaN(number)) return '.nan';
  if (!Number.isFinite(number)) return number > 0 ? '.inf' : '-.inf';
  const text = reprFloat(number);
  return text.includes('.') ? text : text.replace('e', '.0e');
}

function isCollection(value: unknown): value is Collection {
  return typeof value === 'object' && value !== null && ![VaultText, UnsafeText, PythonFloat, DateTime].some((type) => value instanceof type);
}

/** PyYAML's serializer: numbered by when the second place of a collection is met. */
function anchorsOf(root: unknown): Map<Collection, string> {
  const anchors = new Map<Collection, string>();
  const seen = new Set<Collection>();
  const visit = (value: unknown): void => {
    if (!isCollection(value)) return;
    if (seen.has(value)) {
      if (!anchors.has(value)) anchors.set(value, `id${String(anchors.size + 1).padStart(3, '0')}`);
      return;
    }
    seen.add(value);
    if (Array.isArray(value)) for (const item of value) visit(item);
    else for (const key of Object.keys(value).sort(compareNames)) visit((value as Readonly<Record<string, unknown>>)[key]);
  };
  visit(root);
  return anchors;
}
