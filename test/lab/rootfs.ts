// What comes in: a suite. What goes out: two directories under the lab: `build` (a bare Debian with sshd, run natively) and `guest`
// (the same with systemd, the stock kernel and its network). Neither has systemtap, compilers or debug symbols.
// Guaranteed: a tree is complete or absent: it is made under another name and renamed.
import { chmod, copyFile, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { $ } from 'zx/core';
import { sourcesFor } from './apt-sources.js';
import { KEY_FILE, KNOWN_HOSTS_FILE, LAB_DIR, MACHINES, BUILD_HOSTS, type Suite, suiteDir } from './places.js';

const BASE_PACKAGES = [
  'openssh-server', 'sudo', 'python3-minimal', 'iproute2', 'procps', 'kmod', 'ca-certificates', 'debian-archive-keyring',
  'netcat-openbsd', 'ethtool', 'systemd', 'systemd-sysv', 'udev', 'dbus', 'zstd',
];
/** initramfs-tools before the kernel, or apt takes dracut where both would do. */
const GUEST_PACKAGES = ['initramfs-tools', 'linux-image-cloud-amd64'];

/** apt inside the lab's machines: no translations, no recommendations, and dpkg without fsync (the disk is thrown away). */
const APT_CONF = `Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
Acquire::Check-Date "false";
APT::Install-Recommends "false";
APT::Update::Post-Invoke-Success "";
`;
const DPKG_CONF = 'force-unsafe-io\npath-exclude=/usr/share/man/*\npath-exclude=/usr/share/doc/*\npath-exclude=/usr/share/locale/*\n';

/** Makes the login key and every machine's host key once, and the known_hosts file that names them all. */
export async function makeKeys(): Promise<void> {
  await mkdir(join(LAB_DIR, 'host-keys'), { recursive: true, mode: 0o700 });
  if (!existsSync(KEY_FILE)) await $`ssh-keygen -q -t ed25519 -N ${''} -C fleet-tap-lab -f ${KEY_FILE}`;
  const lines: string[] = [];
  for (const machine of [...MACHINES, ...BUILD_HOSTS]) {
    const file = hostKey(machine.name);
    if (!existsSync(file)) await $`ssh-keygen -q -t ed25519 -N ${''} -C ${machine.name} -f ${file}`;
    const [type, key] = (await readFile(`${file}.pub`, 'utf8')).split(' ');
    lines.push(`[${machine.address}]:${machine.port} ${type} ${key}`);
  }
  await writeFile(KNOWN_HOSTS_FILE, `${lines.join('\n')}\n`);
}

function hostKey(name: string): string {
  return join(LAB_DIR, 'host-keys', name);
}

/** The bare tree that both kinds of machine begin with. */
async function makeBase(suite: Suite, say: (line: string) => void): Promise<string> {
  const folder = join(suiteDir(suite), 'base');
  if (existsSync(folder)) return folder;
  say(`${suite}: base system from the mirror`);
  await mkdir(suiteDir(suite), { recursive: true });
  const list = join(suiteDir(suite), 'sources.list');
  await writeFile(list, await sourcesFor(suite));
  const making = `${folder}.making`;
  await rm(making, { recursive: true, force: true });
  const aptOptions = APT_CONF.trim().split('\n').map((line) => `--aptopt=${line.replace(/;$/, '')}`);
  const dpkgOptions = DPKG_CONF.trim().split('\n').map((line) => `--dpkgopt=${line}`);
  const log = join(LAB_DIR, `${suite}-base.log`);
  await $`mmdebstrap --mode=root --variant=minbase --skip=cleanup/apt/lists --include=${BASE_PACKAGES.join(',')} ${aptOptions} ${dpkgOptions} ${suite} ${making} ${list} > ${log} 2>&1`;
  await configureBase(making);
  await rename(making, folder);
  return folder;
}

async function configureBase(root: string): Promise<void> {
  await rm(join(root, 'etc/apt/apt.conf.d/99mmdebstrap'), { force: true });
  await writeFile(join(root, 'etc/apt/apt.conf.d/90lab'), APT_CONF);
  await writeFile(join(root, 'etc/dpkg/dpkg.cfg.d/90lab'), DPKG_CONF);
  const key = await readFile(`${KEY_FILE}.pub`, 'utf8');
  await authorize(root, 'root', key);
  // alice becomes root without a password; bob logs in, and sudo asks him for a password that he does not have.
  for (const user of ['alice', 'bob']) {
    await $`chroot ${root} useradd -m -s /bin/bash ${user}`;
    await authorize(root, `home/${user}`, key);
    await $`chroot ${root} chown -R ${user}:${user} ${`/home/${user}`}`;
  }
  await writeFile(join(root, 'etc/sudoers.d/lab'), 'alice ALL=(ALL) NOPASSWD: ALL\nbob ALL=(ALL) ALL\n');
  await chmod(join(root, 'etc/sudoers.d/lab'), 0o440);
  for (const name of await readdir(join(root, 'etc/ssh'))) if (name.startsWith('ssh_host_')) await rm(join(root, 'etc/ssh', name));
}

async function authorize(root: string, home: string, key: string): Promise<void> {
  const folder = join(root, home, '.ssh');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, 'authorized_keys'), key, { mode: 0o600 });
}

/** The build host's tree: apt there reaches the mirror, and no service starts when a package is installed. */
export async function makeBuildTree(suite: Suite, say: (line: string) => void): Promise<string> {
  const folder = join(suiteDir(suite), 'build');
  if (existsSync(folder)) return folder;
  const base = await makeBase(suite, say);
  const making = `${folder}.making`;
  await rm(making, { recursive: true, force: true });
  await $`cp -a --reflink=auto ${base} ${making}`;
  const name = `build-${suite}`;
  await writeFile(join(making, 'etc/hostname'), `${name}\n`);
  await writeFile(join(making, 'etc/hosts'), `127.0.0.1 localhost ${name}\n`);
  await cp('/etc/resolv.conf', join(making, 'etc/resolv.conf'), { dereference: true, force: true });
  await writeFile(join(making, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  await installHostKey(making, name);
  await rename(making, folder);
  return folder;
}

/** The guest's tree with its kernel; the release and the boot files are put beside it. */
export async function makeGuestTree(suite: Suite, say: (line: string) => void): Promise<string> {
  const folder = join(suiteDir(suite), 'guest');
  if (existsSync(folder)) return folder;
  const base = await makeBase(suite, say);
  say(`${suite}: guest with the stock kernel`);
  const making = `${folder}.making`;
  await rm(making, { recursive: true, force: true });
  await $`cp -a --reflink=auto ${base} ${making}`;
  await cp('/etc/resolv.conf', join(making, 'etc/resolv.conf'), { dereference: true, force: true });
  await writeFile(join(making, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const log = join(LAB_DIR, `${suite}-guest.log`);
  const install = `mount -t proc proc "$1/proc" && mount --bind /dev "$1/dev" && exec chroot "$1" apt-get install -y -q ${GUEST_PACKAGES.join(' ')}`;
  await $`DEBIAN_FRONTEND=noninteractive unshare --mount --propagation private sh -c ${install} sh ${making} > ${log} 2>&1`;
  await rm(join(making, 'usr/sbin/policy-rc.d'));
  await $`chroot ${making} apt-get clean`;
  await configureGuest(making, suite);
  const release = (await readdir(join(making, 'lib/modules')))[0];
  if (release === undefined) throw new Error(`${suite}: no kernel was installed, see ${log}`);
  await copyFile(join(making, 'boot', `vmlinuz-${release}`), join(suiteDir(suite), 'vmlinuz'));
  await copyFile(join(making, 'boot', `initrd.img-${release}`), join(suiteDir(suite), 'initrd.img'));
  await writeFile(join(suiteDir(suite), 'kernel-release'), `${release}\n`);
  await rename(making, folder);
  return folder;
}

async function configureGuest(root: string, suite: Suite): Promise<void> {
  const machine = MACHINES.find((candidate) => candidate.suite === suite);
  if (machine === undefined) throw new Error(`no machine runs ${suite}`);
  await writeFile(join(root, 'etc/hostname'), `${machine.name}\n`);
  await writeFile(join(root, 'etc/hosts'), `127.0.0.1 localhost ${machine.name}\n`);
  await installHostKey(root, machine.name);
  await writeFile(join(root, 'etc/resolv.conf'), 'nameserver 10.0.2.3\n');
  await writeFile(join(root, 'etc/fstab'), '/dev/vda / ext4 defaults,noatime 0 1\n');
  const network = join(root, 'etc/systemd/network');
  await mkdir(network, { recursive: true });
  await writeFile(join(network, '80-outside.network'), '[Match]\nName=eth0\n[Network]\nDHCP=ipv4\n[DHCPv4]\nUseHostname=no\n');
  const link = [`Address=${machine.linkAddress}/24`, `Address=${machine.linkAddress6}/64`, 'IPv6AcceptRA=no'];
  await writeFile(join(network, '10-link.network'), `[Match]\nMACAddress=${machine.linkMac}\n[Network]\n${link.join('\n')}\n`);
  // Segments must reach the kernel as they were sent, or they could not be counted against the dump.
  const offloads = ['GenericReceiveOffload', 'GenericSegmentationOffload', 'TCPSegmentationOffload', 'TCP6SegmentationOffload'];
  await writeFile(
    join(network, '10-link.link'),
    `[Match]\nMACAddress=${machine.linkMac}\n[Link]\nNamePolicy=keep kernel\n${offloads.map((name) => `${name}=no`).join('\n')}\n`,
  );
  await $`chroot ${root} systemctl enable systemd-networkd ssh`.quiet();
  await $`chroot ${root} systemctl mask systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-timesyncd.service`.quiet();
}

/** Puts a machine's host key into a tree. */
async function installHostKey(root: string, name: string): Promise<void> {
  await copyFile(hostKey(name), join(root, 'etc/ssh/ssh_host_ed25519_key'));
  await copyFile(`${hostKey(name)}.pub`, join(root, 'etc/ssh/ssh_host_ed25519_key.pub'));
  await chmod(join(root, 'etc/ssh/ssh_host_ed25519_key'), 0o600);
}
