// What comes in: a folder, a program. What goes out: the program, as root of namespaces of its own: network (nothing but loopback, no way out),
// processes, mounts. Whatever it starts ends with it, bridges and machines too: the kernel takes them away with the namespaces.
// libvirt's folders in there are folders of ours.
import { spawn } from 'node:child_process';
import { mkdir, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** No dash as process 1 would do: it takes in the orphans. /sys of a network namespace shows that namespace's cards. */
const SCRIPT = `set -e
folder=$1; shift
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mkdir -p /run/lock /run/libvirt
for name in etc var/lib var/cache var/log; do
  mkdir -p "/$name/libvirt"
  mount --bind "$folder/$name" "/$name/libvirt"
done
ip link set lo up
readlink /proc/self/ns/net > "$folder/network"
"$@"
`;

/** libvirt as root without a system around it: no cgroups, no namespaces of QEMU's own, no security labels, no virtlogd. */
const QEMU_CONF = `user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
`;
const LIBVIRTD_CONF = 'auth_unix_rw = "none"\nauth_unix_ro = "none"\n';

/** @returns its exit status */
export async function inNamespace(folder: string, words: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  await rm(folder, { recursive: true, force: true });
  for (const name of ['etc', 'var/lib', 'var/cache', 'var/log']) await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, 'etc/qemu.conf'), QEMU_CONF);
  await writeFile(join(folder, 'etc/libvirtd.conf'), LIBVIRTD_CONF);
  const unshare = ['--net', '--mount', '--pid', '--ipc', '--uts', '--fork', '--mount-proc', '--kill-child=SIGKILL', '--propagation', 'private'];
  const child = spawn('unshare', [...unshare, 'sh', '-c', SCRIPT, 'sh', folder, ...words], { stdio: 'inherit', env });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? 1));
  });
}

/** Processes that are still in a network namespace. @param network `net:[4026532…]` */
export async function processesIn(network: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const networks = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/ns/net`).catch(() => '')));
  return pids.filter((_, at) => networks[at] === network);
}
