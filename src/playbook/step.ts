// --step: each task is asked about before it runs, as ansible-playbook asks (plugins/strategy/__init__.py, _take_step). What comes in: a task's name as it
// is written. What goes out: whether it runs. Guaranteed: after `continue` nothing more is asked in this play. Not here: who answers.
import type { HostRun } from './run-state.js';

export class Stepper {
  #ask: ((prompt: string) => Promise<string>) | undefined;
  readonly #isFree: boolean;
  #last: Promise<unknown> = Promise.resolve();

  /** @param ask undefined: nothing is asked. @param isFree each host comes to a task by itself, and is named */
  constructor(ask: ((prompt: string) => Promise<string>) | undefined, isFree: boolean) {
    this.#ask = ask;
    this.#isFree = isFree;
  }

  /** One question at a time. */
  takes(kind: 'task' | 'handler', name: string, hosts: readonly HostRun[]): Promise<boolean> {
    const next = this.#last.then(() => this.#takes(kind, name, hosts));
    this.#last = next.catch(() => {});
    return next;
  }

  async #takes(kind: 'task' | 'handler', name: string, [first]: readonly HostRun[]): Promise<boolean> {
    if (this.#ask === undefined || first === undefined) return true;
    const answer = (await this.#ask(`Perform task: ${kind.toUpperCase()}: ${name} ${this.#isFree ? `on ${first.host.name} ` : ''}(N)o/(y)es/(c)ontinue: `)).toLowerCase();
    if (['c', 'continue'].includes(answer)) this.#ask = undefined;
    return ['y', 'yes', 'c', 'continue'].includes(answer);
  }
}
