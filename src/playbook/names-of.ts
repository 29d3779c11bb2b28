// Names that are known before the run: -e and what stands in the playbook. Rendered when asked for.
import { Undefined } from './expression/undefined.js';
import type { Names } from './expression/evaluate.js';
import type { WrittenVars } from './playbook.js';
import { render } from './template.js';

export class NamesOf implements Names {
  /** The first wins. */
  readonly layers: readonly WrittenVars[];
  readonly #open = new Set<string>();

  constructor(layers: readonly WrittenVars[]) {
    this.layers = layers;
  }

  get(name: string): unknown {
    const layer = this.layers.find((one) => Object.hasOwn(one, name));
    if (layer === undefined || this.#open.has(name)) return new Undefined(`'${name}'`);
    this.#open.add(name);
    try {
      return render(layer[name], this);
    } finally {
      this.#open.delete(name);
    }
  }
}
