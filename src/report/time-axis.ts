// What comes in: times, in any order. What goes out: counts by bins of equal width, never more than BIN_LIMIT bins over all series.
// Guaranteed: when the times span more, bins are joined in pairs, in every series of the axis; no count is lost by it.
import type { SeriesData } from './page-data.js';

const BIN_LIMIT = 400;
const FIRST_WIDTH_NS = 1e6;

export class TimeAxis {
  widthNs = FIRST_WIDTH_NS;
  firstBin = Number.POSITIVE_INFINITY;
  lastBin = Number.NEGATIVE_INFINITY;
  readonly #series: Series[] = [];

  series(): Series {
    const series = new Series();
    this.#series.push(series);
    return series;
  }

  /** The bin of this time. @param tNs nanoseconds since any origin, negative ones too */
  binOf(tNs: number): number {
    let bin = Math.floor(tNs / this.widthNs);
    while (Math.max(this.lastBin, bin) - Math.min(this.firstBin, bin) >= BIN_LIMIT) {
      this.widen();
      bin = Math.floor(tNs / this.widthNs);
    }
    if (bin < this.firstBin) this.firstBin = bin;
    if (bin > this.lastBin) this.lastBin = bin;
    return bin;
  }

  /** Half as many bins, each twice as long. */
  widen(): void {
    this.widthNs *= 2;
    this.firstBin = Math.floor(this.firstBin / 2);
    this.lastBin = Math.floor(this.lastBin / 2);
    for (const series of this.#series) series.widen();
  }
}

export class Series {
  /** Most series are of one bin, and have none. */
  #counts: Map<number, number> | undefined;
  /** Times mostly rise: the last bin's count is kept outside of the map. */
  #bin = Number.NaN;
  #count = 0;

  add(bin: number, count = 1): void {
    if (bin === this.#bin) {
      this.#count += count;
      return;
    }
    this.#settle();
    this.#bin = bin;
    this.#count = count;
  }

  addAll(other: Series): void {
    for (const [bin, count] of other.#counts ?? []) this.add(bin, count);
    if (other.#count > 0) this.add(other.#bin, other.#count);
  }

  /** Joins bins in pairs. */
  widen(): void {
    this.#bin = Math.floor(this.#bin / 2);
    const before = this.#counts;
    if (before === undefined) return;
    const joined = new Map<number, number>();
    for (const [bin, count] of before) joined.set(Math.floor(bin / 2), (joined.get(Math.floor(bin / 2)) ?? 0) + count);
    this.#counts = joined;
  }

  data(): SeriesData {
    if (this.#counts === undefined) return this.#count > 0 ? [this.#bin, this.#count] : [];
    this.#settle();
    return [...this.#counts].sort(([a], [b]) => a - b).flat();
  }

  #settle(): void {
    if (this.#count > 0) {
      this.#counts ??= new Map();
      this.#counts.set(this.#bin, (this.#counts.get(this.#bin) ?? 0) + this.#count);
    }
    this.#bin = Number.NaN;
    this.#count = 0;
  }
}
