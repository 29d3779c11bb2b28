// The lines of 20 hosts (or --size N) over sshd on loopback into one file: fleet-tap capture, which parses, corrects clocks and orders, against
// pdsh and clush, which do none of it, against ssh2 alone, and against `sort -m` over the lines in files, which orders only.
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { type Bench, type BenchOptions, costOf, type Goal } from './bench.js';
import { countLines } from './measure.js';
import type { Ssh2Request } from './stream-ssh2.js';
import { startStreamHosts } from './stream-hosts.js';

const HOSTS = 20;
const PACKETS = 4_000_000;
/** clush takes 20 times as long as the others for a line: it gets fewer. */
const CLUSH_SHARE = 10;
const CPU_LIMIT_US = 1.5;
const RATE = 500_000;
const TIMES_PDSH = 4;

/** sh: runs capture until every host has printed all its lines. */
const UNTIL_PRINTED = `"$@" & p=$!
printed() { set -- "$PRINTED"/*; [ $# -ge "$HOSTS" ] && [ -e "$1" ]; }
until printed || ! kill -0 $p 2>/dev/null; do sleep 0.1; done
kill -TERM $p; wait $p`;

export const stream: Bench = {
  about: `${PACKETS.toLocaleString('en')} lines from ${HOSTS} hosts into one file`,
  needs: ['pdsh', 'clush', 'sort', 'prlimit', 'sshd', 'unshare', 'nsenter', 'perl', 'flock'],
  prepare: async ({ cli, folder, size = HOSTS }: BenchOptions) => {
    const each = Math.floor(PACKETS / size);
    const { fleet, lines, packets, printing, printed } = await startStreamHosts(size, each, folder);
    const files = fleet.addresses.map((address) => join(packets, address));
    // The host's own address.
    const who = `set -- $SSH_CONNECTION; : > ${printing}/$3`;
    const ssh = `-F ${fleet.sshConfigFile}`;
    // Lines a second from the first host's first line to the last write.
    const rates = new Map<string, number>();
    const atLeast = (name: string, least: number) => async (file: string) => {
      const found = await countLines(file);
      const began = await Promise.all((await readdir(printing)).map(async (host) => (await stat(join(printing, host))).mtimeMs));
      if (began.length > 0) rates.set(name, (1000 * found) / ((await stat(file)).mtimeMs - Math.min(...began)));
      for (const folder of [printing, printed]) for (const host of await readdir(folder)) await rm(join(folder, host));
      return found >= least ? undefined : `${found} lines, not ${least}`;
    };
    const capture = [process.execPath, cli, 'capture', '-i', fleet.inventoryFile, '-f', '50', '--probes', 'netfilter', '--order', 'strict', '--join', '--serial', '100%', 'all'];
    const headEach = Math.floor(each / CLUSH_SHARE);
    // Compiled beforehand: its own cost is all that counts.
    const ssh2Alone = join(folder, 'ssh2-alone.cjs');
    buildSync({ entryPoints: [join(import.meta.dirname, 'stream-ssh2.ts')], outfile: ssh2Alone, bundle: true, platform: 'node', packages: 'external' });
    const request: Ssh2Request = { addresses: fleet.addresses, port: fleet.port, keyFile: join(folder, 'user_key'), hostKeyFile: join(folder, 'host_key.pub'), command: `${who}; cat ${lines}/$3` };
    const counts = new Map([['fleet-tap', size * each], ['pdsh', size * each], ['ssh2 alone', size * each], ['clush', size * headEach], ['sort -m', size * each]]);
    const rateOf = (who: string) => rates.get(who) ?? Number.NaN;
    const cpuUs = (costs: Parameters<Goal['isMet']>[0]) => (1000 * costOf(costs, 'fleet-tap').cpuMs) / (size * each);
    return {
      contestants: [
        { name: 'fleet-tap', command: [...fleet.inside, 'sh', '-c', UNTIL_PRINTED, 'sh', ...capture], env: { XDG_STATE_HOME: folder, XDG_CACHE_HOME: folder, PRINTED: printed, HOSTS: String(size) }, checkFile: atLeast('fleet-tap', size * each) },
        { name: 'pdsh', command: [...fleet.inside, 'pdsh', '-R', 'ssh', '-f', String(size), '-w', fleet.folded, `${who}; cat ${lines}/$3`], env: { PDSH_SSH_ARGS_APPEND: ssh }, checkFile: atLeast('pdsh', size * each) },
        { name: 'ssh2 alone', command: [...fleet.inside, process.execPath, ssh2Alone, JSON.stringify(request)], env: { NODE_PATH: join(import.meta.dirname, '..', '..', 'node_modules') }, checkFile: atLeast('ssh2 alone', size * each) },
        { name: 'clush', command: [...fleet.inside, 'clush', '-f', String(size), '-o', ssh, '-w', fleet.folded, `${who}; head -n ${headEach} ${lines}/$3`], checkFile: atLeast('clush', size * headEach) },
        { name: 'sort -m', command: ['prlimit', '--nofile=4096', 'sort', '-m', '--batch-size=500', '-s', '-k2,2', ...files], env: { LC_ALL: 'C' }, checkFile: atLeast('sort -m', size * each) },
      ],
      goals: [
        { text: `at least ${RATE.toLocaleString('en')} lines/s`, isMet: () => rateOf('fleet-tap') >= RATE, figure: () => Math.round(rateOf('fleet-tap')).toLocaleString('en') },
        { text: `at least ${TIMES_PDSH} times the lines/s of pdsh`, isMet: () => rateOf('fleet-tap') >= TIMES_PDSH * rateOf('pdsh'), figure: () => `${(rateOf('fleet-tap') / rateOf('pdsh')).toFixed(1)} × ${Math.round(rateOf('pdsh')).toLocaleString('en')}` },
        { text: 'of what ssh2 alone takes in (for comparison)', isMet: () => true, figure: () => `${Math.round((100 * rateOf('fleet-tap')) / rateOf('ssh2 alone'))} % of ${Math.round(rateOf('ssh2 alone')).toLocaleString('en')} lines/s` },
        { text: `at most ${CPU_LIMIT_US} µs CPU a line`, isMet: (costs) => cpuUs(costs) <= CPU_LIMIT_US, figure: (costs) => `${cpuUs(costs).toFixed(2)} µs` },
      ],
      rounds: 1,
      lines: counts,
      close: () => fleet.close(),
    };
  },
};
