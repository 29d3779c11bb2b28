// Many inventories at once: what Ansible makes of them (oracle.py, one process), and what we make of them, in the same shape.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { DateTime } from '../../src/base/datetime.js';
import { PythonFloat, reprFloat } from '../../src/base/python-repr.js';
import { UnsafeText } from '../../src/base/unsafe-text.js';
import { FleetTapError } from '../../src/base/errors.js';
import { loadInventory } from '../../src/inventory/load.js';
import type { Inventory, Vars } from '../../src/inventory/host.js';
import { selectHosts } from '../../src/inventory/pattern.js';

export interface Task {
  readonly sources: readonly string[];
  /** The folder whose group_vars/ and host_vars/ count as the playbook's. */
  readonly play: string;
  readonly patterns: readonly string[];
}

interface Seen {
  readonly hosts: readonly string[];
  readonly vars: Readonly<Record<string, unknown>>;
  readonly groups: Readonly<Record<string, unknown>>;
  readonly groupOrder: readonly string[];
  readonly memberships: Readonly<Record<string, readonly string[]>>;
  /** The hosts of each pattern, or why there are none. */
  readonly patterns: readonly (readonly string[] | string)[];
  readonly warnings: readonly string[];
}

interface Refused {
  readonly refused: string;
}

/** Ansible's own, which ansible-inventory does not show (cli/inventory.py, INTERNAL_VARS). */
const INTERNAL = new Set(
  'ansible_diff_mode ansible_config_file ansible_facts ansible_forks ansible_inventory_sources ansible_limit ansible_playbook_python ansible_run_tags ansible_skip_tags ansible_verbosity ansible_version inventory_dir inventory_file inventory_hostname inventory_hostname_short groups group_names omit playbook_dir'.split(' '),
);

export async function askAnsible(tasks: readonly Task[]): Promise<(Seen | Refused)[]> {
  const env = { ...process.env, ANSIBLE_LOCALHOST_WARNING: 'False', ANSIBLE_NOCOLOR: '1', LC_ALL: 'C.UTF-8', PYTHONWARNINGS: 'ignore' };
  const child = spawn('/usr/bin/python3', [join(import.meta.dirname, 'oracle.py')], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  child.stdin.end(JSON.stringify(tasks));
  const status = await new Promise((resolve) => child.on('close', resolve));
  if (status !== 0) throw new Error(`the oracle ended with ${String(status)}: ${Buffer.concat(errors).toString().slice(-2000)}`);
  const lines = Buffer.concat(output).toString().trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Seen | Refused);
}

export async function askOurs(task: Task): Promise<Seen | (Refused & { readonly error: FleetTapError })> {
  let inventory: Inventory;
  try {
    inventory = await loadInventory(task.sources, { playFolder: task.play });
  } catch (error) {
    if (error instanceof FleetTapError) return { refused: error.message, error };
    throw error;
  }
  const { hosts, groups, warnings } = inventory;
  return {
    hosts: hosts.map((host) => host.name),
    vars: Object.fromEntries(hosts.map((host) => [host.name, shown(host.vars)])),
    groups: Object.fromEntries([...groups.values()].map(({ name, ...group }) => [name, { ...group, vars: shown(group.vars) }])),
    groupOrder: [...groups.keys()],
    memberships: Object.fromEntries(hosts.map((host) => [host.name, host.groups])),
    patterns: task.patterns.map((pattern) => chosen(inventory, pattern)),
    warnings,
  };
}

function shown(vars: Vars): unknown {
  return plain(Object.fromEntries(Object.entries(vars).filter(([name]) => !INTERNAL.has(name))));
}

function plain(value: unknown): unknown {
  if (value instanceof PythonFloat || (typeof value === 'number' && !Number.isInteger(value))) return { 'a float': reprFloat(Number(value)) };
  if (value instanceof UnsafeText) return { unsafe: value.text };
  if (value instanceof DateTime) return value.isoformat();
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)])) : value;
}

function chosen(inventory: Inventory, pattern: string): string[] | string {
  try {
    return selectHosts(inventory, pattern).map((host) => host.name);
  } catch (error) {
    if (error instanceof FleetTapError) return error.message;
    throw error;
  }
}

/** What counts: all but the wording of warnings and errors. */
export function comparable(seen: Seen | Refused): unknown {
  if ('refused' in seen) return 'refused';
  const { warnings: _warnings, patterns, ...rest } = seen;
  return { ...rest, patterns: patterns.map((one) => (typeof one === 'string' ? 'error' : one)) };
}
