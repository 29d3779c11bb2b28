// 500 simulated hosts at 200 lines a second each: the books balance, nothing is late, memory and delay stay within their bounds (G5, G6).
// `ladder`: more and more hosts, faster and faster, until one of these no longer holds: where the knee is on this machine.
import { join } from 'node:path';
import type { Bench, BenchOptions, Goal } from './bench.js';
import { runScale, type ScaleResult } from './scale-run.js';

const HOSTS = 500;
const RATE = 200;
const SECONDS = 600;
/** G5: rows in memory, what ssh2 may hold for each host (DESIGN), and the program itself. */
const memoryLimitMb = (hosts: number): number => 512 + 4 * hosts + 150;
/** G6, on a LAN. */
const P99_LIMIT_MS = 600;
const LADDER_HOSTS = [50, 100, 200, 500];
const LADDER_RATES = [200, 500, 1000, 2000, 5000, 10_000];
const LADDER_SECONDS = 20;

/** What does not hold, in words; empty = all holds. */
function broken(result: ScaleResult, hosts: number): string[] {
  const { status, late, lost, lines, booked, p99Ms, maxRssMb } = result;
  return [
    ...(status === 0 ? [] : [`exit status ${status}`]),
    ...(lines === booked ? [] : [`${lines} lines in the log and ${booked} in the books`]),
    ...(late === 0 ? [] : [`${late} late`]),
    ...(lost === 0 ? [] : [`${lost} lost`]),
    ...(p99Ms <= P99_LIMIT_MS ? [] : [`99 of 100 lines within ${Math.round(p99Ms)} ms`]),
    ...(maxRssMb <= memoryLimitMb(hosts) ? [] : [`${Math.round(maxRssMb)} MB`]),
  ];
}

const inWords = (result: ScaleResult): string =>
  `${result.lines.toLocaleString('en')} lines, ${result.late} late, ${result.lost} lost, half within ${Math.round(result.p50Ms)} ms, 99 of 100 within ${Math.round(result.p99Ms)} ms, ${Math.round(result.maxRssMb)} MB, ${result.cpuShare.toFixed(2)} processors`;

/** The work is done while the bench is made ready: `node` stands in for what only shows the outcome. */
function shown(goals: readonly Goal[]) {
  return { contestants: [{ name: 'fleet-tap', command: [process.execPath, '-e', ''] as const }], goals, rounds: 1 };
}

export const scale: Bench = {
  about: `${HOSTS} simulated hosts, ${RATE} lines a second each (--size N: hosts, --seconds N)`,
  needs: [],
  prepare: async ({ cli, folder, size = HOSTS, seconds = SECONDS }: BenchOptions) => {
    const result = await runScale({ hosts: size, rate: RATE, seconds, folder: join(folder, 'scale'), cli });
    const problems = broken(result, size);
    return shown([{ text: `${size} hosts, ${seconds} s: books balanced, 0 late, 0 lost, 99 of 100 lines within ${P99_LIMIT_MS} ms, at most ${memoryLimitMb(size)} MB`, isMet: () => problems.length === 0, figure: () => [inWords(result), ...problems].join('; ') }]);
  },
};

export const ladder: Bench = {
  about: `more hosts and lines until it breaks, ${LADDER_SECONDS} s each (--seconds N)`,
  needs: [],
  prepare: async ({ cli, folder, size = Math.max(...LADDER_HOSTS), seconds = LADDER_SECONDS }: BenchOptions) => {
    const goals: Goal[] = [];
    for (const hosts of LADDER_HOSTS.filter((count) => count <= size)) {
      for (const rate of LADDER_RATES) {
        const result = await runScale({ hosts, rate, seconds, folder: join(folder, `ladder-${hosts}-${rate}`), cli });
        const problems = broken(result, hosts);
        const rung = `${hosts} hosts × ${rate.toLocaleString('en')} lines/s = ${(hosts * rate).toLocaleString('en')}`;
        const outcome = problems.length === 0 ? inWords(result) : `breaks: ${problems.join('; ')}; ${inWords(result)}`;
        // A rung that breaks is what is looked for.
        goals.push({ text: rung, isMet: () => true, figure: () => outcome });
        if (problems.length > 0) break;
      }
    }
    return shown(goals);
  },
};
