// How soon `fleet-tap --help` is there, against node alone: what every command pays before it does anything.
import { type Bench, costOf } from './bench.js';

const LIMIT_MS = 150;
const ROUNDS = 15;

export const start: Bench = {
  about: 'fleet-tap --help against node -e \'\'',
  needs: [],
  prepare: async ({ cli }) => ({
    contestants: [
      { name: 'node', command: [process.execPath, '-e', ''] },
      { name: 'fleet-tap', command: [process.execPath, cli, '--help'], check: (stdout) => (stdout.includes('Usage: fleet-tap') ? undefined : 'no help was printed') },
    ],
    goals: [
      {
        text: `fleet-tap --help within ${LIMIT_MS} ms of node`,
        isMet: (costs) => costOf(costs, 'fleet-tap').wallMs - costOf(costs, 'node').wallMs <= LIMIT_MS,
        figure: (costs) => `${(costOf(costs, 'fleet-tap').wallMs - costOf(costs, 'node').wallMs).toFixed(0)} ms`,
      },
    ],
    rounds: ROUNDS,
  }),
};
