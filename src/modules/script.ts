// What every module's script has in common: the label line that says what it is, and the shell functions that print the answer.
// Guaranteed: plain POSIX sh (dash); data is in it only as quoted words.
import { quote } from '../ssh/quote.js';
import type { ModuleContext } from './module.js';

/** Exit status of a module's script that has changed something, or failed, and has said so. */
const DIFFERS = 10;

const FUNCTIONS = `
ft_status=0
say() { printf '%s=%s\\n' "$1" "$2"; case $1=$2 in changed=true|failed=true) ft_status=${DIFFERS} ;; esac; }
tell() { printf '%s\\n' "$2" | sed "s/^/$1>/"; }
answer() { echo 'fleet-tap-answer 1'; }
finish() { echo end; exit $ft_status; }
`.trim();

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
