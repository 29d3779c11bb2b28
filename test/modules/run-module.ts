// One task on this machine, as the engine runs it, its script read by dash where there is dash.
import { accessSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { noVault } from '../../src/base/vault.js';
import { modules } from '../../src/modules/index.js';
import { finishPlan, type ModuleResult } from '../../src/modules/module.js';
import { convertParameters } from '../../src/modules/params.js';
import { Undefined } from '../../src/playbook/expression/undefined.js';
import { LocalFiles } from '../../src/playbook/local-files.js';
import { localSession } from '../playbook/local-session.js';

/** A folder of its own: `work` is where scripts run, `bin` stands first in PATH. */
export interface Bench {
  readonly root: string;
  readonly work: string;
  readonly bin: string;
}

export interface TaskOptions {
  readonly check?: boolean;
  readonly diff?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** The host has the programs of `bin` only. */
  readonly onlyBench?: boolean;
  /** What `src` reads. */
  readonly file?: Buffer;
}

const roots: string[] = [];
afterAll(async () => {
  for (const root of roots) await rm(root, { recursive: true, force: true });
});

/** Gone when the file's tests are through. */
export async function bench(): Promise<Bench> {
  const root = await mkdtemp(join(tmpdir(), 'fleet-tap-module-'));
  roots.push(root);
  const [work, bin] = [join(root, 'work'), join(root, 'bin')];
  await mkdir(work);
  await mkdir(bin);
  try {
    accessSync('/bin/dash');
    await symlink('/bin/dash', join(bin, 'sh'));
  } catch {
    // The machine's own sh, then.
  }
  return { root, work, bin };
}

/** @param lines of a sh script, without the first */
export async function program({ bin }: Bench, name: string, lines: string): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
}

export async function runModule({ root, work, bin }: Bench, name: string, params: Readonly<Record<string, unknown>>, options: TaskOptions = {}): Promise<ModuleResult> {
  const module = modules.get(name);
  if (module === undefined) throw new Error(`no module ${name}`);
  const { check = false, diff = false, env = {}, file, onlyBench = false } = options;
  const files = new LocalFiles([work], noVault);
  const names = { get: (name: string) => new Undefined(name) };
  const findLocal = async (folder: 'files' | 'templates' | 'vars', path: string) => {
    if (file === undefined) return files.find(folder, path);
    await mkdir(join(root, 'local'), { recursive: true });
    const sent = join(root, 'local', path.slice(path.lastIndexOf('/') + 1));
    await writeFile(sent, file);
    return sent;
  };
  const local = { hostName: 'here', localFolder: work, findLocal, readLocal: files.read.bind(files), renderTemplate: (path: string) => files.render(path, names), readVars: files.readVars.bind(files), variable: () => undefined };
  const plan = await module.plan(convertParameters(module.parameters, params) as never, { check, diff, noLog: false, verbosity: 0, ...local });
  const session = localSession('here', { cwd: work, path: [bin], env, ...(onlyBench ? { onlyPath: true } : {}) });
  const never = (what: string) => () => Promise.reject(new Error(`${name}: nobody can ${what} here`));
  return finishPlan(plan, { taskName: name, isLocal: false, run: (script, more) => session.run(script, more), reconnect: never('reconnect'), say: () => {}, gatherFacts: never('gather facts'), sleep: never('wait'), ask: undefined });
}
