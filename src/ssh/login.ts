// What comes in: the keys and the password that there are, and what the server says after each try. What goes out: the next try (RFC 4252).
// Guaranteed: methods in the order of PreferredAuthentications; a password is sent at most once to a server, by whichever method asks first;
// what was tried is known by its name afterwards, for the message.
// Not here: which keys there are (key-ring.ts), and when a login may begin: after the host key was verified (ssh2-connect.ts).
import type { Client } from 'ssh2';
import ssh2 from 'ssh2';
import type { Identity } from './key-ring.js';
import { SshReader } from './ssh-wire.js';

/** ssh_config(5) PreferredAuthentications: its default, without what only the system's ssh can do. */
export const LOGIN_METHODS: readonly string[] = ['publickey', 'keyboard-interactive', 'password'];

/** Methods that a server may want one after the other; one that wants more wants no end of them. */
const MOST_STEPS = 8;

/** What an RSA key may sign with (RFC 8332), the strongest first. */
const RSA_SIGNATURES: readonly string[] = ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'];

export interface LoginOptions {
  readonly user: string;
  readonly keys: readonly Identity[];
  readonly password: string | undefined;
  /** PubkeyAcceptedAlgorithms; undefined: the usual ones. */
  readonly publicKeyAlgorithms?: readonly string[] | undefined;
  /** The methods that may be used, the first one first. */
  readonly methods: readonly string[];
  /** A person, or an agent that may ask one, is waited for. */
  onWait(waiting: boolean): void;
}

interface Try {
  readonly method: string;
  readonly label: string;
  readonly request: Readonly<Record<string, unknown>>;
}

export class Login {
  /** Labels of what was offered, in order. */
  readonly tried: string[] = [];
  /** What could not be offered, or not be used, and why. */
  readonly problems: string[] = [];
  /** The methods that the server takes, by its last word. */
  left: readonly string[] | undefined;
  readonly #options: LoginOptions;
  readonly #queue: Try[];
  #hasAskedMethods = false;
  #steps = 0;
  #isPasswordSent = false;

  constructor(options: LoginOptions) {
    this.#options = options;
    this.#queue = options.methods.flatMap((method) => this.#triesOf(method));
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
    const at = this.#queue.findIndex(({ method }) => this.left?.includes(method) !== false && (method === 'publickey' || !this.#isPasswordSent));
    const [tried] = at === -1 ? [] : this.#queue.splice(at, 1);
    if (tried === undefined) return false;
    if (tried.method === 'password') this.#isPasswordSent = true;
    this.tried.push(tried.label);
    return tried.request;
  };

  /** The server has taken one method and wants another besides (AuthenticationMethods): as ssh, all keys may be tried again. */
  #goOn(): void {
    this.#steps += 1;
    if (this.#steps > MOST_STEPS) return;
    const { methods } = this.#options;
    this.#queue.splice(0, Number.POSITIVE_INFINITY, ...methods.flatMap((method) => this.#triesOf(method)));
  }

  /** The server is not the one that it should be, and nobody minds (StrictHostKeyChecking=no): as ssh, no password for it. */
  forbidPasswords(): void {
    this.#isPasswordSent = true;
  }

  /**
   * ssh2 keeps the server's answer to a key of an agent to itself, and all keys are such to it; and of two RSA signatures that a server
   * takes it makes the weaker one. So its handlers are listened to. Without them (another version of ssh2) less is known, no more.
   */
  listen(client: Client): void {
    const { _protocol } = client as unknown as { _protocol?: { _handlers?: Record<string, ((...words: unknown[]) => void) | undefined> } };
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
    if (method === 'publickey') return keys.map((key) => ({ method, label: key.label, request: { type: 'agent', username, agent: this.#agentOf(key) } }));
    if (password === undefined) return [];
    if (method === 'password') return [{ method, label: 'password', request: { type: 'password', username, password } }];
    if (method !== 'keyboard-interactive') return [];
    const prompt = (_name: string, _instructions: string, _language: string, prompts: readonly { readonly echo?: boolean }[], answer: (answers: string[]) => void) => {
      // Only a question whose answer is hidden can be the one for the password, and only once: a second one means that it was wrong.
      const isForPassword = prompts.length === 1 && prompts[0]?.echo !== true && !this.#isPasswordSent;
      if (isForPassword) this.#isPasswordSent = true;
      answer(prompts.map(() => (isForPassword ? password : '')));
    };
    return [{ method, label: 'password (keyboard-interactive)', request: { type: 'keyboard-interactive', username, prompt } }];
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
