// An inventory of 10,000 hosts in 100 groups, as INI and as YAML: `inventory --list` against ansible-inventory.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atMost, type Bench, type Contestant } from './bench.js';

const HOSTS = 10_000;
const HOSTS_IN_GROUP = 100;
const SHARE = 1 / 6;

interface Group {
  readonly name: string;
  readonly hosts: readonly string[];
}

function groupsOf(size: number): Group[] {
  const names = Array.from({ length: size }, (_, index) => `host${String(index).padStart(5, '0')}`);
  const count = Math.ceil(size / HOSTS_IN_GROUP);
  return Array.from({ length: count }, (_, index) => ({ name: `group${String(index).padStart(3, '0')}`, hosts: names.filter((_name, at) => at % count === index) }));
}

function addressOf(host: string): string {
  const number = Number(host.slice('host'.length));
  return `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
}

const asIni = (groups: readonly Group[]): string =>
  groups.map(({ name, hosts }) => `[${name}]\n${hosts.map((host) => `${host} ansible_host=${addressOf(host)} rack=${name.slice(-2)}\n`).join('')}\n[${name}:vars]\nrole=${name}\n`).join('\n');

const asYaml = (groups: readonly Group[]): string =>
  `all:\n  children:\n${groups
    .map(({ name, hosts }) => `    ${name}:\n      vars: {role: ${name}}\n      hosts:\n${hosts.map((host) => `        ${host}:\n          ansible_host: ${addressOf(host)}\n          rack: "${name.slice(-2)}"\n`).join('')}`)
    .join('')}`;

export const inventory: Bench = {
  about: `inventory --list of ${HOSTS} hosts in ${HOSTS / HOSTS_IN_GROUP} groups`,
  needs: ['ansible-inventory'],
  prepare: async ({ cli, folder, size = HOSTS }) => {
    const groups = groupsOf(size);
    const [ini, yaml] = [join(folder, 'hosts'), join(folder, 'hosts.yml')];
    await writeFile(ini, asIni(groups));
    await writeFile(yaml, asYaml(groups));
    const check = (stdout: string): string | undefined => {
      const { _meta: meta } = JSON.parse(stdout) as { _meta: { hostvars: Record<string, Record<string, unknown>> } };
      const known = Object.entries(meta.hostvars).filter(([host, vars]) => vars.ansible_host === addressOf(host) && typeof vars.role === 'string');
      return known.length === size ? undefined : `${known.length} of ${size} hosts have their variables`;
    };
    const contestants = Object.entries({ INI: ini, YAML: yaml }).flatMap(([form, file]): Contestant[] => [
      { name: `fleet-tap ${form}`, command: [process.execPath, cli, 'inventory', '-i', file, '--list'], check },
      { name: `ansible-inventory ${form}`, command: ['ansible-inventory', '-i', file, '--list'], check },
    ]);
    return { contestants, goals: ['INI', 'YAML'].map((form) => atMost(SHARE, 'wallMs', `fleet-tap ${form}`, `ansible-inventory ${form}`)), rounds: 1 };
  },
};
