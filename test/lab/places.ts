// The lab's fixed facts: which machines there are, where they listen, where their files lie. Nothing here touches the world.
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT_DIR = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** Images, keys and logs; git-ignored. FLEET_TAP_LAB puts it elsewhere. */
export const LAB_DIR = resolve(process.env.FLEET_TAP_LAB ?? join(PROJECT_DIR, '.lab'));
export const RUN_DIR = join(LAB_DIR, 'run');
export const KEY_FILE = join(LAB_DIR, 'id_ed25519');
export const KNOWN_HOSTS_FILE = join(LAB_DIR, 'known_hosts');
export const INVENTORY_FILE = join(PROJECT_DIR, 'inventories', 'lab.yml');
/** QEMU's own dump of the machines' common network, taken at the hub. */
export const LINK_DUMP_FILE = join(RUN_DIR, 'link.pcap');

export type Suite = 'bookworm' | 'trixie' | 'forky';
export const SUITES: readonly Suite[] = ['bookworm', 'trixie', 'forky'];

/** A virtual machine with a stock kernel. */
export interface Machine {
  readonly name: string;
  readonly suite: Suite;
  /** Loopback address and port that QEMU forwards to the guest's sshd. */
  readonly address: string;
  readonly port: number;
  readonly linkMac: string;
  readonly linkAddress: string;
  readonly linkAddress6: string;
  /** The hub's port for this machine's cable, on loopback. */
  readonly cablePort: number;
}

export const MACHINES: readonly Machine[] = [
  {
    name: 'lab-a',
    suite: 'trixie',
    address: '127.0.0.11',
    port: 2211,
    linkMac: '52:54:00:77:00:01',
    linkAddress: '10.77.0.1',
    linkAddress6: 'fd77::1',
    cablePort: 2296,
  },
  {
    name: 'lab-b',
    suite: 'forky',
    address: '127.0.0.12',
    port: 2212,
    linkMac: '52:54:00:77:00:02',
    linkAddress: '10.77.0.2',
    linkAddress6: 'fd77::2',
    cablePort: 2298,
  },
  {
    name: 'lab-c',
    suite: 'bookworm',
    address: '127.0.0.13',
    port: 2213,
    linkMac: '52:54:00:77:00:03',
    linkAddress: '10.77.0.3',
    linkAddress6: 'fd77::3',
    cablePort: 2299,
  },
];

/** The process that is the hub (machine.ts). */
export const HUB = 'lab-hub';
/** The hub's port for the witness (witness.ts), on loopback. */
export const WITNESS_PORT = 2297;

/** The same root filesystem, run natively (a chroot in namespaces of its own), where compiling takes seconds. */
export interface BuildHost {
  readonly name: string;
  readonly suite: Suite;
  readonly address: string;
  readonly port: number;
}

export const BUILD_HOSTS: readonly BuildHost[] = [
  { name: 'build-trixie', suite: 'trixie', address: '127.0.0.21', port: 2221 },
  { name: 'build-forky', suite: 'forky', address: '127.0.0.22', port: 2222 },
  { name: 'build-bookworm', suite: 'bookworm', address: '127.0.0.23', port: 2223 },
];

export function suiteDir(suite: Suite): string {
  return join(LAB_DIR, suite);
}

export function machineNamed(name: string): Machine {
  const machine = MACHINES.find((candidate) => candidate.name === name);
  if (machine === undefined) throw new Error(`no machine ${name} in the lab: ${MACHINES.map((candidate) => candidate.name).join(', ')}`);
  return machine;
}

export function buildHostOf(suite: Suite): BuildHost {
  const host = BUILD_HOSTS.find((candidate) => candidate.suite === suite);
  if (host === undefined) throw new Error(`no build host runs ${suite}`);
  return host;
}
