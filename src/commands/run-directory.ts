// What comes in: what a run of a command was asked, and what became of each host. What goes out: a folder that says so afterwards, and from
// which `--rerun-failed` goes on: run.json, hosts.json (before anything is dialled), hosts/NAME.out and .err,
// failures.json, timings.json (seconds).
// Guaranteed: folders 0700, files 0600, each written whole or not at all; no password, no variable of the inventory but where its hosts are;
// only the newest RUNS_KEPT stay. What cannot be written is said once and stops nothing.
// Not here: reading it (rerun-failed.ts).
import { randomBytes } from 'node:crypto';
import { fileReason } from '../base/file-reason.js';
import { makeFolder } from '../base/make-folder.js';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FleetTapError } from '../base/errors.js';
import type { Host } from '../inventory/host.js';
import { OutputFiles } from './output-files.js';
import { withoutSecrets } from './secrets.js';

/** Folders of earlier runs that are left; older ones are removed when a new one is made. Those named by --run-dir are nobody's but the user's. */
const RUNS_KEPT = 50;

/** They begin with the time, so they sort by age; whatever else lies beside them is not ours. */
export const RUN_NAME = /^\d{4}-\d\d-\d\dT\d{6}\.\d{3}Z-/;

/** Of one output of one host. */
const LOG_LIMIT_BYTES = 64 * 2 ** 20;

/** Where a host is: all that is kept of its variables. */
const PLACES = ['ansible_host', 'ansible_port', 'ansible_connection'];

export interface RunDirectoryOptions {
  /** The folder for all runs: `$XDG_STATE_HOME/fleet-tap/runs`. */
  readonly stateDirectory: string;
  /** --run-dir: this folder itself. */
  readonly runDirectory?: string | undefined;
  readonly command: string;
  readonly words: readonly string[];
  readonly hosts: readonly Host[];
  readonly say: (line: string) => void;
}

export class RunDirectory {
  /** undefined: it could not be made. */
  readonly path: string | undefined;
  /** What each host prints. */
  readonly log: Pick<OutputFiles, 'write' | 'finish' | 'problem'>;
  readonly #options: RunDirectoryOptions;
  readonly #startedMs = Date.now();
  readonly #failures = new Map<string, FleetTapError>();
  readonly #seconds = new Map<string, Record<string, number>>();
  #canWrite = true;

  private constructor(path: string | undefined, options: RunDirectoryOptions) {
    this.path = path;
    this.log = path === undefined ? { write: () => {}, finish: async () => {}, problem: undefined } : new OutputFiles(join(path, 'hosts'), { mode: 0o600, stdout: '.out', stderr: '.err', limitBytes: LOG_LIMIT_BYTES });
    this.#options = options;
  }

  static async create(options: RunDirectoryOptions): Promise<RunDirectory> {
    const stamp = new Date().toISOString().replaceAll(':', '');
    const path = options.runDirectory ?? join(options.stateDirectory, `${stamp}-${options.command}-${randomBytes(3).toString('hex')}`);
    try {
      await makeFolder(join(path, 'hosts'), 0o700);
    } catch (error) {
      options.say(`this run leaves no run directory: ${path} cannot be made: ${fileReason(error, 'the system takes none there')}`);
      return new RunDirectory(undefined, options);
    }
    const run = new RunDirectory(path, options);
    if (options.runDirectory === undefined) await removeOldRuns(options.stateDirectory);
    await run.#write('hosts.json', options.hosts.map(snapshot));
    await run.#write('run.json', run.#about(null, null));
    return run;
  }

  /** Awaits the work and notes how long it took, failed or not. @param part `connect`, `command`, `facts` */
  async timed<T>(host: string, part: string, work: Promise<T>): Promise<T> {
    const startedMs = performance.now();
    try {
      return await work;
    } finally {
      this.#seconds.set(host, { ...this.#seconds.get(host), [part]: Math.round(performance.now() - startedMs) / 1000 });
    }
  }

  /** Of two failures of one host the first counts. */
  failed(host: string, error: FleetTapError): void {
    if (!this.#failures.has(host)) this.#failures.set(host, error);
  }

  /** Called last. @param exitStatus what the program will end with; null when it was cut short */
  async finish(exitStatus: number | null): Promise<void> {
    if (this.path === undefined) return;
    await this.log.finish();
    if (this.log.problem !== undefined) this.#options.say(this.log.problem);
    const failures = [...this.#failures].map(([host, { kind, code, message, hint }]) => ({ host, kind, code, message, ...(hint === undefined ? {} : { hint }) }));
    await this.#write('failures.json', failures);
    await this.#write('timings.json', Object.fromEntries(this.#seconds));
    await this.#write('run.json', this.#about(new Date(), exitStatus));
  }

  #about(ended: Date | null, exitStatus: number | null): unknown {
    const { command, words, hosts } = this.#options;
    const started = new Date(this.#startedMs).toISOString();
    return { command, words: withoutSecrets(words), started, ended: ended?.toISOString() ?? null, exitStatus, hosts: hosts.length, failed: this.#failures.size };
  }

  async #write(name: string, content: unknown): Promise<void> {
    const { path } = this;
    if (path === undefined) return;
    await this.#guard(() => writeWhole(join(path, name), `${JSON.stringify(content, undefined, 2)}\n`));
  }

  async #guard(write: () => Promise<void>): Promise<void> {
    if (!this.#canWrite) return;
    try {
      await write();
    } catch (error) {
      this.#canWrite = false;
      this.#options.say(`the run directory is incomplete: ${fileReason(error, 'it is gone')}`);
    }
  }
}

function snapshot(host: Host): unknown {
  const places = PLACES.flatMap((name) => {
    const value = host.vars[name];
    return typeof value === 'string' || typeof value === 'number' ? [[name, value]] : [];
  });
  return { name: host.name, groups: host.groups, vars: Object.fromEntries(places) };
}

/** To a temporary name, then renamed; on the disk before it has its name. */
async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}`;
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
}

async function removeOldRuns(stateDirectory: string): Promise<void> {
  const runs = (await readdir(stateDirectory).catch(() => [])).filter((name) => RUN_NAME.test(name)).sort();
  for (const name of runs.slice(0, -RUNS_KEPT)) await rm(join(stateDirectory, name), { recursive: true, force: true }).catch(() => {});
}
