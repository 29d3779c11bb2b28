// What comes in: the events of a playbook run. What goes out: one JSON document with the structure of Ansible's json callback (ansible.posix):
// plays → tasks → hosts → results, and stats. `fleet_tap` on a result is ours: the sentence for a person, and advice.
import { jsonText } from '../base/json-text.js';
import type { PlaybookReporter, PlayEvent, RecapRow, Stats, TaskEvent, TaskResultEvent } from '../base/playbook-events.js';

interface Duration {
  readonly start: string;
  end?: string;
}

interface TaskEntry {
  readonly task: { readonly name: string; readonly id: string; readonly path: string; readonly duration: Duration };
  readonly hosts: Record<string, unknown>;
}

interface PlayEntry {
  readonly play: { readonly name: string; readonly id: string; readonly duration: Duration };
  readonly tasks: TaskEntry[];
}

export class PlaybookJson implements PlaybookReporter {
  readonly #now: () => Date;
  readonly #plays: PlayEntry[] = [];
  readonly #tasks = new Map<number, TaskEntry>();
  readonly #warnings: string[] = [];

  constructor(now: () => Date) {
    this.#now = now;
  }

  playStarted({ name }: PlayEvent): void {
    this.#plays.push({ play: { name, id: `play-${this.#plays.length + 1}`, duration: { start: this.#time() } }, tasks: [] });
  }

  taskStarted({ id, name, path }: TaskEvent): void {
    const entry = { task: { name, id: `task-${id}`, path, duration: { start: this.#time() } }, hosts: {} };
    this.#tasks.set(id, entry);
    this.#plays.at(-1)?.tasks.push(entry);
  }

  taskResult(event: TaskResultEvent): void {
    if (event.part === 'item') return; // They are in the loop's results.
    const entry = this.#tasks.get(event.taskId);
    const play = this.#plays.at(-1);
    if (entry === undefined || play === undefined) return;
    const isFailed = event.status === 'failed' || event.status === 'ignored';
    const about = event.message === '' && event.hint === undefined ? {} : { fleet_tap: { message: event.message, ...(event.hint === undefined ? {} : { hint: event.hint }) } };
    Object.defineProperty(entry.hosts, event.host, { value: { ...(event.delegatedVars === undefined ? {} : { _ansible_delegated_vars: event.delegatedVars }), changed: event.status === 'changed', ...event.result, ...(isFailed ? { failed: true } : {}), ...(event.status === 'skipped' ? { skipped: true } : {}), action: event.action, ...about }, enumerable: true, configurable: true, writable: true });
    entry.task.duration.end = this.#time();
    play.play.duration.end = this.#time();
  }

  taskFinished(): void {}

  warning(message: string): void {
    this.#warnings.push(message);
  }

  /** @param custom of set_stats, where they are to be shown */
  text(recap: readonly RecapRow[], custom?: Stats): string {
    const stats = Object.fromEntries(recap.map(({ host, failed, ...counts }) => [host, { ...counts, failures: failed }]));
    return jsonText({ plays: this.#plays, stats, custom_stats: Object.fromEntries(custom?.hosts ?? []), global_custom_stats: custom?.run ?? {}, fleet_tap: { warnings: this.#warnings } }, 4);
  }

  #time(): string {
    return this.#now().toISOString();
  }
}
