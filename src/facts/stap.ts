// What comes in: `stap -V` and `staprun -V`, which both answer on standard error. What goes out: the versions of compiler and loader.
// Seen: `Systemtap translator/driver (version 5.1/0.192, Debian version 5.1-5)`, `Systemtap module loader/runner (version 4.8/0.188, …)`.
import type { HostText } from '../base/host-text.js';
import type { Fact } from './fact.js';

export const stap: Fact = {
  name: 'stap',
  command: 'stap -V 2>&1; staprun -V 2>&1',
  parse: (output) => ({
    stapVersion: versionOf(output, 'translator/driver'),
    staprunVersion: versionOf(output, 'module loader/runner'),
  }),
};

function versionOf(output: HostText, program: string): HostText | null {
  const line = output.split('\n').find((one) => one.startsWith(`Systemtap ${program} `));
  return /\(version (\d+(?:\.\d+)*)/.exec(line ?? '')?.[1] ?? null;
}
