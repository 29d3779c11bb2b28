// What comes in: the question of --step. What goes out: the answer: of the terminal, or else the next line of standard input, as ansible-playbook reads it.
// Guaranteed: where there are rows on the terminal, the question is all that is shown; elsewhere the question and its heading are Ansible's lines.
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { banner } from '../base/banner.js';
import { FleetTapError } from '../base/errors.js';
import type { CommandContext } from './context.js';

/** @param shown isDrawn: as rows on the terminal; isJson: standard output is one document */
export function stepQuestion(context: CommandContext, shown: { readonly isDrawn: boolean; readonly isJson: boolean }): (prompt: string) => Promise<string> {
  const { stdout, stderr, askLine } = context;
  const out = shown.isJson ? stderr : stdout;
  const next = askLine === undefined ? linesOf(context) : undefined;
  return async (prompt) => {
    if (next !== undefined) out.write(prompt);
    const answer = next === undefined ? await askLine?.(prompt) : await next();
    if (answer === undefined) {
      out.write('\n');
      throw new FleetTapError('input', 'no-terminal', '--step asks before each task, and standard input has no more answers', { hint: 'run it at a terminal, or send an answer for each task: y, n or c' });
    }
    if (!shown.isDrawn) out.write(`\n${banner(prompt.trim())}\n`);
    return answer;
  };
}

/** One line after the other; undefined at the end. */
function linesOf({ openStdin }: CommandContext): () => Promise<string | undefined> {
  let input: (Readable & { ref?: () => void; unref?: () => void }) | undefined;
  let lines: AsyncIterator<string> | undefined;
  return async () => {
    input ??= openStdin?.();
    if (input === undefined) return undefined;
    lines ??= createInterface({ input })[Symbol.asyncIterator]();
    // Between questions an input that stays open does not keep the program.
    input.ref?.();
    const { value, done } = await lines.next();
    input.unref?.();
    return done === true ? undefined : value;
  };
}
