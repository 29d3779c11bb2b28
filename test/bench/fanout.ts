// One short command on 200 hosts, from nothing to the last line: fleet-tap exec against clush, pdsh and ansible's raw module.
// All with the same fan-out, on fresh connections, host keys checked.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atMost, type Bench, type BenchOptions, costOf } from './bench.js';
import { startLoopbackFleet } from './loopback-fleet.js';

const HOSTS = 200;
export const FORKS = 50;
const COMMAND = 'uname -r';
const ROUNDS = 3;
const LIMIT_MB = 120;
const PEERS = ['clush', 'pdsh', 'ansible raw'];

/** An Ansible without the machine's own configuration, and without connections left over from the round before. */
export function ansibleEnv(folder: string): Record<string, string> {
  return {
    ANSIBLE_CONFIG: join(folder, 'ansible.cfg'),
    ANSIBLE_FORKS: String(FORKS),
    ANSIBLE_HOST_KEY_CHECKING: 'True',
    ANSIBLE_PIPELINING: 'True',
    ANSIBLE_SSH_ARGS: '-o ControlMaster=no -o IdentitiesOnly=yes -o BatchMode=yes',
    ANSIBLE_HOME: join(folder, 'ansible'),
    ANSIBLE_LOCAL_TEMP: join(folder, 'ansible'),
  };
}

export const fanout: Bench = {
  about: `${COMMAND} on ${HOSTS} hosts, fan-out ${FORKS}`,
  needs: ['clush', 'pdsh', 'ansible', 'sshd', 'unshare', 'nsenter'],
  prepare: async ({ cli, folder, size = HOSTS }: BenchOptions) => {
    const fleet = await startLoopbackFleet(size, folder);
    await writeFile(join(folder, 'ansible.cfg'), '');
    const words = COMMAND.split(' ');
    const everybody = (stdout: string): string | undefined => {
      const missing = fleet.addresses.filter((address) => !stdout.includes(`${address}:`) && !stdout.includes(`${address} |`));
      return missing.length === 0 ? undefined : `${missing.length} hosts did not answer`;
    };
    const ssh = `-F ${fleet.sshConfigFile}`;
    return {
      contestants: [
        { name: 'fleet-tap', command: [...fleet.inside, process.execPath, cli, 'exec', '-i', fleet.inventoryFile, '-f', String(FORKS), '--stream', 'all', '--', ...words], env: { XDG_STATE_HOME: folder }, check: everybody },
        { name: 'clush', command: [...fleet.inside, 'clush', '-f', String(FORKS), '-o', ssh, '-w', fleet.folded, COMMAND], check: everybody },
        { name: 'pdsh', command: [...fleet.inside, 'pdsh', '-R', 'ssh', '-f', String(FORKS), '-w', fleet.folded, COMMAND], env: { PDSH_SSH_ARGS_APPEND: ssh }, check: everybody },
        { name: 'ansible raw', command: [...fleet.inside, 'ansible', 'all', '-i', fleet.inventoryFile, '-m', 'raw', '-a', COMMAND], env: ansibleEnv(folder), check: everybody },
      ],
      goals: [
        atMost(1 / 3, 'wallMs', 'fleet-tap', 'pdsh'),
        atMost(1 / 4, 'wallMs', 'fleet-tap', 'clush'),
        atMost(1 / 8, 'cpuMs', 'fleet-tap', ...PEERS),
        { text: `memory under ${LIMIT_MB} MB`, isMet: (costs) => costOf(costs, 'fleet-tap').maxRssMb < LIMIT_MB, figure: (costs) => `${costOf(costs, 'fleet-tap').maxRssMb.toFixed(0)} MB` },
      ],
      rounds: ROUNDS,
      close: () => fleet.close(),
    };
  },
};
