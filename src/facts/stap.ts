// What comes in: `stap -V`, and the package that staprun came with. What goes out: the versions of compiler and loader.
// Seen: `Systemtap translator/driver (version 5.1/0.192, Debian version 5.1-5)`. `staprun -V` prints nothing at all (5.1 and 5.6,
// Debian), so its version is its package's, and is `unknown` where staprun came another way. stap itself is only asked where it is no package's. It may be executable for root and its group
// only (Debian: 4754 root:stapusr): it is looked for, not tried.
import { askForPackages } from './deb-packages.js';
import type { HostText } from '../base/host-text.js';
import type { Fact } from './fact.js';

export const stap: Fact = {
  name: 'stap',
  command: `found=; IFS=:; for d in $PATH; do [ -z "$found" ] && [ -x "$d/stap" ] && found=$d/stap; [ -e "$d/staprun" ] && loader=yes; done; unset IFS
[ -z "$found$loader" ] || ${askForPackages('systemtap', 'systemtap-runtime')}
case $found:$packages in
/usr/bin/stap:*"$newline"systemtap\\ *) found=\${packages#*"$newline"systemtap }; printf 'package %s\\n' "\${found%%"$newline"*}" ;;
:*) ;;
*) stap -V 2>&1 ;;
esac
if [ -n "$loader" ]; then case $packages in *"$newline"systemtap-runtime\\ *) found=\${packages#*"$newline"systemtap-runtime }; printf 'staprun %s\\n' "\${found%%"$newline"*}" ;; *) echo staprun ;; esac; fi`,
  parse: (output) => ({
    stapVersion: /^(?:Systemtap translator\/driver \(version |package (?:\d+:)?)(\d+(?:\.\d+)*)/m.exec(output)?.[1] ?? null,
    staprunVersion: staprunVersion(output),
  }),
};

function staprunVersion(output: HostText): HostText | null {
  const line = /^staprun ?(.*)$/m.exec(output);
  return line === null ? null : (/^(?:\d+:)?(\d+(?:\.\d+)*)/.exec(line[1] ?? '')?.[1] ?? 'unknown');
}
