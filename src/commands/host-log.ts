// What comes in: the events of a playbook run. What goes out: for each host a log of its own in the run directory, a line for each task: when it ended,
// what became of it, its name, what it said; below it, indented, the output of commands that failed or changed something.
// Guaranteed: printable text only; what the playbook hides (no_log) is hidden; a name and password in an address (http://name:password@mirror) are not kept.
import { printable } from '../base/host-text.js';
import type { PlaybookReporter, TaskResultEvent } from '../base/playbook-events.js';

export interface HostOutput {
  write(host: string, stream: 'stdout', bytes: Buffer): void;
}

export class HostLog implements PlaybookReporter {
  readonly #output: HostOutput;
  readonly #now: () => Date;

  constructor(output: HostOutput, now: () => Date) {
    this.#output = output;
    this.#now = now;
  }

  taskResult(event: TaskResultEvent): void {
    if (event.part === 'loop') return; // Its items have been told.
    const { host, task, status, item, message, hint, result, diff } = event;
    const what = [task, ...(item === undefined ? [] : [`(${item})`])].join(' ');
    const lines = [`${status.padEnd(11)} ${what}${message === '' ? '' : `: ${message}`}`];
    if (hint !== undefined) lines.push(...indented(`hint: ${hint}`));
    if (status === 'failed' || status === 'changed') for (const name of ['stdout', 'stderr']) if (typeof result[name] === 'string' && result[name] !== '') lines.push(...indented(result[name]));
    if (diff !== undefined) lines.push(...indented(diff));
    this.#write(host, lines.join('\n'));
  }

  retrying({ host, task, left }: { readonly host: string; readonly task: string; readonly left: number }): void {
    this.#write(host, `retrying    ${task}: ${left} left`);
  }

  playStarted(): void {}
  taskStarted(): void {}
  taskFinished(): void {}
  warning(): void {}

  #write(host: string, text: string): void {
    this.#output.write(host, 'stdout', Buffer.from(`${this.#now().toISOString()} ${withoutUserInfo(printable(text))}\n`));
  }
}

function indented(text: string): string[] {
  return text.trimEnd().split('\n').map((line) => `    ${line}`);
}

/** RFC 3986, 3.2.1: what stands before the @ of an address. */
function withoutUserInfo(text: string): string {
  return text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^\s/?#'"]+@/gi, '$1(not kept)@');
}
