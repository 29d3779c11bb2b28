// What comes in: the text of a YAML file. What goes out: its tree with positions, read as PyYAML reads it (Ansible's reader).
// Guaranteed: a syntax error, a duplicate key, an unknown tag and a second document are errors with file:line:column; `mapEntries`
// applies aliases and merge keys (`<<`) as PyYAML does.
// Not here: a node as plain data (yaml-value.ts); what the tree means; how a `!vault` value is decrypted (the vault that is handed in).
import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLParseError,
} from 'yaml';
import { FleetTapError, type Place } from './errors.js';
import { NO_VAULT, NO_VAULT_MESSAGE, noVault, type Vault } from './vault.js';
import { TEMPLATE_HINT, yamlHint } from './yaml-hints.js';
import { withIndentedLine, withIndentedLines } from './yaml-indent.js';
import { ansibleTags, isVaultTag, jsonScalars, pyYamlScalars } from './yaml-scalars.js';

/** A parsed file: hand it to the functions below, which need its text for the caret and its anchors for the aliases. */
export interface YamlFile {
  readonly file: string;
  readonly text: string;
  /** The top node; null for an empty file. */
  readonly root: Node | null;
  readonly lineCounter: LineCounter;
  readonly targets: ReadonlyMap<Alias, Node>;
  readonly vault: Vault;
  /** Ansible reads it with its JSON reader, which has marks in place of tags. */
  readonly isJson: boolean;
  /** Mappings in which a key stands twice: the last one counts. */
  readonly repeated: ReadonlySet<Node>;
  /** Lists and mappings that `plainValue` has made, and how many values are in them: what an alias names is one value, as in Python. */
  readonly built: Map<Node, { readonly value: unknown; readonly count: number }>;
  /** Entries of the mappings that were merged into others: found once, or nested merges would be a bomb. */
  readonly mergedFrom: Map<YAMLMap, readonly MapEntry[]>;
}

/** A key that stands twice in one mapping, or in it and in one that is merged into it (Ansible's DUPLICATE_YAML_DICT_KEY). */
export type RepeatedKeys =
  | 'error'
  | 'warn' // the last one counts, and that is told
  | 'ignore'; // the last one counts, in silence

export interface YamlOptions {
  /** Default: `!vault` values are refused. */
  readonly vault?: Vault | undefined;
  /** Told about each key that stands twice in one mapping, as Ansible warns; without it, such a key is an error. */
  readonly warn?: ((message: string) => void) | undefined;
  /** Default: `warn`. */
  readonly repeatedKeys?: RepeatedKeys | undefined;
  /** As PyYAML alone reads it: without tags of Ansible's own, and JSON as YAML. */
  readonly isPlain?: boolean | undefined;
}

/** One `key: value` of a mapping, after merge keys. `value` is null when nothing is written after the colon. */
export interface MapEntry {
  readonly key: unknown;
  readonly keyNode: Node;
  readonly value: Node | null;
}

const LIMIT_DEPTH = 200;
const NOT_PRINTABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]/;
const ALL_NOT_PRINTABLE = new RegExp(NOT_PRINTABLE, 'g');

/**
 * Parses one YAML document.
 * @param file the name to show in errors
 * @throws FleetTapError kind `input`, code `yaml-syntax`, at the first mistake
 */
export function parseYaml(text: string, file: string, options: YamlOptions = {}): YamlFile {
  const { vault = noVault, warn, repeatedKeys = 'warn', isPlain = false } = options;
  const lineCounter = new LineCounter();
  const source = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  const targets = new Map<Alias, Node>();
  const repeated = new Set<Node>();
  const parsed = { file, text: source, lineCounter, targets, vault, isJson: !isPlain && isJson(source), repeated, built: new Map(), mergedFrom: new Map() };
  if (isTooDeep(source)) throw tooDeep(file);
  let root: Node | null;
  try {
    const document = parseDocument(source, {
      version: '1.1',
      schema: 'failsafe',
      customTags: parsed.isJson ? jsonScalars : isPlain ? pyYamlScalars : [...pyYamlScalars, ...ansibleTags],
      lineCounter,
      prettyErrors: false,
      uniqueKeys: false, // the library compares every key with every other; `checkTree` does not
    });
    const bad = NOT_PRINTABLE.exec(source);
    if (bad !== null) {
      const code = bad[0].charCodeAt(0).toString(16).padStart(4, '0');
      throw yamlError({ ...parsed, root: null }, bad.index, `the character U+${code} may not stand in YAML`, {
        hint: 'is this a text file? In a quoted string such a character can be written as an escape',
      });
    }
    // libyaml, and so Ansible, takes `"a"# comment`.
    const wrong = document.errors.find(({ message }) => !message.startsWith('Comments must be separated')) ?? document.warnings[0];
    const quote = wrong?.code === 'MISSING_CHAR' ? /closing (['"])quote/.exec(wrong.message)?.[1] : undefined;
    const indented = wrong === undefined || quote === undefined ? undefined : withIndentedLines(source, wrong.pos[0], quote);
    if (indented !== undefined) return parseYaml(indented, file, options);
    const deeper = wrong?.code === 'BAD_INDENT' && wrong.message.startsWith('Flow ') ? withIndentedLine(source, wrong.pos[0]) : undefined;
    if (deeper !== undefined) return parseInstead(deeper, file, options, syntaxError({ ...parsed, root: null }, wrong as YAMLParseError));
    if (wrong !== undefined) throw syntaxError({ ...parsed, root: null }, wrong as YAMLParseError);
    root = document.contents as Node | null;
    const tell = (error: FleetTapError, end = ''): void => {
      if (warn === undefined || repeatedKeys === 'error') throw error;
      const { place, message } = error;
      if (repeatedKeys === 'warn') warn(`${place.file}:${place.line}:${place.column}: ${message}${end}`);
    };
    checkTree({ ...parsed, root }, targets, {
      repeated: (map, error) => {
        tell(error, '; the last one counts');
        repeated.add(map);
      },
      overridden: warn && tell,
    });
  } catch (error) {
    throw error instanceof RangeError ? tooDeep(file) : error;
  }
  return { ...parsed, root };
}

/** Each document of a stream (`---` between them). Places count within their document. @throws as parseYaml */
export function yamlDocuments(text: string, file: string, options: YamlOptions): YamlFile[] {
  const pieces = text.split(/^(?=---(?:\s|$))|^\.\.\.(?:[ \t].*)?(?:\n|$)/m).filter((piece, index) => index > 0 || piece.trim() !== '');
  return pieces.map((piece) => parseYaml(piece, file, options));
}

/** Where a node (or an offset in the text) stands. */
export function yamlPlace(yaml: YamlFile, where: Node | number | null): Place {
  const offset = typeof where === 'number' ? where : (where?.range?.[0] ?? 0);
  const { line, col } = yaml.lineCounter.linePos(offset);
  return line === 0 ? { file: yaml.file, line: 1, column: 1 } : { file: yaml.file, line, column: col };
}

/** An error of kind `input` at a node, with the source line for the caret. Default code: `yaml-syntax`. */
export function yamlError(
  yaml: YamlFile,
  where: Node | number | null,
  message: string,
  options: { readonly code?: string; readonly hint?: string | undefined } = {},
): FleetTapError {
  const place = yamlPlace(yaml, where);
  const line = yaml.text.split('\n')[(place.line ?? 1) - 1] ?? '';
  const sourceLine = line.replace(/\r$/, '').replace(ALL_NOT_PRINTABLE, '\ufffd'); // same width, so the caret stays
  const hint = options.hint === undefined ? {} : { hint: options.hint };
  return new FleetTapError('input', options.code ?? 'yaml-syntax', message, { place, sourceLine, ...hint });
}

/** The node that an alias stands for; any other node is itself. */
export function resolveAlias(yaml: YamlFile, node: Node | null): Node | null {
  return isAlias(node) ? (yaml.targets.get(node) ?? null) : node;
}

/** The entries of a mapping, those of merge keys first (yaml/constructor.py, flatten_mapping); a later entry replaces an earlier one. */
export function mapEntries(yaml: YamlFile, map: YAMLMap): MapEntry[] {
  const own: MapEntry[] = [];
  const merged: MapEntry[] = [];
  for (const { key: keyNode, value } of map.items as Pair<Node, Node | null>[]) {
    const key = keyOf(yaml, keyNode);
    if (isMergeKey(keyNode)) merged.push(...mergedEntries(yaml, keyNode, value));
    else own.push({ key, keyNode, value });
  }
  if (merged.length === 0 && !yaml.repeated.has(map)) return own;
  const entries = new Map<unknown, MapEntry>();
  for (const entry of [...merged, ...own]) entries.set(entry.key, entry);
  return [...entries.values()];
}

/** What a node is, for a sentence: `a list`, `a string`. */
export function describeNode(yaml: YamlFile, node: Node | null): string {
  const current = resolveAlias(yaml, node);
  if (isMap(current)) return 'a mapping';
  if (isSeq(current)) return 'a list';
  const value = isScalar(current) ? current.value : null;
  return value === null ? 'nothing' : `the ${typeof value} ${JSON.stringify(value)}`;
}

function isMergeKey(node: Node): node is Scalar {
  return isScalar(node) && node.value === '<<' && node.type === 'PLAIN';
}

function mergedEntries(yaml: YamlFile, keyNode: Node, value: Node | null): readonly MapEntry[] {
  const source = resolveAlias(yaml, value);
  if (isMap(source)) return entriesToMerge(yaml, source);
  if (!isSeq(source)) throw yamlError(yaml, keyNode, `a merge key (<<) takes a mapping, not ${describeNode(yaml, source)}`);
  // The first mapping of the list wins, so it comes last.
  return source.items.toReversed().flatMap((item) => {
    const map = resolveAlias(yaml, item as Node);
    if (!isMap(map)) throw yamlError(yaml, item as Node, `a merge key (<<) takes mappings, not ${describeNode(yaml, map)}`);
    return entriesToMerge(yaml, map);
  });
}

function entriesToMerge(yaml: YamlFile, map: YAMLMap): readonly MapEntry[] {
  const entries = yaml.mergedFrom.get(map) ?? mapEntries(yaml, map);
  yaml.mergedFrom.set(map, entries);
  return entries;
}

function keyOf(yaml: YamlFile, node: Node): unknown {
  const key = resolveAlias(yaml, node);
  if (key !== null && !isScalar(key)) throw yamlError(yaml, node, `a key must be a plain value, not ${describeNode(yaml, key)}`, isMap(key) ? { hint: TEMPLATE_HINT } : {});
  return key === null ? null : key.value;
}

interface Doubles {
  /** A key that stands twice in one mapping. */
  readonly repeated: (map: Node, error: FleetTapError) => void;
  /** A key that stands in a mapping and in one that is merged into it; undefined: that is nobody's concern. */
  readonly overridden: ((error: FleetTapError) => void) | undefined;
}

/** One walk in document order: finds what each alias stands for, and duplicate keys. */
function checkTree(yaml: YamlFile, targets: Map<Alias, Node>, doubles: Doubles): void {
  const anchors = new Map<string, Node>();
  const walk = (node: Node | null, isKey = false): void => {
    if (node === null) return;
    if (!isKey && isScalar(node) && node.type === 'PLAIN' && node.tag === undefined && (node.value === '=' || node.value === '<<')) {
      throw yamlError(yaml, node, `a plain ${node.value} stands for something else in YAML 1.1`, { hint: 'put it in quotes' });
    }
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target === undefined) throw yamlError(yaml, node, `the anchor &${node.source} is not set before this place`, { hint: '&NAME above, in the same file, sets it; a text that begins with * is put in quotes' });
      targets.set(node, target);
      return;
    }
    if ('anchor' in node && typeof node.anchor === 'string') {
      if (anchors.has(node.anchor)) throw yamlError(yaml, node, `the anchor &${node.anchor} is set twice`, { hint: 'give one of the two another name' });
      anchors.set(node.anchor, node);
    }
    if (isScalar(node) && yaml.vault === noVault && isVaultTag(node.tag)) throw yamlError(yaml, node, NO_VAULT_MESSAGE, NO_VAULT);
    if (isScalar(node)) trimAtEnd(yaml, node);
    if (isSeq(node)) for (const item of node.items) walk(item as Node);
    if (!isMap(node)) return;
    const seen = new Set<unknown>();
    for (const { key, value } of node.items as Pair<Node, Node | null>[]) {
      walk(key, true);
      // The library takes `a: [b]: c` for two keys, the second an empty one.
      if (isScalar(key) && key.source === '' && /[\]}][ \t]*$/.test(yaml.text.slice(0, key.range?.[0]))) {
        throw yamlError(yaml, key, 'a second colon stands behind the value in brackets', { hint: 'one key has one value: put what belongs together in quotes, or on lines of its own' });
      }
      const name = keyOf(yaml, key);
      if (seen.has(name) && !isMergeKey(key)) {
        const hint = 'put both together under one key, or remove one';
        doubles.repeated(node, yamlError(yaml, key, `the key "${name}" stands twice in one mapping`, { hint }));
      }
      seen.add(name);
      walk(value);
    }
    if (doubles.overridden !== undefined && seen.has('<<')) for (const error of overriddenIn(yaml, node)) doubles.overridden(error);
  };
  walk(yaml.root);
}

/** As Ansible, for which a merge key puts one mapping in front of the other (parsing/yaml/constructor.py). */
function overriddenIn(yaml: YamlFile, map: YAMLMap): FleetTapError[] {
  const errors: FleetTapError[] = [];
  /** How often each key is merged in: it is told once, however often that is. */
  const merged = new Map<unknown, number>();
  const pairs = map.items as Pair<Node, Node | null>[];
  for (const { key, value } of pairs.filter((pair) => isMergeKey(pair.key))) {
    for (const entry of mergedEntries(yaml, key, value)) {
      const before = merged.get(entry.key) ?? 0;
      if (before === 1) errors.push(yamlError(yaml, key, `the key "${entry.key}" is merged in (<<) from more than one mapping`));
      merged.set(entry.key, before + 1);
    }
  }
  for (const { key } of pairs) {
    const name = keyOf(yaml, key);
    if (!isMergeKey(key) && merged.has(name)) errors.push(yamlError(yaml, key, `the key "${name}" stands here and in a mapping that is merged in (<<); what stands here counts`));
  }
  return errors;
}

/** A block scalar that ends with the file has no line break where the file has none. */
function trimAtEnd(yaml: YamlFile, node: Scalar): void {
  const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED';
  if (!isBlock || yaml.text.endsWith('\n') || (node.range?.[1] ?? 0) < yaml.text.length) return;
  const isLastLineBlank = /(?:^|\n)[ \t]*$/.test(yaml.text);
  if (typeof node.value === 'string' && (!isLastLineBlank || /^\n*$/.test(node.value))) node.value = node.value.replace(/\n$/, '');
}

function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Looked at before the parser sees the text: a parser deep in its own recursion can end the process, which no `catch` sees. */
function isTooDeep(text: string): boolean {
  if (/(?:[-?:][ \t]+){200}/.test(text)) return true;
  let depth = 0;
  for (const char of text.match(/[[\]{}]/g) ?? []) {
    depth = char === '[' || char === '{' ? depth + 1 : Math.max(0, depth - 1);
    if (depth > LIMIT_DEPTH) return true;
  }
  return false;
}

/** @param before what is said where this text is wrong, too */
function parseInstead(text: string, file: string, options: YamlOptions, before: FleetTapError): YamlFile {
  try {
    return parseYaml(text, file, options);
  } catch (error) {
    throw error instanceof FleetTapError && error.code === 'yaml-syntax' ? before : error;
  }
}

function tooDeep(file: string): FleetTapError {
  return new FleetTapError('input', 'yaml-syntax', `the YAML is nested too deeply; the limit is ${LIMIT_DEPTH} levels`, { place: { file } });
}

function syntaxError(yaml: YamlFile, error: YAMLParseError): FleetTapError {
  const message = error.code === 'MULTIPLE_DOCS' ? 'a second YAML document starts here' : lowerFirst(error.message);
  const isBadValue = error.code === 'TAG_RESOLVE_FAILED' && !error.message.startsWith('Unresolved tag');
  return yamlError(yaml, error.pos[0], message, { hint: isBadValue ? undefined : yamlHint(error, yaml.text, error.pos[0]) });
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
