// What comes in: `stap -V`, and the package that staprun came with. What goes out: the versions of compiler and loader.
// Seen: `Systemtap translator/driver (version 5.1/0.192, Debian version 5.1-5)`. `staprun -V` prints nothing at all (5.1 and 5.6,
// Debian), so its version is its package's (found in dpkg's own file: dpkg-query takes four times as long), and is `unknown` where staprun came
// another way. It may be executable for root and its group
// only (Debian: 4754 root:stapusr): it is looked for, not tried.
import type { HostText } from '../base/host-text.js';
import type { Fact } from './fact.js';

/** More than any stap and package say; a host may say anything. */
const LIMIT_CHARACTERS = 16_384;

export const stap: Fact = {
  name: 'stap',
  command: `command -v stap && stap -V 2>&1
IFS=:; for d in $PATH; do if [ -e "$d/staprun" ]; then echo staprun; grep -A 15 -x 'Package: systemtap-runtime' /var/lib/dpkg/status; break; fi; done; unset IFS`,
  parse: (output) => ({
    stapVersion: /^Systemtap translator\/driver \(version (\d+(?:\.\d+)*)/m.exec(output)?.[1] ?? null,
    staprunVersion: staprunVersion(output),
  }),
};

function staprunVersion(output: HostText): HostText | null {
  const line = /^staprun ?(.*)$/m.exec(output);
  if (line === null) return null;
  const version = /^Package: systemtap-runtime\n(?:\S.*\n)*?Version: (\S+)$/m.exec(output.slice(0, LIMIT_CHARACTERS))?.[1] ?? line[1];
  return /^(?:\d+:)?(\d+(?:\.\d+)*)/.exec(version ?? '')?.[1] ?? 'unknown';
}
