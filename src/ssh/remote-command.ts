// What comes in: a POSIX sh script. What goes out: the command line that reads it from standard input and runs it.
// Guaranteed: the script stands in no process list, works whatever the login shell is, leaves the rest of standard input to the script,
// and runs whole or not at all (a connection that is cut in the middle of it must not run its first half).
import { FleetTapError } from '../base/errors.js';
import type { HostText } from '../base/host-text.js';
import { quote } from './quote.js';

/** The command for the exec channel; write the script's bytes to its standard input first. */
export function remoteCommand(scriptBytes: number, become: boolean): string {
  // The dot keeps final newlines; in the C locale a length is in bytes.
  const read = `s=$(head -c ${scriptBytes}; echo .); [ "$(LC_ALL=C; echo \${#s})" -eq ${scriptBytes + 1} ] || { echo 'the script came incomplete' >&2; exit 126; }; eval "\${s%.}"`;
  if (!become) return `sh -c ${quote(read)}`;
  // sudo's own words in English, for `sudoRefusal`; the script gets its locale back.
  const sudo = `l=\${LC_ALL-}; export LC_ALL=C; exec sudo -n -- env LC_ALL="$l" SSH_CONNECTION="$SSH_CONNECTION" sh -c "$r"`;
  const asRoot = `r=${quote(read)}; if [ "$(id -u)" = 0 ]; then exec sh -c "$r"; fi; ${sudo}`;
  return `sh -c ${quote(asRoot)}`;
}

/**
 * sudo's own refusal, told from the script's failure.
 * @returns the error, or undefined when sudo did let us through
 */
export function sudoRefusal(host: string, status: number, stderr: HostText): FleetTapError | undefined {
  if (status === 0) return undefined;
  const place = { host };
  if (/^sudo: (a password is required|a terminal is required|no tty present)/m.test(stderr)) {
    return new FleetTapError('host', 'sudo-password-needed', 'sudo asks for a password here', {
      place,
      hint: 'log in as root (ansible_user: root), or allow this user in sudoers without a password (NOPASSWD: ALL)',
    });
  }
  if (/^sudo: sorry, you must have a tty/m.test(stderr)) {
    return new FleetTapError('host', 'sudo-needs-terminal', 'sudo wants a terminal here', {
      place,
      hint: 'take requiretty out of sudoers for this user (Defaults:USER !requiretty), or log in as root (ansible_user: root)',
    });
  }
  if (/is not in the sudoers file|may not run sudo|is not allowed to execute/.test(stderr)) {
    return new FleetTapError('host', 'sudo-not-allowed', 'sudo does not let this user become root', {
      place,
      hint: 'add the user to sudoers, or log in as root (ansible_user: root)',
    });
  }
  if (/sudo: (command )?not found|exec: sudo: not found/.test(stderr)) {
    return new FleetTapError('host', 'sudo-missing', 'sudo is not installed and the login is not root', {
      place,
      hint: 'install sudo, or log in as root (ansible_user: root)',
    });
  }
  return undefined;
}
