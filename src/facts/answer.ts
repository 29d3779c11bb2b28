// What comes in: a nonce. What goes out: the one script that asks for all facts, and its answer cut into sections again.
// Guaranteed: no fact's output can pass for another's: each section begins with a line that holds the nonce, which a file on the host cannot
// know; sections must come complete and in the table's order. Commands that are missing or fail leave their section empty.
//
//   \n<nonce> environment\n  HOME=…  \n<nonce> files\n  /etc/os-release:ID=…  \n<nonce> kernel\n  Linux …  …  \n<nonce> end\n
import type { HostText } from '../base/host-text.js';
import { quote } from '../base/quote.js';
import { type FactsAnswer, HostFiles } from './host-files.js';
import { facts } from './index.js';
import { PACKAGES_COMMAND } from './deb-packages.js';
import { localFacts, localFactsCommand } from './local-facts.js';

const LABEL = ': fleet-tap facts ';

/** Files that are asked for come as a section of this name. */
const FILES = 'files';
const [first, ...others] = facts.filter((fact) => fact.command !== undefined);
const SECTIONS = [first?.name ?? '', FILES, ...others.map(({ name }) => name)];

/**
 * `uname -snrvm`, without a process where /proc tells it all (Linux 6.1): setarch(8) may have given this process another machine or release,
 * which only uname knows; its bits are 0008 (PER_LINUX32) and 20000 (UNAME26).
 */
const KERNEL_COMMAND = `kernel=; read -r f </proc/self/personality && [ "$f" = 00000000 ] && read -r release </proc/sys/kernel/osrelease && read -r nodename </proc/sys/kernel/hostname && read -r f </proc/sys/kernel/version && read -r rest </proc/sys/kernel/arch && kernel="Linux $nodename $release $f $rest"
[ -n "$kernel" ] || { kernel=$(uname -snrvm); set -- $kernel; nodename=$2; release=$3; set --; }`;

/**
 * POSIX sh, in a subshell, so that nothing of it stays in a long-lived shell.
 * @param nonce letters and digits, new for each run
 * @param localFrom see gatherFacts
 */
export function factsScript(nonce: string, localFrom?: string): string {
  const mark = (name: string) => `printf '\\n%s %s\\n' ${quote(nonce)} ${name}`;
  const paths = [...new Set(facts.flatMap((fact) => fact.files ?? []))].join(' ');
  const lines = [`${LABEL}${quote(nonce)}`, '(', 'exec </dev/null 2>/dev/null', 'set +eu', mark(first?.name ?? ''), first?.command ?? ''];
  // Logins that are not root often lack the sbin folders, where ip and dpkg's friends live.
  lines.push('LC_ALL=C; PATH=$PATH:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin', 'export LC_ALL PATH', KERNEL_COMMAND, PACKAGES_COMMAND, mark(FILES));
  lines.push(`if command -v grep; then grep -H '' ${paths}; else for f in ${paths}; do [ ! -f "$f" ] || while IFS= read -r line || [ -n "$line" ]; do printf '%s:%s\\n' "$f" "$line"; done <"$f"; done; fi`);
  lines.push(`ls -ld ${[...new Set(facts.flatMap((fact) => fact.links ?? []))].join(' ')}`);
  for (const { name, command = '' } of others) lines.push(mark(name), name !== localFacts.name ? command : localFrom === undefined ? '' : localFactsCommand(localFrom));
  lines.push(mark('end'), ')', '');
  return lines.join('\n');
}

/** The nonce of a script that `factsScript` made; undefined for any other script. For simulated hosts. */
export function nonceOf(script: string): string | undefined {
  const line = script.split('\n', 1)[0] ?? '';
  return line.startsWith(LABEL) ? line.slice(LABEL.length) : undefined;
}

/** What a host would answer: one text for each section's name (`files` too, see renderFiles); those left out are empty. For simulated hosts. */
export function renderAnswer(nonce: string, sections: Readonly<Record<string, string>>): string {
  return `${SECTIONS.map((name) => `\n${nonce} ${name}\n${sections[name] ?? ''}`).join('')}\n${nonce} end\n`;
}

/** undefined when a section is missing, out of order, or the end is. */
export function splitAnswer(nonce: string, answer: HostText): FactsAnswer | undefined {
  const sections = new Map<string, HostText>();
  let rest = answer;
  let previous: string | undefined;
  for (const name of [...SECTIONS, 'end']) {
    const mark = `\n${nonce} ${name}\n`;
    const at = rest.indexOf(mark);
    if (at === -1) return undefined;
    if (previous !== undefined) sections.set(previous, rest.slice(0, at));
    rest = rest.slice(at + mark.length);
    previous = name;
  }
  return { sections, files: new HostFiles(sections.get(FILES) ?? '') };
}
