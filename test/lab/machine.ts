// What comes in: a guest tree. What goes out: a virtual machine under QEMU's software emulation, on a fresh overlay of its image.
// Its first network card is QEMU's user network (sshd forwarded to loopback), its second leads to the machines' common network: a hub in a QEMU
// of its own without a machine, so that any machine may lose its power.
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { $ } from 'zx/core';
import { HUB, LINK_DUMP_FILE, type Machine, MACHINES, RUN_DIR, type Suite, suiteDir, WITNESS_PORT } from './places.js';
import { endProcess, remember, runningPid } from './processes.js';
import { waitForSsh } from './remote.js';

export const DISK_GIB = 8;
const MEMORY_MIB = 1536;
const SNAPSHOT = 'ready';
const BOOT_LIMIT_MS = 400_000;

/** The tree as an ext4 image without loop mounts; overlays are made of it, it is never written again. @param name of the image, without `.qcow2` */
export async function makeImage(suite: Suite, tree: string, say: (line: string) => void, name = 'base'): Promise<string> {
  const image = join(suiteDir(suite), `${name}.qcow2`);
  if (existsSync(image)) return image;
  say(`${suite}: disk image`);
  const raw = join(suiteDir(suite), `${name}.raw`);
  await rm(raw, { force: true });
  await $`truncate -s ${DISK_GIB}G ${raw}`;
  await $`mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1,discard -L root -d ${tree} ${raw}`;
  await $`qemu-img convert -O qcow2 ${raw} ${image}.making`;
  await rm(raw);
  await rename(`${image}.making`, image);
  return image;
}

/** The common network: a port for each machine and for the witness, whose port has the dump of all that passes. */
export async function startHub(): Promise<void> {
  if ((await runningPid(HUB)) !== undefined) return;
  await mkdir(RUN_DIR, { recursive: true });
  const ports = [...MACHINES, { name: 'witness', cablePort: WITNESS_PORT }];
  const cables = ports.flatMap(({ name, cablePort }) => ['-netdev', `socket,id=${name},listen=127.0.0.1:${cablePort}`, '-netdev', `hubport,id=hub-${name},hubid=0,netdev=${name}`]);
  const pidFile = join(RUN_DIR, `${HUB}.pid`);
  await $`qemu-system-x86_64 ${['-name', HUB, '-machine', 'none', '-nodefaults', '-display', 'none', ...cables, '-object', `filter-dump,id=dump,netdev=witness,file=${LINK_DUMP_FILE}`, '-pidfile', pidFile, '-daemonize']}`;
  await remember(HUB, Number((await readFile(pidFile, 'utf8')).trim()));
}

export async function stopHub(): Promise<void> {
  await endProcess(HUB, 10_000);
}

/**
 * Boots. Returns as soon as QEMU runs.
 * @param from `fresh`: a new overlay, so that the machine is bare again; `kept`: the disk as it was when its power went; `snapshot`: in the
 * middle of its life, as keepSnapshot found it, which takes seconds
 */
export async function boot(machine: Machine, from: 'fresh' | 'kept' | 'snapshot' = 'fresh'): Promise<void> {
  const folder = suiteDir(machine.suite);
  await mkdir(RUN_DIR, { recursive: true });
  const overlay = join(RUN_DIR, `${machine.name}.qcow2`);
  if (from === 'fresh') await rm(overlay, { force: true });
  if (from === 'fresh') await $`qemu-img create -q -f qcow2 -F qcow2 -b ${join(folder, 'base.qcow2')} ${overlay}`;
  const offloads = 'csum=off,gso=off,guest_csum=off,guest_tso4=off,guest_tso6=off,guest_ecn=off,guest_ufo=off,host_tso4=off,host_tso6=off,host_ecn=off,host_ufo=off,mrg_rxbuf=off';
  const pidFile = join(RUN_DIR, `${machine.name}.pid`);
  await $`qemu-system-x86_64 ${[
    '-name', machine.name, '-machine', 'q35', '-accel', 'tcg,thread=multi,tb-size=512', '-cpu', 'max,la57=off', '-smp', '2', '-m', String(MEMORY_MIB),
    '-nodefaults', '-display', 'none', '-no-reboot', '-kernel', join(folder, 'vmlinuz'), '-initrd', join(folder, 'initrd.img'),
    '-append', 'root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off nokaslr systemd.show_status=0 panic=-1',
    '-drive', `if=virtio,file=${overlay},format=qcow2,cache=unsafe,discard=unmap`,
    '-netdev', `user,id=outside,hostfwd=tcp:${machine.address}:${machine.port}-:22`,
    '-device', 'virtio-net-pci,netdev=outside,romfile=',
    '-netdev', `socket,id=link,connect=127.0.0.1:${machine.cablePort}`,
    '-device', `virtio-net-pci,netdev=link,romfile=,mac=${machine.linkMac},${offloads}`,
    '-device', 'virtio-rng-pci', '-serial', `file:${consoleOf(machine)}`,
    '-qmp', `unix:${monitorOf(machine)},server=on,wait=off`, '-pidfile', pidFile, '-daemonize',
    ...(from === 'snapshot' ? ['-loadvm', SNAPSHOT] : []),
  ]}`;
  await remember(machine.name, Number((await readFile(pidFile, 'utf8')).trim()));
}

/**
 * A kernel may panic before sshd runs: the emulator's fault, in code that a kernel changes while another processor runs it (a breakpoint is hit that is no longer
 * there). Nothing of ours is in it then. Seen about once in several hundred boots; such a machine boots once more, and that is said.
 */
export async function waitForBoot(machine: Machine): Promise<void> {
  const answers = () => waitForSsh(machine, BOOT_LIMIT_MS, async () => (await runningPid(machine.name)) !== undefined, consoleOf(machine));
  try {
    await answers();
  } catch (error) {
    if (!(error as Error).message.includes('Kernel panic')) throw error;
    console.error(`${(error as Error).message}\n${machine.name}: its kernel panicked while it booted; it boots once more`);
    await boot(machine, 'kept');
    await answers();
  }
}

export function consoleOf(machine: Machine): string {
  return join(RUN_DIR, `${machine.name}.console`);
}

function monitorOf(machine: Machine): string {
  return join(RUN_DIR, `${machine.name}.qmp`);
}

/**
 * Cuts the cable between a machine and us, or mends it. Neither side is told: the machine's card keeps its link (QEMU's set_link on the
 * network, not on the card), and our connections stay open and silent.
 */
export async function setOutside(machine: Machine, isWhole: boolean): Promise<void> {
  await monitor(machine, { execute: 'set_link', arguments: { name: 'outside', up: isWhole } });
}

/** Keeps the machine as it is now, memory and disk, in its overlay. It stands still meanwhile. */
export async function keepSnapshot(machine: Machine): Promise<void> {
  const said = await monitor(machine, { execute: 'human-monitor-command', arguments: { 'command-line': `savevm ${SNAPSHOT}` } });
  if (said !== '') throw new Error(`${machine.name}: no snapshot: ${said}`);
}

/** One command of QEMU's monitor (QMP). @returns what it answers */
async function monitor(machine: Machine, command: object): Promise<unknown> {
  const socket = connect(monitorOf(machine));
  try {
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    let answer: unknown;
    for (const words of [{ execute: 'qmp_capabilities' }, command]) {
      socket.write(JSON.stringify(words));
      for (let line: Record<string, unknown> = {}; !('return' in line); answer = line.return) {
        const next = await lines.next();
        if (next.done === true) throw new Error(`${machine.name}: QEMU has ended`);
        line = JSON.parse(next.value) as Record<string, unknown>;
        if ('error' in line) throw new Error(`${machine.name}: QEMU refuses: ${next.value}`);
      }
    }
    return answer;
  } finally {
    socket.destroy();
  }
}

/** The power goes: nothing is flushed, nobody is told. */
export async function shutDown(machine: Machine): Promise<void> {
  await endProcess(machine.name, 10_000);
}
