// All facts of 200 hosts, on fresh connections: fleet-tap facts against ansible's setup module with pipelining, same fan-out.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atMost, type Bench, type BenchOptions } from './bench.js';
import { ansibleEnv, FORKS } from './fanout.js';
import { startLoopbackFleet } from './loopback-fleet.js';

const HOSTS = 200;

export const facts: Bench = {
  about: `all facts of ${HOSTS} hosts, fan-out ${FORKS}`,
  needs: ['ansible', 'sshd', 'unshare', 'nsenter'],
  prepare: async ({ cli, folder, size = HOSTS }: BenchOptions) => {
    const fleet = await startLoopbackFleet(size, folder);
    await writeFile(join(folder, 'ansible.cfg'), '');
    const everybody = (stdout: string): string | undefined => {
      const answers = stdout.split('"ansible_kernel":').length - 1;
      return answers === size ? undefined : `${answers} of ${size} hosts have told their kernel`;
    };
    return {
      contestants: [
        { name: 'fleet-tap', command: [...fleet.inside, process.execPath, cli, 'facts', '-i', fleet.inventoryFile, '-f', String(FORKS), '--json'], env: { XDG_STATE_HOME: folder }, check: everybody },
        { name: 'ansible setup', command: [...fleet.inside, 'ansible', 'all', '-i', fleet.inventoryFile, '-m', 'setup'], env: ansibleEnv(folder), check: everybody },
      ],
      goals: [atMost(1 / 10, 'wallMs', 'fleet-tap', 'ansible setup'), atMost(1 / 8, 'cpuMs', 'fleet-tap', 'ansible setup')],
      rounds: 1,
      close: () => fleet.close(),
    };
  },
};
