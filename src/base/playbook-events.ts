// What the playbook engine tells the view, in order. The view (ui/) needs to know nothing of the engine.

export type TaskStatus = 'ok' | 'changed' | 'skipped' | 'failed' | 'unreachable' | 'ignored';

export interface TaskResultEvent {
  readonly host: string;
  readonly task: string;
  readonly status: TaskStatus;
  /** Loop item, when the task loops. */
  readonly item?: string;
  /** One sentence for a person; printable. */
  readonly message: string;
  /** Unified diff, with --diff. */
  readonly diff?: string;
  readonly hint?: string;
}

export interface PlaybookReporter {
  playStarted(name: string, hosts: readonly string[]): void;
  taskStarted(name: string, hosts: readonly string[], kind: 'task' | 'handler'): void;
  taskResult(event: TaskResultEvent): void;
  taskFinished(name: string): void;
  warning(message: string): void;
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
