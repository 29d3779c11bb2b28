// What comes in: the events of a playbook run. What goes out: JUnit XML: a case for each task on each host, named `[host] play: task`.
import { type JUnitCase, junitXml } from '../base/junit.js';
import type { PlaybookReporter, PlayEvent, TaskEvent, TaskResultEvent } from '../base/playbook-events.js';

export class PlaybookJunit implements PlaybookReporter {
  readonly #cases: JUnitCase[] = [];
  readonly #tasks = new Map<number, { readonly path: string; readonly startedMs: number }>();
  #play = '';

  playStarted({ name }: PlayEvent): void {
    this.#play = name;
  }

  taskStarted({ id, path }: TaskEvent): void {
    this.#tasks.set(id, { path, startedMs: performance.now() });
  }

  taskResult(event: TaskResultEvent): void {
    if (event.part === 'item') return;
    const task = this.#tasks.get(event.taskId);
    const isBad = event.status === 'failed' || (event.status === 'unreachable' && !event.isIgnored);
    const failure = isBad ? { message: event.message, text: event.hint === undefined ? event.message : `${event.message}\n${event.hint}` } : undefined;
    const seconds = task === undefined ? 0 : (performance.now() - task.startedMs) / 1000;
    this.#cases.push({ className: task?.path ?? '', name: `[${event.host}] ${this.#play}: ${event.task}`, seconds, failure, skipped: event.status === 'skipped' ? event.message : undefined });
  }

  taskFinished(): void {}

  warning(): void {}

  xml(suite: string): string {
    return junitXml(suite, this.#cases);
  }
}
