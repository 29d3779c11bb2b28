// The shape of every bench beside this one: the same work done by fleet-tap and by its peers, in one run, so that only ratios matter.
// A new bench is a new file and a line in the table of run.ts.
import type { Cost } from './measure.js';

/** One program's way of doing the work. */
export interface Contestant {
  /** For people: `fleet-tap`, `pdsh`. */
  readonly name: string;
  readonly command: readonly [program: string, ...words: string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** Says what is wrong with the output, undefined when the work was really done. */
  readonly check?: (stdout: string) => string | undefined;
  /** The same for outputs that are too large for memory: takes the file. */
  readonly checkFile?: (file: string) => Promise<string | undefined>;
}

/** What must hold between two costs of the same run. */
export interface Goal {
  readonly text: string;
  readonly isMet: (costs: ReadonlyMap<string, Cost>) => boolean;
  /** The figure, for people. */
  readonly figure: (costs: ReadonlyMap<string, Cost>) => string;
}

export interface Work {
  /** In the order in which they run; fleet-tap among them. */
  readonly contestants: readonly Contestant[];
  readonly goals: readonly Goal[];
  /** Each contestant's turn comes this many times, round by round; the median counts. */
  readonly rounds: number;
  /** Lines that each contestant handles, by name: their rates and CPU a line are printed. */
  readonly lines?: ReadonlyMap<string, number>;
  readonly close?: () => Promise<void>;
}

export interface BenchOptions {
  /** How large the fleet (or inventory, or stream) is; undefined: as the goal says. */
  readonly size: number | undefined;
  /** How long it goes on, where the work is a time; undefined: as the goal says. */
  readonly seconds: number | undefined;
  /** A folder of this run, which is removed after it. */
  readonly folder: string;
  /** The compiled program. */
  readonly cli: string;
}

export interface Bench {
  readonly about: string;
  /** Programs without which there is nothing to compare. */
  readonly needs: readonly string[];
  readonly prepare: (options: BenchOptions) => Promise<Work>;
}

export function costOf(costs: ReadonlyMap<string, Cost>, name: string): Cost {
  const cost = costs.get(name);
  if (cost === undefined) throw new RangeError(`nobody is called ${name}`);
  return cost;
}

/** `figure` of `name` is at most `share` of the lowest of `peers`. */
export function atMost(share: number, figure: 'wallMs' | 'cpuMs', name: string, ...peers: string[]): Goal {
  const what = figure === 'wallMs' ? 'wall time' : 'CPU time';
  const ratio = (costs: ReadonlyMap<string, Cost>): number => costOf(costs, name)[figure] / Math.min(...peers.map((peer) => costOf(costs, peer)[figure]));
  const best = peers.length === 1 ? peers[0] : `the best of ${peers.join(', ')}`;
  return {
    text: `${what} at most 1/${Number((1 / share).toFixed(1))} of ${best}`,
    isMet: (costs) => ratio(costs) <= share,
    figure: (costs) => `1/${(1 / ratio(costs)).toFixed(1)}`,
  };
}
