// What comes in: the words behind `--`. What goes out: the script that runs them on a host, the one that ends them, and the filter between
// what the login prints by itself and what the command prints.
// Guaranteed: a word arrives as it was typed unless it is the only one (or --shell was given): then it is a line for the host's sh.
import { quote } from '../base/quote.js';

/**
 * One word is a line for sh, as with `ssh HOST 'df -h | tail -1'`; several are a program and its arguments, each exactly as typed (ssh itself
 * joins them with spaces and lets the shell read the result).
 * @param isShell several words are joined with spaces to one line for sh
 */
export function shellLineOf(words: readonly string[], isShell: boolean): string {
  return words.length === 1 || isShell ? words.join(' ') : words.map(quote).join(' ');
}

/**
 * The mark says that the login's own start files are through, and which session the command's processes are in: sshd gives each channel one
 * of its own. The line stands in no process list; it is evaluated, so that `exit` and a syntax error in it are its own.
 * @param nonce letters and digits, new for each host
 */
export function execScript(nonce: string, line: string): string {
  return `: fleet-tap exec ${nonce}
fleet_tap=; { read -r fleet_tap </proc/self/stat; } 2>/dev/null
fleet_tap=\${fleet_tap##*) }; set -- $fleet_tap; fleet_tap=\${4:-$$}; set --
printf '\\n%s %s\\n' ${nonce} "$fleet_tap"; printf '\\n%s %s\\n' ${nonce} "$fleet_tap" >&2; unset fleet_tap
eval ${quote(line)}
`;
}

/**
 * Ends every process of the session: SIGTERM, and SIGKILL for what is left after two seconds. Exit status 1 when something still lives.
 * What has made a session of its own (a daemon) is left alone: it was meant to outlive its start.
 */
export function endScript(session: number): string {
  return `: fleet-tap end ${session}
( exec 2>/dev/null
if [ ! -r /proc/self/stat ]; then kill -TERM -${session}; sleep 2; kill -KILL -${session}; exit 0; fi
tries=0; told=; left=
while [ $tries -lt 40 ]; do
left=
for f in /proc/[0-9]*/stat; do
s=; read -r s <"$f" || continue
set -- \${s##*) }; [ "$4" = ${session} ] && [ "$1" != Z ] || continue
f=\${f#/proc/}; left="$left \${f%/stat}"
done
[ -n "$left" ] || exit 0
if [ -z "$told" ]; then kill -TERM $left; kill -CONT $left; told=1; elif [ $tries -ge 20 ]; then kill -KILL $left; fi
tries=$((tries + 1)); sleep 0.1 || sleep 1
done
exit 1 )
`;
}

/** What the login's start files print before the command, kept for the case that it never starts. */
const PRELUDE_LIMIT_BYTES = 64 * 1024;

/** Lets through what stands behind the mark. */
export class MarkFilter {
  readonly #mark: Buffer;
  #prelude: Buffer = Buffer.alloc(0);
  #session: number | undefined;

  constructor(nonce: string) {
    this.#mark = Buffer.from(`\n${nonce} `);
  }

  /** The command's session; undefined until the mark has come. */
  get session(): number | undefined {
    return this.#session;
  }

  /** What came before the mark: at most the last 64 KiB. */
  get prelude(): string {
    return this.#prelude.toString('utf8');
  }

  /** The part of the chunk that the command printed; empty before the mark. */
  push(chunk: Buffer): Buffer {
    if (this.#session !== undefined) return chunk;
    const bytes = Buffer.concat([this.#prelude, chunk]);
    const at = bytes.indexOf(this.#mark);
    const end = at === -1 ? -1 : bytes.indexOf(0x0a, at + this.#mark.length);
    if (end === -1) {
      this.#prelude = bytes.subarray(-PRELUDE_LIMIT_BYTES);
      return Buffer.alloc(0);
    }
    this.#session = Number(bytes.toString('latin1', at + this.#mark.length, end));
    this.#prelude = bytes.subarray(0, at);
    return bytes.subarray(end + 1);
  }
}
