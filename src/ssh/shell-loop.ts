// What comes in: nothing. What goes out: the sh script of the long-lived shell, which reads framed commands from its input and answers each.
// A command is a line `MODE NONCE BYTES CODE`. CODE sets ft_s (the script) or, in modes h and f, leaves it to the BYTES bytes after the line, of which the
// last are NONCE; it sets ft_i when the script has an input (a format for printf), and ft_u when no process can stay behind. The answer is the script's own output, then `NONCE STATUS LEFT\n` on stdout and
// NONCE on stderr. LEFT is 1 when a process stayed behind that holds these outputs: it could write into a later answer, so this shell is given up.
// Where the folder of the login may not be read (root's, by another user), scripts run in the user's home, or in /tmp: `find` and others end without it.
// Guaranteed: what is cut runs nothing; a script runs in a process of its own (modes l and h: a subshell; mode f: a shell, for scripts
// that want to know `$$`), with the login's environment, and reaches neither the frames nor the shell's own variables.
import { marked, reader, shellText } from './remote-command.js';
import { quote } from '../base/quote.js';

/** Up to this many bytes of CODE the script stands in the line: the shell reads a line with a system call for each byte; from here on a process of its own (head) costs the host less. */
const LINE_LIMIT_BYTES = 2_048;
/** More processes than this were made meanwhile: go through those that there are, not through each number. */
const LOOK_AT_PIDS = 200;
/** A shell whose own number is further from the last one than this was told of other processes than its own. */
const NEAR_PIDS = 4_000;
/** More than this: their numbers may have begun anew (pid_max is 32,768 at least), and all processes are looked at. */
const TRUST_PIDS = 20_000;

/**
 * Linux tells the last process id that it gave away in /proc/loadavg; only a younger process can have been left behind. Where that is not so (a container
 * that is shown another's) all processes are looked at; without /proc, each command is answered with LEFT.
 */
export const SHELL_LOOP = `: fleet-tap shell
exec 3<&0 4>&2 2>/dev/null
[ -r . ] || cd "$HOME" && [ -r . ] || cd /tmp
ft_c=\${LC_ALL-} ft_h=\${LC_ALL+y} ft_l='
' ft_r=${quote(`${reader('"$1"', '"$2"', ' <&3')}exec 3<&-; shift 2; eval "unset ft_s; $ft_s"`)}
LC_ALL=C
trap : HUP INT QUIT TERM
ft_last() { ft_p=; read -r ft_z ft_z ft_z ft_z ft_p < /proc/loadavg; }
ft_holds() {
  for ft_f in /proc/$1/fd/*; do
    if [ "$ft_f" -ef /proc/$$/fd/1 ] || [ "$ft_f" -ef /proc/$$/fd/4 ]; then return 0; fi
  done
  return 1
}
ft_all() {
  ft_a=" $$ " ft_z=$$
  while [ "$ft_z" -gt 1 ] && read -r ft_z < /proc/$ft_z/stat; do
    ft_z=\${ft_z##*") "}; ft_z=\${ft_z#? }; ft_z=\${ft_z%% *}; ft_a="$ft_a$ft_z "
  done
  for ft_q in /proc/[0-9]*; do
    ft_q=\${ft_q#/proc/}
    case "$ft_a" in *" $ft_q "*) ;; *) ft_holds "$ft_q" && return 0 ;; esac
  done
  return 1
}
ft_left() {
  [ -d /proc/$$/fd ] || return 0
  if [ -n "$ft_g" ] || [ -z "$ft_p" ] || [ -z "$ft_o" ] || [ "$ft_p" -lt "$ft_o" ] || [ $((ft_p - ft_o)) -gt ${TRUST_PIDS} ]; then ft_all; return; fi
  if [ $((ft_p - ft_o)) -gt ${LOOK_AT_PIDS} ]; then
    for ft_q in /proc/[0-9]*; do
      ft_q=\${ft_q#/proc/}
      [ "$ft_q" -gt "$ft_o" ] && [ "$ft_q" -le "$ft_p" ] && [ "$ft_q" != $$ ] && ft_holds "$ft_q" && return 0
    done
    return 1
  fi
  while [ "$ft_o" -lt "$ft_p" ]; do
    ft_o=$((ft_o + 1))
    [ -d /proc/$ft_o ] && [ "$ft_o" != $$ ] && ft_holds "$ft_o" && return 0
  done
  return 1
}
ft_go() {
  if [ "$ft_m" = h ]; then ${reader('"$ft_b"', '"$ft_k"', ' <&3')}fi
  if [ -n "$ft_h" ]; then LC_ALL=$ft_c; else unset LC_ALL; fi
  if [ "$ft_m" = f ]; then exec sh -c "$ft_r" sh "$ft_b" "$ft_k"; fi
  exec 3<&-
  trap - HUP INT QUIT TERM
  eval "unset ft_c ft_h ft_l ft_r ft_p ft_z ft_e ft_f ft_a ft_q ft_g ft_o ft_n ft_d ft_t ft_m ft_k ft_b ft_x ft_s ft_i ft_u; $ft_s"
}
ft_g=
ft_last
[ -n "$ft_p" ] && [ "$ft_p" -ge $$ ] && [ $((ft_p - $$)) -lt ${NEAR_PIDS} ] || ft_g=y
while read -r ft_m ft_k ft_b ft_x <&3; do
  unset ft_s ft_i ft_u
  eval "$ft_x"
  ft_last
  ft_o=$ft_p
  if [ -n "\${ft_i+y}" ]; then
    printf "$ft_i" 3<&- 4>&- | ( ft_go ) 2>&4 4>&-
  else
    ( ft_go ) </dev/null 2>&4 4>&-
  fi
  ft_e=$?
  ft_n=$ft_o ft_d=0
  ft_last
  # What holds them may be about to let go, or to end: just made, or just killed. A command that was killed had company, which takes longer to go.
  ft_t=1
  [ "$ft_e" -le 128 ] || { ft_t=20; unset ft_u; }
  while [ -z "\${ft_u+y}" ] && ft_left; do
    if [ $ft_t = 0 ]; then ft_d=1; break; fi
    ft_t=$((ft_t - 1))
    sleep 0.1 || sleep 1
    ft_o=$ft_n
    ft_last
  done
  printf '%s %s %s\\n' "$ft_k" "$ft_e" "$ft_d"
  printf %s "$ft_k" >&4
done
`;

/** One command, as it is written to the shell. */
export function frame(nonce: string, script: string, input: Buffer | undefined, leavesNothing = false): Buffer {
  const given = `${input === undefined ? ':' : `ft_i='${printfFormat(input)}'`}${leavesNothing ? '; ft_u=' : ''}`;
  // In a subshell `$$` is the long-lived shell, which must outlive `kill $$`.
  const wantsOwnShell = /\$\$|\$\{\$|PPID/.test(script);
  if (!wantsOwnShell && script.length <= LINE_LIMIT_BYTES && !script.includes('\0')) {
    const line = Buffer.from(`l ${nonce} 0 ${given}; ft_s=${shellText(script)}\n`, 'utf8');
    if (line.length <= LINE_LIMIT_BYTES) return line;
  }
  const bytes = marked(script, nonce);
  return Buffer.concat([Buffer.from(`${wantsOwnShell ? 'f' : 'h'} ${nonce} ${bytes.length} ${given}\n`, 'latin1'), bytes]);
}

/** Any bytes as a format for printf, in one line and without single quotes. ASCII but for nothing: others as octal. */
function printfFormat(bytes: Buffer): string {
  let text = '';
  for (const byte of bytes) {
    const isPlain = byte > 0x20 && byte < 0x7f && byte !== 0x25 && byte !== 0x5c && byte !== 0x27 && (byte !== 0x2d || text !== '');
    text += isPlain || (byte === 0x20 && text !== '') ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
  }
  return text;
}
