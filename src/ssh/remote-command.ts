// What comes in: a POSIX sh script. What goes out: the command line that reads it from standard input and runs it.
// Guaranteed: the script stands in no process list, works whatever the login shell is, and leaves the rest of standard input to the script.
import { FleetTapError } from '../base/errors.js';
import type { HostText } from '../base/host-text.js';
import { quote } from './quote.js';

/** The command for the exec channel; write the script's bytes to its standard input first. */
export function remoteCommand(scriptBytes: number, become: boolean): string {
  const read = `s=$(head -c ${scriptBytes}) && eval "$s"`;
  if (!become) return `sh -c ${quote(read)}`;
  const asRoot = `r=${quote(read)}; if [ "$(id -u)" = 0 ]; then exec sh -c "$r"; fi; exec sudo -n -- env SSH_CONNECTION="$SSH_CONNECTION" sh -c "$r"`;
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
