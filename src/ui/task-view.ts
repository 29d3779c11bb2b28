// What comes in: the events of a playbook run. What goes out: one row for each task on the person's terminal, with a count of hosts; below it what
// failed and what debug says, once for all hosts of which it is the same; plain lines where there is no terminal.
// Rows are steps, never hosts: listr2's renderer costs quadratically in rows and output.
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
  /** What is told below the row, and of which hosts. */
  readonly told: Map<string, string[]>;
  /** The row goes away before the step is over: somebody is asked. */
  left: Deferred<void>;
  isOver: boolean;
  /** Its last state is on the screen. */
  isShown: boolean;
  update: (text: string) => void;
}

/** Rows of a step, on the view's stream: without `nonTTY` listr2 looks whether standard output is a terminal, and if it is not writes there. */
function rendererOf(step: Step): typeof DefaultRenderer {
  return class extends DefaultRenderer {
    static override nonTTY = true;

    /** What listr2 leaves on the screen of a row that has ended. */
    override create(options?: { tasks?: boolean; bottomBar?: boolean; prompt?: boolean }): string {
      const isEnd = options?.prompt === false;
      if (isEnd && !step.isOver) return '';
      step.isShown ||= isEnd;
      return super.create(options);
    }
  };
}

/** A row is redrawn at most this often. */
const REDRAW_MS = 100;

export class TaskView implements PlaybookReporter {
  readonly #stream: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly #fold: (hosts: readonly string[]) => string;
  readonly #hasRows: boolean;
  #step: Step | undefined;
  /** Rows come one after the other, and lines between them never into one. */
  #before: Promise<unknown> = Promise.resolve();
  #drawnMs = 0;

  /** @param fold the short form of many hosts: `web[01-40]` */
  constructor(stream: Writable & { readonly isTTY?: boolean; readonly columns?: number }, fold: (hosts: readonly string[]) => string) {
    this.#stream = stream;
    this.#fold = fold;
    // A terminal that says it has no columns (some CI, script(1)) would get a row of one letter each.
    this.#hasRows = stream.isTTY === true && stream.columns !== 0;
  }

  /** Resolves when everything is on the screen; a task that is still open is closed with what it has. */
  async settled(): Promise<void> {
    this.taskFinished();
    await this.#before;
  }

  /** Puts a question: nothing is drawn until it is answered, and what was said before stands above it. */
  whileAsked<T>(question: () => Promise<T>): Promise<T> {
    const step = this.#step;
    step?.left.resolve();
    const answer = this.#before.then(question);
    const again = () => {
      if (step === undefined || !this.#hasRows || step.isShown) return undefined;
      step.left = deferred();
      return this.#row(step);
    };
    this.#before = answer.then(again, again);
    return answer;
  }

  playStarted({ name, hosts }: PlayEvent): void {
    this.#say(`${printable(name)} (${hosts.length} ${hosts.length === 1 ? 'host' : 'hosts'})`);
  }

  taskStarted({ name, hosts }: TaskEvent): void {
    const step: Step = { name: printable(name), hosts: hosts.length, counts: new Map(), done: deferred(), told: new Map(), left: deferred(), isOver: false, isShown: false, update: () => {} };
    this.#step = step;
    if (this.#hasRows) this.#before = this.#before.then(() => this.#row(step));
  }

  taskResult(event: TaskResultEvent): void {
    const step = this.#step;
    if (step !== undefined && event.item === undefined) step.counts.set(event.status, (step.counts.get(event.status) ?? 0) + 1);
    const told = event.part === 'loop' ? undefined : toldOf(event); // A loop's items have been told.
    if (told !== undefined) {
      const hosts = step?.told.get(told);
      if (step === undefined) this.#tell(told, [event.host]);
      else if (hosts === undefined) step.told.set(told, [event.host]);
      else hosts.push(event.host);
    }
    if (event.diff !== undefined) this.#say(printable(event.diff));
    if (step !== undefined && performance.now() - this.#drawnMs > REDRAW_MS) {
      this.#drawnMs = performance.now();
      step.update(`${step.name}: ${summary(step)}`);
    }
  }

  taskFinished(): void {
    const step = this.#step;
    if (step === undefined) return;
    this.#step = undefined;
    step.isOver = true;
    step.update(`${step.name}: ${summary(step)}`);
    step.done.resolve();
    if (!this.#hasRows) this.#say(`  ${step.name}: ${summary(step)}`);
    for (const [told, hosts] of step.told) this.#tell(told, hosts);
  }

  /** pause says how long. */
  note(line: string): void {
    const step = this.#step;
    if (step === undefined || !this.#hasRows) this.#say(`  ${printable(line.trimEnd())}`);
    else step.update(`${step.name}: ${printable(line.trimEnd())}`);
  }

  warning(message: string): void {
    this.#say(`warning: ${printable(message)}`);
  }

  async #row(step: Step): Promise<void> {
    const { left } = step;
    const output = new ProcessOutput(this.#stream as NodeJS.WriteStream, this.#stream as NodeJS.WriteStream);
    const logger = new ListrLogger<ListrLogLevels>({ processOutput: output });
    const row = {
      title: step.name,
      task: async (_: unknown, task: { title: string }) => {
        step.update = (text) => {
          task.title = text;
        };
        step.update(`${step.name}: ${summary(step)}`);
        await Promise.race([step.done.promise, left.promise]);
      },
    };
    await new Listr([row], { renderer: rendererOf(step), exitOnError: false, registerSignalListeners: false, rendererOptions: { logger } as never }).run();
    // A row that has ended is drawn again when its title is set.
    step.update = () => {};
  }

  #tell(told: string, hosts: readonly string[]): void {
    this.#say(`  ${told.replace(HOSTS, () => this.#fold(hosts))}`);
  }

  #say(text: string): void {
    this.#before = this.#before.then(() => void this.#stream.write(`${text}\n`));
  }
}

/** Stands in what is told for the hosts: what is printable holds no NUL. */
const HOSTS = '\0';

/** What a person is told of a result, with HOSTS in the hosts' place: a failure, or what debug says. */
function toldOf({ status, action, item, message, hint }: TaskResultEvent): string | undefined {
  const who = item === undefined ? HOSTS : `${HOSTS} (${printable(item)})`;
  if (status === 'failed' || status === 'unreachable') return `${status}: ${who}: ${printable(message)}${hint === undefined ? '' : `\n    hint: ${printable(hint)}`}`;
  if (status !== 'ok' || !DEBUG.test(action) || message === '') return undefined;
  const said = printable(message);
  return said.includes('\n') ? `${who}:\n    ${said.replaceAll('\n', '\n    ')}` : `${who}: ${said}`;
}

const DEBUG = /^(ansible\.(builtin|legacy)\.)?debug$/;

/** `2 changed, 5 ok`, or how many hosts are still awaited. */
function summary(step: Step): string {
  const words = [...step.counts].map(([status, count]) => `${count} ${status}`);
  const answered = [...step.counts.values()].reduce((sum, count) => sum + count, 0);
  if (answered < step.hosts) words.push(`${step.hosts - answered} to go`);
  return words.length === 0 ? 'nothing to do' : words.join(', ');
}
