// What comes in: a host's facts. What goes out: what its owner may want to know of its kernels, one sentence each: one that waits for a reboot,
// symbols of kernels that are gone. Nothing of it keeps a host from being captured.
import type { Facts } from '../facts/facts.js';

const IMAGE = /^linux-image-(?:unsigned-)?(\d\S*?)(-dbg|-dbgsym)?$/;

export function kernelNotes(facts: Pick<Facts, 'kernelRelease' | 'kernelPackages' | 'isContainer'>): string[] {
  if (facts.isContainer) return [];
  const images = new Set<string>();
  const symbols = new Set<string>();
  for (const name of facts.kernelPackages) {
    const match = IMAGE.exec(name);
    if (match?.[1] !== undefined) (match[2] === undefined ? images : symbols).add(match[1]);
  }
  const running = facts.kernelRelease;
  const newest = [...images].filter((release) => flavourOf(release) === flavourOf(running)).sort(byVersion).at(-1);
  const notes: string[] = [];
  if (newest !== undefined && byVersion(newest, running) > 0) {
    notes.push(`kernel ${newest} is installed and waits for a reboot; ${running} runs: after the reboot, run fleet-tap setup again`);
  }
  const gone = [...symbols].filter((release) => release !== running && !images.has(release)).sort(byVersion);
  if (gone.length > 0) notes.push(`debug symbols of kernels that are gone take up disk: ${gone.join(', ')}`);
  return notes;
}

/** `6.1.0-38-cloud-amd64` → `cloud-amd64`: kernels of another flavour are no newer versions of this one. */
function flavourOf(release: string): string {
  return /-([a-z][a-z0-9-]*)$/.exec(release)?.[1] ?? '';
}

function byVersion(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
