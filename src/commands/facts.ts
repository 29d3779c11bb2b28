// fleet-tap facts: what the hosts are, under the names of `ansible -m setup`, in one round trip each and without Python there.
import { writeFile } from 'node:fs/promises';
import { makeOutputFolder } from './output-folder.js';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { asHostError, exitStatusOf, FleetTapError, formatError } from '../base/errors.js';
import { jsonText } from '../base/json-text.js';
import { ansibleFacts } from '../facts/ansible.js';
import { gatherFacts } from '../facts/gather.js';
import { LOCAL_FACTS } from '../facts/local-facts.js';
import type { Host } from '../inventory/host.js';
import type { CommandContext, ExitStatus } from './context.js';
import { type FactTexts, factTexts, filterFacts, formatFacts, type NamedFacts, prefixed } from './facts-report.js';
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
  if (options.tree !== undefined) await makeOutputFolder(options.tree, '--tree DIR');
  const fleet = await Fleet.open(options.pattern, options, context);
  const forks = pLimit(options.forks);
  // As text: facts as objects would be five times as much to keep.
  const found = new Map<string, FactTexts>();
  const known = new Map<string, string>();
  const failures = new Map<string, FleetTapError>();
  const gather = async (host: Host): Promise<void> => {
    if (context.interrupted.aborted) return;
    try {
      const session = await fleet.session(host);
      const gathered = await fleet.run.timed(host.name, 'facts', gatherFacts(session, { become: fleet.becomes(host), isOnly: true, localFrom: LOCAL_FACTS }));
      const wanted = filterFacts(prefixed(ansibleFacts(gathered)), filters);
      found.set(host.name, factTexts(wanted, known));
      fleet.detail.say(1, () => `${host.name}: ${Object.keys(wanted).length} facts`);
      if (options.tree !== undefined) await writeFile(join(options.tree, fileNameOf(host.name)), `${jsonText(answerOf(wanted))}\n`);
    } catch (error) {
      failures.set(host.name, asHostError(error, host.name));
    }
    fleet.release(host);
  };
  try {
    const interrupted = new Promise<void>((resolve) => void context.interrupted.addEventListener('abort', () => resolve(), { once: true }));
    await Promise.race([Promise.all(fleet.hosts.map((host) => forks(() => gather(host)))), interrupted]);
    if (options.json) for (const piece of documentOf(fleet.hosts, found, failures)) context.stdout.write(piece);
    else context.stdout.write(formatFacts(inOrder(fleet.hosts, found)));
    if (found.size > 0 && [...found.values()].every((texts) => texts.size === 0)) context.stderr.write(`no host has a fact that fits --filter ${filters.join(',')}\n`);
    // Those that Ctrl-C left without an answer have failed, for --rerun-failed.
    for (const { name } of fleet.hosts) {
      if (!found.has(name) && !failures.has(name)) failures.set(name, new FleetTapError('host', 'interrupted', 'the facts were not waited for', { place: { host: name } }));
    }
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

/** One JSON document, host by host. */
function* documentOf(hosts: readonly Host[], found: ReadonlyMap<string, FactTexts>, failures: ReadonlyMap<string, FleetTapError>): Generator<string> {
  let before = '{';
  for (const { name } of hosts) {
    const texts = found.get(name);
    const error = failures.get(name);
    if (texts === undefined && error === undefined) continue;
    const facts = [...(texts ?? [])].map(([fact, text]) => `            ${jsonText(fact)}: ${text}`).join(',\n');
    const answer = texts !== undefined
      ? `{\n        "ansible_facts": {${facts === '' ? '' : `\n${facts}\n        `}},\n        "changed": false\n    }`
      : jsonText({ [error?.kind === 'unreachable' ? 'unreachable' : 'failed']: true, changed: false, code: error?.code, msg: error?.message });
    yield `${before}\n    ${jsonText(name)}: ${answer}`;
    before = ',';
  }
  yield before === '{' ? '{}\n' : '\n}\n';
}

function inOrder(hosts: readonly Host[], found: ReadonlyMap<string, FactTexts>): Map<string, FactTexts> {
  return new Map(hosts.flatMap(({ name }): [string, FactTexts][] => {
    const texts = found.get(name);
    return texts === undefined ? [] : [[name, texts]];
  }));
}
