// What comes in: this machine's apt configuration. What goes out: one Debian 13 root filesystem, in which ansible-core 2.19 and its collections are
// installed, with sshd, cron and a small local package archive. Both engines work on copies of it (overlays, see overlay.ts).
// Guaranteed: it is made once (about a minute) and kept under the user's cache folder, named by what it is made of; complete or absent.
// Nothing in it names the mirror that it came from: its apt knows the local archive only.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { $ } from 'zx/core';
import { sourcesFor } from '../../lab/apt-sources.js';

const SUITE = 'trixie';
const PACKAGES = [
  'ansible-core', 'openssh-server', 'sudo', 'cron', 'procps', 'kmod', 'python3-apt', 'python3-debian', 'debconf-utils', 'ca-certificates', 'gpg', 'gpgv',
  'unzip', 'zip', 'xz-utils', 'bzip2', 'zstd', 'busybox', 'lsb-base', 'init-system-helpers', 'sysvinit-utils', 'iproute2', 'dpkg-dev',
];

/** apt inside of the root: no translations, no recommendations, no fsync. */
const APT_CONF = `Acquire::Languages "none";
APT::Install-Recommends "false";
`;
const DPKG_CONF = 'force-unsafe-io\npath-exclude=/usr/share/man/*\npath-exclude=/usr/share/doc/*\npath-exclude=/usr/share/locale/*\n';

/** Of Debian's package of collections only what playbooks here use. */
const COLLECTIONS = ['ansible/posix', 'community/general'];

const SETUP = join(import.meta.dirname, 'rootfs-setup.sh');

const RING_DIR = process.env.FLEET_TAP_RING ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'fleet-tap', 'ring');

/** undefined: this machine can make one and run hosts of it. */
export function whyNoRing(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may mount and chroot';
  return ['/usr/bin/mmdebstrap', '/usr/bin/unshare', '/usr/bin/nsenter', '/usr/bin/ssh-keygen'].find((program) => !existsSync(program))?.replace(/^.*\//, 'there is no ');
}

/** @returns the folder. @throws Error when it cannot be made (no network, no mmdebstrap) */
export async function ringRoot(): Promise<string> {
  const setup = await readFile(SETUP, 'utf8');
  const made = createHash('sha256').update(JSON.stringify([SUITE, PACKAGES, APT_CONF, DPKG_CONF, COLLECTIONS, setup])).digest('hex').slice(0, 12);
  const folder = join(RING_DIR, `${SUITE}-${made}`);
  if (existsSync(folder)) return folder;
  await mkdir(RING_DIR, { recursive: true, mode: 0o755 });
  // Another process may be at it: the first to rename wins, and both are the same.
  const making = `${folder}.making-${process.pid}`;
  const list = `${making}.list`;
  const log = join(RING_DIR, `${SUITE}-${made}.log`);
  try {
    await writeFile(list, await sourcesFor(SUITE));
    const aptOptions = APT_CONF.trim().split('\n').map((line) => `--aptopt=${line.replace(/;$/, '')}`);
    const dpkgOptions = DPKG_CONF.trim().split('\n').map((line) => `--dpkgopt=${line}`);
    const wanted = COLLECTIONS.map((name) => `./usr/lib/python3/dist-packages/ansible_collections/${name}`).join(' ');
    const collections = `chroot "$1" sh -c 'cd /tmp && apt-get -q download ansible && dpkg-deb --fsys-tarfile ansible_*.deb | tar x -C / ${wanted} && rm -f ansible_*.deb'`;
    await $`mmdebstrap --mode=root --variant=minbase --include=${PACKAGES.join(',')} ${aptOptions} ${dpkgOptions} --customize-hook=${collections} ${SUITE} ${making} ${list} > ${log} 2>&1`;
    await writeFile(join(making, 'etc/apt/apt.conf.d/90ring'), APT_CONF);
    await rm(join(making, 'etc/apt/apt.conf.d/99mmdebstrap'), { force: true });
    await rm(join(making, 'etc/apt/sources.list'), { force: true });
    await cp(SETUP, join(making, 'root/setup.sh'));
    await $`unshare --mount --propagation private sh -c ${'mount -t proc proc "$1/proc" && exec chroot "$1" sh -eu /root/setup.sh'} sh ${making} >> ${log} 2>&1`;
    await rm(join(making, 'root/setup.sh'));
    if (existsSync(folder)) return folder;
    await rename(making, folder);
    return folder;
  } finally {
    await rm(list, { force: true });
    await rm(making, { recursive: true, force: true });
  }
}
