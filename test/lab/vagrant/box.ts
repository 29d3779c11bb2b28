// What comes in: a suite of the lab, and where its packages come from. What goes out: a Vagrant box for libvirt: the lab's guest (a bare Debian, stock
// kernel) as boxes are made: a user `vagrant` who is root without a password and whom Vagrant's own, well-known key lets in. It boots its kernel
// directly, without a boot loader. And beside it, the packages that setup installs there.
// Guaranteed: a box is complete or absent.
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { $ } from 'zx/core';
import { kernelRelease } from '../inventory-file.js';
import { DISK_GIB, makeImage } from '../machine.js';
import { type Suite, suiteDir } from '../places.js';
import { makeGuestTree } from '../rootfs.js';

export interface BoxWanted {
  /** As in sources.list, behind the options: address, suite, component. */
  readonly archive: string;
  /** What the archive is signed with, as `gpg --export` writes it. */
  readonly archiveKey: Buffer;
  /** Public key of `vagrant`. */
  readonly loginKey: string;
}

const BOX_KEYRING = '/usr/share/keyrings/lab.gpg';

const VAGRANTFILE = `Vagrant.configure("2") do |config|
  config.vm.provider "libvirt" do |libvirt|
    libvirt.kernel = File.join(__dir__, "vmlinuz")
    libvirt.initrd = File.join(__dir__, "initrd.img")
    libvirt.cmd_line = "root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off nokaslr systemd.show_status=0"
  end
end
`;

/** Fetches what `setup --symbols none` installs on a bare guest, from the mirror of this machine. @returns the folder of the .deb files */
export async function fetchPackages(suite: Suite, say: (line: string) => void): Promise<string> {
  const folder = join(suiteDir(suite), 'debs');
  if (existsSync(folder)) return folder;
  const tree = await makeGuestTree(suite, say);
  say(`${suite}: packages of SystemTap, compiler and headers`);
  const making = `${folder}.making`;
  const scratch = `${folder}.tree`;
  await rm(making, { recursive: true, force: true });
  await rm(scratch, { recursive: true, force: true });
  await $`cp -a --reflink=auto ${tree} ${scratch}`;
  await cp('/etc/resolv.conf', join(scratch, 'etc/resolv.conf'), { dereference: true, force: true });
  const wanted = ['systemtap', 'systemtap-runtime', 'gcc', 'make', `linux-headers-${await kernelRelease(suite)}`];
  await $`chroot ${scratch} apt-get -q -y --download-only install ${wanted}`.quiet();
  await mkdir(making);
  const archives = join(scratch, 'var/cache/apt/archives');
  for (const name of await readdir(archives)) if (name.endsWith('.deb')) await rename(join(archives, name), join(making, name));
  await rm(scratch, { recursive: true });
  await rename(making, folder);
  return folder;
}

/** @returns the box's file */
export async function makeBox(suite: Suite, wanted: BoxWanted, say: (line: string) => void): Promise<string> {
  const folder = suiteDir(suite);
  const tree = join(folder, 'box-tree');
  const box = join(folder, 'vagrant.box');
  const guest = await makeGuestTree(suite, say);
  say(`${suite}: box`);
  for (const old of [tree, box, join(folder, 'box.qcow2')]) await rm(old, { recursive: true, force: true });
  await $`cp -a --reflink=auto ${guest} ${tree}`;
  await becomeBox(tree, wanted);
  const image = await makeImage(suite, tree, say, 'box');
  await rm(tree, { recursive: true });
  const parts = join(folder, 'box');
  await rm(parts, { recursive: true, force: true });
  await mkdir(parts);
  await rename(image, join(parts, 'box.img'));
  for (const name of ['vmlinuz', 'initrd.img']) await copyFile(join(folder, name), join(parts, name));
  await writeFile(join(parts, 'metadata.json'), JSON.stringify({ provider: 'libvirt', format: 'qcow2', virtual_size: DISK_GIB }));
  await writeFile(join(parts, 'Vagrantfile'), VAGRANTFILE);
  await $`tar -C ${parts} -cf ${box}.making metadata.json Vagrantfile box.img vmlinuz initrd.img`;
  await rm(parts, { recursive: true });
  await rename(`${box}.making`, box);
  return box;
}

async function becomeBox(root: string, { archive, archiveKey, loginKey }: BoxWanted): Promise<void> {
  // What makes the guest a machine of the lab: its keys, its second network, its way to the mirror.
  for (const name of await readdir(join(root, 'etc/ssh'))) if (name.startsWith('ssh_host_')) await rm(join(root, 'etc/ssh', name));
  for (const path of ['root/.ssh', 'etc/systemd/network/10-link.network', 'etc/systemd/network/10-link.link', 'etc/apt/sources.list', 'etc/apt/sources.list.d', 'var/lib/apt/lists']) await rm(join(root, path), { recursive: true, force: true });
  for (const user of ['alice', 'bob']) await $`chroot ${root} userdel -r ${user}`.quiet();
  await rm(join(root, 'etc/sudoers.d/lab'));
  await writeFile(join(root, 'etc/hostname'), 'box\n');
  await writeFile(join(root, 'etc/hosts'), '127.0.0.1 localhost\n');
  await $`chroot ${root} ssh-keygen -A`.quiet();
  await $`chroot ${root} useradd -m -s /bin/bash vagrant`;
  await mkdir(join(root, 'home/vagrant/.ssh'), { mode: 0o700 });
  await writeFile(join(root, 'home/vagrant/.ssh/authorized_keys'), loginKey, { mode: 0o600 });
  await $`chroot ${root} chown -R vagrant:vagrant /home/vagrant/.ssh`;
  await writeFile(join(root, 'etc/sudoers.d/vagrant'), 'vagrant ALL=(ALL) NOPASSWD: ALL\n', { mode: 0o440 });
  await writeFile(join(root, BOX_KEYRING), archiveKey);
  await writeFile(join(root, 'etc/apt/sources.list'), `deb [signed-by=${BOX_KEYRING}] ${archive}\n`);
  await mkdir(join(root, 'var/lib/apt/lists/partial'), { recursive: true });
  await writeFile(join(root, 'etc/resolv.conf'), '');
}

/** Public half of the key that Vagrant logs in with before it gives a machine one of its own. @param home VAGRANT_HOME */
export async function knownLoginKey(home: string): Promise<string> {
  await mkdir(home, { recursive: true });
  // The first call of any kind writes it there.
  await $({ env: { ...process.env, VAGRANT_HOME: home } })`vagrant global-status`.quiet();
  return (await $`ssh-keygen -y -f ${join(home, 'insecure_private_key')}`.quiet()).stdout;
}
