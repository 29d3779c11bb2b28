// What comes in: the hosts with their facts, and the build hosts. What goes out: which host compiles for which kernel, once for each
// distinct kernel build, and for the others why they can't be captured. Pure.
// A build host says in the inventory for which kernels it compiles (fleet_tap_build_for): its own uname -r may be another kernel's.
import { FleetTapError } from '../base/errors.js';
import type { Facts } from '../facts/facts.js';
import { MODULES_DISABLED, NO_MODULES } from '../facts/module-loading.js';

export interface Candidate {
  readonly host: string;
  readonly facts: Facts;
  /** fleet_tap_build_for; empty for hosts that are captured from. */
  readonly buildFor: readonly string[];
}

export interface PlannedBuild {
  readonly release: string;
  /** uname -v: two builds of one release are two kernels. */
  readonly kernelBuild: string;
  readonly architecture: string;
  /** The host that compiles. */
  readonly builder: string;
  /** The hosts that load it, in inventory order. */
  readonly targets: readonly string[];
}

export interface BuildPlan {
  readonly builds: readonly PlannedBuild[];
  readonly problems: ReadonlyMap<string, FleetTapError>;
}

/** @param needsSymbols the script's probes need the kernel's debug symbols */
export function planBuilds(candidates: readonly Candidate[], needsSymbols: boolean): BuildPlan {
  const problems = new Map<string, FleetTapError>();
  const groups = new Map<string, Candidate[]>();
  for (const target of candidates.filter((candidate) => candidate.buildFor.length === 0)) {
    const problem = whyNotLoadable(target);
    if (problem !== undefined) {
      problems.set(target.host, problem);
      continue;
    }
    const { kernelRelease, kernelBuild, architecture } = target.facts;
    const key = JSON.stringify([kernelRelease, kernelBuild, architecture, transportOf(target.facts.staprunVersion) === 'before 5.0']);
    groups.set(key, [...(groups.get(key) ?? []), target]);
  }
  const builds: PlannedBuild[] = [];
  for (const targets of groups.values()) {
    const [first] = targets;
    if (first === undefined) continue;
    const builder = chooseBuilder(candidates, targets, needsSymbols);
    if (builder === undefined) {
      for (const target of targets) problems.set(target.host, whyNoBuilder(target, candidates));
      continue;
    }
    const fitting = targets.filter((target) => sameTransport(builder.facts.stapVersion, target.facts.staprunVersion));
    for (const target of targets) {
      if (fitting.includes(target)) continue;
      const sentence = `staprun ${target.facts.staprunVersion} here cannot load what stap ${builder.facts.stapVersion} on ${builder.host} compiles: version 5.0 changed the format between them`;
      problems.set(target.host, problem(target.host, 'stap-versions-differ', sentence, 'install the same release of systemtap on both'));
    }
    if (fitting.length === 0) continue;
    const { kernelRelease: release, kernelBuild, architecture } = first.facts;
    builds.push({ release, kernelBuild, architecture, builder: builder.host, targets: fitting.map((target) => target.host) });
  }
  return { builds, problems };
}

function problem(host: string, code: string, sentence: string, hint: string): FleetTapError {
  return new FleetTapError('host', code, sentence, { place: { host }, hint });
}

function whyNotLoadable({ host, facts }: Candidate): FleetTapError | undefined {
  if (facts.isContainer) {
    return problem(host, 'container', `this is a container (${facts.virtualization}): a kernel module would go into the kernel of the machine that runs it`, 'capture from that machine instead');
  }
  const refused = facts.moduleLoadingRefused;
  if (refused === NO_MODULES) return problem(host, 'kernel-module-refused', `this kernel takes no kernel module (${refused})`, 'boot a kernel of the distribution on this host');
  if (refused === MODULES_DISABLED) {
    return problem(host, 'kernel-module-refused', `this kernel takes no kernel module any more (${refused})`, 'only a reboot takes that back; /etc/sysctl.conf or /etc/sysctl.d says what sets it');
  }
  if (refused !== null) {
    return problem(host, 'kernel-module-refused', `this kernel takes no unsigned kernel module (${refused})`, 'turn Secure Boot off for this host, or enrol a key for signed modules (stap --sign-module)');
  }
  if (facts.staprunVersion === null) return problem(host, 'stap-missing', 'staprun is not installed', 'run fleet-tap setup on this host');
  return undefined;
}

function canBuild(candidate: Candidate, release: string, needsSymbols: boolean): boolean {
  const { facts } = candidate;
  return facts.stapVersion !== null && facts.headersFor.includes(release) && (!needsSymbols || facts.symbolsFor.includes(release));
}

/** A named build host first, then the first host that runs this very kernel and can; one whose stap says what staprun there understands before others. */
function chooseBuilder(candidates: readonly Candidate[], targets: readonly Candidate[], needsSymbols: boolean): Candidate | undefined {
  const release = targets[0]?.facts.kernelRelease ?? '';
  const architecture = targets[0]?.facts.architecture;
  const named = candidates.filter((candidate) => candidate.buildFor.includes(release) && candidate.facts.architecture === architecture);
  const same = candidates.filter(({ buildFor, facts }) => buildFor.length === 0 && facts.kernelRelease === release && facts.kernelBuild === targets[0]?.facts.kernelBuild && facts.architecture === architecture);
  const able = [...named, ...targets, ...same].filter((candidate) => canBuild(candidate, release, needsSymbols));
  return able.find((candidate) => targets.some(({ facts }) => sameTransport(candidate.facts.stapVersion, facts.staprunVersion))) ?? able[0];
}

function whyNoBuilder(target: Candidate, candidates: readonly Candidate[]): FleetTapError {
  const release = target.facts.kernelRelease;
  const declared = candidates.filter((candidate) => candidate.buildFor.includes(release));
  const named = declared.find((candidate) => candidate.facts.architecture === target.facts.architecture);
  const [other] = declared;
  if (named === undefined && other !== undefined) {
    const sentence = `no build host compiles for kernel ${release} on ${target.facts.architecture}: ${other.host} is ${other.facts.architecture}`;
    return problem(target.host, 'architecture', sentence, `name a build host that is ${target.facts.architecture} (fleet_tap_build_for)`);
  }
  const { host, facts } = named ?? target;
  const where = named === undefined ? 'here' : `on its build host ${host}`;
  const setup = `run fleet-tap setup on ${host}`;
  if (facts.stapVersion === null) return problem(target.host, 'stap-missing', `stap is not installed ${where}, and no other host can compile for kernel ${release}`, setup);
  if (!facts.headersFor.includes(release)) return problem(target.host, 'headers-missing', `the headers of kernel ${release} are not installed ${where}`, setup);
  return problem(target.host, 'symbols-missing', `the debug symbols of kernel ${release} are not installed ${where}`, `${setup}, or capture without symbols: --probes netfilter`);
}

/** stap 5.0 changed the transport between module and staprun: both sides must be on the same side of it (NEWS of 5.0). */
function sameTransport(stap: string | null, staprun: string | null): boolean {
  const [one, other] = [transportOf(stap), transportOf(staprun)];
  // Nobody knows the version of a staprun that came from no package: it is tried.
  return one === 'unknown' || other === 'unknown' || one === other;
}

function transportOf(version: string | null): 'before 5.0' | 'since 5.0' | 'unknown' {
  const major = Number.parseInt(version ?? '', 10);
  return Number.isNaN(major) ? 'unknown' : major >= 5 ? 'since 5.0' : 'before 5.0';
}
