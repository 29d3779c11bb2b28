// A program's output, for modules that run one: gathered by the script and told in its answer; or let through as it comes, up to a mark, where a person watches.
// Guaranteed: rc and standard output are the same either way, newlines at the end included. Children that outlive the program (`server &`) are
// given a second to end, as by Ansible: what they print until then is in it. Then the task is over, and the next write of theirs to it fails;
// but where a person watches, it is over when the last of them has let go of the output.
import { createHmac, randomBytes } from 'node:crypto';
import type { CommandResult } from '../ssh/session.js';
import { type Answer, parseAnswer } from './answer.js';
import type { ModuleContext } from './module.js';
import { part } from './script.js';

/** Nothing on a host can guess a mark; the same command has the same one, so that scripts can be compared. */
const SECRET = randomBytes(16);

interface ProgramScript {
  /** For the head of a script. */
  readonly head: string;
  /** Sets rc, and out to what is not shown. */
  readonly run: string;
  /** Ends the output that goes through; undefined: it is gathered. */
  readonly shownUntil: string | undefined;
}

/** `settle` waits up to a second for processes that hold its standard output as theirs. A background process is nobody's child any more: /proc knows it. */
const SETTLE = part(`
held() {
  { read -r ft_own ft_rest < /proc/self/stat; } 2>/dev/null || return 1
  for f in /proc/[0-9]*/fd/[12]; do
    case $f in "/proc/$ft_own/"*) ;; *) if [ "$f" -ef /proc/self/fd/1 ]; then return 0; fi ;; esac
  done
  return 1
}
settle() { for ft_turn in 1 2 3 4 5 6 7 8 9 10; do held || return 0; sleep 0.1 2>/dev/null || sleep 1; done; }
`);

/** @param invocation a command for sh */
export function programScript(invocation: string, { isShown = false }: Pick<ModuleContext, 'isShown'>): ProgramScript {
  const mark = createHmac('sha256', SECRET).update(invocation).digest('hex').slice(0, 32);
  // The exit status stands behind the mark, where sed stops reading; the mark keeps newlines that $( ) would drop.
  const gathered = `out=$({ ${invocation}; rc=$?; settle; printf '${mark}%s.\\n' "$rc"; } | LC_ALL=C sed '/${mark}/q')\nrc=\${out#*${mark}}\nout=\${out%%${mark}*}\${rc#*.}\nrc=\${rc%%.*}`;
  if (!isShown) return { head: SETTLE, run: gathered, shownUntil: undefined };
  // cat goes on until the last child has let go of the output.
  const through = `{ { ${invocation}; } 3>&- 4>&-; echo "$?" >&3; } | cat 3>&- >&4 4>&-`;
  return { head: `answer() { printf %s ${mark}; echo 'fleet-tap-answer 1'; }`, run: `exec 4>&1\nrc=$({ ${through}; } 3>&1)\nexec 4>&-\nout=`, shownUntil: mark };
}

/** The answer of a script that has run one, and the program's standard output. @throws FleetTapError as `parseAnswer` */
export function programAnswer(module: string, result: CommandResult, { shownUntil: mark = '' }: ProgramScript): { readonly answer: Answer; readonly stdout: string } {
  const at = mark === '' ? -1 : result.stdout.indexOf(mark);
  const answer = parseAnswer(module, at === -1 ? result : { ...result, stdout: result.stdout.slice(at + mark.length) });
  // sh keeps no NUL either.
  return { answer, stdout: at === -1 ? answer.text('stdout') : result.stdout.slice(0, at).replaceAll('\0', '') };
}
