// What comes in: a number of hosts. What goes out: that many addresses of the loopback network on one sshd (or each on its own), in a network namespace of its own
// (so that nothing of it can be reached from elsewhere), with keys and a known_hosts that names each address.
// The login's HOME is an empty folder: root's start files would be part of what is measured.
import { execFileSync, spawn } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface LoopbackFleet {
  /** 127.0.1.1, 127.0.1.2, … */
  readonly addresses: readonly string[];
  /** `127.0.1.[1-200]`, as clush and pdsh read it. */
  readonly folded: string;
  readonly port: number;
  /** For `ssh -F`: port, user, key, known_hosts, strict checking. */
  readonly sshConfigFile: string;
  /** For Ansible and fleet-tap. */
  readonly inventoryFile: string;
  /** Words before a command, so that it runs where the fleet is. */
  readonly inside: readonly [string, ...string[]];
  close(): Promise<void>;
}

const PORT = 2222;
const MOST = 200;
/** Words before a command that runs on a host with files and processes of its own. */
const OWN = 'unshare --mount --pid --fork --kill-child';

export interface LoopbackOptions {
  /** sh: what is done on each host before its sshd starts. Then each has an sshd, a copy of this machine's files and processes that are its alone. */
  readonly before?: string;
  /** Folder that stands first in the hosts' PATH. */
  readonly programs?: string;
}

export async function startLoopbackFleet(size: number, folder: string, { before, programs }: LoopbackOptions = {}): Promise<LoopbackFleet> {
  if (size > MOST) throw new RangeError(`${size} hosts: at most ${MOST} addresses are used`);
  if (process.getuid?.() !== 0) throw new Error('only root may make the network namespace that the hosts are in');
  const file = (name: string) => join(folder, name);
  for (const name of ['host_key', 'user_key']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(name)]);
  await mkdir(file('home'));
  await mkdir('/run/sshd', { recursive: true });
  await chmod(folder, 0o755);
  const [type, key] = (await readFile(file('host_key.pub'), 'utf8')).split(' ');
  const addresses = Array.from({ length: size }, (_, index) => `127.0.1.${index + 1}`);
  await writeFile(file('known_hosts'), addresses.map((address) => `[${address}]:${PORT} ${type} ${key}\n`).join(''));
  const sshd = [`Port ${PORT}`, `HostKey ${file('host_key')}`, `AuthorizedKeysFile ${file('user_key.pub')}`, `SetEnv HOME=${file('home')}${programs === undefined ? '' : ` PATH=${programs}:/usr/sbin:/usr/bin:/sbin:/bin`}`,
    'StrictModes no', 'UsePAM no', 'PidFile none', 'PermitRootLogin yes', 'PasswordAuthentication no', 'KbdInteractiveAuthentication no', 'MaxStartups 1000', 'PrintMotd no', 'PrintLastLog no'];
  await writeFile(file('sshd_config'), `${sshd.join('\n')}\n`);
  const client = ['Host *', `Port ${PORT}`, 'User root', `IdentityFile ${file('user_key')}`, 'IdentitiesOnly yes', `UserKnownHostsFile ${file('known_hosts')}`, 'GlobalKnownHostsFile none', 'StrictHostKeyChecking yes', 'BatchMode yes'];
  await writeFile(file('ssh_config'), `${client.join('\n  ')}\n`);
  const vars = [`ansible_port=${PORT}`, 'ansible_user=root', `ansible_ssh_private_key_file=${file('user_key')}`, `ansible_ssh_common_args=-o UserKnownHostsFile=${file('known_hosts')}`, 'ansible_python_interpreter=/usr/bin/python3'];
  // YAML: both programs read it.
  const inventory = `all:\n  vars:\n${vars.map((line) => `    ${line.replace('=', ': ')}\n`).join('')}  hosts:\n${addresses.map((address) => `    ${address}:\n`).join('')}`;
  await writeFile(file('fleet.yml'), inventory);

  const listening = (address: string) => ['-D', '-e', '-f', file('sshd_config'), '-o', `ListenAddress=${address}`];
  const servers = before === undefined ? `exec /usr/sbin/sshd ${listening('0.0.0.0').join(' ')}` : `${addresses.map((address) => `${OWN} sh -c "$1" sh ${listening(address).join(' ')} &`).join('\n')}\nwait`;
  const host = before === undefined ? '' : `${ownFiles(folder)} && ${before} && exec /usr/sbin/sshd "$@"`;
  const child = spawn('unshare', ['--net', ...(before === undefined ? [] : ['--pid', '--fork', '--kill-child']), 'sh', '-c', `ip link set lo up && ${servers}`, 'sh', host], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.split('Server listening').length > (before === undefined ? 1 : size)) resolve();
    });
    child.once('exit', () => reject(new Error(`sshd ended: ${said}`)));
  });
  // Its log is read on, or it would block once the pipe is full; nobody needs it.
  child.stderr.removeAllListeners('data').resume();
  return {
    addresses,
    folded: `127.0.1.[1-${size}]`,
    port: PORT,
    sshConfigFile: file('ssh_config'),
    inventoryFile: file('fleet.yml'),
    inside: ['nsenter', `--net=/proc/${child.pid}/ns/net`],
    close: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        // unshare waits for its child whatever is asked of it; killed, it takes the whole namespace along.
        child.kill(before === undefined ? 'SIGTERM' : 'SIGKILL');
      }),
  };
}

/** sh: what is written from here on, but in `folder`, is kept in memory and seen by nobody else. A mark that this machine is a container goes: it is not of these hosts. */
function ownFiles(folder: string): string {
  const over = join(folder, 'over');
  return `mkdir -p ${over} && mount -t tmpfs none ${over} && mkdir ${over}/changes ${over}/work ${over}/root && mount -t overlay overlay -o lowerdir=/,upperdir=${over}/changes,workdir=${over}/work ${over}/root && cd ${over}/root && rm -f .dockerenv && mount --rbind /dev dev && mount --rbind /sys sys && mount -t proc proc proc && mount --bind ${folder} .${folder} && pivot_root . mnt && umount -l /mnt
cd /`;
}
