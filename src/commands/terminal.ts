// What comes in: a question. What goes out: what the person at the terminal answers.
// Guaranteed: one question at a time, whatever the number of hosts that ask; a secret is not shown; Ctrl-C ends the question and the program.
// The terminal is asked itself, not standard input, as ssh does: what is piped in stays for the commands.
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { ReadStream } from 'node:tty';
import { FleetTapError } from '../base/errors.js';

export interface Terminal {
  /** Puts a yes/no question. */
  ask(question: string): Promise<boolean>;
  /** Puts a question whose answer is not shown. */
  askSecret(prompt: string): Promise<string>;
  /** Puts a question whose answer is shown while it is typed. */
  askLine(prompt: string): Promise<string>;
  /** From now on this makes room for each question: it draws on the terminal. */
  drawnBy(whileAsked: WhileAsked): void;
}

/** Puts a question, and keeps off the terminal until it is answered. */
export type WhileAsked = <T>(question: () => Promise<T>) => Promise<T>;

/** @returns undefined where nobody can answer: messages do not go to a terminal, or there is none */
export function openTerminal(stderr: NodeJS.WriteStream, interrupted: AbortSignal): Terminal | undefined {
  if (!stderr.isTTY) return undefined;
  try {
    closeSync(openSync('/dev/tty', 'r+'));
  } catch {
    return undefined;
  }
  let room: WhileAsked = (question) => question();
  const inTurn = serialised();
  const oneAtATime = <T>(question: () => Promise<T>) => inTurn(() => room(question));
  return {
    ask: (question) => oneAtATime(() => askYesOrNo(question, stderr, interrupted)),
    askSecret: (prompt) => oneAtATime(() => askHidden(prompt, stderr, interrupted)),
    askLine: (prompt) => oneAtATime(() => askShown(prompt, stderr, interrupted)),
    drawnBy: (whileAsked) => {
      room = whileAsked;
    },
  };
}

/** Hosts are dialled together; a person answers one question after the other. */
function serialised(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => {});
    return next;
  };
}

function unanswered(): FleetTapError {
  return new FleetTapError('unreachable', 'interrupted', 'the question was not answered');
}

async function askYesOrNo(question: string, stderr: NodeJS.WriteStream, interrupted: AbortSignal): Promise<boolean> {
  return /^y(es)?$/i.test((await askShown(`${question} (yes/no) `, stderr, interrupted)).trim());
}

async function askShown(prompt: string, stderr: NodeJS.WriteStream, interrupted: AbortSignal): Promise<string> {
  if (interrupted.aborted) throw unanswered();
  const input = new ReadStream(openSync('/dev/tty', 'r'));
  // Not `terminal`: the kernel edits the line, and Ctrl-C stays a signal.
  const lines = createInterface({ input, output: stderr, terminal: false });
  try {
    const closed = new Promise<never>((_resolve, reject) => lines.once('close', () => reject(unanswered())));
    return await Promise.race([lines.question(prompt, { signal: interrupted }), closed]);
  } catch (error) {
    throw error instanceof FleetTapError ? error : unanswered();
  } finally {
    lines.close();
    input.destroy();
  }
}

function askHidden(prompt: string, stderr: NodeJS.WriteStream, interrupted: AbortSignal): Promise<string> {
  if (interrupted.aborted) return Promise.reject(unanswered());
  const input = new ReadStream(openSync('/dev/tty', 'r'));
  return new Promise<string>((resolve, reject) => {
    let typed = '';
    const end = (settle: () => void) => {
      interrupted.removeEventListener('abort', giveUp);
      input.setRawMode(false);
      input.destroy();
      stderr.write('\n');
      settle();
    };
    const giveUp = () => end(() => reject(unanswered()));
    interrupted.addEventListener('abort', giveUp);
    input.on('error', giveUp);
    input.setEncoding('utf8');
    // Raw, since only so nothing is shown; the keys that the kernel would know are ours to know then.
    input.setRawMode(true);
    stderr.write(prompt);
    input.on('data', (text: string) => {
      for (const key of text) {
        if (key === '\r' || key === '\n') return end(() => resolve(typed));
        if (key === '\u0004') return typed === '' ? end(() => resolve('')) : undefined;
        if (key === '\u0003') return void process.kill(process.pid, 'SIGINT');
        if (key === '\u007f' || key === '\b') typed = [...typed].slice(0, -1).join('');
        else if (key === '\u0015') typed = '';
        else typed += key;
      }
    });
  });
}
