// playbooks/setup.yml on hosts where it has been applied: fleet-tap run against ansible-playbook with pipelining and connections that stay open.
// The hosts are one Debian system of test/hosts (a root filesystem of its own, real apt and dpkg, an archive on loopback), set up once and reached under
// many addresses: so they share its files and locks, which nobody holds who changes nothing. Ansible is that system's (2.19), and runs there.
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArchiveServer } from '../hosts/archive/archive.js';
import { SigningKeys } from '../hosts/archive/keys.js';
import { play } from '../hosts/archive/play.js';
import { baseDebs, becomeDebian, debianSymbolsDeb, DEBIANS, put, sh } from '../hosts/archive/ubuntu.js';
import { Ring, type RingHost } from '../hosts/ring/host.js';
import { ringRoot } from '../hosts/ring/rootfs.js';
import { atMost, type Bench, type BenchOptions } from './bench.js';
import { FORKS } from './fanout.js';

const HOSTS = 50;
/** Of the second sshd. */
const PORT = 2222;
const PLAYBOOKS = join(import.meta.dirname, '../../playbooks');
const RELEASE = DEBIANS.trixie;

/** sshd takes 16 at most. */
const ADDRESSES_EACH = 16;

/** More sshds on the host, on many addresses of the loopback network. They end with the host. */
async function listenOn(host: RingHost, addresses: readonly string[]): Promise<void> {
  for (let at = 0; at < addresses.length; at += ADDRESSES_EACH) {
    const lines = [`Port ${PORT}`, 'MaxStartups 1000', 'PrintMotd no', 'PrintLastLog no', ...addresses.slice(at, at + ADDRESSES_EACH).map((address) => `ListenAddress ${address}`)];
    await sh(host, `{ sed '/^ListenAddress/d; /^Port/d' /run/ring/sshd_config; printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')}; } > /run/ring/many && /usr/sbin/sshd -f /run/ring/many </dev/null >/dev/null 2>&1`);
  }
}

function inventory(addresses: readonly string[], key: string, knownHosts: string): string {
  const vars = [`ansible_port: ${PORT}`, 'ansible_user: root', `ansible_ssh_private_key_file: ${key}`, `ansible_ssh_common_args: -o UserKnownHostsFile=${knownHosts}`, 'ansible_python_interpreter: /usr/bin/python3'];
  return `all:\n  vars:\n${vars.map((line) => `    ${line}\n`).join('')}  hosts:\n${addresses.map((address) => `    ${address}:\n`).join('')}`;
}

async function prepare({ cli, folder, size = HOSTS }: BenchOptions) {
  const [ring, keys, server] = [await Ring.start(await ringRoot()), await SigningKeys.start(), await ArchiveServer.start()];
  let host: RingHost | undefined;
  const close = async () => {
    await host?.stop();
    await ring.stop();
    await keys.end();
    await server.stop();
  };
  try {
    host = await ring.host('setup');
    const key = await keys.make('debian');
    const architecture = (await sh(host, 'dpkg --print-architecture')).trim();
    await server.publish('debian', [{ name: RELEASE.codename, debs: [...(await baseDebs(RELEASE)), await debianSymbolsDeb(RELEASE)], key }], architecture);
    await becomeDebian(host, RELEASE, `${server.url}/debian`, key.publicKey);
    // Ansible has the release of the kernel from the kernel itself, which is this machine's.
    const vars = { fleet_tap_snapshot_url: '', fleet_tap_build_for: [RELEASE.kernel] };
    const { failure } = await play(host, 'setup', vars);
    if (failure !== '') throw new Error(`setup: ${failure}`);

    const net = host.address.split('.').slice(0, 3).join('.');
    const addresses = Array.from({ length: size }, (_, index) => `${net}.${index + 101}`);
    await listenOn(host, addresses);
    const knownHosts = addresses.map((address) => `[${address}]:${PORT} ${ring.hostKey}\n`).join('');
    const file = (name: string) => join(folder, name);
    await writeFile(file('known_hosts'), knownHosts);
    await writeFile(file('fleet.yml'), inventory(addresses, join(ring.keys, 'user_key'), file('known_hosts')));
    await host.bring(PLAYBOOKS, '/ring/playbooks');
    await put(host, '/ring/user_key', await readFile(join(ring.keys, 'user_key')), '600');
    await put(host, '/ring/known_hosts', knownHosts);
    await put(host, '/ring/fleet.yml', inventory(addresses, '/ring/user_key', '/ring/known_hosts'));
    const settings = ['ANSIBLE_PIPELINING=1', `ANSIBLE_FORKS=${FORKS}`, 'ANSIBLE_HOST_KEY_CHECKING=1', 'ANSIBLE_DEPRECATION_WARNINGS=0'];
    const check = (stdout: string): string | undefined => {
      const done = [...stdout.matchAll(/: ok=[1-9]\d* +changed=0 +unreachable=0 +failed=0 /g)].length;
      return done === size ? undefined : `${done} of ${size} hosts were set up already, and nothing failed`;
    };
    const extra = ['-e', JSON.stringify(vars)];
    const ours = [cli, 'run', '-i', file('fleet.yml'), '-f', String(FORKS), ...extra, join(PLAYBOOKS, 'setup.yml')];
    execFileSync(process.execPath, ours, { env: { ...process.env, XDG_STATE_HOME: folder }, stdio: ['ignore', 'ignore', 'inherit'] });
    const [program = '', ...enter] = await host.enter();
    return {
      contestants: [
        { name: 'fleet-tap', command: [process.execPath, ...ours] as const, env: { XDG_STATE_HOME: folder }, check },
        { name: 'ansible-playbook', command: [program, ...enter, ...settings, 'ansible-playbook', '-i', '/ring/fleet.yml', ...extra, '/ring/playbooks/setup.yml'] as const, check },
      ],
      goals: [atMost(1 / 20, 'wallMs', 'fleet-tap', 'ansible-playbook'), atMost(1 / 30, 'cpuMs', 'fleet-tap', 'ansible-playbook')],
      rounds: 1,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

export const playbookSetup: Bench = {
  about: `playbooks/setup.yml, already applied, on ${HOSTS} hosts, fan-out ${FORKS}`,
  needs: ['mmdebstrap', 'unshare', 'nsenter', 'gpg', 'dpkg-deb'],
  prepare,
};
