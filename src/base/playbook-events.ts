// What the playbook engine tells those who show or write it, in order. They need to know nothing of the engine.

export type TaskStatus = 'ok' | 'changed' | 'skipped' | 'failed' | 'unreachable' | 'ignored';

export interface TaskResultEvent {
  readonly host: string;
  readonly task: string;
  /** Of the task's start. */
  readonly taskId: number;
  readonly status: TaskStatus;
  /** A result by itself, one item of a loop, or the end of a loop that its items have told. */
  readonly part: 'task' | 'item' | 'loop';
  /** Loop item, when the task loops. */
  readonly item?: string;
  /** One sentence for a person; printable. */
  readonly message: string;
  /** Unified diff, with --diff. */
  readonly diff?: string;
  readonly hint?: string;
  /** As Ansible's callbacks get it: no_log hidden, without `failed` and `skipped`. What hosts said is in it: not printable yet. */
  readonly result: Readonly<Record<string, unknown>>;
  /** Whether a plain line shows the result: with -v, always (debug), never (facts). */
  readonly shows: 'verbose' | 'always' | 'never';
  /** The module as it was written. */
  readonly action: string;
  /** Where it ran, when that was another host. */
  readonly delegatedTo?: string;
  /** Its ansible_host, where that is another than its name. */
  readonly delegatedAt?: string;
  /** It failed or was not reached, and that does not count. */
  readonly isIgnored: boolean;
  readonly warnings: readonly string[];
}

export interface PlayEvent {
  readonly name: string;
  readonly hosts: readonly string[];
  /** Hosts do not wait for each other: tasks begin with the first result. */
  readonly isFree: boolean;
}

export interface TaskEvent {
  readonly id: number;
  readonly name: string;
  readonly hosts: readonly string[];
  readonly kind: 'task' | 'handler';
  /** `file:line` */
  readonly path: string;
  readonly action: string;
}

/** Takes what a program prints while it runs. */
export interface ProgramOutput {
  push(name: 'stdout' | 'stderr', bytes: Buffer): void;
  end(): void;
}

export interface PlaybookReporter {
  playStarted(play: PlayEvent): void;
  taskStarted(task: TaskEvent): void;
  taskResult(event: TaskResultEvent): void;
  taskFinished(name: string): void;
  warning(message: string): void;
  /** A play has nobody to work on; or nobody is left, since a failure is fatal for all. */
  noHosts?(which: 'matched' | 'left'): void;
  /** include_tasks has brought this file. */
  included?(file: string, hosts: readonly string[], item: string | undefined): void;
  retrying?(event: { readonly host: string; readonly task: string; readonly left: number; readonly delegatedTo?: string }): void;
  notified?(handler: string, host: string): void;
  /** A line of a task's own, as it begins: pause says how long. */
  note?(line: string): void;
  /** A task runs a program, and somebody wants to see its output as it comes. Not called for a task with no_log. */
  readonly programStarted?: (host: string) => ProgramOutput;
}

/** What set_stats has collected, by its names. */
export interface Stats {
  readonly hosts: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  readonly run: Readonly<Record<string, unknown>>;
}

/** One host's line of Ansible's recap. */
export interface RecapRow {
  readonly host: string;
  readonly ok: number;
  readonly changed: number;
  readonly unreachable: number;
  readonly failed: number;
  readonly skipped: number;
  readonly rescued: number;
  readonly ignored: number;
}
