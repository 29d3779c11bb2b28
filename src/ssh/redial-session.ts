// What comes in: a way to dial a host. What goes out: a Session that outlives its connection where that is safe.
// Guaranteed: a connection that is found gone before a command was sent is made again; a command that was under way is repeated only when the
// caller said that it may be (`idempotent`; reading and writing whole files may), otherwise its loss is told, with what that means.
// A host that showed another key in the middle of a connection is not spoken to again.
// A redial that fails is told to all who wait for it, and is not the end: whoever asks next dials again, the first time at once, then after a
// wait that grows, so that a host that is down is not run down, and hosts that come back together do not dial together.
import { setTimeout as sleep } from 'node:timers/promises';
import { FleetTapError } from '../base/errors.js';
import type { CommandResult, RunOptions, Session } from './session.js';
import type { RemoteStream } from './transport.js';

/** A session on one connection. */
export interface ConnectedSession extends Session {
  onLost(listener: (error: FleetTapError) => void): void;
}

/** After the first failed redial; then twice as long each time, up to the longest; each shorter by up to half, by chance. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

export class RedialSession implements Session {
  readonly host: string;
  readonly #dial: () => Promise<ConnectedSession>;
  readonly #say: (line: string) => void;
  #isClosing = false;
  /** Only while a redial waits: most sessions never do. */
  #waiting: AbortController | undefined;
  #current: Promise<ConnectedSession>;
  #isLost = false;
  /** Redials that failed, one after the other, and when the last one did (performance.now()). */
  #failures = 0;
  #failedAtMs = 0;

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
    return this.#with((session, onSent) => session.run(script, { ...options, onSent }), options.idempotent === true);
  }

  stream(script: string, options?: { readonly become?: boolean }): Promise<RemoteStream> {
    return this.#with((session, onSent) => session.stream(script, { ...options, onSent }), false);
  }

  writeFile(path: string, content: Buffer, options: { readonly mode: number; readonly become?: boolean }): Promise<void> {
    return this.#with((session) => session.writeFile(path, content, options), true);
  }

  readFile(path: string, options?: { readonly become?: boolean; readonly limitBytes?: number }): Promise<Buffer> {
    return this.#with((session) => session.readFile(path, options), true);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#waiting?.abort();
    await this.#current.then((session) => session.close()).catch(() => {});
  }

  async #with<T>(work: (session: Session, onSent: () => void) => Promise<T>, mayRepeat: boolean): Promise<T> {
    let isSent = false;
    const onSent = () => {
      isSent = true;
    };
    try {
      return await work(await this.#connected(), onSent);
    } catch (error) {
      if (!isLoss(error) || this.#isClosing) throw error;
      if (isSent && !mayRepeat) throw underWay(error);
    }
    isSent = false;
    try {
      return await work(await this.#connected(), onSent);
    } catch (error) {
      throw isLoss(error) && isSent && !mayRepeat ? underWay(error) : error;
    }
  }

  #connected(): Promise<ConnectedSession> {
    if (!this.#isLost || this.#isClosing) return this.#current;
    this.#isLost = false;
    this.#current = this.#redial();
    return this.#current;
  }

  async #redial(): Promise<ConnectedSession> {
    try {
      await this.#wait();
      const session = await this.#dial();
      this.#failures = 0;
      this.#watch(session);
      if (this.#isClosing) await session.close();
      else this.#say(`${this.host}: the connection was lost, and made again`);
      return session;
    } catch (error) {
      this.#isLost = true;
      this.#failures += 1;
      this.#failedAtMs = performance.now();
      throw error;
    }
  }

  /** @throws FleetTapError `connection-lost` when the session is closed meanwhile */
  async #wait(): Promise<void> {
    if (this.#failures === 0) return;
    const longestMs = Math.min(FIRST_WAIT_MS * 2 ** (this.#failures - 1), LONGEST_WAIT_MS);
    const leftMs = this.#failedAtMs + longestMs * (0.5 + Math.random() / 2) - performance.now();
    if (leftMs <= 0) return;
    this.#waiting = new AbortController();
    if (this.#isClosing) this.#waiting.abort();
    await sleep(leftMs, undefined, { signal: this.#waiting.signal }).catch(() => {
      throw new FleetTapError('unreachable', 'connection-lost', 'the connection was closed by us', { place: { host: this.host } });
    });
  }

  #watch(session: ConnectedSession): void {
    session.onLost((error) => {
      this.#isLost = error.code !== 'host-key-changed';
    });
  }
}

function isLoss(error: unknown): error is FleetTapError {
  return error instanceof FleetTapError && error.code === 'connection-lost';
}

function underWay(error: FleetTapError): FleetTapError {
  return new FleetTapError('unreachable', 'connection-lost', error.message, { place: error.place, hint: 'a command was under way: it may have run to its end, or in part', cause: error });
}
