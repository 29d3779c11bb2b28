// Writes the lab's inventory: plain Ansible YAML, which real Ansible reads too.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { BUILD_HOSTS, INVENTORY_FILE, KEY_FILE, KNOWN_HOSTS_FILE, MACHINES, type Suite, suiteDir } from './places.js';

export async function kernelRelease(suite: Suite): Promise<string> {
  return (await readFile(join(suiteDir(suite), 'kernel-release'), 'utf8')).trim();
}

export async function writeInventory(): Promise<void> {
  await mkdir(dirname(INVENTORY_FILE), { recursive: true });
  const address = (machine: { address: string; port: number }) => ({ ansible_host: machine.address, ansible_port: machine.port });
  const builders = await Promise.all(
    BUILD_HOSTS.map(async (host) => [host.name, { ...address(host), fleet_tap_build_for: [await kernelRelease(host.suite)] }] as const),
  );
  const inventory = {
    all: {
      vars: {
        ansible_user: 'root',
        ansible_ssh_private_key_file: KEY_FILE,
        ansible_ssh_common_args: `-o UserKnownHostsFile=${KNOWN_HOSTS_FILE}`,
        fleet_tap_symbols: 'per-kernel',
      },
      children: {
        lab: { hosts: Object.fromEntries(MACHINES.map((machine) => [machine.name, address(machine)])) },
        build_hosts: { hosts: Object.fromEntries(builders) },
      },
    },
  };
  await writeFile(INVENTORY_FILE, `# Written by: npm run lab -- up\n${stringify(inventory)}`);
}
