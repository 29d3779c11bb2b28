// What comes in: the text of an INI inventory. What goes out: its groups, hosts and variables, in a builder.
// Guaranteed: what ansible-core's ini plugin reads (plugins/inventory/ini.py): `[g]`, `[g:vars]`, `[g:children]`, hosts before any section are
// ungrouped, a host's line is split like a shell's, values are Python literals or texts, groups may be declared after they are named.
// Every mistake that makes Ansible give up on the file is an error with file:line:column.
import { FleetTapError } from '../base/errors.js';
import type { InventoryBuilder } from './builder.js';
import { readHostKey } from './host-range.js';
import { Mistake } from './mistake.js';
import { pythonValue } from './python-literal.js';
import { splitLines, strip } from './python-text.js';
import { splitWords, type Word, WordMistake } from './shell-words.js';

const SECTION = /^\[([^:\]\s]+)(?::([\p{L}\p{N}_]+))?\]\s*(?:#.*)?$/u;
const GROUP_NAME = /^([^:\]\s]+)\s*(?:#.*)?$/;

/** A group that is named before it is declared. */
interface Pending {
  readonly kind: 'vars' | 'children';
  readonly line: number;
  readonly parents: string[];
}

/** @throws FleetTapError kind `input`, code `inventory-structure` */
export function readIniInventory(text: string, file: string, builder: InventoryBuilder): void {
  new Reader(text, file, builder).read();
}

class Reader {
  readonly #file: string;
  readonly #lines: readonly string[];
  readonly #builder: InventoryBuilder;
  readonly #pending = new Map<string, Pending>();
  #group = 'ungrouped';
  #kind = 'hosts';
  /** Counts from 1. */
  #line = 0;

  constructor(text: string, file: string, builder: InventoryBuilder) {
    this.#lines = splitLines(text);
    this.#file = file;
    this.#builder = builder;
  }

  read(): void {
    for (const line of this.#lines) {
      this.#line += 1;
      const content = strip(line);
      if (content === '' || content.startsWith('#') || content.startsWith(';')) continue;
      try {
        this.#read(content);
      } catch (error) {
        throw error instanceof Mistake ? this.#failure(error, content) : error;
      }
    }
    for (const [name, { kind, line, parents }] of this.#pending) {
      this.#line = line;
      const message = kind === 'vars' ? `[${name}:vars] sets variables of the group "${name}", which is not declared` : `[${parents.at(-1)}:children] names the group "${name}", which is not declared`;
      throw this.#failure(new Mistake(message, `add a section [${name}], even an empty one`), strip(this.#lines[line - 1] ?? ''));
    }
  }

  #read(content: string): void {
    const section = SECTION.exec(content);
    if (section !== null) this.#section(section[1] ?? '', section[2] ?? 'hosts');
    else if (content.startsWith('[') && content.endsWith(']')) {
      throw new Mistake(`${content} is not a section`, 'write [group], [group:vars] or [group:children], without spaces');
    } else if (this.#kind === 'hosts') this.#host(content);
    else if (this.#kind === 'vars') this.#variable(content);
    else this.#child(content);
  }

  #section(name: string, kind: string): void {
    if (kind !== 'hosts' && kind !== 'children' && kind !== 'vars') {
      throw new Mistake(`the section [${name}:${kind}] is of an unknown kind`, 'a section is [group], [group:vars] or [group:children]');
    }
    this.#group = name;
    this.#kind = kind;
    if (!this.#builder.hasGroup(name)) {
      // Variables alone do not declare a group.
      if (kind === 'vars' && !this.#pending.has(name)) this.#pending.set(name, { kind, line: this.#line, parents: [] });
      this.#builder.addGroup(name);
    }
    const pending = this.#pending.get(name);
    if (pending === undefined || kind === 'vars') return;
    if (pending.kind === 'children') this.#adopt(name, pending);
    else this.#pending.delete(name);
  }

  #adopt(name: string, { parents }: Pending): void {
    for (const parent of parents) {
      this.#builder.addChild(parent, name);
      const above = this.#pending.get(parent);
      if (above?.kind === 'children') this.#adopt(parent, above);
    }
    this.#pending.delete(name);
  }

  #host(content: string): void {
    const [first, ...rest] = splitWords(content);
    if (first === undefined) return;
    const { names, port } = this.#at(first, () => hostNames(first.text));
    if (names.length === 0) this.#builder.warn(`${this.#file}:${this.#line}: the range in "${first.text}" begins after its end, so it is no host at all`);
    const variables = new Map<string, unknown>();
    for (const word of rest) {
      this.#at(word, () => {
        const equals = word.text.indexOf('=');
        if (equals === -1) throw new Mistake(`"${word.text}" after a host's name must be a variable, name=value`, 'write each host on a line of its own; a value with spaces needs quotes');
        variables.set(word.text.slice(0, equals), pythonValue(word.text.slice(equals + 1)));
      });
    }
    for (const name of names) {
      this.#builder.addHost(name, this.#group, port);
      for (const [key, value] of variables) this.#builder.setHostVariable(name, key, value);
    }
  }

  #variable(content: string): void {
    const equals = content.indexOf('=');
    if (equals === -1) throw new Mistake(`"${content}" must be a variable, name=value`, `the section is [${this.#group}:vars]; hosts stand under [${this.#group}]`);
    this.#builder.setGroupVariable(this.#group, strip(content.slice(0, equals)), pythonValue(strip(content.slice(equals + 1))));
  }

  #child(content: string): void {
    const child = GROUP_NAME.exec(content)?.[1];
    if (child === undefined) throw new Mistake(`"${content}" must be a group's name`, `the section is [${this.#group}:children]: one group a line`);
    if (this.#builder.hasGroup(child)) {
      this.#builder.addChild(this.#group, child);
      return;
    }
    const pending = this.#pending.get(child);
    if (pending === undefined) this.#pending.set(child, { kind: 'children', line: this.#line, parents: [this.#group] });
    else pending.parents.push(this.#group);
  }

  /** A mistake in a word stands where the word does. */
  #at<T>(word: Word, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Mistake)) throw error;
      throw this.#failure(error, strip(this.#lines[this.#line - 1] ?? ''), word.column);
    }
  }

  #failure(mistake: Mistake, content: string, at = mistake instanceof WordMistake ? mistake.column : 1): FleetTapError {
    const sourceLine = this.#lines[this.#line - 1] ?? '';
    const column = Math.max(0, sourceLine.indexOf(content)) + at;
    const hint = mistake.hint === undefined ? {} : { hint: mistake.hint };
    return new FleetTapError('input', 'inventory-structure', mistake.message, { place: { file: this.#file, line: this.#line, column }, sourceLine, ...hint });
  }
}

function hostNames(key: string): ReturnType<typeof readHostKey> {
  const found = readHostKey(key);
  if (strip(key).endsWith(':') && found.port === undefined) throw new Mistake(`the host's name "${key}" ends with a colon`, 'a colon comes before a port: web1:2222; if this file is YAML, let its name end in .yml');
  if (found.names.some((name) => strip(name) === '---')) throw new Mistake('"---" begins a YAML file, and this is read as INI', 'let its name end in .yml, or in nothing');
  return found;
}
