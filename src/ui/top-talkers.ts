// What comes in: keys, one after the other. What goes out: the ones that came most often, in bounded memory.
// The space-saving sketch (Metwally, Agrawal, El Abbadi 2005): a new key takes the place, and the count, of the rarest one.
// Guaranteed: a key that made up more than 1/capacity of all is among them; a count is never too low, and too high by at most `error`.

export interface Talker {
  readonly key: string;
  readonly count: number;
  readonly error: number;
}

export class TopTalkers {
  readonly #capacity: number;
  readonly #counts = new Map<string, { count: number; error: number }>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(key: string): void {
    const known = this.#counts.get(key);
    if (known !== undefined) known.count += 1;
    else if (this.#counts.size < this.#capacity) this.#counts.set(key, { count: 1, error: 0 });
    else {
      let rarest = '';
      let least = Number.POSITIVE_INFINITY;
      for (const [other, { count }] of this.#counts) {
        if (count >= least) continue;
        rarest = other;
        least = count;
      }
      this.#counts.delete(rarest);
      this.#counts.set(key, { count: least + 1, error: least });
    }
  }

  /** The most frequent first. */
  top(limit: number): Talker[] {
    return [...this.#counts].map(([key, { count, error }]) => ({ key, count, error })).sort((left, right) => right.count - left.count).slice(0, limit);
  }
}
