// One playbook on two hosts of the ring: by ansible-core 2.19 inside of one, by our engine into the other; in check mode, then for the first and the
// second time. What goes out: what became of each task each time, and the end state.
// Ansible takes seconds for each task, and says the same each time: what it said is kept in test/cases/playbook/hosts/recorded, under a digest of all
// that it depends on (the case, this harness, the recipe of the root). Where one of those has changed Ansible runs again, and is recorded again.
// FLEET_TAP_RING_ASK=1 runs it for every case, and compares nothing with the records.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { TaskResultEvent } from '../../../src/base/playbook-events.js';
import { gatherFacts } from '../../../src/facts/gather.js';
import { loadInventory } from '../../../src/inventory/load.js';
import { selectHosts } from '../../../src/inventory/pattern.js';
import { loadPlaybook } from '../../../src/playbook/load.js';
import { runPlaybook } from '../../../src/playbook/run.js';
import { ShellSession } from '../../../src/ssh/shell-session.js';
import { LocalTransport } from '../../../src/ssh/local-transport.js';
import type { Ring, RingHost } from './host.js';
import { RING_DIR } from './rootfs.js';
import { digest, normal, type State, stateOf } from './state.js';

export const PASSES = ['check', 'first', 'second'] as const;

/** In the order of the run: the task's name, and one `host: status` for each result. */
export type Told = readonly (readonly string[])[];

export interface Outcome {
  readonly passes: Readonly<Record<(typeof PASSES)[number], Told>>;
  readonly state: State;
  /** `pass: host task: message` of what failed; for people. */
  readonly said: readonly string[];
}

export interface HostsCase {
  readonly name: string;
  /** The folder that holds it, brought to Ansible's host as it is. */
  readonly folder: string;
  /** In that folder. */
  readonly playbook: string;
}

const RECORDED = join(import.meta.dirname, '../../cases/playbook/hosts/recorded');
/** Of the records: raised when Ansible is run in another way, or a state told in another. */
const FORMAT = 1;
const CALLBACK = join(import.meta.dirname, '../../playbook/callback');
const INVENTORY = 'web1 ansible_connection=local ansible_python_interpreter=/usr/bin/python3\n\n[web]\nweb1\n';

/** Every file of a case, for the key under which Ansible's side is remembered. */
async function contents(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
  return Promise.all(files.map(async (file) => `${file.slice(folder.length)} ${(await readFile(file)).toString('base64')}`));
}

export async function runTheirs(ring: Ring, host: () => Promise<RingHost>, one: HostsCase): Promise<Outcome> {
  const sources = existsSync(join(one.folder, one.playbook)) && one.folder.endsWith(one.name) ? await contents(one.folder) : [await readFile(join(one.folder, one.playbook), 'utf8')];
  const key = digest([FORMAT, basename(ring.root), sources, await contents(CALLBACK)]);
  const recorded = join(RECORDED, `${one.name}.json`);
  if (existsSync(recorded) && process.env.FLEET_TAP_RING_ASK !== '1') {
    const record = JSON.parse(await readFile(recorded, 'utf8')) as Outcome & { readonly key: string };
    if (record.key === key) return { ...record, state: normal(record.state) };
  }
  const outcome = await ansible(ring, await host(), one);
  await mkdir(RECORDED, { recursive: true });
  await writeFile(`${recorded}.new`, `${JSON.stringify({ key, ...outcome }, null, 1)}\n`);
  await rename(`${recorded}.new`, recorded);
  return outcome;
}

async function ansible(ring: Ring, host: RingHost, one: HostsCase): Promise<Outcome> {
  await host.bring(one.folder, '/ring/case');
  await host.bring(CALLBACK, '/ring/callback');
  await host.run(['sh', '-c', 'cat > /ring/inventory'], { input: INVENTORY });
  const passes: Record<string, Told> = {};
  const said: string[] = [];
  const settings = ['ANSIBLE_CALLBACK_PLUGINS=/ring/callback', 'ANSIBLE_STDOUT_CALLBACK=events', 'ANSIBLE_PIPELINING=1', 'ANSIBLE_LOCALHOST_WARNING=0', 'ANSIBLE_DEPRECATION_WARNINGS=0'];
  for (const pass of PASSES) {
    const { stdout, stderr, status } = await host.run(['env', ...settings, 'ansible-playbook', '-i', '/ring/inventory', `/ring/case/${one.playbook}`, ...(pass === 'check' ? ['--check'] : [])]);
    const events = stdout.split('\n').flatMap((line) => (line.startsWith('EVENT ') ? [JSON.parse(line.slice(6)) as Record<string, unknown>] : []));
    if (!events.some((event) => event.recap !== undefined)) throw new Error(`${one.name}: ansible-playbook told no recap (status ${status}):\n${stdout}${stderr}`);
    const tasks: string[][] = [];
    for (const event of events) {
      if (typeof event.task === 'string') tasks.push([event.task]);
      if (typeof event.host !== 'string') continue;
      tasks.at(-1)?.push(`${event.host}: ${String(event.status)}`);
      if (event.status === 'failed' || event.status === 'ignored') said.push(`${pass}: ${event.host} ${tasks.at(-1)?.[0]}: ${String(event.msg)}`);
    }
    passes[pass] = tasks.filter((task) => task.length > 1);
  }
  return { passes: passes as Outcome['passes'], state: await stateOf(ring, host), said };
}

export async function runOurs(ring: Ring, host: RingHost, one: HostsCase): Promise<Outcome> {
  const inventoryFile = join(RING_DIR, 'inventory');
  await writeFile(inventoryFile, INVENTORY);
  const inventory = await loadInventory([inventoryFile]);
  const passes: Record<string, Told> = {};
  const said: string[] = [];
  const shell = [...(await host.enter()), '/bin/sh', '-c'];
  for (const pass of PASSES) {
    const tasks: string[][] = [];
    const transport = new LocalTransport('web1', { shell });
    const session = new ShellSession(transport);
    await runPlaybook(await loadPlaybook(join(one.folder, one.playbook)), {
      inventory,
      select: (pattern, now) => selectHosts(now, pattern),
      session: async () => session,
      facts: () => gatherFacts(session),
      forks: 5,
      check: pass === 'check',
      reporter: {
        playStarted: () => {},
        taskStarted: ({ name }) => tasks.push([name]),
        taskResult: ({ host: name, status, message, task, part }: TaskResultEvent) => {
          if (part === 'loop') return;
          tasks.at(-1)?.push(`${name}: ${status}`);
          if (status === 'failed' || status === 'ignored') said.push(`${pass}: ${name} ${task}: ${message}`);
        },
        taskFinished: () => {},
        warning: (message) => said.push(`${pass}: ${message}`),
      },
    });
    await session.close();
    passes[pass] = tasks.filter((task) => task.length > 1);
    if (pass !== 'check') continue;
    const touched = await stateOf(ring, host);
    if (Object.keys(touched).length > 0) said.push(`check: CHANGED ${JSON.stringify(touched)}`);
  }
  return { passes: passes as Outcome['passes'], state: await stateOf(ring, host), said };
}
