// A play's handlers, and which hosts have notified them. What a task notifies is kept by its name, and means the handlers that are there when they are
// flushed: a role that is included in between brings its own (plugins/strategy/__init__.py).
import type { Handler } from './playbook.js';

export class HandlerBook<Host extends object = object> {
  readonly all: Handler[];
  readonly #notified = new Map<Handler, Set<Host>>();
  readonly #saved = new Map<Host, Set<string>>();

  constructor(handlers: readonly Handler[]) {
    this.all = [...new Set(handlers)];
  }

  /** Of a role that was included. */
  add(handlers: readonly Handler[]): void {
    for (const handler of handlers) if (!this.all.includes(handler)) this.all.push(handler);
  }

  /** Whether a handler has that name, or listens to it. */
  has(name: string, nameOf: (handler: Handler) => string | undefined): boolean {
    return this.#named(name, nameOf).length > 0;
  }

  /** Keeps a name for the next flush. */
  save(name: string, host: Host): void {
    this.#saved.set(host, (this.#saved.get(host) ?? new Set()).add(name));
  }

  /** Notifies by the names that a host has kept. @returns which */
  notifySaved(host: Host, nameOf: (handler: Handler) => string | undefined): Handler[] {
    const names = [...(this.#saved.get(host) ?? [])];
    this.#saved.delete(host);
    return names.flatMap((name) => this.notify(name, host, nameOf));
  }

  /** @returns those that the host had not notified yet */
  notify(name: string, host: Host, nameOf: (handler: Handler) => string | undefined): Handler[] {
    const news = this.#named(name, nameOf).filter((handler) => this.#notified.get(handler)?.has(host) !== true);
    for (const handler of news) this.#notified.set(handler, (this.#notified.get(handler) ?? new Set()).add(host));
    return news;
  }

  /** The handler of that name, and all that listen, each name once: of the role that came last, there the first. */
  #named(name: string, nameOf: (handler: Handler) => string | undefined): Handler[] {
    const names = (handler: Handler) => {
      const own = nameOf(handler);
      return own === undefined ? [] : [own, ...(handler.role === undefined ? [] : [`${handler.role.name} : ${own}`])];
    };
    const byPrecedence = this.#sections().toReversed().flat();
    const named = byPrecedence.find((handler) => handler.name !== undefined && names(handler).includes(name));
    const listening = new Map<unknown, Handler>();
    for (const handler of byPrecedence.filter(({ listen, role }) => listen.some((topic) => topic === name || (role !== undefined && `${role.name} : ${topic}` === name)))) {
      const key = (handler.name === undefined ? undefined : nameOf(handler)) ?? handler;
      if (!listening.has(key)) listening.set(key, handler);
    }
    return this.all.filter((handler) => handler === named || [...listening.values()].includes(handler));
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

  /** They have notified it still. */
  keep(handler: Handler, hosts: readonly Host[]): void {
    this.#notified.set(handler, new Set([...(this.#notified.get(handler) ?? []), ...hosts]));
  }

  /** Those of the hosts that have notified it; they have no longer. */
  take(handler: Handler, hosts: readonly Host[]): Host[] {
    const notified = this.#notified.get(handler);
    const due = hosts.filter((host) => notified?.has(host));
    for (const host of due) notified?.delete(host);
    return due;
  }
}
