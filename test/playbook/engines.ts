// One playbook run by Ansible and by us, each in a folder of its own: what became of each task on each host, the recap, the exit status,
// and what stands on disk afterwards.
import { execFile, execFileSync } from 'node:child_process';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { FleetTapError } from '../../src/base/errors.js';
import type { RecapRow, TaskResultEvent } from '../../src/base/playbook-events.js';
import { gatherFacts } from '../../src/facts/gather.js';
import { loadInventory } from '../../src/inventory/load.js';
import { selectHosts } from '../../src/inventory/pattern.js';
import { loadPlaybook } from '../../src/playbook/load.js';
import { runPlaybook } from '../../src/playbook/run.js';
import { localSession } from './local-session.js';

export interface EngineRun {
  /** In the order of the run: the task's name, and one `host: status` for each result, sorted. */
  readonly tasks: readonly (readonly [name: string, ...results: string[]])[];
  readonly recap: readonly RecapRow[];
  readonly exitStatus: number;
  /** `host task: message` of what failed; only for people. */
  readonly said: readonly string[];
}

export interface EngineOptions {
  readonly playbook: string;
  readonly inventory: string;
  /** The playbook's variable `root`: where it writes. */
  readonly root: string;
  readonly check: boolean;
}

/** undefined when it is there; else the reason for the skip. */
export function whyNoAnsible(): string | undefined {
  try {
    execFileSync('ansible-playbook', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'ansible-core is not installed (apt-get install ansible-core)';
  }
}

/** FLEET_TAP_NO_SKIP=1: what cannot run fails. */
export const mayNotSkip = process.env.FLEET_TAP_NO_SKIP === '1';

type Result = Pick<TaskResultEvent, 'host' | 'status'>;

export async function runTheirs({ playbook, inventory, root, check }: EngineOptions): Promise<EngineRun> {
  const env = {
    ...process.env,
    LC_ALL: 'C.UTF-8',
    ANSIBLE_CONFIG: join(import.meta.dirname, 'ansible.cfg'),
    ANSIBLE_CALLBACK_PLUGINS: join(import.meta.dirname, 'callback'),
    ANSIBLE_STDOUT_CALLBACK: 'events',
    ANSIBLE_PIPELINING: '1',
    ANSIBLE_LOCAL_TEMP: `${root}.tmp`,
    ANSIBLE_REMOTE_TEMP: `${root}.tmp`,
    ANSIBLE_SSH_RETRIES: '0',
    ANSIBLE_TIMEOUT: '5',
  };
  const words = ['-i', inventory, playbook, '-e', JSON.stringify({ root }), ...(check ? ['--check'] : [])];
  const { status, stdout, stderr } = await new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
    execFile('ansible-playbook', words, { env, maxBuffer: 1 << 24 }, (error, out, err) => resolve({ status: error === null ? 0 : Number(error.code), stdout: out, stderr: err }));
  });
  const events = stdout.split('\n').flatMap((line) => (line.startsWith('EVENT ') ? [JSON.parse(line.slice(6)) as Record<string, unknown>] : []));
  const tasks: [string, ...Result[]][] = [];
  const said: string[] = [];
  for (const event of events) {
    if (typeof event.task === 'string') tasks.push([event.task]);
    if (typeof event.host !== 'string') continue;
    tasks.at(-1)?.push({ host: event.host, status: event.status as Result['status'] });
    if (event.status === 'failed' || event.status === 'ignored') said.push(`${event.host} ${tasks.at(-1)?.[0]}: ${String(event.msg)}`);
  }
  const summary = events.at(-1)?.recap as ({ host: string; failures: number } & Omit<RecapRow, 'failed'>)[] | undefined;
  if (summary === undefined) throw new Error(`ansible-playbook told no recap (status ${status}):\n${stdout}${stderr}`);
  const recap = summary.map(({ failures, ...row }) => ({ ...row, failed: failures }));
  return { tasks: told(tasks), recap, exitStatus: status, said };
}

export async function runOurs({ playbook, inventory, root, check }: EngineOptions): Promise<EngineRun> {
  const tasks: [string, ...Result[]][] = [];
  const said: string[] = [];
  const known = await loadInventory([inventory]);
  const session = async (host: { readonly name: string; readonly vars: Readonly<Record<string, unknown>> }) => {
    if (host.vars.ansible_connection !== 'local') throw new FleetTapError('unreachable', 'connection-refused', 'nobody listens there', { place: { host: host.name } });
    return localSession(host.name, { cwd: root });
  };
  const outcome = await runPlaybook(await loadPlaybook(playbook), {
    inventory: known,
    select: (pattern) => selectHosts(known, pattern),
    session,
    facts: async (host) => gatherFacts(await session(host)),
    forks: 5,
    check,
    extraVars: { root },
    reporter: {
      playStarted: () => {},
      taskStarted: ({ name }) => tasks.push([name]),
      taskResult: ({ host, status, message, task, part }) => {
        if (part === 'loop') return;
        tasks.at(-1)?.push({ host, status });
        if (status === 'failed' || status === 'ignored') said.push(`${host} ${task}: ${message}`);
      },
      taskFinished: () => {},
      warning: (message) => said.push(message),
    },
  });
  const recap = outcome.recap.toSorted((a, b) => (a.host < b.host ? -1 : 1));
  return { tasks: told(tasks), recap, exitStatus: outcome.exitStatus, said };
}

/** A task that no host was left for is told by one engine only. */
function told(tasks: readonly (readonly [string, ...Result[]])[]): [string, ...string[]][] {
  return tasks.flatMap(([name, ...results]) => (results.length === 0 ? [] : [[name, ...results.map(({ host, status }) => `${host}: ${status}`).sort()] as [string, ...string[]]]));
}

/** Everything below a folder: a line each with kind, mode, and content or target. */
export async function tree(folder: string, below = ''): Promise<string[]> {
  const lines: string[] = [];
  for (const name of (await readdir(join(folder, below))).sort()) {
    const path = join(below, name);
    const found = await lstat(join(folder, path));
    const mode = (found.mode & 0o7777).toString(8);
    if (found.isSymbolicLink()) lines.push(`${path} -> ${(await readlink(join(folder, path))).replace(folder, '')}`);
    else if (found.isDirectory()) lines.push(`${path}/ ${mode}`, ...(await tree(folder, path)));
    else lines.push(`${path} ${mode} ${JSON.stringify((await readFile(join(folder, path), 'utf8')).replaceAll(folder, ''))}`);
  }
  return lines;
}
