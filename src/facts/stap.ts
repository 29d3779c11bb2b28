// What comes in: `stap -V`, and the package that staprun came with. What goes out: the versions of compiler and loader.
// Seen: `Systemtap translator/driver (version 5.1/0.192, Debian version 5.1-5)`. `staprun -V` prints nothing at all (5.1 and 5.6,
// Debian), so its version is asked of dpkg, and is `unknown` where staprun came another way. It may be executable for root and its group
// only (Debian: 4754 root:stapusr): it is looked for, not tried.
import type { HostText } from '../base/host-text.js';
import type { Fact } from './fact.js';

export const stap: Fact = {
  name: 'stap',
  command: `stap -V 2>&1
IFS=:; for d in $PATH; do if [ -e "$d/staprun" ]; then echo "staprun $(dpkg-query -W -f '\${Version}' systemtap-runtime 2>/dev/null)"; break; fi; done; unset IFS`,
  parse: (output) => ({
    stapVersion: /^Systemtap translator\/driver \(version (\d+(?:\.\d+)*)/m.exec(output)?.[1] ?? null,
    staprunVersion: staprunVersion(output),
  }),
};

function staprunVersion(output: HostText): HostText | null {
  const line = /^staprun ?(.*)$/m.exec(output);
  return line === null ? null : (/^(?:\d+:)?(\d+(?:\.\d+)*)/.exec(line[1] ?? '')?.[1] ?? 'unknown');
}
