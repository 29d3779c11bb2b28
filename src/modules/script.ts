// What every module's script has in common: the label line that says what it is, and the shell functions that print the answer.
// Guaranteed: plain POSIX sh (dash); data is in it only as quoted words.
import { quote } from '../base/quote.js';
import type { ModuleContext } from './module.js';

/** Exit status of a module's script that has changed something, or failed, and has said so. */
const DIFFERS = 10;

/** Texts that scripts have in common: where several scripts go to a host together, each goes once (playbook/scripts-together.ts). */
const parts = new Set<string>();

/** @param text whole commands; they may use the positional parameters, and set none that is used behind them */
export function part(text: string): string {
  const trimmed = text.trim();
  parts.add(trimmed);
  return trimmed;
}

/** The longest first. */
export function commonParts(): readonly string[] {
  return [...parts].toSorted((a, b) => b.length - a.length);
}

const FUNCTIONS = part(`
ft_status=0 ft_newline='
'
say() { printf '%s=%s\\n' "$1" "$2"; case $1=$2 in changed=true|failed=true) ft_status=${DIFFERS} ;; esac; }
tell() {
  if [ \${#2} -gt 2000 ]; then printf '%s\\n' "$2" | sed "s/^/$1>/"; return; fi
  ft_text=$2
  while :; do
    case $ft_text in
    *"$ft_newline"*) printf '%s>%s\\n' "$1" "\${ft_text%%"$ft_newline"*}"; ft_text=\${ft_text#*"$ft_newline"} ;;
    *) printf '%s>%s\\n' "$1" "$ft_text"; return ;;
    esac
  done
}
answer() { echo 'fleet-tap-answer 1'; }
finish() { echo end; exit $ft_status; }
`);

/**
 * @param shown the parameters for the label, a first line that does nothing but say what runs: `: fleet-tap module file '{"path":"/x"}'`.
 *   No contents of files; and nothing at all for a task with no_log.
 * @param body uses `say NAME VALUE` (one line), `tell NAME TEXT`, `answer` (first, once) and `finish` (last)
 */
export function moduleScript(name: string, shown: Readonly<Record<string, unknown>>, context: ModuleContext, body: string): string {
  const label = JSON.stringify(context.noLog ? {} : shown);
  return `: fleet-tap module ${name} ${quote(label)}\n${FUNCTIONS}\n${body.trim()}\nfinish\n`;
}

/** `name=word` lines for the head of a script: true is 1; false and undefined are empty. */
export function assign(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const word = (value: string | number | boolean | undefined) => (value === undefined || value === false ? '' : value === true ? '1' : String(value));
  return Object.entries(values).map(([name, value]) => `${name}=${quote(word(value))}`).join('\n');
}
