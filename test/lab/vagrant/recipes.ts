// The recipes of docs/ci.md, typed as they stand there, on the Vagrant machines: the project whose tests they run makes its machines talk
// (run-the-tests.ts). Only where the hosts come from differs, and that there are no symbols.
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { $ } from 'zx/core';
import { shellRecipe, workflowSteps } from '../../docs/ci-recipes.js';
import { PROJECT_DIR } from '../places.js';
import { VAGRANT_MACHINES } from './machines.js';
import { DATAGRAMS, type Speaker, UDP_PORT } from './talk.js';

export interface RecipeRun {
  readonly status: number;
  /** All that was printed. */
  readonly said: string;
  /** The log, and the results that CI shows. */
  readonly log: string;
  readonly junit: string;
  readonly speakers: readonly Speaker[];
}

const names = VAGRANT_MACHINES.map(({ name }) => name);
const between = `{between: [${names.join(', ')}], protocol: udp}`;
const RULES = `rules:
  - name: each asks the other
    at_least: 1
    packets: {from: ${names[0]}, to: ${names[1]}, port: 22, new: true}
  - name: few connections a minute
    at_most: 100
    per: minute
    packets: {between: [${names.join(', ')}], new: true}
  - name: no UDP but the one that is known
    never: ${between}
    except: {port: ${UDP_PORT}}
`;
/** Broken by every datagram. */
const STRICT_RULES = `rules:
  - name: no UDP at all
    never: ${between}
`;

/** A folder of a project that uses fleet-tap, and the environment in which its CI runs. */
async function makeProject(folder: string): Promise<NodeJS.ProcessEnv> {
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  const programs = {
    [join(bin, 'fleet-tap')]: `exec ${process.execPath} ${join(PROJECT_DIR, 'dist', 'cli.js')} "$@"`,
    [join(folder, 'run-the-tests.sh')]: `exec ${process.execPath} --import ${import.meta.resolve('tsx')} ${join(import.meta.dirname, 'run-the-tests.ts')} speakers.json`,
  };
  for (const [path, command] of Object.entries(programs)) {
    await writeFile(path, `#!/bin/sh\n${command}\n`);
    await chmod(path, 0o755);
  }
  await writeFile(join(folder, 'rules.yml'), RULES);
  await writeFile(join(folder, 'strict.yml'), STRICT_RULES);
  return { ...process.env, PATH: `${bin}:${process.env.PATH ?? ''}`, VAGRANT_CWD: PROJECT_DIR, CI: 'true', NO_COLOR: '1' };
}

const onVagrant = (script: string) => script.replaceAll('setup -i inventory.yml', 'setup -i vagrant: --symbols none').replaceAll('capture -i inventory.yml', 'capture -i vagrant: --probes netfilter');

async function type(folder: string, env: NodeJS.ProcessEnv, script: string): Promise<{ status: number; said: string }> {
  const done = await $({ cwd: folder, env, input: '' })`bash --noprofile --norc -o pipefail -c ${script}`.nothrow().verbose(true);
  return { status: done.exitCode ?? 1, said: `${done.stdout}${done.stderr}` };
}

async function finish(folder: string, ended: { status: number; said: string }): Promise<RecipeRun> {
  const [log, junit, speakers] = await Promise.all(['fleet.log', 'junit.xml', 'speakers.json'].map((name) => readFile(join(folder, name), 'utf8')));
  return { ...ended, log: log ?? '', junit: junit ?? '', speakers: JSON.parse(speakers ?? '[]') as Speaker[] };
}

export async function runShellRecipe(folder: string): Promise<RecipeRun> {
  const env = await makeProject(folder);
  return finish(folder, await type(folder, env, onVagrant(await shellRecipe())));
}

/** Steps one after the other, as GitHub's runner does: `bash -e`; after a failure only those that always run. Its package is not installed here. */
export async function runWorkflow(folder: string): Promise<RecipeRun> {
  const env = await makeProject(folder);
  let ended = { status: 0, said: '' };
  for (const { run, always } of (await workflowSteps()).filter((step) => !step.run.startsWith('npm i -g '))) {
    if (ended.status !== 0 && !always) continue;
    const step = await type(folder, env, `set -e\n${onVagrant(run)}`);
    ended = { status: ended.status || step.status, said: ended.said + step.said };
  }
  return finish(folder, ended);
}

/** Rules that the same log breaks fail the job, and say by how much. @throws when they do not */
export async function breakRules(folder: string): Promise<void> {
  const env = await makeProject(folder);
  const { status, said } = await type(folder, env, 'fleet-tap assert fleet.log --expect strict.yml --junit strict.xml');
  const junit = await readFile(join(folder, 'strict.xml'), 'utf8');
  const count = String(names.length * DATAGRAMS);
  if (status !== 2 || !said.includes(count) || !/<failure/.test(junit)) throw new Error(`assert with rules that ${count} datagrams break ended with ${status}: ${said}${junit}`);
}
