// What comes in: whom to become, and how. What goes out: the words of the command that does it, for sh.
// Guaranteed: pure; no password is in them (it is answered on standard input, or on a terminal); every word is quoted.
// Not here: asking and answering (open-script.ts), and what a refusal means (become-errors.ts).
import { quote } from '../base/quote.js';
import type { Become } from '../inventory/become.js';

/** The shell variables that these commands read: the code to run as that user, and what it must be told. */
const INNER = 'sh -c "$r" sh "$SSH_CONNECTION" "$l"';

/** What `onTerminal` with an answer says on the terminal, as that user, before the code runs: what the program said there came before this. */
export const spoken = (nonce: string) => `${nonce},`;

/**
 * sh code before the code to run: sets ft_t when it could say so. The terminal's output comes to the channel by way of script(1), in its own time; the code's
 * own does not, and must not be mixed with what the program that asked says after the answer (doas: a newline).
 */
const speak = (nonce: string) => `{ printf %s ${spoken(nonce)} >/dev/tty; } 2>/dev/null && ft_t=' t'; `;
const speakFirst = (nonce: string) => `r=${quote(speak(nonce))}"$r"; `;

/** `su -`, `sudo -i`: the other user's login shell starts anew, without our variables. */
const LOGIN_FLAGS = /^(-|-[a-z]*l[a-z]*|--login)$/i;
const SUDO_SHELL_FLAGS = /^(-[a-zA-Z]*[is][a-zA-Z]*|--login|--shell)$/;

/** How often a program has asked for a password. Only sudo lets us say with which words. @param said what it has said so far */
export function questionsIn(said: string, become: Become, nonce: string): number {
  const prompts = become.method === 'sudo' ? [new RegExp(`fleet-tap ${nonce}:`, 'g')] : [/password[^\n]*: ?$/gi, ...(become.prompts ?? [])];
  // What two of them find is one question.
  return new Set(prompts.flatMap((prompt) => [...said.matchAll(prompt)].map((match) => match.index + match[0].length))).size;
}

/**
 * The launcher: sh code that becomes the user and there runs `code`, with SSH_CONNECTION and LC_ALL as its arguments 1 and 2.
 * The program speaks English (LC_ALL=C), so that its refusals can be told apart. A login that is that user already becomes nobody.
 * @param terminal give the program a terminal (script(1) makes it) without putting the data through it: any bytes stay as they are
 */
export function launcher(code: string, become: Become, nonce: string, terminal: boolean): string {
  const { user } = become;
  const isAlready = user === 'root' ? '[ "$(id -u)" = 0 ]' : `[ "$(id -un)" = ${quote(user)} ]`;
  return `r=${quote(code)}; l=\${LC_ALL-}; export LC_ALL=C; if ${isAlready}; then exec ${INNER}; fi; ${byMethod(code, become, user, nonce, terminal)}`;
}

function byMethod(code: string, become: Become, user: string, nonce: string, terminal: boolean): string {
  const given = become.flags ?? [];
  const exe = quote(become.exe ?? become.method);
  const words = (...list: readonly string[]) => [exe, ...list.map(quote)].join(' ');
  if (become.method === 'su') {
    const isLogin = given.some((word) => LOGIN_FLAGS.test(word));
    const first = terminal ? speak(nonce) : '';
    const inner = isLogin ? `${SAFE_LOCALE} c=${quote(`exec sh -c ${quote(first + code)} sh `)}"'$SSH_CONNECTION' '$l'"` : `c='exec ${INNER}'`;
    return `${terminal ? speakFirst(nonce) : ''}${inner}; export r l SSH_CONNECTION; ${onTerminal(`${words(...given, user)} -c "$c"`, terminal, true)}`;
  }
  if (become.method === 'doas') {
    const doas = (...more: readonly string[]) => `${words(...given, ...more, '-u', user)} ${INNER}`;
    if (become.password === undefined) return `exec ${doas('-n')}`;
    // Only when it wants one: the terminal costs a process, and the password must not be read by anybody else.
    return `if ${words(...given, '-n', '-u', user)} sh -c : </dev/null >/dev/null 2>&1; then exec ${doas('-n')}; fi; ${speakFirst(nonce)}${onTerminal(doas(), true, true)}`;
  }
  const own = given.filter((word) => !['-n', '-S', '--non-interactive', '--stdin'].includes(word));
  const asking = become.password === undefined ? ['-n'] : ['-S', '-p', `fleet-tap ${nonce}:`];
  const encode = own.some((word) => SUDO_SHELL_FLAGS.test(word)) ? `r=${quote(withoutDollars(code))}; ` : '';
  return `${encode}${onTerminal(`${words(...(become.flags === undefined ? ['-H'] : own), ...asking, '-u', user)} -- ${INNER}`, terminal, false)}`;
}

/** What is put into a command line as it is. */
const SAFE_LOCALE = 'case $l in *[!A-Za-z0-9_.@-]*) l=;; esac;';

/** sudo -i and -s give the command to a shell, with everything but letters, digits, `_`, `-` and `$` escaped (sudo(8)): so it must have no `$`. */
function withoutDollars(code: string): string {
  return `eval "\`printf %b ${quote(code.replaceAll('\\', '\\\\').replaceAll('$', '\\0044'))}\`"`;
}

/**
 * script(1) makes a terminal and runs the command in it; the command's own input and outputs are the channel's, by way of 7, 8 and 9.
 * @param answers the first line of the channel's input is typed on the terminal (a password that the program reads there)
 */
function onTerminal(command: string, terminal: boolean, answers: boolean): string {
  if (!terminal) return `exec ${command}`;
  const begin = "command -v script >/dev/null || { echo 'script: not found' >&2; exit 127; }; export r l c SSH_CONNECTION; exec 7<&0 8>&1 9>&2;";
  const run = `SHELL=/bin/sh script -q -e -c ${quote(`exec ${command} <&7 >&8 2>&9`)} /dev/null`;
  if (!answers) return `${begin} ${run} </dev/null >&9 2>&9`;
  // Who types is ended with the program: one that refuses without a question would leave it waiting.
  return `${begin} trap '' TERM; { trap - TERM; IFS= read -r p <&7 && printf '%s\\n' "$p"; } | { trap - TERM; ${run} >&9 2>&9; s=$?; trap '' TERM; kill -TERM 0; exit $s; }`;
}
