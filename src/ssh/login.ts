// What comes in: the keys and the password that there are, and what the server says after each try. What goes out: the next try (RFC 4252).
// Guaranteed: methods in the order of PreferredAuthentications (questions for a person last where no password is there); a password is sent at most once to a server, by whichever method asks first;
// what was tried is known by its name afterwards, for the message.
// Not here: which keys there are (key-ring.ts), and when a login may begin: after the host key was verified (ssh2-connect.ts).
import type { Client } from 'ssh2';
import ssh2 from 'ssh2';
import type { Identity } from './key-ring.js';
import { answersTo, type AskPerson, type LoginQuestions } from './login-questions.js';
import { SshReader } from './ssh-wire.js';

/** ssh_config(5) PreferredAuthentications: its default, without what only the system's ssh can do. */
export const LOGIN_METHODS: readonly string[] = ['publickey', 'keyboard-interactive', 'password'];

/** Methods that a server may want one after the other; one that wants more wants no end of them. */
const MOST_STEPS = 8;

/** What an RSA key may sign with (RFC 8332), the strongest first. */
const RSA_SIGNATURES: readonly string[] = ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'];

export interface LoginOptions {
  /** The host's name in the inventory, for questions. */
  readonly host: string;
  readonly user: string;
  readonly keys: readonly Identity[];
  readonly password: string | undefined;
  /** PubkeyAcceptedAlgorithms; undefined: the usual ones. */
  readonly publicKeyAlgorithms?: readonly string[] | undefined;
  /** The methods that may be used, the first one first. */
  readonly methods: readonly string[];
  /** Puts a server's question to a person; undefined: there is none. */
  readonly ask?: AskPerson | undefined;
  /** Without a password, the server may be let ask its questions; otherwise only after it has taken another method. */
  readonly mayBeginWithQuestions?: boolean;
  /** Methods that only the system's ssh can do: where the server takes one, nobody is asked first. */
  readonly systemSshMethods?: readonly string[];
  /** A person, or an agent that may ask one, is waited for. */
  onWait(waiting: boolean): void;
}

interface Try {
  readonly method: string;
  readonly label: string;
  readonly key?: Identity;
  readonly request: Readonly<Record<string, unknown>>;
}

/** ssh2's own: without `sign` it asks whether the key would be taken. */
type AuthPublicKey = (user: string, key: unknown, algorithm: string | undefined, sign?: (data: Buffer, done: (signature: Buffer) => void) => void) => void;

export class Login {
  /** Labels of what was offered, in order. */
  readonly tried: string[] = [];
  /** What could not be offered, or not be used, and why. */
  readonly problems: string[] = [];
  /** The methods that the server takes, by its last word. */
  left: readonly string[] | undefined;
  readonly #options: LoginOptions;
  readonly #queue: Try[];
  /** The one that is being tried. */
  #key: Identity | undefined;
  #hasAskedMethods = false;
  #steps = 0;
  #isPasswordSent = false;
  /** The server wants more after it: it was the right one. */
  #isPasswordTaken = false;
  #isForbidden = false;
  #end: (error: Error) => void = () => {};

  constructor(options: LoginOptions) {
    this.#options = options;
    this.#queue = this.#newQueue();
  }

  /** ssh2's `authHandler`. */
  readonly next = (left: readonly string[] | null, isPartial?: boolean | null): Readonly<Record<string, unknown>> | false => {
    if (left !== null) this.left = left;
    if (isPartial === true) this.#goOn();
    const { user: username } = this.#options;
    // Without a key to begin with, the server is asked for its methods: a password must not be spent on the wrong one.
    if (this.left === undefined && !this.#hasAskedMethods && this.#queue[0]?.method !== 'publickey') {
      this.#hasAskedMethods = true;
      return { type: 'none', username };
    }
    const at = this.#queue.findIndex(({ method }) => this.left?.includes(method) !== false && this.#isOpen(method));
    const [tried] = at === -1 ? [] : this.#queue.splice(at, 1);
    if (tried === undefined) return false;
    if (tried.method === 'password') this.#isPasswordSent = true;
    this.tried.push(tried.label);
    this.#key = tried.key;
    return tried.request;
  };

  /** The server has taken one method and wants another besides (AuthenticationMethods): as ssh, all keys may be tried again. */
  #goOn(): void {
    this.#steps += 1;
    if (this.#steps > MOST_STEPS) return;
    if (this.#isPasswordSent) this.#isPasswordTaken = true;
    this.#queue.splice(0, Number.POSITIVE_INFINITY, ...this.#newQueue());
  }

  /** Questions without a password for them may end the login, so what needs none comes before. */
  #newQueue(): Try[] {
    const { methods, password } = this.#options;
    const isLast = (method: string) => method === 'keyboard-interactive' && password === undefined;
    return [...methods.filter((method) => !isLast(method)), ...methods.filter(isLast)].flatMap((method) => this.#triesOf(method));
  }

  #isOpen(method: string): boolean {
    if (method === 'publickey') return true;
    const { password, systemSshMethods = [] } = this.#options;
    if (method === 'keyboard-interactive' && password === undefined && this.#steps === 0 && systemSshMethods.some((name) => this.left?.includes(name) === true)) return false;
    // A second password question means that the first answer was wrong; other questions come after one that was right.
    return !this.#isForbidden && (!this.#isPasswordSent || (method === 'keyboard-interactive' && this.#isPasswordTaken));
  }

  /** The server is not the one that it should be, and nobody minds (StrictHostKeyChecking=no): as ssh, no password for it. */
  forbidPasswords(): void {
    this.#isForbidden = true;
  }

  /**
   * ssh2 keeps the server's answer to a key of an agent to itself, and all keys are such to it; and of two RSA signatures that a server
   * takes it makes the weaker one. So its handlers are listened to. Without them (another version of ssh2) less is known, no more.
   * @param end ends the login: a question has no answer
   */
  listen(client: Client, end: (error: Error) => void): void {
    this.#end = end;
    const { _protocol } = client as unknown as { _protocol?: { authPK?: AuthPublicKey; _handlers?: Record<string, ((...words: unknown[]) => void) | undefined> } };
    if (_protocol !== undefined) this.#signAtOnce(_protocol);
    const handlers = _protocol?._handlers;
    const { USERAUTH_FAILURE: failure, EXT_INFO: extensions } = handlers ?? {};
    if (handlers === undefined || failure === undefined || extensions === undefined) return;
    handlers.USERAUTH_FAILURE = (protocol, methods, ...rest) => {
      if (Array.isArray(methods)) this.left = methods;
      failure(protocol, methods, ...rest);
    };
    handlers.EXT_INFO = (protocol, list) => {
      const withoutWeaker = (algorithms: unknown) => (Array.isArray(algorithms) ? this.#strongest(algorithms) : algorithms);
      extensions(protocol, Array.isArray(list) ? list.map((extension: { algs?: unknown }) => ({ ...extension, algs: withoutWeaker(extension.algs) })) : list);
    };
  }

  /**
   * ssh2 asks about each key first. Where signing costs nobody anything the signature goes at once (RFC 4252, 7, leaves it to the client): one round trip less, and the server
   * looks for the key once. A key that it does not take is refused as it would have been.
   */
  #signAtOnce(protocol: { authPK?: AuthPublicKey }): void {
    const { authPK } = protocol;
    if (authPK === undefined) return;
    protocol.authPK = (user, key, algorithm, sign) => {
      const signNow = this.#key?.signNow;
      authPK.call(protocol, user, key, algorithm, sign ?? (signNow && ((data, done) => done(signNow(data)))));
    };
  }

  /** @param names signature algorithms that the server takes */
  #strongest(names: readonly unknown[]): unknown[] {
    const { publicKeyAlgorithms: ours } = this.#options;
    const both = ours === undefined ? names : names.filter((name) => typeof name !== 'string' || !RSA_SIGNATURES.includes(name) || ours.includes(name));
    return both.includes('rsa-sha2-512') ? both.filter((name) => name !== 'rsa-sha2-256') : [...both];
  }

  #accepts(blob: Buffer): boolean {
    const { publicKeyAlgorithms: ours } = this.#options;
    if (ours === undefined) return true;
    const type = new SshReader(blob).string().toString('latin1');
    return (type === 'ssh-rsa' ? RSA_SIGNATURES : [type]).some((name) => ours.includes(name));
  }

  #triesOf(method: string): Try[] {
    const { user: username, password, keys } = this.#options;
    if (method === 'publickey') return keys.map((key) => ({ method, label: key.label, key, request: { type: 'agent', username, agent: this.#agentOf(key) } }));
    if (method === 'password') return password === undefined ? [] : [{ method, label: 'password', request: { type: 'password', username, password } }];
    if (method !== 'keyboard-interactive') return [];
    if (password === undefined && this.#steps === 0 && !(this.#options.mayBeginWithQuestions === true && this.#options.ask !== undefined)) return [];
    const prompt = (name: string, instructions: string, _language: string, prompts: LoginQuestions['prompts'], answer: (answers: string[]) => void) => void this.#answer({ name, instructions, prompts }, answer);
    return [{ method, label: password === undefined ? 'questions (keyboard-interactive)' : 'password (keyboard-interactive)', request: { type: 'keyboard-interactive', username, prompt } }];
  }

  async #answer(said: Pick<LoginQuestions, 'name' | 'instructions' | 'prompts'>, answer: (answers: string[]) => void): Promise<void> {
    const { host, user, password, ask, onWait } = this.#options;
    const waited: AskPerson | undefined = ask && ((prompt, isHidden) => {
      onWait(true);
      return ask(prompt, isHidden).finally(() => onWait(false));
    });
    try {
      const given = await answersTo({ host, user, ...said }, this.#isPasswordSent ? undefined : password, waited);
      // As a refusal: the server asks for a password, and there is none, or it was the wrong one.
      if (given === undefined) return this.#end(Object.assign(new Error('there is no other password'), { level: 'client-authentication' }));
      if (given.isPasswordUsed) this.#isPasswordSent = true;
      answer(given.answers);
    } catch (error) {
      this.#end(error as Error);
    }
  }

  /** One key as an agent that holds just it: so ssh2 asks the server about it first, and the signature may take its time. */
  #agentOf(key: Identity): InstanceType<typeof ssh2.BaseAgent> {
    const { onWait } = this.#options;
    const wait = async <T>(work: Promise<T>, done: (error: Error | undefined, result?: T) => void): Promise<void> => {
      onWait(true);
      const settled = await work.then(
        (result) => ({ result }),
        (error: Error) => ({ error }),
      );
      onWait(false);
      if ('error' in settled) done(settled.error);
      else done(undefined, settled.result);
    };
    const offered = async (): Promise<Buffer> => {
      const blob = await key.blob();
      if (!this.#accepts(blob)) throw new Error(`${key.label}: PubkeyAcceptedAlgorithms has nothing for it`);
      return blob;
    };
    const isSha1Named = this.#options.publicKeyAlgorithms?.includes('ssh-rsa') === true;
    class OneKey extends ssh2.BaseAgent {
      override getIdentities(done: (error?: Error, keys?: Buffer[]) => void): void {
        void wait(offered(), (error, blob) => (blob === undefined ? done(error) : done(undefined, [blob])));
      }
      override sign(_key: unknown, data: Buffer, options: unknown, done?: unknown): void {
        const answer = (typeof options === 'function' ? options : done) as (error?: Error, signature?: Buffer) => void;
        const hash = (options as { hash?: string } | undefined)?.hash;
        // What a server that announces nothing would get; OpenSSH 8.8 and later refuse it as well.
        if (hash === 'sha1' && !isSha1Named) return answer(new Error(`${key.label}: the server takes this rsa key only with SHA-1 signatures`));
        void wait(key.sign(data, hash), (error, signature) => (signature === undefined ? answer(error) : answer(undefined, signature)));
      }
    }
    return new OneKey();
  }
}
