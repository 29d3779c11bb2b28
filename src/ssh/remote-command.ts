// What comes in: the length of a POSIX sh script. What goes out: the command line that reads it from standard input and runs it.
// Guaranteed: the script stands in no process list, works whatever the login shell is, leaves the rest of standard input to the script,
// and runs whole or not at all (a connection that is cut in the middle of it must not run its first half).
// It says NONCE and its process id when it is there, and NONCE. on both outputs when it has the script: what comes before is not the script's
// (a login's rc files, a lecture of sudo's), and input sent earlier could be lost (busybox's head reads more than it was asked for).
import { launcher } from './become.js';
import { quote } from './quote.js';
import type { Become } from '../inventory/become.js';

/** sh code that reads a script of `scriptBytes` from file descriptor `from` and runs it. The dot keeps final newlines; in the C locale a length is in bytes. */
export function reader(scriptBytes: string, from: string, ready: string): string {
  return `s=$(head -c ${scriptBytes}${from}; echo .); [ "$(LC_ALL=C; echo \${#s})" -eq $((${scriptBytes} + 1)) ] || { echo 'the script came incomplete' >&2; exit 126; }; ${ready}eval "unset s; \${s%.}"`;
}

/**
 * The command for the exec channel; write the script's bytes to its standard input.
 * @param nonce random, of letters and digits: nothing on the host may guess it
 * @param terminal see `launcher`
 */
export function remoteCommand(scriptBytes: number, nonce: string, become?: Become, terminal = false): string {
  const read = `printf '%s %s\\n' ${nonce} $$; ${reader(String(scriptBytes), '', `printf %s ${nonce}.; printf %s ${nonce}. >&2; `)}`;
  if (become === undefined) return `exec sh -c ${quote(read)}`;
  const tell = '[ -z "$1" ] || { SSH_CONNECTION=$1; export SSH_CONNECTION; }; if [ -n "$2" ]; then LC_ALL=$2; export LC_ALL; else unset LC_ALL; fi; shift $#; unset r l c p; ';
  return `exec sh -c ${quote(`printf 'fleet-tap %s>' ${nonce} >&2; ${launcher(tell + read, become, nonce, terminal)}`)}`;
}
