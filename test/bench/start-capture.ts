// How soon the first line stands in the log after `capture` was typed, for 200 hosts whose kernel module is in the cache: connections, facts, upload,
// supervisor and clocks of all of them lie in between. The hosts are simulated, in processes of their own, on the same processors.
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench, BenchOptions } from './bench.js';
import { startScaleFleet } from './scale-run.js';

const HOSTS = 200;
const RATE = 50;
const ROUNDS = 3;
const LIMIT_MS = 3000;

/** sh: notes when capture is started and when its first line comes, and lets it run on for a moment. */
const UNTIL_FIRST = `date +%s%N > "$BEGAN"
"$@" | { read -r line; date +%s%N > "$FIRST"; cat > /dev/null; echo "$line"; }`;

export const startCapture: Bench = {
  about: `the first line of a capture of ${HOSTS} simulated hosts, their kernel module cached`,
  needs: [],
  prepare: async ({ cli, folder, size = HOSTS }: BenchOptions) => {
    const fleet = await startScaleFleet(size, RATE, join(folder, 'hosts'));
    const [began, first] = [join(folder, 'began'), join(folder, 'first')];
    const env = { XDG_CACHE_HOME: folder, XDG_STATE_HOME: folder, BEGAN: began, FIRST: first };
    const capture: readonly string[] = [process.execPath, cli, 'capture', '-i', fleet.inventoryFile, '-f', '50', '--for', '1s'];
    execFileSync('sh', ['-c', UNTIL_FIRST, 'sh', ...capture, fleet.names[0] ?? ''], { env: { ...process.env, ...env }, stdio: 'ignore' });
    const firstMs: number[] = [];
    const checkFile = async (): Promise<string | undefined> => {
      const [from, to] = await Promise.all([began, first].map(async (file) => Number(await readFile(file, 'utf8')) / 1e6));
      firstMs.push((to ?? Number.NaN) - (from ?? Number.NaN));
      return undefined;
    };
    const median = () => firstMs.toSorted((left, right) => left - right)[firstMs.length >> 1] ?? Number.NaN;
    return {
      contestants: [{ name: 'fleet-tap', command: ['sh', '-c', UNTIL_FIRST, 'sh', ...capture, 'all'], env, checkFile }],
      goals: [{ text: `the first line within ${LIMIT_MS} ms`, isMet: () => median() <= LIMIT_MS, figure: () => `${Math.round(median())} ms` }],
      rounds: ROUNDS,
      close: async () => fleet.end(),
    };
  },
};
