// What comes in: a nonce. What goes out: the one script that asks for all facts, and its answer cut into sections again.
// Guaranteed: no fact's output can pass for another's: each section begins with a line that holds the nonce, which a file on the host cannot
// know; sections must come complete and in the table's order. Commands that are missing or fail leave their section empty.
//
//   \n<nonce> os-release\n  PRETTY_NAME=…  \n<nonce> kernel\n  Linux …  …  \n<nonce> end\n
import type { HostText } from '../base/host-text.js';
import { quote } from '../ssh/quote.js';
import { facts } from './index.js';

const LABEL = ': fleet-tap facts ';

/**
 * POSIX sh, in a subshell, so that nothing of it stays in a long-lived shell.
 * @param nonce letters and digits, new for each run
 */
export function factsScript(nonce: string): string {
  // Logins that are not root often lack the sbin folders, where ip and dpkg's friends live.
  const lines = [`${LABEL}${quote(nonce)}`, '(', 'LC_ALL=C; PATH=$PATH:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin'];
  lines.push('export LC_ALL PATH', 'exec </dev/null 2>/dev/null', 'set +eu', 'release=$(uname -r)');
  for (const { name, command } of facts) lines.push(`printf '\\n%s %s\\n' ${quote(nonce)} ${name}`, command);
  lines.push(`printf '\\n%s end\\n' ${quote(nonce)}`, ')', '');
  return lines.join('\n');
}

/** The nonce of a script that `factsScript` made; undefined for any other script. For simulated hosts. */
export function nonceOf(script: string): string | undefined {
  const first = script.split('\n', 1)[0] ?? '';
  return first.startsWith(LABEL) ? first.slice(LABEL.length) : undefined;
}

/** What a host would answer: one text for each fact's name; those left out are empty. For simulated hosts. */
export function renderAnswer(nonce: string, sections: Readonly<Record<string, string>>): string {
  return `${facts.map(({ name }) => `\n${nonce} ${name}\n${sections[name] ?? ''}`).join('')}\n${nonce} end\n`;
}

/** The sections by name; undefined when one is missing, out of order, or the end is. */
export function splitAnswer(nonce: string, answer: HostText): Map<string, HostText> | undefined {
  const sections = new Map<string, HostText>();
  let rest = answer;
  let previous: string | undefined;
  for (const name of [...facts.map((fact) => fact.name), 'end']) {
    const mark = `\n${nonce} ${name}\n`;
    const at = rest.indexOf(mark);
    if (at === -1) return undefined;
    if (previous !== undefined) sections.set(previous, rest.slice(0, at));
    rest = rest.slice(at + mark.length);
    previous = name;
  }
  return sections;
}
