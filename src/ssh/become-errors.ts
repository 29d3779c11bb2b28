// What comes in: what sudo, doas or su said when it did not let us through (in English: LC_ALL=C). What goes out: which refusal it was, and what to do.
// Guaranteed: pure; wrong password, not allowed and no answer are three different codes; no word of the password is in any.
import { FleetTapError } from '../base/errors.js';
import type { Become } from '../inventory/become.js';

interface Refusal {
  readonly says: RegExp;
  readonly code: string;
  readonly sentence: (how: string, user: string) => string;
  readonly hint: string;
}

const LOGIN_AS_ROOT = 'or log in as root (ansible_user: root)';

/** The most specific first. */
const REFUSALS: readonly Refusal[] = [
  {
    says: /you must have a tty|must be run from a terminal|a tty is required/,
    code: 'become-needs-terminal',
    sentence: (how) => `${how} wants a terminal here`,
    hint: `take requiretty out of sudoers for this user (Defaults:USER !requiretty), ${LOGIN_AS_ROOT}`,
  },
  {
    says: /script: not found/,
    code: 'become-needs-terminal',
    sentence: (how) => `${how} wants a terminal here, and there is no script(1) to make one`,
    hint: `install util-linux's script there, let the user become root without a password, ${LOGIN_AS_ROOT}`,
  },
  {
    says: /^(sh: .*)?(exec: )?\S+: (command )?not found|\S+: No such file or directory\s*$|sh: .*Permission denied/m,
    code: 'become-missing',
    sentence: (how, user) => `${how} is not installed here, and the login is not ${user}`,
    hint: `install it, name another way (ansible_become_method: su), ${LOGIN_AS_ROOT}`,
  },
  {
    says: /account validation failure|account (has )?expired|is your account locked|password is expired|password has expired/i,
    code: 'become-account',
    sentence: (how) => `${how} says that the account is locked or expired`,
    hint: 'ask the administrator to set the account or its password right there (chage -l USER)',
  },
  {
    says: /unknown user|user \S+ does not exist|no passwd entry|unknown target/i,
    code: 'become-user-unknown',
    sentence: (how, user) => `${how} knows no user ${user} here`,
    hint: 'set ansible_become_user to one that exists there',
  },
  {
    says: /is not in the sudoers file|may not run sudo|is not allowed to (execute|run)|Operation not permitted|su: Permission denied|user NOT in sudoers/i,
    code: 'become-not-allowed',
    sentence: (how, user) => `${how} does not let this user become ${user}`,
    hint: `allow it there (sudoers, doas.conf, group wheel), ${LOGIN_AS_ROOT}`,
  },
  {
    says: /Sorry, try again|incorrect password attempt|Authentication failure|Authentication failed|incorrect password/i,
    code: 'become-password-wrong',
    sentence: (how) => `${how} refused the become password`,
    hint: 'asked once and tried once, so that no account is locked: run it again with -K and type it anew, or correct ansible_become_password',
  },
  {
    says: /a password is required|a terminal is required|no tty present|Authentication required/,
    code: 'become-password-needed',
    sentence: (how) => `${how} asks for a password here`,
    hint: `type it with -K, allow this user to do without (NOPASSWD: ALL), ${LOGIN_AS_ROOT}`,
  },
];

/** @returns the refusal, or undefined when these words are none of theirs */
export function becomeRefusal(host: string, become: Become, said: string): FleetTapError | undefined {
  const found = REFUSALS.find((refusal) => refusal.says.test(said));
  if (found === undefined) return undefined;
  return new FleetTapError('host', found.code, found.sentence(become.exe ?? become.method, become.user), { place: { host }, hint: found.hint });
}

/** What happened here, not what the program said. */
export function becomeFailure(host: string, become: Become, code: 'become-password-wrong' | 'become-password-needed'): FleetTapError {
  const said = code === 'become-password-wrong' ? 'Sorry, try again' : 'a password is required';
  return becomeRefusal(host, become, said) ?? new FleetTapError('host', code, code, { place: { host } });
}
