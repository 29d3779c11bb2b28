// What comes in: a way to dial a host. What goes out: a Session that outlives its connection where that is safe.
// Guaranteed: a connection that is found gone before a command was sent is made again; a command that was under way is repeated only when the
// caller said that it may be (`idempotent`; reading and writing whole files may), otherwise its loss is told, with what that means.
// A redial that fails is the end: the host is unreachable from then on, for the same reason each time.
import { FleetTapError } from '../base/errors.js';
import type { CommandResult, RunOptions, Session } from './session.js';
import type { RemoteStream } from './transport.js';

/** A session on one connection. */
export interface ConnectedSession extends Session {
  onLost(listener: (error: FleetTapError) => void): void;
}

export class RedialSession implements Session {
  readonly host: string;
  readonly #dial: () => Promise<ConnectedSession>;
  readonly #say: (line: string) => void;
  #current: Promise<ConnectedSession>;
  #isLost = false;
  #isClosing = false;

  private constructor(first: ConnectedSession, dial: () => Promise<ConnectedSession>, say: (line: string) => void) {
    this.host = first.host;
    this.#dial = dial;
    this.#say = say;
    this.#current = Promise.resolve(first);
    this.#watch(first);
  }

  /** @param say one line for the person */
  static async open(dial: () => Promise<ConnectedSession>, say: (line: string) => void): Promise<RedialSession> {
    return new RedialSession(await dial(), dial, say);
  }

  run(script: string, options: RunOptions = {}): Promise<CommandResult> {
    return this.#with((session) => session.run(script, options), options.idempotent === true);
  }

  stream(script: string, options?: { readonly become?: boolean }): Promise<RemoteStream> {
    return this.#with((session) => session.stream(script, options), false);
  }

  writeFile(path: string, content: Buffer, options: { readonly mode: number; readonly become?: boolean }): Promise<void> {
    return this.#with((session) => session.writeFile(path, content, options), true);
  }

  readFile(path: string, options?: { readonly become?: boolean; readonly limitBytes?: number }): Promise<Buffer> {
    return this.#with((session) => session.readFile(path, options), true);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#current.then((session) => session.close()).catch(() => {});
  }

  async #with<T>(work: (session: Session) => Promise<T>, mayRepeat: boolean): Promise<T> {
    try {
      return await work(await this.#connected());
    } catch (error) {
      if (!(error instanceof FleetTapError) || error.code !== 'connection-lost' || this.#isClosing) throw error;
      if (mayRepeat) return work(await this.#connected());
      throw new FleetTapError('unreachable', 'connection-lost', error.message, { place: error.place, hint: 'a command was under way: it may have run to its end, or in part', cause: error });
    }
  }

  #connected(): Promise<ConnectedSession> {
    if (!this.#isLost || this.#isClosing) return this.#current;
    this.#isLost = false;
    this.#current = this.#dial().then((session) => {
      this.#watch(session);
      this.#say(`${this.host}: the connection was lost, and made again`);
      return session;
    });
    return this.#current;
  }

  #watch(session: ConnectedSession): void {
    session.onLost(() => {
      this.#isLost = true;
    });
  }
}
