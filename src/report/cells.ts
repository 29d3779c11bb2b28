// What comes in: packets, with the host that received each. What goes out: how many each sender has sent to each host, by time.
// Guaranteed: every packet is in exactly one cell. The largest senders and receivers have cells of their own, as exact as if the page held the whole
// log; the rest are summed up, so that the page stays small however many addresses there are.
import type { CellData } from './page-data.js';
import type { Series, TimeAxis } from './time-axis.js';

/** Senders and receivers with cells of their own. */
const NAMED_SIDES = 25;
const CELL_LIMIT = 50_000;
/** In place of an address: all others. */
const OTHERS = '';

interface Cell {
  readonly source: string;
  readonly host: number;
  packets: number;
  readonly series: Series;
}

export class Cells {
  readonly #axis: TimeAxis;
  /** By receiving host, then by source address. */
  readonly #hosts: Map<string, Cell>[] = [];
  #number = 0;

  constructor(axis: TimeAxis) {
    this.#axis = axis;
  }

  add(source: string, host: number, bin: number): void {
    this.#hosts[host] ??= new Map();
    const senders = this.#hosts[host];
    let cell = senders.get(source) ?? (this.#number < CELL_LIMIT ? undefined : senders.get(OTHERS));
    if (cell === undefined) {
      cell = this.#cell(this.#number < CELL_LIMIT ? source : OTHERS, host);
      senders.set(cell.source, cell);
      this.#number += 1;
    }
    cell.packets += 1;
    cell.series.add(bin);
  }

  /** @param nameOf the host whose address it is: its addresses are shown together, or each alone, as the reader likes */
  data(nameOf: (source: string) => number | undefined): CellData[] {
    const cells = this.#hosts.flatMap((senders) => [...senders.values()]);
    const known = cells.filter(({ source }) => source !== OTHERS);
    const rowOf = ({ source }: Cell) => nameOf(source) ?? source;
    const [sources, rows, hosts] = [largest(known, ({ source }) => source), largest(known, rowOf), largest(cells, ({ host }) => host)];
    const sums = new Map<string, Cell>();
    for (const cell of cells) {
      const isNamed = sources.has(cell.source) || (cell.source !== OTHERS && rows.has(rowOf(cell)));
      const source = isNamed ? cell.source : OTHERS;
      const host = hosts.has(cell.host) ? cell.host : -1;
      const key = `${source} ${host}`;
      const sum = sums.get(key) ?? this.#cell(source, host);
      sums.set(key, sum);
      sum.packets += cell.packets;
      sum.series.addAll(cell.series);
    }
    return [...sums.values()].map((cell) => ({ ...cell, series: cell.series.data() }));
  }

  #cell(source: string, host: number): Cell {
    return { source, host, packets: 0, series: this.#axis.series() };
  }
}

function largest<Key>(cells: readonly Cell[], keyOf: (cell: Cell) => Key): Set<Key> {
  const sums = new Map<Key, number>();
  for (const cell of cells) sums.set(keyOf(cell), (sums.get(keyOf(cell)) ?? 0) + cell.packets);
  return new Set([...sums].sort(([, a], [, b]) => b - a).slice(0, NAMED_SIDES).map(([key]) => key));
}
