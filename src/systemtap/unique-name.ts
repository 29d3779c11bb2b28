// What comes in: a compiled kernel module. What goes out: the same one under a name of this run's own.
// Two runs on one kernel cannot load one name, and what a dead run left is told from what lives. `staprun -R` would do the same, but would
// not say which name it took. Like that, the new name is as long as the old one: nothing in the file moves.
import type { KernelModule } from './build.js';

/** A signature is over the bytes (kernel/module/signing.c): such a module keeps its name. */
const SIGNED = '~Module signature appended~\n';
const RUN_CHARS = 7;

/** @param runId at least 7 lower-case hexadecimal digits */
export function underOwnName(kernelModule: KernelModule, runId: string): KernelModule {
  const { name, content } = kernelModule;
  const isSigned = content.subarray(-SIGNED.length).toString('latin1') === SIGNED;
  if (isSigned || name.length < 'fleet_tap_'.length + RUN_CHARS + 1 || content.indexOf(name, 0, 'latin1') < 0) return kernelModule;
  const own = `${name.slice(0, -RUN_CHARS - 1)}_${runId.slice(0, RUN_CHARS)}`;
  const renamed = Buffer.from(content);
  for (let at = renamed.indexOf(name, 0, 'latin1'); at >= 0; at = renamed.indexOf(name, at + name.length, 'latin1')) renamed.write(own, at, 'latin1');
  return { ...kernelModule, name: own, content: renamed };
}
