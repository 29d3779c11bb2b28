// One capture of many simulated hosts in processes of their own: what comes in is how many, how fast and for how long; what goes out, what the log,
// the ledger and the kernel say of it. The hosts' own work is done on the same processors.
import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import type { Delays } from './delays.js';
import { measure } from './measure.js';
import type { ScaleHosts } from './scale-hosts.js';

const PROCESSES = 4;
const FORKS = 50;
const here = (name: string) => resolve(import.meta.dirname, name);
const program = (name: string): [string, ...string[]] => [process.execPath, '--import', 'tsx', here(name)];

export interface ScaleRequest {
  readonly hosts: number;
  /** Lines a second of each host. */
  readonly rate: number;
  readonly seconds: number;
  readonly folder: string;
  readonly cli: string;
}

export interface ScaleResult extends Delays {
  /** The capture's exit status: 0 = nothing was lost, and the books balance. */
  readonly status: number;
  readonly late: number;
  readonly lost: number;
  /** Sum of the ledger's lines. */
  readonly booked: number;
  readonly cpuShare: number;
  readonly maxRssMb: number;
  readonly stderr: string;
}

export interface ScaleFleet {
  readonly names: readonly string[];
  readonly inventoryFile: string;
  end(): void;
}

/** Simulated hosts, listening. @param folder made here; @param rate lines a second of each */
export async function startScaleFleet(hosts: number, rate: number, folder: string): Promise<ScaleFleet> {
  await mkdir(folder);
  const names = Array.from({ length: hosts }, (_, index) => `host${String(index).padStart(3, '0')}`);
  const groups = Array.from({ length: PROCESSES }, (_, process) => names.filter((_name, index) => index % PROCESSES === process));
  const generators = await Promise.all(groups.map((group, index) => startHosts({ folder: join(folder, `hosts${index}`), names: group, rate })));
  const all: Record<string, object> = {};
  for (const [index] of groups.entries()) {
    const { all: part } = parse(await readFile(join(folder, `hosts${index}`, 'inventory.yml'), 'utf8')) as { all: { vars: object; hosts: Record<string, object> } };
    for (const [name, vars] of Object.entries(part.hosts)) all[name] = { ...part.vars, ...vars };
  }
  const inventoryFile = join(folder, 'inventory.json');
  await writeFile(inventoryFile, JSON.stringify({ all: { hosts: all } }));
  return {
    names,
    inventoryFile,
    end: () => {
      for (const generator of generators) generator.end();
    },
  };
}

export async function runScale({ hosts, rate, seconds, folder, cli }: ScaleRequest): Promise<ScaleResult> {
  const fleet = await startScaleFleet(hosts, rate, folder);
  try {
    const words = [process.execPath, cli, 'capture', '-i', fleet.inventoryFile, '-f', String(FORKS), '--serial', '100%', '--for', `${seconds}s`, 'all'];
    const [node, ...looking] = program('delays.ts');
    // The pipe's reader is part of the cost, and small; the status that counts is the capture's.
    const piped = '{ "$@"; echo $? > "$STATUS"; } | "$NODE" $LOOKING';
    const measured = await measure(['sh', '-c', piped, 'sh', ...words], { STATUS: join(folder, 'status'), NODE: node, LOOKING: [...looking, seconds].join(' '), XDG_CACHE_HOME: folder, XDG_STATE_HOME: folder }, folder);
    const ledger = measured.stderr.split('\n').map((line) => line.split(/ +/)).filter(([name = '', lines = '']) => fleet.names.includes(name) && /^\d+$/.test(lines));
    const sum = (column: number): number => ledger.reduce((total, cells) => total + Number(cells[column]), 0);
    return {
      ...(JSON.parse(await readFile(measured.stdoutFile, 'utf8')) as Delays),
      status: Number(await readFile(join(folder, 'status'), 'utf8')),
      booked: sum(1),
      late: sum(2),
      lost: sum(3),
      cpuShare: measured.cpuMs / measured.wallMs,
      maxRssMb: measured.maxRssMb,
      stderr: measured.stderr,
    };
  } finally {
    fleet.end();
  }
}

async function startHosts(request: ScaleHosts): Promise<{ end(): void }> {
  const [node, ...words] = program('scale-hosts.ts');
  const child = spawn(node, [...words, JSON.stringify(request)], { stdio: ['pipe', 'pipe', 'inherit'] });
  await new Promise<void>((listening, reject) => {
    child.stdout.once('data', () => listening());
    child.once('exit', () => reject(new Error('the simulated hosts have ended')));
  });
  return { end: () => void child.stdin.end() };
}
