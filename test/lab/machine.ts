// What comes in: a guest tree. What goes out: a virtual machine under QEMU's software emulation, on a fresh overlay of its image.
// Its first network card is QEMU's user network (sshd forwarded to loopback), its second the machines' common network: a hub in the first
// machine's QEMU, to which the others' cables lead.
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { $ } from 'zx/core';
import { LINK_DUMP_FILE, type Machine, MACHINES, RUN_DIR, type Suite, suiteDir, WITNESS_PORT } from './places.js';
import { endProcess, remember, runningPid } from './processes.js';
import { waitForSsh } from './remote.js';

const DISK_GIB = 8;
const MEMORY_MIB = 1536;
const BOOT_LIMIT_MS = 400_000;

/** The tree as an ext4 image without loop mounts; overlays are made of it, it is never written again. */
export async function makeImage(suite: Suite, tree: string, say: (line: string) => void): Promise<string> {
  const image = join(suiteDir(suite), 'base.qcow2');
  if (existsSync(image)) return image;
  say(`${suite}: disk image`);
  const raw = join(suiteDir(suite), 'base.raw');
  await rm(raw, { force: true });
  await $`truncate -s ${DISK_GIB}G ${raw}`;
  await $`mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1,discard -L root -d ${tree} ${raw}`;
  await $`qemu-img convert -O qcow2 ${raw} ${image}.making`;
  await rm(raw);
  await rename(`${image}.making`, image);
  return image;
}

/** QEMU's words for its end of the common network, which is called `link`; with the hub goes the dump of all that passes it. */
function linkOf(machine: Machine): string[] {
  if (machine.cablePort !== undefined) return ['-netdev', `socket,id=link,connect=127.0.0.1:${machine.cablePort}`];
  const ports = [...MACHINES, { name: 'witness', cablePort: WITNESS_PORT }];
  const cables = ports.flatMap(({ name, cablePort }) =>
    cablePort === undefined ? [] : ['-netdev', `socket,id=${name},listen=127.0.0.1:${cablePort}`, '-netdev', `hubport,id=hub-${name},hubid=0,netdev=${name}`],
  );
  return [...cables, '-netdev', 'hubport,id=link,hubid=0', '-object', `filter-dump,id=dump,netdev=link,file=${LINK_DUMP_FILE}`];
}

/** Boots on a fresh overlay, so that the machine is bare again. Returns as soon as QEMU runs. */
export async function boot(machine: Machine): Promise<void> {
  const folder = suiteDir(machine.suite);
  await mkdir(RUN_DIR, { recursive: true });
  const overlay = join(RUN_DIR, `${machine.name}.qcow2`);
  await rm(overlay, { force: true });
  await $`qemu-img create -q -f qcow2 -F qcow2 -b ${join(folder, 'base.qcow2')} ${overlay}`;
  const offloads = 'csum=off,gso=off,guest_csum=off,guest_tso4=off,guest_tso6=off,guest_ecn=off,guest_ufo=off,host_tso4=off,host_tso6=off,host_ecn=off,host_ufo=off,mrg_rxbuf=off';
  const pidFile = join(RUN_DIR, `${machine.name}.pid`);
  await $`qemu-system-x86_64 ${[
    '-name', machine.name, '-machine', 'q35', '-accel', 'tcg,thread=multi,tb-size=512', '-cpu', 'max', '-smp', '2', '-m', String(MEMORY_MIB),
    '-nodefaults', '-display', 'none', '-no-reboot', '-kernel', join(folder, 'vmlinuz'), '-initrd', join(folder, 'initrd.img'),
    '-append', 'root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off nokaslr systemd.show_status=0',
    '-drive', `if=virtio,file=${overlay},format=qcow2,cache=unsafe,discard=unmap`,
    '-netdev', `user,id=outside,hostfwd=tcp:${machine.address}:${machine.port}-:22`,
    '-device', 'virtio-net-pci,netdev=outside,romfile=',
    ...linkOf(machine),
    '-device', `virtio-net-pci,netdev=link,romfile=,mac=${machine.linkMac},${offloads}`,
    '-device', 'virtio-rng-pci', '-serial', `file:${join(RUN_DIR, `${machine.name}.console`)}`,
    '-pidfile', pidFile, '-daemonize',
  ]}`;
  await remember(machine.name, Number((await readFile(pidFile, 'utf8')).trim()));
}

export async function waitForBoot(machine: Machine): Promise<void> {
  await waitForSsh(machine, BOOT_LIMIT_MS, async () => (await runningPid(machine.name)) !== undefined);
}

export async function shutDown(machine: Machine): Promise<void> {
  await endProcess(machine.name, 10_000);
}
