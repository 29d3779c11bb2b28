// What comes in: the events of a playbook run. What goes out: one row for each task on the person's terminal, with a count of hosts;
// plain lines where there is no terminal. Rows are steps, never hosts: listr2's renderer costs quadratically in rows and output.
import { DefaultRenderer, Listr, ListrLogger, type ListrLogLevels, ProcessOutput } from 'listr2';
import type { Writable } from 'node:stream';
import { deferred, type Deferred } from '../base/deferred.js';
import { printable } from '../base/host-text.js';
import type { PlaybookReporter, PlayEvent, TaskEvent, TaskResultEvent, TaskStatus } from '../base/playbook-events.js';

interface Step {
  readonly name: string;
  readonly hosts: number;
  readonly counts: Map<TaskStatus, number>;
  readonly done: Deferred<void>;
  readonly shown: Promise<unknown>;
  update: (text: string) => void;
}

/** Without this, listr2 looks whether standard output is a terminal, and if it is not writes its rows there. Ours go to the view's stream. */
class RowRenderer extends DefaultRenderer {
  static override nonTTY = true;
}

/** A row is redrawn at most this often. */
const REDRAW_MS = 100;

export class TaskView implements PlaybookReporter {
  readonly #stream: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly #showDiff: boolean;
  readonly #hasRows: boolean;
  #step: Step | undefined;
  /** Rows come one after the other, and lines between them never into one. */
  #before: Promise<unknown> = Promise.resolve();
  #drawnMs = 0;

  constructor(stream: Writable & { readonly isTTY?: boolean; readonly columns?: number }, showDiff: boolean) {
    this.#stream = stream;
    this.#showDiff = showDiff;
    // A terminal that says it has no columns (some CI, script(1)) would get a row of one letter each.
    this.#hasRows = stream.isTTY === true && stream.columns !== 0;
  }

  /** Resolves when everything is on the screen; a task that is still open is closed with what it has. */
  async settled(): Promise<void> {
    this.taskFinished();
    await this.#before;
  }

  playStarted({ name, hosts }: PlayEvent): void {
    this.#say(`${printable(name)} (${hosts.length} ${hosts.length === 1 ? 'host' : 'hosts'})`);
  }

  taskStarted({ name, hosts }: TaskEvent): void {
    const done = deferred();
    const step: Step = { name: printable(name), hosts: hosts.length, counts: new Map(), done, shown: Promise.resolve(), update: () => {} };
    this.#step = step;
    if (this.#hasRows) this.#before = this.#before.then(() => this.#row(step));
  }

  taskResult(event: TaskResultEvent): void {
    if (event.part === 'loop') return; // Its items have been told.
    const step = this.#step;
    if (step !== undefined && event.item === undefined) step.counts.set(event.status, (step.counts.get(event.status) ?? 0) + 1);
    const about = event.item === undefined ? event.host : `${event.host} (${printable(event.item)})`;
    if (event.status === 'failed' || event.status === 'unreachable') {
      this.#say(`  ${event.status}: ${about}: ${printable(event.message)}${event.hint === undefined ? '' : `\n    hint: ${printable(event.hint)}`}`);
    }
    if (this.#showDiff && event.diff !== undefined) this.#say(printable(event.diff));
    if (step !== undefined && performance.now() - this.#drawnMs > REDRAW_MS) {
      this.#drawnMs = performance.now();
      step.update(`${step.name}: ${summary(step)}`);
    }
  }

  taskFinished(): void {
    const step = this.#step;
    if (step === undefined) return;
    this.#step = undefined;
    step.update(`${step.name}: ${summary(step)}`);
    step.done.resolve();
    if (!this.#hasRows) this.#say(`  ${step.name}: ${summary(step)}`);
  }

  warning(message: string): void {
    this.#say(`warning: ${printable(message)}`);
  }

  async #row(step: Step): Promise<void> {
    const output = new ProcessOutput(this.#stream as NodeJS.WriteStream, this.#stream as NodeJS.WriteStream);
    const logger = new ListrLogger<ListrLogLevels>({ processOutput: output });
    const row = {
      title: step.name,
      task: async (_: unknown, task: { title: string }) => {
        step.update = (text) => {
          task.title = text;
        };
        step.update(`${step.name}: ${summary(step)}`);
        await step.done.promise;
      },
    };
    await new Listr([row], { renderer: RowRenderer, exitOnError: false, registerSignalListeners: false, rendererOptions: { logger } as never }).run();
  }

  #say(text: string): void {
    this.#before = this.#before.then(() => void this.#stream.write(`${text}\n`));
  }
}

/** `2 changed, 5 ok`, or how many hosts are still awaited. */
function summary(step: Step): string {
  const words = [...step.counts].map(([status, count]) => `${count} ${status}`);
  const answered = [...step.counts.values()].reduce((sum, count) => sum + count, 0);
  if (answered < step.hosts) words.push(`${step.hosts - answered} to go`);
  return words.length === 0 ? 'nothing to do' : words.join(', ');
}
