// What comes in: a POSIX sh script. What goes out: the command line that reads it from standard input and runs it, and the bytes to send.
// Guaranteed: the script stands in no process list, works whatever the login shell is, leaves the rest of standard input to the script,
// and runs whole or not at all (a connection that is cut in the middle of it must not run its first half).
// It says NONCE and its process id when it is there, and NONCE. on both outputs when it has the script: what comes before is not the script's
// (a login's rc files, a lecture of sudo's), and input sent earlier could be lost (busybox's head reads more than it was asked for).
// Behind the process id stands a t where something was said on a terminal first (become.ts): only when that has come, too, may it get the script.
import { launcher } from './become.js';
import { quote } from '../base/quote.js';
import type { Become } from '../inventory/become.js';

/** The shell's own `read` takes a system call for each byte; from here on a process of its own (head) costs the host less. */
const LINE_LIMIT_BYTES = 2_048;

const INCOMPLETE = "{ echo 'the script came incomplete' >&2; exit 126; }";

/** sh code that reads a script and its end mark, `bytes` together, from file descriptor `from`, and sets ft_s to it. All three are sh words. */
export function reader(bytes: string, mark: string, from: string): string {
  return `ft_s=$(head -c ${bytes}${from}); case $ft_s in *${mark}) ;; *) ${INCOMPLETE} ;; esac; ft_s=\${ft_s%${mark}}; `;
}

/** What `reader` reads. No shell can hold a NUL: a script with one gets no mark, since it must not run without it either. */
export function marked(script: string, mark: string): Buffer {
  return Buffer.from(`${script}${script.includes('\0') ? '\0'.repeat(mark.length) : mark}`, 'utf8');
}

/** A script as one line of sh: single quotes, and the variable ft_l for each newline. */
export function shellText(script: string): string {
  return `'${script.replaceAll("'", `'\\''`).replaceAll('\n', `'"$ft_l"'`)}'`;
}

export interface CarriedScript {
  /** For the exec channel. */
  readonly command: string;
  /** For its standard input. */
  readonly bytes: Buffer;
}

/**
 * @param nonce random, of letters and digits: nothing on the host may guess it
 * @param terminal see `launcher`
 */
export function remoteCommand(script: string, nonce: string, become?: Become, terminal = false): CarriedScript {
  const line = Buffer.from(`${shellText(script)}\n`, 'utf8');
  const isShort = line.length <= LINE_LIMIT_BYTES && !script.includes('\0');
  const bytes = isShort ? line : marked(script, nonce);
  // The third character of IFS as every sh sets it is a newline; none may stand in the command line (csh).
  const take = isShort ? `IFS= read -r ft_s || ${INCOMPLETE}; ft_l=\${IFS#??}; eval "ft_s=$ft_s"; ` : reader(String(bytes.length), nonce, '');
  const read = (pid: string) => `printf '%s %s\\n' ${nonce} ${pid}; ${take}printf %s ${nonce}.; printf %s ${nonce}. >&2; eval "unset ft_s ft_l ft_t; $ft_s"`;
  if (become === undefined) return { command: `exec sh -c ${quote(read('$$'))}`, bytes };
  const tell = '[ -z "$1" ] || { SSH_CONNECTION=$1; export SSH_CONNECTION; }; if [ -n "$2" ]; then LC_ALL=$2; export LC_ALL; else unset LC_ALL; fi; shift $#; unset r l c p; ';
  return { command: `exec sh -c ${quote(`printf 'fleet-tap %s>' ${nonce} >&2; ${launcher(tell + read('"$$$ft_t"'), become, nonce, terminal)}`)}`, bytes };
}
