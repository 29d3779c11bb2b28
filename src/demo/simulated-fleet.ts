// What comes in: the members of a fleet and a folder. What goes out: the hosts, running, and in the folder all that a person would have for
// them: a key, a known_hosts file and an inventory.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Clock } from '../base/clock.js';
import { newKeyPair } from './keys.js';
import { SimulatedHost } from './simulated-host.js';
import type { PacketSource } from './traffic.js';

export interface SimulatedMember {
  readonly name: string;
  readonly address: string;
  /** Seconds that its clock is ahead. */
  readonly skewSec: number;
  /** What it answers for a fact instead of the usual (facts/answer.ts), by the fact's name. */
  readonly facts?: Readonly<Record<string, string>>;
}

export class SimulatedFleet {
  readonly inventoryFile: string;
  readonly keyFile: string;
  readonly knownHostsFile: string;
  /** The inventory as data, for those who change it. */
  readonly inventory: { readonly all: { readonly vars: Record<string, unknown>; readonly hosts: Record<string, Record<string, unknown>> } };
  /** By name. */
  readonly hosts: ReadonlyMap<string, SimulatedHost>;

  private constructor(folder: string, hosts: readonly SimulatedHost[], ports: readonly number[]) {
    this.hosts = new Map(hosts.map((host) => [host.name, host]));
    this.inventoryFile = join(folder, 'inventory.yml');
    this.keyFile = join(folder, 'key');
    this.knownHostsFile = join(folder, 'known_hosts');
    const vars = {
      ansible_user: 'root',
      ansible_ssh_private_key_file: this.keyFile,
      ansible_ssh_common_args: `-o UserKnownHostsFile=${this.knownHostsFile}`,
      fleet_tap_symbols: 'per-kernel',
    };
    this.inventory = { all: { vars, hosts: Object.fromEntries(hosts.map(({ name }, index) => [name, { ansible_host: '127.0.0.1', ansible_port: ports[index] }])) } };
  }

  static async start(members: readonly SimulatedMember[], folder: string, clock: Clock, traffic: PacketSource): Promise<SimulatedFleet> {
    const user = newKeyPair();
    const hostKeys = members.map(() => newKeyPair());
    const hosts = members.map(
      ({ name, address, skewSec, facts }, index) =>
        new SimulatedHost({ name, address, skewNs: skewSec * 1e9, clock, hostKey: hostKeys[index]?.privateKey ?? '', userKey: user.publicBytes, traffic, facts: facts ?? {} }),
    );
    const ports = await Promise.all(hosts.map((host) => host.listen()));
    const fleet = new SimulatedFleet(folder, hosts, ports);
    await writeFile(fleet.keyFile, user.privateKey, { mode: 0o600 });
    await writeFile(fleet.knownHostsFile, ports.map((port, index) => `[127.0.0.1]:${port} ${hostKeys[index]?.publicLine}\n`).join(''));
    await fleet.writeInventory();
    return fleet;
  }

  /** Writes the inventory as it is now. */
  async writeInventory(): Promise<void> {
    await writeFile(this.inventoryFile, stringify(this.inventory));
  }

  async close(): Promise<void> {
    await Promise.all([...this.hosts.values()].map((host) => host.close()));
  }
}
