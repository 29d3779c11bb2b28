// fleet-tap run: playbooks on the hosts that they name, with the options, the lines and the exit status of ansible-playbook.
// Guaranteed: every playbook is loaded and checked whole before any host is touched; all mistakes are told, not only the first.
import { dirname, resolve } from 'node:path';
import { FleetTapError, formatError } from '../base/errors.js';
import type { RecapRow } from '../base/playbook-events.js';
import { type Gathering, ROLES_PATH, type ShownResults } from '../inventory/ansible-config.js';
import type { Host, Inventory } from '../inventory/host.js';
import { selectHosts, type UnknownNames } from '../inventory/pattern.js';
import { splitPattern } from '../inventory/split-pattern.js';
import { openVaultOf } from '../inventory/vault.js';
import { loadPlaybook } from '../playbook/load.js';
import type { Play, Playbook } from '../playbook/playbook.js';
import { formatStats } from '../playbook/custom-stats.js';
import { formatRecap } from '../playbook/recap.js';
import { addsHosts, startRun } from '../playbook/run.js';
import { withNames } from '../playbook/select-hosts.js';
import type { CommandContext, ExitStatus } from './context.js';
import { readExtraVars } from './extra-vars.js';
import { Fleet, type FleetOptions } from './fleet.js';
import { listPlays } from './list-plays.js';
import { checkWritable, refuseTwice } from './open-sinks.js';
import { openOutput } from './run-output.js';
import { failedPlaces } from './tell-places.js';
import { tellInterruption } from './tell-interruption.js';
import { stepQuestion } from './step-question.js';
import { vaultPasswords } from './vault-options.js';
import { writeRetryFile } from './retry-file.js';

export interface RunCommandOptions extends Omit<FleetOptions, 'extraVars' | 'mayBeEmpty' | 'mayBeMissing'> {
  readonly playbooks: readonly string[];
  readonly extraVars?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly skipTags?: readonly string[] | undefined;
  readonly startAtTask?: string | undefined;
  readonly step?: boolean | undefined;
  readonly check: boolean;
  readonly diff: boolean;
  readonly forceHandlers: boolean;
  readonly listHosts: boolean;
  readonly listTasks: boolean;
  readonly listTags: boolean;
  readonly syntaxCheck: boolean;
  readonly json: boolean;
  readonly events?: string | undefined;
  readonly junit?: string | undefined;
  readonly rolesPath?: readonly string[] | undefined;
  readonly gathering?: Gathering | undefined;
  readonly shownResults?: ShownResults | undefined;
  readonly taskTimeoutSec?: number | undefined;
  readonly diffContext?: number | undefined;
  readonly retryFiles?: { readonly folder: string | undefined } | undefined;
  /** ansible.cfg's `ansible_managed`. */
  readonly managed?: string | undefined;
}

const LOCAL_NAMES = ['localhost', '127.0.0.1', '::1'];

export async function run(options: RunCommandOptions, context: CommandContext): Promise<ExitStatus> {
  const vault = openVaultOf(await vaultPasswords(options, context));
  const extraVars = await readExtraVars(options.extraVars ?? [], vault);
  const playbooks: Playbook[] = [];
  const mistakes: FleetTapError[] = [];
  for (const path of options.playbooks) {
    try {
      playbooks.push(await loadPlaybook(path, { extraVars, vault, rolesPath: options.rolesPath ?? ROLES_PATH, onMistake: (error) => void mistakes.push(error) }));
    } catch (error) {
      if (!(error instanceof FleetTapError)) throw error;
      mistakes.push(error);
    }
  }
  if (mistakes.length > 0) {
    context.stderr.write(`${mistakes.map(formatError).join('\n')}\n`);
    return 1;
  }
  if (options.syntaxCheck) {
    for (const { file } of playbooks) context.stdout.write(`\nplaybook: ${file}\n`);
    return 0;
  }
  const tags = { only: split(options.tags, ['all']), skip: split(options.skipTags, []) };
  const [first] = options.playbooks;
  const fleet = await Fleet.open('all', { ...options, extraVars, playFolder: options.playbookDir ?? dirname(resolve(first ?? '.')), mayBeEmpty: true, mayBeMissing: playbooks.every(needsNoInventory), checksLater: true }, context);
  const failed = options.rerunFailed === undefined ? undefined : new Set(fleet.hosts.map(({ name }) => name));
  const select = (pattern: string, inventory: Inventory) => selectWithLocal(inventory, pattern, fleet.limit, options.unknownNames).filter((host) => failed?.has(host.name) ?? true);
  try {
    if (options.listHosts || options.listTasks || options.listTags) {
      const what = { hosts: options.listHosts, tasks: options.listTasks, tags: options.listTags };
      for (const playbook of playbooks) {
        const mayAdd = playbook.plays.some(addsHosts);
        // What add_host and group_by may bring is not there yet.
        const listed = (pattern: string) => select(pattern, mayAdd ? withNames(pattern, fleet.inventory) : fleet.inventory);
        context.stdout.write(listPlays(playbook, what, listed, tags, extraVars));
      }
      return fleet.ends(0, new Map());
    }
    const files = [options.events, options.junit].filter((file) => file !== undefined);
    refuseTwice(files);
    for (const file of files) await checkWritable(file, options.playbooks);
    return await play(playbooks, fleet, { options, extraVars, tags, select });
  } finally {
    await fleet.close();
  }
}

interface PlayOptions {
  readonly options: RunCommandOptions;
  readonly extraVars: Readonly<Record<string, unknown>>;
  readonly tags: { readonly only: readonly string[]; readonly skip: readonly string[] };
  readonly select: (pattern: string, inventory: Inventory) => readonly Host[];
}

async function play(playbooks: readonly Playbook[], fleet: Fleet, { options, extraVars, tags, select }: PlayOptions): Promise<ExitStatus> {
  const { stdout, stderr, interrupted, askSecret, askLine = askSecret } = fleet.context;
  const verbosity = options.verbose ?? 0;
  const output = openOutput(options, stdout, stderr);
  const { view, reporter } = output;
  if (view !== undefined) fleet.context.drawnBy?.((question) => view.whileAsked(question));
  const started = await startRun({
    inventory: fleet.inventory,
    select,
    session: (host) => fleet.session(host),
    isLocal: (host) => fleet.isLocal(host),
    reconnect: (host) => fleet.reconnect(host, interrupted),
    facts: (host, localFrom) => fleet.factsAnew(host, localFrom),
    ask: askSecret === undefined || askLine === undefined ? undefined : (prompt, hidden) => (hidden ? askSecret : askLine)(prompt),
    askStep: options.step === true ? stepQuestion(fleet.context, { isDrawn: view !== undefined, isJson: options.json }) : undefined,
    interrupted,
    forks: options.forks,
    reporter,
    check: options.check,
    diff: options.diff,
    become: options.become ?? false,
    forceHandlers: options.forceHandlers,
    defaultConnection: options.connectionVars?.ansible_connection as string | undefined,
    connectsBy: { user: options.user, privateKey: options.privateKey, timeoutSec: options.timeout, port: options.connectionVars?.ansible_port as number | undefined },
    taskTimeoutSec: options.taskTimeoutSec,
    diffContext: options.diffContext,
    gathering: options.gathering,
    tags,
    startAtTask: options.startAtTask,
    extraVars,
    magic: { ansible_verbosity: verbosity, ...(options.managed === undefined ? {} : { ansible_managed: options.managed }), ...(options.limit === undefined ? {} : { ansible_limit: options.limit }), ...(options.configFile === undefined ? {} : { ansible_config_file: options.configFile }) },
  });
  for (const playbook of playbooks) fleet.check(started.hosts(playbook));
  const over = tellInterruption(fleet.context);
  let status: ExitStatus = 0;
  let recap: readonly RecapRow[] = [];
  const failures = new Map<string, FleetTapError>();
  for (const playbook of playbooks) {
    const outcome = await started.playbook(playbook);
    await view?.settled();
    recap = outcome.recap;
    if (options.retryFiles !== undefined && outcome.failures.size > 0) {
      const written = await writeRetryFile(playbook.file, options.retryFiles.folder, [...outcome.failures.keys()], (line) => void stderr.write(`${line}\n`));
      if (written !== undefined && !options.json) stdout.write(`\tto retry, use: --limit @${written}\n`);
    }
    if (!options.json) stdout.write(`${view === undefined ? '\n' : ''}${formatRecap(recap)}\n${options.shownResults?.stats === true ? formatStats(started.stats) : ''}`);
    for (const [host, error] of outcome.failures) failures.set(host, error);
    status = outcome.exitStatus;
    if (status !== 0 || interrupted.aborted) break;
  }
  over();
  await output.finish(recap, started.stats);
  stderr.write(failedPlaces(failures));
  return fleet.ends(interrupted.aborted ? 130 : status, failures);
}

/** All its plays are for this machine, or the first is, and one brings the hosts of the others. */
function needsNoInventory({ plays }: Playbook): boolean {
  const isLocal = ({ hosts }: Play) => typeof hosts === 'string' && splitPattern(hosts).every((word) => LOCAL_NAMES.includes(word));
  return plays.every(isLocal) || (plays.slice(0, 1).some(isLocal) && plays.some(addsHosts));
}

/** `localhost` is there although no inventory names it, and is this machine. */
function selectWithLocal(inventory: Inventory, pattern: string, limit: string | undefined, unknownNames: UnknownNames | undefined): readonly Host[] {
  const words = splitPattern(pattern).filter((word) => LOCAL_NAMES.includes(word) && !inventory.hosts.some(({ name }) => name === word));
  if (words.length === 0) return selectHosts(inventory, pattern, limit, unknownNames);
  const local = words.map((name): Host => ({ name, groups: [], vars: { ansible_connection: 'local' } }));
  return selectHosts({ ...inventory, groups: inventory.groups, hosts: [...inventory.hosts, ...local] }, pattern, limit, unknownNames);
}

function split(words: readonly string[] | undefined, otherwise: readonly string[]): string[] {
  const found = (words ?? []).flatMap((word) => word.split(',')).map((word) => word.trim()).filter((word) => word !== '');
  return found.length === 0 ? [...otherwise] : found;
}
