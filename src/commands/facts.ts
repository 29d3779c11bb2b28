// fleet-tap facts: what the hosts are, under the names of `ansible -m setup`, in one round trip each and without Python there.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { asHostError, FleetTapError, formatError } from '../base/errors.js';
import { jsonText } from '../base/json-text.js';
import { ansibleFacts } from '../facts/ansible.js';
import { gatherFacts } from '../facts/gather.js';
import type { Host } from '../inventory/host.js';
import { type CommandContext, type ExitStatus, exitStatusOf } from './context.js';
import { filterFacts, formatFacts, type NamedFacts, prefixed } from './facts-report.js';
import { fileNameOf } from './file-name.js';
import { Fleet, type FleetOptions } from './fleet.js';

export interface FactsOptions extends FleetOptions {
  readonly pattern: string;
  /** Globs; none: all. */
  readonly filter: readonly string[];
  readonly json: boolean;
  /** A folder for one JSON file a host. */
  readonly tree?: string | undefined;
}

export async function facts(options: FactsOptions, context: CommandContext): Promise<ExitStatus> {
  const filters = options.filter.flatMap((list) => list.split(',')).filter((glob) => glob !== '');
  if (options.tree !== undefined) await makeFolder(options.tree);
  const fleet = await Fleet.open(options.pattern, options, context);
  const forks = pLimit(options.forks);
  const found = new Map<string, NamedFacts>();
  const failures = new Map<string, FleetTapError>();
  const gather = async (host: Host): Promise<void> => {
    if (context.interrupted.aborted) return;
    try {
      const session = await fleet.session(host);
      const gathered = await fleet.run.timed(host.name, 'facts', gatherFacts(session, { become: fleet.becomes(host) }));
      const wanted = filterFacts(prefixed(ansibleFacts(gathered)), filters);
      found.set(host.name, wanted);
      if (options.tree !== undefined) await writeFile(join(options.tree, fileNameOf(host.name)), `${jsonText(answerOf(wanted))}\n`);
    } catch (error) {
      failures.set(host.name, asHostError(error, host.name));
    }
  };
  try {
    const interrupted = new Promise<void>((resolve) => void context.interrupted.addEventListener('abort', () => resolve(), { once: true }));
    await Promise.race([Promise.all(fleet.hosts.map((host) => forks(() => gather(host)))), interrupted]);
    if (options.json) context.stdout.write(`${jsonText(documentOf(fleet.hosts, found, failures), 4)}\n`);
    else context.stdout.write(formatFacts(inOrder(fleet.hosts, found)));
    for (const error of failures.values()) context.stderr.write(`${formatError(error)}\n`);
    return fleet.ends(context.interrupted.aborted ? 130 : exitStatusOf(failures.values()), failures);
  } finally {
    await fleet.close();
  }
}

/** What the setup module answers. */
function answerOf(wanted: NamedFacts): unknown {
  return { ansible_facts: wanted, changed: false };
}

function documentOf(hosts: readonly Host[], found: ReadonlyMap<string, NamedFacts>, failures: ReadonlyMap<string, FleetTapError>): unknown {
  const entries = hosts.flatMap(({ name }): [string, unknown][] => {
    const wanted = found.get(name);
    if (wanted !== undefined) return [[name, answerOf(wanted)]];
    const error = failures.get(name);
    return error === undefined ? [] : [[name, { [error.kind === 'unreachable' ? 'unreachable' : 'failed']: true, changed: false, code: error.code, msg: error.message }]];
  });
  return Object.fromEntries(entries);
}

function inOrder(hosts: readonly Host[], found: ReadonlyMap<string, NamedFacts>): Map<string, NamedFacts> {
  return new Map(hosts.flatMap(({ name }): [string, NamedFacts][] => {
    const wanted = found.get(name);
    return wanted === undefined ? [] : [[name, wanted]];
  }));
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new FleetTapError('input', 'output-unwritable', `the folder ${folder} cannot be made: ${error.message}`, { hint: 'name another one: --tree DIR' });
  });
}
