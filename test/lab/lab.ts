// The lab as a whole: up, down, and what runs. What the command line and the tests call.
import { mkdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installMissing } from '../install.js';
import { startBuildHost, resetBuildHost, stopBuildHost } from './build-host.js';
import { skewClock } from './clock.js';
import { fleetTap } from './fleet-tap.js';
import { kernelRelease, writeInventory } from './inventory-file.js';
import { boot, makeImage, shutDown, startHub, stopHub, waitForBoot } from './machine.js';
import { BUILD_HOSTS, INVENTORY_FILE, LAB_DIR, MACHINES, SUITES } from './places.js';
import { runningPid } from './processes.js';
import { tryRemote } from './remote.js';
import { makeBuildTree, makeGuestTree, makeKeys } from './rootfs.js';

export interface UpOptions {
  /** Seconds that a machine's clock is ahead, by machine name. */
  readonly skewSeconds: ReadonlyMap<string, number>;
  /** Throw away what setup put on the build hosts. */
  readonly freshBuildHosts: boolean;
  readonly say: (line: string) => void;
}

const NEEDED = [
  { program: 'qemu-system-x86_64', debianPackage: 'qemu-system-x86' },
  { program: 'qemu-img', debianPackage: 'qemu-utils' },
  { program: 'mmdebstrap', debianPackage: 'mmdebstrap' },
  { program: 'mke2fs', debianPackage: 'e2fsprogs' },
  { program: 'ssh', debianPackage: 'openssh-client' },
  { program: 'unshare', debianPackage: 'util-linux' },
  { program: 'tshark', debianPackage: 'tshark' },
  { program: 'expect', debianPackage: 'expect' },
];

/** One sentence that says why this machine can't have the lab, or undefined. Installs what is missing. */
export function whyNoLab(): string | undefined {
  if (process.getuid?.() !== 0) return 'the lab needs root (namespaces, chroot): run it as root';
  const missing = installMissing(NEEDED).map(({ debianPackage }) => debianPackage);
  return missing.length === 0 ? undefined : `the lab needs: apt-get install -y --no-install-recommends ${missing.join(' ')}`;
}

/** Brings everything up: images when they are missing, then all machines at once, each on a fresh disk. Machines that run are left alone. */
export async function up(options: UpOptions): Promise<void> {
  const reason = whyNoLab();
  if (reason !== undefined) throw new Error(reason);
  await mkdir(LAB_DIR, { recursive: true });
  await makeKeys();
  if (options.freshBuildHosts) await Promise.all(BUILD_HOSTS.map(resetBuildHost));
  for (const suite of SUITES) {
    await makeBuildTree(suite, options.say);
    const image = join(LAB_DIR, suite, 'base.qcow2');
    if (!existsSync(image)) await makeImage(suite, await makeGuestTree(suite, options.say), options.say);
  }
  await writeInventory();
  const startedMs = performance.now();
  const fresh = [];
  await startHub();
  for (const machine of MACHINES) {
    if ((await runningPid(machine.name)) !== undefined) continue;
    await boot(machine);
    fresh.push(machine);
  }
  await Promise.all([...MACHINES.map(waitForBoot), ...BUILD_HOSTS.map(startBuildHost)]);
  for (const machine of fresh) {
    const seconds = options.skewSeconds.get(machine.name);
    if (seconds !== undefined) await skewClock(machine, seconds);
  }
  options.say(`up after ${((performance.now() - startedMs) / 1000).toFixed(0)} s; inventory: ${INVENTORY_FILE}`);
}

/** The machines as they are, if they run and were made ready; otherwise bare ones, made ready by `fleet-tap setup`. For tests that are not about setup. */
export async function makeReady(say: (line: string) => void): Promise<void> {
  await up({ skewSeconds: new Map(), freshBuildHosts: false, say });
  const isReady = await Promise.all([...MACHINES, ...BUILD_HOSTS].map(async (machine) => (await tryRemote(machine, `command -v ${machine.name.startsWith('build-') ? 'stap' : 'staprun'}`)).status === 0));
  if (isReady.every((ready) => ready)) return;
  const setup = await fleetTap(['setup', '-i', INVENTORY_FILE]);
  if (setup.status !== 0) throw new Error(setup.stdout + setup.stderr);
}

/** Ends all that `up` started. Images stay. */
export async function down(): Promise<void> {
  await Promise.all([...MACHINES.map(shutDown), ...BUILD_HOSTS.map(stopBuildHost)]);
  await stopHub();
}

/** Removes images and trees too. */
export async function clean(): Promise<void> {
  await down();
  await rm(LAB_DIR, { recursive: true, force: true });
}

export interface MachineStatus {
  readonly name: string;
  readonly pid: number | undefined;
  readonly reachable: boolean;
  readonly kernel: string;
  /** Seconds that its clock is ahead of this machine's; as good as one ssh call is quick. */
  readonly clockAheadSec: number | undefined;
}

export async function status(): Promise<MachineStatus[]> {
  return Promise.all(
    [...MACHINES, ...BUILD_HOSTS].map(async (machine) => {
      const pid = await runningPid(machine.name);
      const answer = pid === undefined ? undefined : await tryRemote(machine, 'uname -r; date +%s.%N', { limitMs: 15_000 });
      if (answer === undefined || answer.status !== 0) return { name: machine.name, pid, reachable: false, kernel: '', clockAheadSec: undefined };
      const [release = '', time = ''] = answer.stdout.trim().split('\n');
      const kernel = machine.name.startsWith('build-') ? `builds for ${await kernelRelease(machine.suite)}` : release;
      return { name: machine.name, pid, reachable: true, kernel, clockAheadSec: Number(time) - Date.now() / 1000 };
    }),
  );
}
