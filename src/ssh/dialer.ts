// What comes in: DialTargets. What goes out: a Transport for each, over ssh2 in this process, or over the system's ssh where ssh2 cannot.
// Guaranteed: each hop's host key is verified before a credential goes to that hop; one connection to a jump host serves all hosts behind it;
// what only the system's ssh can reach is known before dialling where it can be, else from ssh2's own failure, and said in one line.
// Not here: sentences for failures (connect-errors.ts), how many at once and how often (dial-limits.ts).
import { createHash } from 'node:crypto';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { FleetTapError } from '../base/errors.js';
import { printable } from '../base/host-text.js';
import { algorithmsFor, listBeyondUs } from './algorithms.js';
import type { Answer } from './askpass.js';
import { DialTimeout, explain } from './connect-errors.js';
import { Countdown } from './countdown.js';
import { DialLimits, NotReached } from './dial-limits.js';
import { type Gateway, GatewayPool, noWay, Ssh2Gateway } from './gateway.js';
import { keepaliveMsOf } from './keepalive.js';
import { HostKeyGate } from './host-key-gate.js';
import { KeyRing } from './key-ring.js';
import { Login, LOGIN_METHODS } from './login.js';
import { type AskPerson, asksForPassword, nobodyToAnswer } from './login-questions.js';
import { openFileLimits } from './open-files.js';
import { OpenSshTransport } from './openssh-transport.js';
import { ProcessSocket, tcpSocket } from './sockets.js';
import { ConnectFailure, connectSsh2 } from './ssh2-connect.js';
import { Ssh2Transport } from './ssh2-transport.js';
import type { DialTarget } from './target.js';
import type { Transport } from './transport.js';

export interface DialerOptions {
  /** Puts a yes/no question to the person; undefined when there is no terminal. */
  readonly ask?: ((question: string) => Promise<boolean>) | undefined;
  /** Puts a server's own question (keyboard-interactive) to the person; undefined when there is no terminal. */
  readonly askPerson?: AskPerson | undefined;
  /** The run's keys: a passphrase is asked for once. */
  readonly keyRing?: KeyRing | undefined;
  readonly limits?: DialLimits | undefined;
  /** One line for the person. */
  readonly say?: ((line: string) => void) | undefined;
  /** One line about a decision, for who wants to know everything (-vvv). */
  readonly trace?: ((line: string) => void) | undefined;
  /** Ends what is waited for. */
  readonly signal?: AbortSignal | undefined;
}

/** What became of the tries so far, for the message. */
interface Story {
  readonly tried: string[];
  readonly problems: string[];
  /** What is there that only the system's ssh can use. */
  readonly beyondUs: string[];
  /** The methods that the server takes, by its last word. */
  readonly takes: string[];
}

const newStory = (...tried: readonly string[]): Story => ({ tried: [...tried], problems: [], beyondUs: [], takes: [] });
const BY_SYSTEM_SSH = 'what the system\'s ssh has to offer';

export class Dialer {
  readonly #options: DialerOptions;
  readonly #keyRing: KeyRing;
  readonly #limits: DialLimits;
  readonly #hostKeys: HostKeyGate;
  readonly #gateways = new GatewayPool();
  readonly #masters = new Map<string, Promise<OpenSshTransport>>();
  readonly #keys = new WeakMap<DialTarget, string>();
  readonly #openFiles = openFileLimits();
  readonly #saidReasons = new Set<string>();

  constructor(options: DialerOptions = {}) {
    this.#options = options;
    this.#keyRing = options.keyRing ?? new KeyRing(undefined);
    this.#limits = options.limits ?? new DialLimits();
    this.#hostKeys = new HostKeyGate(options.ask, (line) => options.say?.(line));
  }

  /**
   * @param signal ends the waiting for this host alone
   * @throws FleetTapError kind `unreachable`: of this host, also where it was a jump host that failed: then that one is named in its sentence
   */
  async dial(target: DialTarget, signal?: AbortSignal): Promise<Transport> {
    const reached = await this.#reach(target, signal).catch((error: unknown) => {
      throw error instanceof FleetTapError ? seenFrom(target.host, error) : error;
    });
    return reached instanceof OpenSshTransport ? reached : new Ssh2Transport(target.host, reached);
  }

  /** Ends the connections to jump hosts; those that `dial` gave are their owners'. */
  async close(): Promise<void> {
    await this.#gateways.close();
    const masters = await Promise.allSettled(this.#masters.values());
    await Promise.all(masters.map((result) => (result.status === 'fulfilled' ? result.value.close() : undefined)));
  }

  async #reach(target: DialTarget, alone?: AbortSignal): Promise<Client | OpenSshTransport> {
    const story = newStory();
    const { algorithms } = target;
    const beyond = listBeyondUs({ kex: algorithms.kex, ciphers: algorithms.ciphers, macs: algorithms.macs, hostKeys: algorithms.hostKeyByKnownKeys ? undefined : algorithms.hostKey });
    let reason = target.onlySystemSsh ?? (beyond === undefined ? undefined : `${beyond} is more than is built in`);
    if (reason === undefined) {
      try {
        return await this.#limited(target, alone, (signal, countdown) => this.#connect(target, story, signal, countdown));
      } catch (error) {
        reason = await this.#reasonForSystemSsh(error, target, story);
        if (reason === undefined) throw this.#explained(error, target, story);
      }
    }
    this.#sayOnce(target, reason);
    const login = newStory(...story.tried, BY_SYSTEM_SSH);
    try {
      return await this.#limited(target, alone, (signal, countdown) => this.#connectBySystemSsh(target, signal, countdown));
    } catch (error) {
      throw this.#explained(error, target, login);
    }
  }

  /** One attempt after the other within the limits, each with its own time. */
  #limited<T>(target: DialTarget, alone: AbortSignal | undefined, connect: (signal: AbortSignal, countdown: Countdown) => Promise<T>): Promise<T> {
    const gate = target.via !== undefined ? `through ${this.#keyOf(target.via)}` : target.proxyCommand !== undefined ? 'through commands' : `${target.hostName}:${target.port}`;
    const signals = [this.#options.signal, alone].filter((signal) => signal !== undefined);
    return this.#limits.attempt(gate, target.via === undefined, signals.length > 1 ? AbortSignal.any(signals) : signals[0], async () => {
      const ended = new AbortController();
      const countdown = new Countdown(target.connectTimeoutMs, () => ended.abort(new DialTimeout('the time is over')));
      const interrupt = () => ended.abort(new FleetTapError('unreachable', 'interrupted', 'the connection was not waited for', { place: { host: target.host } }));
      for (const signal of signals) signal.addEventListener('abort', interrupt);
      if (signals.some((signal) => signal.aborted)) interrupt();
      try {
        return await connect(ended.signal, countdown);
      } finally {
        countdown.stop();
        for (const signal of signals) signal.removeEventListener('abort', interrupt);
      }
    }, target.connectionAttempts);
  }

  async #connect(target: DialTarget, story: Story, signal: AbortSignal, countdown: Countdown): Promise<Client> {
    const { login: rules } = target;
    const { keys, problems, beyondUs } = await this.#keyRing.identities({ files: rules.identityFiles, certificates: rules.certificateFiles, onlyFiles: rules.identitiesOnly, agentSocket: rules.agentSocket });
    const allowed: Readonly<Record<string, boolean>> = { publickey: rules.publicKey, password: rules.passwordMethod, 'keyboard-interactive': rules.keyboardInteractive };
    const methods = (rules.preferred ?? LOGIN_METHODS).filter((method) => allowed[method] === true);
    // Whoever can log in by the system's ssh is not asked first.
    const mayBeginWithQuestions = beyondUs.length === 0 && rules.passwordPrompts > 0;
    const login = new Login({ host: target.host, user: target.user, ask: this.#askPersonFor(target), mayBeginWithQuestions, systemSshMethods: rules.systemSshMethods, keys, password: rules.passwordPrompts > 0 ? rules.password : undefined, publicKeyAlgorithms: rules.publicKeyAlgorithms, methods, onWait: (waiting) => countdown.pause(waiting) });
    const check = await this.#hostKeys.begin(target, login);
    const { kex, ciphers, macs, hostKey } = target.algorithms;
    const algorithms = algorithmsFor({ kex, ciphers, macs, hostKeys: hostKey, hostKeysByKnown: target.algorithms.hostKeyByKnownKeys, compression: target.compression }, check.knownTypes);
    // Last, and handed on at once: a server that closes at once must not do so while nobody listens.
    const socket = await this.#socket(target, signal, countdown).catch((error: unknown) => {
      // A jump host that failed, or Ctrl-C: no other attempt helps.
      throw error instanceof FleetTapError ? error : new NotReached(error);
    });
    const remoteAddress = socket instanceof Socket ? socket.remoteAddress : undefined;
    const verify = async (key: Buffer): Promise<void> => {
      await check.verify(key, remoteAddress);
      this.#options.trace?.(`${target.host}: its host key is believed: SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`);
    };
    try {
      const client = await connectSsh2({ socket, user: target.user, login, countdown, signal, verify, keepaliveMs: keepaliveMsOf(target), algorithms });
      this.#options.trace?.(`${target.host}: logged in with ${login.tried.at(-1) ?? 'nothing'}${login.tried.length > 1 ? `, after ${login.tried.slice(0, -1).join(', ')}` : ''}`);
      return client;
    } catch (error) {
      if (!(socket instanceof ProcessSocket) || !(error instanceof ConnectFailure) || error.stage !== 'busy' || socket.said === '') throw error;
      throw target.via === undefined ? new Error(`its ProxyCommand said: ${socket.said}`) : new NotReached(noWay());
    } finally {
      story.tried.splice(0, Number.POSITIVE_INFINITY, ...login.tried);
      story.problems.splice(0, Number.POSITIVE_INFINITY, ...problems, ...login.problems);
      story.beyondUs.splice(0, Number.POSITIVE_INFINITY, ...beyondUs);
      story.takes.splice(0, Number.POSITIVE_INFINITY, ...(login.left ?? []));
    }
  }

  async #socket(target: DialTarget, signal: AbortSignal, countdown: Countdown): Promise<Duplex> {
    const { via } = target;
    if (target.proxyCommand !== undefined) return ProcessSocket.ofCommand(target.proxyCommand);
    if (via === undefined) {
      const family = target.addressFamily === 'inet' ? 4 : target.addressFamily === 'inet6' ? 6 : undefined;
      return tcpSocket({ address: target.hostName, port: target.port, family, bindAddress: target.bindAddress }, signal);
    }
    // The jump host has its own time, and perhaps a person to wait for.
    const gateway = async (): Promise<Gateway> => {
      const reached = await this.#reach(via);
      return reached instanceof OpenSshTransport ? reached : new Ssh2Gateway(reached);
    };
    const opened = this.#gateways.open(this.#keyOf(via), gateway, target.hostName, target.port, (waiting) => countdown.pause(waiting));
    const aborted = new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
    return Promise.race([opened, aborted]);
  }

  async #connectBySystemSsh(target: DialTarget, signal: AbortSignal, countdown: Countdown): Promise<OpenSshTransport> {
    const { via } = target;
    let master: OpenSshTransport | undefined;
    if (via !== undefined) {
      countdown.pause(true);
      master = await this.#master(via);
      countdown.pause(false);
    }
    const unanswered = new AbortController();
    const answer = this.#answerFor(target, countdown, (error) => unanswered.abort(error));
    return OpenSshTransport.connect(target, { answer, via: master, signal: AbortSignal.any([signal, unanswered.signal]) }).catch((error: unknown) => {
      throw error instanceof Error && 'code' in error && !(error instanceof FleetTapError) ? new NotReached(error) : error;
    });
  }

  /** A jump host reached by the system's ssh, for hosts that need it all the way. */
  #master(via: DialTarget): Promise<OpenSshTransport> {
    const key = this.#keyOf(via);
    let master = this.#masters.get(key);
    if (master === undefined) {
      master = this.#limited(via, undefined, (signal, countdown) => this.#connectBySystemSsh(via, signal, countdown)).catch((error: unknown) => {
        this.#masters.delete(key);
        throw this.#explained(error, via, newStory(BY_SYSTEM_SSH));
      });
      master.then((reached) => reached.onLost(() => this.#masters.delete(key)), () => {});
      this.#masters.set(key, master);
    }
    return master;
  }

  #askPersonFor(target: DialTarget): AskPerson | undefined {
    return target.batchMode ? undefined : this.#options.askPerson;
  }

  /** @param end ends ssh before it sends anything: without an answer it would send an empty one */
  #answerFor(target: DialTarget, countdown: Countdown, end: (error: FleetTapError) => void): Answer | undefined {
    const askPerson = this.#askPersonFor(target);
    const ask = target.batchMode ? undefined : this.#options.ask;
    let password = target.login.password;
    if (password === undefined && ask === undefined && askPerson === undefined && !this.#keyRing.canAsk) return undefined;
    const waited = async <T>(work: Promise<T>): Promise<T> => {
      countdown.pause(true);
      return work.finally(() => countdown.pause(false));
    };
    return async (question) => {
      const file = /passphrase for key '(.+)'/.exec(question)?.[1];
      if (file !== undefined) return waited(this.#keyRing.passphrase(file));
      if (/continue connecting/.test(question)) return ask === undefined ? undefined : (await waited(ask(`${target.host}: ${question.split('\n').slice(0, 3).join(' ')} Trust it and write it down?`))) ? 'yes' : 'no';
      // So OpenSSH marks what the server asks itself.
      const asked = /^\([^)]*@[^)]*\) (.*)$/s.exec(question)?.[1];
      if (asked !== undefined && !asksForPassword(asked)) {
        if (askPerson !== undefined) return waited(askPerson(`${target.host}: ${printable(asked)}`, true));
        end(nobodyToAnswer(target.host, target.user, asked));
        return new Promise(() => {});
      }
      if (!/password/i.test(question)) return undefined;
      const given = password;
      // Once: the second question means that it was wrong.
      password = undefined;
      return given;
    };
  }

  /** Why the system's ssh may do what ssh2 could not; undefined: it would not either. */
  async #reasonForSystemSsh(error: unknown, target: DialTarget, story: Story): Promise<string | undefined> {
    if (error instanceof ConnectFailure && error.stage === 'negotiation') return `the server and what is built in have ${error.message}`;
    if ((error instanceof ConnectFailure && error.stage === 'login') || (error instanceof FleetTapError && error.code === 'login-question')) {
      if (story.beyondUs.length > 0) return `there is ${story.beyondUs.join(' and ')}`;
      const method = target.login.systemSshMethods.find((name) => story.takes.includes(name));
      if (method !== undefined) return `the server takes ${method}`;
    }
    if (error instanceof FleetTapError && error.code === 'host-key-unknown') return this.#hostKeys.authorityOf(target);
    return undefined;
  }

  #sayOnce(target: DialTarget, reason: string): void {
    if (this.#saidReasons.has(reason)) return;
    this.#saidReasons.add(reason);
    this.#options.say?.(`${target.host}: connected by the system's ssh, since ${reason}`);
  }

  #explained(failure: unknown, target: DialTarget, story: Story): FleetTapError {
    const error = failure instanceof NotReached ? failure.cause : failure;
    const through = target.via !== undefined ? ` through ${target.via.host}` : target.proxyCommand !== undefined ? ' through its ProxyCommand' : '';
    return explain(error, { host: target.host, at: `${target.hostName}:${target.port}${through}`, address: target.hostName, user: target.user, timeoutMs: target.connectTimeoutMs, openFiles: this.#openFiles, ...story });
  }

  /** The same for jump hosts that are reached in the same way as the same user. */
  #keyOf(target: DialTarget): string {
    let key = this.#keys.get(target);
    if (key === undefined) {
      const { host: _host, become: _become, ...rest } = target;
      key = JSON.stringify(rest);
      this.#keys.set(target, key);
    }
    return key;
  }
}

/** One jump host's failure is told to all hosts behind it. */
function seenFrom(host: string, error: FleetTapError): FleetTapError {
  const at = error.place.host;
  if (at === undefined || at === host) return error;
  return new FleetTapError(error.kind, error.code, `${at}: ${error.message}`, { place: { ...error.place, host }, ...(error.hint === undefined ? {} : { hint: error.hint }), cause: error });
}
