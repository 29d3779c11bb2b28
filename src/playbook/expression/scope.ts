// Where names are looked up while a template runs: its own (set, for, macro) from the inside out, then the variables.
// Guaranteed: a variable is asked for once; what a template changes in place (`list.append(x)`) is a copy of its own, never the variable.
import { entriesOf } from '../../base/keyed-object.js';
import { noVault, type Vault } from '../../base/vault.js';
import { Dict, isMapping, makeDict, Range, Tuple } from './kinds.js';
import type { Controller, RenderFile } from './plugin.js';
import { Undefined } from './undefined.js';

interface Variables {
  get(name: string): unknown;
  readonly vault?: Vault | undefined;
  readonly renderFile?: RenderFile | undefined;
  readonly controller?: Controller | undefined;
}

export class Frame {
  readonly #variables: Variables;
  readonly #parent: Frame | undefined;
  readonly #own = new Map<string, unknown>();
  readonly #asked: Map<string, unknown>;
  readonly #copies: boolean;

  /** @param copies the template changes lists or mappings in place */
  constructor(variables: Variables, parent?: Frame, copies = false) {
    this.#variables = variables;
    this.#parent = parent;
    this.#asked = parent === undefined ? new Map() : parent.#asked;
    this.#copies = parent === undefined ? copies : parent.#copies;
  }

  get vault(): Vault {
    return this.#variables.vault ?? noVault;
  }

  inner(): Frame {
    return new Frame(this.#variables, this);
  }

  /** A template that is included without this one's context, or imported. */
  fresh(): Frame {
    return new Frame({ vault: this.vault, controller: this.controller, get: (name) => new Undefined(`"${name}" (a template that is loaded without context sees no variables)`) }, undefined, this.#copies);
  }

  get renderFile(): RenderFile | undefined {
    return this.#variables.renderFile;
  }

  get controller(): Controller | undefined {
    return this.#variables.controller;
  }

  set(name: string, value: unknown): void {
    this.#own.set(name, value);
  }

  get(name: string): unknown {
    for (let frame: Frame | undefined = this; frame !== undefined; frame = frame.#parent) if (frame.#own.has(name)) return frame.#own.get(name);
    if (this.#asked.has(name)) return this.#asked.get(name);
    const asked = this.#variables.get(name);
    const value = this.#copies ? deepCopy(asked) : asked;
    if (!(value instanceof Undefined)) this.#asked.set(name, value);
    return value;
  }

  /** What the template itself has set at this level. */
  own(): ReadonlyMap<string, unknown> {
    return this.#own;
  }
}

function deepCopy(value: unknown): unknown {
  if (value instanceof Tuple) return Tuple.make([...value].map(deepCopy));
  if (value instanceof Range) return value;
  if (Array.isArray(value)) return value.map(deepCopy);
  if (value instanceof Dict) {
    const copy = new Dict();
    for (const [key, item] of value.entries()) copy.set(key, deepCopy(item));
    return copy;
  }
  return isMapping(value) ? makeDict(entriesOf(value).map(([key, item]) => [key, deepCopy(item)] as const)) : value;
}
