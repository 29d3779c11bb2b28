// What comes in: /etc/hosts, or what the resolver says of the host's own name where that file does not know it. What goes out: fqdn and domain,
// as Python's socket.getfqdn() finds them: the address of the name, and the first name of that address that has a dot.
// The resolver is asked only when it must be, and for 3 s at most: a host whose DNS is dead would hold up all facts.
import type { HostText } from '../base/host-text.js';
import type { Fact } from './fact.js';
import type { HostFiles } from './host-files.js';

export const names: Fact = {
  name: 'names',
  files: ['/etc/hosts'],
  command: `known=
if [ -r /etc/hosts ]; then while read -r first rest; do case $first in '#'*) continue ;; esac; case " $rest " in *" $nodename "* | *"	$nodename "*) known=1; break ;; esac; done </etc/hosts; fi
if [ -z "$known" ]; then
limit=; command -v timeout >/dev/null && limit='timeout 3'
address=$($limit getent ahosts "$nodename" | { read -r first rest; printf '%s' "$first"; })
[ -z "$address" ] || $limit getent hosts "$address"
fi`,
  ansible: (output, files, known) => {
    const nodename = String(known.nodename ?? '');
    const aliases = namesOf(output, files, nodename);
    const fqdn = aliases.find((name) => name.includes('.')) ?? aliases[0] ?? nodename;
    return { fqdn, domain: fqdn.split('.').slice(1).join('.') };
  },
};

/** All names of the host's own address, the first of them first. */
function namesOf(output: HostText, files: HostFiles, nodename: string): string[] {
  const lines = files.lines('/etc/hosts').map((line) => line.replace(/#.*/, '').trim().split(/\s+/));
  const own = lines.filter((words) => words.slice(1).includes(nodename)).map(([address]) => address ?? '');
  // Of an IPv6 and an IPv4 address the resolver prefers the first (RFC 6724).
  const address = own.find((one) => one.includes(':')) ?? own[0];
  const fromFile = address === undefined ? undefined : lines.find(([first, ...rest]) => first === address && rest.length > 0);
  return (fromFile ?? output.trim().split('\n')[0]?.split(/\s+/) ?? []).slice(1);
}
