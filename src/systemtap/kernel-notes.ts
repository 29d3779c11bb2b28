// What comes in: a host's facts. What goes out: what its owner may want to know of its kernels, one sentence each: one that waits for a reboot,
// symbols of kernels that are gone. Nothing of it keeps a host from being captured.
import type { Facts } from '../facts/facts.js';

const IMAGE = /^linux-image-(?:unsigned-)?(\d\S*?)(-dbg|-dbgsym)?$/;

/** @param buildFor releases that a build host compiles for: none of them is gone */
export function kernelNotes(facts: Pick<Facts, 'kernelRelease' | 'kernelPackages' | 'isContainer' | 'symbols'>, buildFor: readonly string[] = []): string[] {
  if (facts.isContainer) return [];
  const images = new Set<string>();
  const own = new Set(facts.symbols.fetched.filter((release) => facts.symbols.kibByRelease[release] !== undefined));
  const others = new Map<string, string>();
  for (const name of facts.kernelPackages) {
    const match = IMAGE.exec(name);
    if (match?.[1] === undefined) continue;
    if (match[2] === undefined) images.add(match[1]);
    else if (facts.symbols.isSetUp && !facts.symbols.before.includes(name)) own.add(match[1]);
    else others.set(match[1], name);
  }
  const running = facts.kernelRelease;
  const newest = [...images].filter((release) => flavourOf(release) === flavourOf(running)).sort(byVersion).at(-1);
  const notes: string[] = [];
  if (newest !== undefined && byVersion(newest, running) > 0) {
    notes.push(`kernel ${newest} is installed and waits for a reboot; ${running} runs: after the reboot, run fleet-tap setup again`);
  }
  const isGone = (release: string) => release !== running && !images.has(release) && !buildFor.includes(release);
  const gone = [...own].filter(isGone).sort(byVersion);
  const kib = gone.reduce((sum, release) => sum + (facts.symbols.kibByRelease[release] ?? 0), 0);
  if (gone.length > 0) notes.push(`debug symbols of kernels that are gone take up ${Math.ceil(kib / 1024)} MiB: ${gone.join(', ')}; fleet-tap setup --prune frees them`);
  const left = [...others.keys()].filter(isGone).sort(byVersion);
  if (left.length > 0) notes.push(`debug symbols of kernels that are gone, not put there by setup, take up disk: ${left.map((release) => others.get(release)).join(', ')}`);
  return notes;
}

/** `6.1.0-38-cloud-amd64` → `cloud-amd64`: kernels of another flavour are no newer versions of this one. */
function flavourOf(release: string): string {
  return /-([a-z][a-z0-9-]*)$/.exec(release)?.[1] ?? '';
}

function byVersion(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
