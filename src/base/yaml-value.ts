// What comes in: a node of a parsed YAML file. What goes out: the node as plain data.
// Guaranteed: what an alias names is one value, as in Python; aliases that expand without end are refused; a text below `!unsafe`, and in a
// JSON file below `__ansible_unsafe`, is an UnsafeText, so that nobody takes it for a template.
import { isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import { keepEntries } from './keyed-object.js';
import { UNSAFE_MARK, UnsafeText, VAULT_MARK } from './unsafe-text.js';
import { type MapEntry, mapEntries, resolveAlias, type YamlFile, yamlError, yamlPlace } from './yaml.js';
import { isUnsafeTag, isVaultTag } from './yaml-scalars.js';

/** Values that one call of `plainValue` may build, aliases expanded: a bomb of nested aliases ends here. */
const LIMIT_VALUES = 1_000_000;

/** null, boolean, number, string, UnsafeText, array, object (keys as strings; as they are written: keyed-object.ts), or what the vault gives. */
export function plainValue(yaml: YamlFile, node: Node | null): unknown {
  return new Builder(yaml).build(node, false);
}

/** The mark that stands for a tag in this mapping of a JSON file: the first one counts (parsing/ajson.py). */
export function jsonMark(yaml: YamlFile, entries: readonly MapEntry[]): MapEntry | undefined {
  return yaml.isJson ? entries.find(({ key }) => key === UNSAFE_MARK || key === VAULT_MARK) : undefined;
}

class Builder {
  readonly #yaml: YamlFile;
  readonly #open = new Set<Node>();
  #count = 0;

  constructor(yaml: YamlFile) {
    this.#yaml = yaml;
  }

  /** @param isBelow whether an `!unsafe` stands above it */
  build(start: Node | null, isBelow: boolean): unknown {
    const yaml = this.#yaml;
    const node = resolveAlias(yaml, start);
    if (node === null) return null;
    const isUnsafe = isBelow || isUnsafeTag(node.tag);
    if (isScalar(node)) {
      if (isVaultTag(node.tag)) return yaml.vault.value(String(node.value), yamlPlace(yaml, node));
      return isUnsafe && typeof node.value === 'string' ? new UnsafeText(node.value) : node.value;
    }
    // What is below `!unsafe` may be named elsewhere without it.
    const known = isBelow ? undefined : yaml.built.get(node);
    if (known !== undefined) {
      this.#add(start, known.count);
      return known.value;
    }
    const before = this.#count;
    this.#add(start, 1);
    if (this.#open.has(node)) throw yamlError(yaml, start, 'this alias stands inside of what it stands for');
    this.#open.add(node);
    const value = isSeq(node) ? node.items.map((item) => this.build(item as Node, isUnsafe)) : this.#mapping(node as YAMLMap, isUnsafe);
    this.#open.delete(node);
    if (!isBelow) yaml.built.set(node, { value, count: this.#count - before });
    return value;
  }

  #mapping(node: YAMLMap, isUnsafe: boolean): unknown {
    const entries = mapEntries(this.#yaml, node);
    const mark = jsonMark(this.#yaml, entries);
    if (mark?.key === UNSAFE_MARK) return this.build(mark.value, true);
    const encrypted = mark === undefined ? undefined : this.build(mark.value, false);
    if (typeof encrypted === 'string') return this.#yaml.vault.value(encrypted, yamlPlace(this.#yaml, node));
    const object: Record<string, unknown> = {};
    const built = entries.map(({ key, value }) => [key, this.build(value, isUnsafe)] as const);
    for (const [key, value] of built) setOwn(object, String(key), value);
    return keepEntries(object, built);
  }

  #add(where: Node | null, count: number): void {
    this.#count += count;
    if (this.#count > LIMIT_VALUES) throw yamlError(this.#yaml, where, `aliases expand to more than ${LIMIT_VALUES} values`);
  }
}

function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
