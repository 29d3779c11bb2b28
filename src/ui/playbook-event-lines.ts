// What comes in: the events of a playbook run. What goes out: one line of JSON for each, as it happens, with the time.
import type { Writable } from 'node:stream';
import { jsonText } from '../base/json-text.js';
import type { PlaybookReporter, PlayEvent, RecapRow, TaskEvent, TaskResultEvent } from '../base/playbook-events.js';

export class PlaybookEventLines implements PlaybookReporter {
  readonly #out: Writable;
  readonly #now: () => Date;

  constructor(out: Writable, now: () => Date) {
    this.#out = out;
    this.#now = now;
  }

  playStarted(play: PlayEvent): void {
    this.#say('play', { ...play });
  }

  noHosts(which: 'matched' | 'left'): void {
    this.#say('no_hosts', { which });
  }

  taskStarted(task: TaskEvent): void {
    this.#say('task', { ...task });
  }

  taskResult(event: TaskResultEvent): void {
    this.#say('result', { ...event });
  }

  taskFinished(): void {}

  retrying(event: { readonly host: string; readonly task: string; readonly left: number }): void {
    this.#say('retry', { ...event });
  }

  included(file: string, hosts: readonly string[], item: string | undefined): void {
    this.#say('included', { file, hosts, ...(item === undefined ? {} : { item }) });
  }

  notified(handler: string, host: string): void {
    this.#say('notified', { handler, host });
  }

  warning(message: string): void {
    this.#say('warning', { message });
  }

  ended(recap: readonly RecapRow[]): void {
    this.#say('recap', { hosts: recap });
  }

  #say(event: string, values: Readonly<Record<string, unknown>>): void {
    this.#out.write(`${jsonText({ event, time: this.#now().toISOString(), ...values })}\n`);
  }
}
