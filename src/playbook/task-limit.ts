// The `timeout` of a task: one for all that an attempt does on a host, scripts and waits. What comes in: seconds. What goes out: how long each step may take.
// Guaranteed: what is over the limit ends as one failure, which neither failed_when nor retries change, as in Ansible (executor/task_executor.py).
import { FleetTapError } from '../base/errors.js';

const CODE = 'task-timeout';

export class TaskLimit {
  readonly #sec: number;
  readonly #endMs: number;

  /** @param nowMs when the attempt begins @throws FleetTapError kind `host` where it is no number of seconds */
  constructor(sec: number, nowMs: number) {
    if (!Number.isInteger(sec) || sec < 0) throw new FleetTapError('host', 'parameter-invalid', 'timeout: this is no whole number of seconds');
    this.#sec = sec;
    this.#endMs = nowMs + sec * 1000;
  }

  /** @throws FleetTapError kind `host`, code `task-timeout` where nothing is left */
  leftMs(nowMs: number): number {
    if (nowMs >= this.#endMs) throw this.#error();
    return this.#endMs - nowMs;
  }

  /** Waits, at most as long as there is time. @throws FleetTapError `task-timeout` */
  async sleep(sec: number, wait: (sec: number) => Promise<void>): Promise<void> {
    const leftSec = this.leftMs(Date.now()) / 1000;
    await wait(Math.min(sec, leftSec));
    if (sec > leftSec) throw this.#error();
  }

  /** A script that did not end has used up the task's time. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof FleetTapError && error.code === 'command-timeout' && Date.now() >= this.#endMs ? this.#error() : error;
    }
  }

  #error(): FleetTapError {
    return new FleetTapError('host', CODE, `Task failed: Timed out after ${this.#sec} second(s).`, { hint: "raise the task's timeout" });
  }
}

/** What `register` gets of such a failure besides its message; nothing of other failures. */
export function timedOutValues(error: FleetTapError | undefined, sec: number | undefined): Readonly<Record<string, unknown>> {
  return error?.code === CODE ? { timedout: { frame: 'Configure `DISPLAY_TRACEBACK` to see a traceback on timeout errors.', period: sec } } : {};
}
