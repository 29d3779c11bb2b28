// The one format in which every module's script answers, and its pure parser. Example:
//     fleet-tap-answer 1
//     changed=true
//     rc=0
//     stdout>first line of a text
//     stdout>second line
//     end
// First line and last line stand exactly so (a script that died halfway has no `end`). `name=value` is a value of one line; `name>line` is one
// line of a text, as often as the text has lines. Values that hold a newline are texts. What stands on standard error is not part of the answer.
import { FleetTapError } from '../base/errors.js';
import { type HostText, lastLines } from '../base/host-text.js';
import type { CommandResult } from '../ssh/session.js';

export interface Answer {
  /** One-line values by name. */
  readonly values: ReadonlyMap<string, HostText>;
  /** `changed=true` */
  readonly changed: boolean;
  /** The lines of a text, joined; '' when there is none. */
  text(name: string): HostText;
}

const FIRST = 'fleet-tap-answer 1';
const LAST = 'end';

/** @throws FleetTapError kind `host`, code `module-answer`, with the last that the script said */
export function parseAnswer(module: string, result: CommandResult): Answer {
  const lines = result.stdout.split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines[0] !== FIRST || lines.at(-1) !== LAST) {
    const said = lastLines(result.stderr.trim() === '' ? result.stdout : result.stderr, 3);
    const message = `the script of the module ${module} ended with exit status ${result.status} before it had answered${said === '' ? '' : `; it said: ${said}`}`;
    throw new FleetTapError('host', 'module-answer', message);
  }
  const values = new Map<string, HostText>();
  const texts = new Map<string, HostText[]>();
  for (const line of lines.slice(1, -1)) {
    const [, name = '', mark, rest = ''] = /^([a-z][a-z0-9_]*)([=>])([\s\S]*)$/.exec(line) ?? [];
    if (mark === '=') values.set(name, rest);
    else if (mark === '>') texts.set(name, [...(texts.get(name) ?? []), rest]);
    else throw new FleetTapError('host', 'module-answer', `the script of the module ${module} answered a line that is none: ${lastLines(line, 1)}`);
  }
  return { values, changed: values.get('changed') === 'true', text: (name) => (texts.get(name) ?? []).join('\n') };
}
