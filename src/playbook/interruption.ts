// Ctrl-C while a playbook runs. The rule: no further task, loop item, attempt, step or handler begins, also none of rescue and always; a program of the
// user's (command, shell, script, raw), a look and a wait are ended; what a module is changing is finished: half of a dpkg run is worse than none.
// Guaranteed: a task that was ended has failed on its host with code `interrupted`, which nothing rescues or ignores.
import { FleetTapError } from '../base/errors.js';

export class Interruption {
  readonly signal: AbortSignal | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.signal = signal;
  }

  get isOn(): boolean {
    return this.signal?.aborted === true;
  }

  /** Work on a host that may be cut short. @throws FleetTapError `interrupted`, before it begins or where it was ended for that */
  async during<T>(host: string, work: () => Promise<T>): Promise<T> {
    if (this.isOn) throw interrupted(host, 'interrupted before it was begun on the host');
    try {
      return await work();
    } catch (error) {
      throw this.isOn && isEnd(error) ? interrupted(host, 'interrupted: it was ended on the host before it was over') : error;
    }
  }
}

export function isInterrupted({ error }: { readonly error: FleetTapError | undefined }): boolean {
  return error?.code === 'interrupted';
}

function interrupted(host: string, message: string): FleetTapError {
  return new FleetTapError('host', 'interrupted', message, { place: { host } });
}

/** Of a command, a connection that was being made or a question, and a wait. */
function isEnd(error: unknown): boolean {
  return error instanceof FleetTapError ? error.code === 'command-ended' || error.code === 'interrupted' : error instanceof Error && error.name === 'AbortError';
}
