// A play's handlers, and which hosts have notified them.
import type { Handler } from './playbook.js';

export class HandlerBook<Host extends object = object> {
  readonly all: Handler[];
  readonly #notified = new Map<Handler, Set<Host>>();

  constructor(handlers: readonly Handler[]) {
    this.all = [...new Set(handlers)];
  }

  /** Of a role that was included. */
  add(handlers: readonly Handler[]): void {
    for (const handler of handlers) if (!this.all.includes(handler)) this.all.push(handler);
  }

  /** The last handler of that name, and all that listen. @returns which */
  notify(name: string, host: Host, nameOf: (handler: Handler) => string): Handler[] {
    const names = (handler: Handler) => [nameOf(handler), ...(handler.role === undefined ? [] : [`${handler.role.name} : ${nameOf(handler)}`])];
    const named = this.all.findLast((handler) => handler.name !== undefined && names(handler).includes(name));
    const found = this.all.filter((handler) => handler === named || handler.listen.includes(name));
    for (const handler of found) this.#notified.set(handler, (this.#notified.get(handler) ?? new Set()).add(host));
    return found;
  }

  /** Those of the hosts that have notified it; they have no longer. */
  take(handler: Handler, hosts: readonly Host[]): Host[] {
    const notified = this.#notified.get(handler);
    const due = hosts.filter((host) => notified?.has(host));
    for (const host of due) notified?.delete(host);
    return due;
  }
}
