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

  /** The handler of that name, and all that listen, each name once: of the role that came last, there the first. @returns which */
  notify(name: string, host: Host, nameOf: (handler: Handler) => string): Handler[] {
    const names = (handler: Handler) => [nameOf(handler), ...(handler.role === undefined ? [] : [`${handler.role.name} : ${nameOf(handler)}`])];
    const byPrecedence = this.#sections().toReversed().flat();
    const named = byPrecedence.find((handler) => handler.name !== undefined && names(handler).includes(name));
    const listening = new Map<unknown, Handler>();
    for (const handler of byPrecedence.filter(({ listen }) => listen.includes(name))) {
      const key = handler.name === undefined ? handler : nameOf(handler);
      if (!listening.has(key)) listening.set(key, handler);
    }
    const found = this.all.filter((handler) => handler === named || [...listening.values()].includes(handler));
    for (const handler of found) this.#notified.set(handler, (this.#notified.get(handler) ?? new Set()).add(host));
    return found;
  }

  /** Neighbours of one role, or of none. */
  #sections(): Handler[][] {
    const sections: Handler[][] = [];
    for (const handler of this.all) {
      const last = sections.at(-1);
      if (last !== undefined && last[0]?.role === handler.role) last.push(handler);
      else sections.push([handler]);
    }
    return sections;
  }

  /** Those of the hosts that have notified it; they have no longer. */
  take(handler: Handler, hosts: readonly Host[]): Host[] {
    const notified = this.#notified.get(handler);
    const due = hosts.filter((host) => notified?.has(host));
    for (const host of due) notified?.delete(host);
    return due;
  }
}
