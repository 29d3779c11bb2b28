// One playbook on hosts of the ring: by ansible-core 2.19 from a host that is only its controller, by our engine from this machine, both through the
// sshd of each host; in check mode, then for the first and the second time. What goes out: what became of each task each time, and the end state.
// Ansible takes seconds for each task, and says the same each time: what it said is kept in test/cases/playbook/hosts/recorded, under a digest of all
// that it depends on (the case, this harness, the recipe of the root). Where one of those has changed Ansible runs again, and is recorded again.
// FLEET_TAP_RING_ASK=1 runs it for every case, and compares nothing with the records.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { loadInventory } from '../../../src/inventory/load.js';
import { PORT, type Ring, type RingHost } from './host.js';
import { type Hosts, playOnce } from './ours.js';
import { digest, normal, type State, statesOf } from './state.js';

export const PASSES = ['check', 'first', 'second'] as const;

/** In the order of the run: the task's name, and one `host: status` for each result, host by host. */
export type Told = readonly (readonly string[])[];

export interface Outcome {
  readonly passes: Readonly<Record<(typeof PASSES)[number], Told>>;
  readonly state: State;
  /** `pass: host task: message` of what failed; for people. */
  readonly said: readonly string[];
}

export interface HostsCase {
  readonly name: string;
  /** A folder of its own, that holds what the playbook reads. */
  readonly folder: string;
  /** In that folder. */
  readonly playbook: string;
  /** In the inventory's order: web1, db1 … are members of the groups web, db. */
  readonly hosts: readonly string[];
  readonly systemd: boolean;
  /** What the server at `ring_http` serves; undefined where the case asks it for nothing. */
  readonly served: string | undefined;
}

const RECORDED = join(import.meta.dirname, '../../cases/playbook/hosts/recorded');
/** Of the records: raised when Ansible is run in another way, or a state told in another. */
const FORMAT = 2;
const CALLBACK = join(import.meta.dirname, '../../playbook/callback');

/** @param more variables of a host */
function inventoryOf({ hosts }: HostsCase, http: string, more: (host: string) => string = () => ''): string {
  const groups = [...new Set(hosts.map((host) => host.replace(/\d+$/, '')))];
  const sections = groups.map((group) => `[${group}]\n${hosts.filter((host) => host.startsWith(group)).join('\n')}\n`);
  return `${hosts.map((host) => `${host}${more(host)}`).join('\n')}\n\n${sections.join('\n')}\n[all:vars]\nring_http=${http}\nansible_python_interpreter=/usr/bin/python3\n`;
}

/** Every file of a case, for the key under which Ansible's side is remembered. */
async function contents(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
  // What is known to differ says nothing of what Ansible does.
  const content = async (file: string) => (file.endsWith('playbook.yml') ? Buffer.from((await readFile(file, 'utf8')).replaceAll(/^# differs: .*\n/gm, '')) : readFile(file));
  return Promise.all(files.map(async (file) => `${file.slice(folder.length)} ${(await content(file)).toString('base64')}`));
}

/** @param hosts asked for only where Ansible is to run: its controller, and the hosts of the case */
export async function runTheirs(ring: Ring, http: string, hosts: () => Promise<{ readonly controller: RingHost; readonly hosts: Hosts }>, one: HostsCase): Promise<Outcome> {
  const key = digest([FORMAT, basename(ring.root), one.hosts, one.systemd, await contents(one.folder), one.served === undefined ? [] : await contents(one.served), await contents(CALLBACK)]);
  const recorded = join(RECORDED, `${one.name}.json`);
  if (existsSync(recorded) && process.env.FLEET_TAP_RING_ASK !== '1') {
    const record = JSON.parse(await readFile(recorded, 'utf8')) as Outcome & { readonly key: string };
    if (record.key === key) return { ...record, state: normal(record.state) };
  }
  const { controller, hosts: theirs } = await hosts();
  const outcome = await ansible(ring, http, controller, theirs, one);
  await mkdir(RECORDED, { recursive: true });
  await writeFile(`${recorded}.new`, `${JSON.stringify({ key, ...outcome }, null, 1)}\n`);
  await rename(`${recorded}.new`, recorded);
  return outcome;
}

const SETTINGS = ['ANSIBLE_CALLBACK_PLUGINS=/ring/callback', 'ANSIBLE_STDOUT_CALLBACK=events', 'ANSIBLE_PIPELINING=1', 'ANSIBLE_LOCALHOST_WARNING=0', 'ANSIBLE_DEPRECATION_WARNINGS=0', 'ANSIBLE_SSH_RETRIES=0'];

async function ansible(ring: Ring, http: string, controller: RingHost, hosts: Hosts, one: HostsCase): Promise<Outcome> {
  await controller.bring(one.folder, '/ring/case');
  await controller.bring(CALLBACK, '/ring/callback');
  await controller.bring(ring.keys, '/ring/keys');
  const way = (host: string) => ` ansible_host=${hosts.get(host)?.address} ansible_port=${PORT} ansible_user=root ansible_ssh_private_key_file=/ring/keys/user_key ansible_ssh_common_args='-o UserKnownHostsFile=/ring/keys/known_hosts.${hosts.get(host)?.address}'`;
  await controller.run(['sh', '-c', 'cat > /ring/inventory'], { input: inventoryOf(one, http, way) });
  const passes: Record<string, Told> = {};
  const failures: string[] = [];
  for (const pass of PASSES) {
    const { stdout, stderr, status } = await controller.run(['env', ...SETTINGS, 'ansible-playbook', '-i', '/ring/inventory', `/ring/case/${one.playbook}`, ...(pass === 'check' ? ['--check'] : [])]);
    const events = stdout.split('\n').flatMap((line) => (line.startsWith('EVENT ') ? [JSON.parse(line.slice(6)) as Record<string, unknown>] : []));
    if (!events.some((event) => event.recap !== undefined)) throw new Error(`${one.name}: ansible-playbook told no recap (status ${status}):\n${stdout}${stderr}`);
    const tasks: string[][] = [];
    for (const event of events) {
      if (typeof event.task === 'string') tasks.push([event.task]);
      if (typeof event.host !== 'string') continue;
      tasks.at(-1)?.push(`${event.host}: ${String(event.status)}`);
      if (event.status !== 'ok' && event.status !== 'changed' && event.status !== 'skipped') failures.push(`${pass}: ${event.host} ${tasks.at(-1)?.[0]}: ${String(event.msg)}`);
    }
    passes[pass] = byHost(tasks);
  }
  const plain = (line: string) => line.replaceAll(http, 'http://ring').replaceAll(/127\.\d+\.\d+\.\d+/g, '127.x.x.x').replaceAll(/\S*\/ansible-(tmp|moduletmp|local)-[^\s'"]+|\.ansible_tmp\w+|\btmp\w{8}\b|\bansible_(m_sysctl_)?\w{8}\b/g, 'TEMPORARY');
  return { passes: passes as Outcome['passes'], state: await statesOf(ring, hosts, http), said: failures.map(plain) };
}

/** Hosts answer in any order. */
function byHost(tasks: readonly (readonly string[])[]): Told {
  const host = (line: string) => line.split(': ')[0] ?? '';
  return tasks.filter((task) => task.length > 1).map(([name = '', ...results]) => [name, ...results.sort((a, b) => (host(a) < host(b) ? -1 : host(a) > host(b) ? 1 : 0))]);
}

export async function runOurs(ring: Ring, http: string, hosts: Hosts, one: HostsCase): Promise<Outcome> {
  const inventoryFile = join(ring.keys, 'inventory');
  await writeFile(inventoryFile, inventoryOf(one, http));
  const inventory = await loadInventory([inventoryFile]);
  const passes: Record<string, Told> = {};
  const failures: string[] = [];
  for (const pass of PASSES) {
    const { tasks, said: told } = await playOnce(join(one.folder, one.playbook), inventory, hosts, pass === 'check');
    failures.push(...told.map((line) => `${pass}: ${line}`));
    passes[pass] = byHost(tasks);
    if (pass !== 'check') continue;
    const touched = await statesOf(ring, hosts, http);
    if (Object.keys(touched).length > 0) failures.push(`check: CHANGED ${JSON.stringify(touched)}`);
  }
  return { passes: passes as Outcome['passes'], state: await statesOf(ring, hosts, http), said: failures };
}
