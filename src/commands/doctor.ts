// fleet-tap doctor: for each host, ready or not, why not, what to do. Nothing is changed on a host.
import { asHostError, exitStatusOf, FleetTapError, formatError } from '../base/errors.js';
import { printable } from '../base/host-text.js';
import { foldHosts } from '../inventory/fold.js';
import type { Facts } from '../facts/facts.js';
import { kernelNotes } from '../systemtap/kernel-notes.js';
import { type Candidate, planBuilds } from '../systemtap/plan-builds.js';
import type { CommandContext, ExitStatus } from './context.js';
import { buildForOf, Fleet, type FleetOptions, symbolsOf } from './fleet.js';
import { withOwnStap } from './own-stap.js';

export interface DoctorOptions extends FleetOptions {
  /** One JSON document instead of text. */
  readonly json?: boolean | undefined;
}

export async function doctor(options: DoctorOptions, context: CommandContext): Promise<ExitStatus> {
  const fleet = await Fleet.open('all', options, context);
  try {
    return await examine(fleet, context, { json: options.json });
  } finally {
    await fleet.close();
  }
}

export interface ExamineOptions {
  readonly json?: boolean | undefined;
  /** What is known already to keep a host from being captured: that its script does not compile. */
  readonly failures?: ReadonlyMap<string, FleetTapError>;
}

/** Prints the findings. Setup calls it on the fleet that it has open. */
export async function examine(fleet: Fleet, context: CommandContext, options: ExamineOptions = {}): Promise<ExitStatus> {
  const failures = new Map<string, FleetTapError>();
  const facts = new Map<string, Facts>();
  const chosen = new Set(fleet.hosts.map((host) => host.name));
  const hosts = fleet.inventory.hosts.filter((host) => chosen.has(host.name) || buildForOf(host).length > 0);
  await Promise.all(
    hosts.map(async (host) => {
      try {
        facts.set(host.name, await withOwnStap(fleet, host));
      } catch (error) {
        failures.set(host.name, asHostError(error, host.name));
      }
    }),
  );
  const targets = hosts.filter((host) => buildForOf(host).length === 0);
  for (const needsSymbols of [true, false]) {
    const candidates = hosts.flatMap((host): Candidate[] => {
      const known = facts.get(host.name);
      const isWanted = buildForOf(host).length > 0 || (symbolsOf(host) !== 'none') === needsSymbols;
      return known === undefined || !isWanted ? [] : [{ host: host.name, facts: known, buildFor: buildForOf(host) }];
    });
    for (const [host, problem] of planBuilds(candidates, needsSymbols).problems) failures.set(host, problem);
  }
  for (const [host, problem] of options.failures ?? []) if (!failures.has(host)) failures.set(host, problem);
  const ready = targets.map((host) => host.name).filter((name) => chosen.has(name) && !failures.has(name));
  const shown = targets.filter((host) => chosen.has(host.name)).map((host) => host.name);
  const buildFor = new Map(hosts.map((host) => [host.name, buildForOf(host)]));
  const findings = new Map([...new Set([...shown, ...[...failures.keys()].filter((name) => chosen.has(name))])].map((name): [string, Finding] => [name, findingOf(facts.get(name), failures.get(name), buildFor.get(name))]));
  context.stdout.write(options.json === true ? `${JSON.stringify({ hosts: Object.fromEntries(findings) }, null, 2)}\n` : textOf(ready, failures, findings));
  const ofChosen = new Map([...failures].filter(([host]) => chosen.has(host)));
  return fleet.ends(exitStatusOf(ofChosen.values()), ofChosen);
}

/** What --json says of a host. */
interface Finding {
  readonly ready: boolean;
  readonly distribution: string | null;
  readonly kernel: string | null;
  readonly stap: string | null;
  readonly staprun: string | null;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null } | null;
  readonly notes: readonly string[];
}

function findingOf(facts: Facts | undefined, error: FleetTapError | undefined, buildFor: readonly string[] | undefined): Finding {
  return {
    ready: error === undefined,
    distribution: facts === undefined ? null : `${facts.distribution} ${facts.distributionVersion}`,
    kernel: facts?.kernelRelease ?? null,
    stap: facts?.stapVersion ?? null,
    staprun: facts?.staprunVersion ?? null,
    error: error === undefined ? null : { code: error.code, message: error.message, hint: error.hint ?? null },
    notes: facts === undefined ? [] : kernelNotes(facts, buildFor),
  };
}

/** A line for what is ready, one for each failure and each note, with the hosts that share it, folded. */
function textOf(ready: readonly string[], failures: ReadonlyMap<string, FleetTapError>, findings: ReadonlyMap<string, Finding>): string {
  const equal = new Map<string, string[]>();
  const add = (text: string, host: string) => void equal.set(text, [...(equal.get(text) ?? []), host]);
  for (const [host, { error }] of findings) {
    const failure = failures.get(host);
    // The host stands in front, once for all that have the same.
    if (error !== null && failure !== undefined) add(`not ready: \0${formatError(new FleetTapError(failure.kind, error.code, error.message, error.hint === null ? {} : { hint: error.hint }))}`, host);
  }
  for (const [host, { notes }] of findings) for (const note of notes) add(`note: \0${printable(note)}`, host);
  const lines = [...equal].map(([text, hosts]) => `${text.replace('\0', `${foldHosts(hosts)}: `)}\n`);
  return [...(ready.length > 0 ? [`ready: ${foldHosts(ready)}\n`] : []), ...lines].join('');
}
