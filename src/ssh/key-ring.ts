// What comes in: the identity files and the agent that a host's configuration names. What goes out: the keys to offer, in OpenSSH's order.
// Guaranteed: a key file is read once a run and its passphrase asked for once, whatever the number of hosts; and only when a server has
// said that it would take that key (its public half is known without the passphrase, but for old PEM files).
// Not here: what is sent to the server (login.ts).
import { existsSync } from 'node:fs';
import { agentKeys, type AgentKey, agentSign } from './agent.js';
import { type KeyFile, type PrivateKey, readKeyFile, unlock, WrongPassphrase } from './key-file.js';
import { keyTypeOf } from './known-hosts.js';
import type { IdentityFile } from './target.js';

/** Puts a question whose answer is not shown; an empty answer gives up. */
export type AskSecret = (prompt: string) => Promise<string>;

/** A key that can be offered to a server. */
export interface Identity {
  /** For messages: `key FILE`, or `ssh-agent's key COMMENT`. */
  readonly label: string;
  /** @throws Error in one sentence: this key cannot be offered */
  blob(): Promise<Buffer>;
  /** @throws Error in one sentence: this key cannot be used, the next one may */
  sign(data: Buffer, hash: string | undefined): Promise<Buffer>;
  /** The same without waiting for anybody; undefined where a person or an agent may be asked, and for RSA, where a signature takes long and its kind depends on the server. */
  readonly signNow?: ((data: Buffer) => Buffer) | undefined;
}

export interface IdentityRequest {
  readonly files: readonly IdentityFile[];
  /** CertificateFile: only the system's ssh can show one. */
  readonly certificates: readonly string[];
  /** IdentitiesOnly: the agent may only sign for keys that stand in `files`. */
  readonly onlyFiles: boolean;
  /** The agent's socket; undefined = no agent. */
  readonly agentSocket: string | undefined;
}

export interface Identities {
  readonly keys: readonly Identity[];
  /** Why what was named is not among them. */
  readonly problems: readonly string[];
  /** What is there that only the system's ssh can use, for example `a security key (FILE)`. */
  readonly beyondUs: readonly string[];
}

const USABLE = new Set(['ssh-ed25519', 'ssh-rsa', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521']);

/** As ssh: a mistyped passphrase may be typed again. */
const PASSPHRASE_TRIES = 3;

export class KeyRing {
  readonly #askSecret: AskSecret | undefined;
  readonly #files = new Map<string, Promise<KeyFile>>();
  readonly #unlocked = new Map<string, Promise<PrivateKey>>();
  readonly #agents = new Map<string, Promise<AgentKey[]>>();

  /** @param askSecret undefined without a terminal */
  constructor(askSecret: AskSecret | undefined) {
    this.#askSecret = askSecret;
  }

  /** Keys of the agent that a file names, the agent's others, then files that the agent does not hold (ssh's pubkey_prepare). */
  async identities(request: IdentityRequest): Promise<Identities> {
    const wanted = new Map(request.files.map(({ path, named }) => [path, named]));
    const files = await Promise.all([...wanted].map(async ([name, named]) => ({ name, named, content: await this.#read(name) })));
    const problems: string[] = [];
    const certificates = [...request.certificates, ...[...wanted.keys()].map((path) => `${path}-cert.pub`)].filter((path) => existsSync(path));
    const beyondUs = certificates.map((path) => `a certificate (${path})`);
    const inAgent = await this.#agentKeys(request.agentSocket, problems);
    const blobs = new Map<string, Identity>();
    const fromAgent = (key: AgentKey, label: string): Identity => ({
      label,
      blob: async () => key.blob,
      sign: (data, hash) => agentSign(request.agentSocket ?? '', key.blob, data, hash),
    });
    const only: Identity[] = [];
    for (const { name, named, content } of files) {
      const blob = content.kind === 'key' ? content.key.blob : 'blob' in content ? content.blob : undefined;
      const held = blob === undefined ? undefined : inAgent.find((key) => key.blob.equals(blob));
      if (held !== undefined) blobs.set(held.blob.toString('base64'), fromAgent(held, `key ${name} in ssh-agent`));
      else if (content.kind === 'key') only.push(this.#open(name, content.key));
      else if (content.kind === 'encrypted') only.push(this.#locked(name, content));
      else if (content.kind === 'security-key') beyondUs.push(`a security key (${name})`);
      else if (content.kind === 'unusable') problems.push(`${name}: ${content.reason}`);
      else if (content.kind === 'public') problems.push(`${name}: only its public half is there, and no agent has the private one`);
      else if (named) problems.push(`${name}: no such file`);
    }
    const others: Identity[] = [];
    for (const key of inAgent) {
      if (blobs.has(key.blob.toString('base64'))) continue;
      if (!USABLE.has(key.type)) beyondUs.push(`${key.type.includes('-cert-') ? 'a certificate' : 'a security key'} in ssh-agent (${key.type})`);
      else if (!request.onlyFiles) others.push(fromAgent(key, `ssh-agent's key ${key.comment}`));
    }
    return { keys: [...blobs.values(), ...others, ...only], problems, beyondUs };
  }

  /**
   * The passphrase of one file, typed by a person: for programs that unlock the file themselves.
   * @throws Error in one sentence without a terminal
   */
  passphrase(file: string): Promise<string> {
    if (this.#askSecret === undefined) return Promise.reject(new Error('is encrypted, and there is no terminal to ask for its passphrase; load it into ssh-agent'));
    return this.#askSecret(`passphrase of ${file}: `);
  }

  get canAsk(): boolean {
    return this.#askSecret !== undefined;
  }

  #read(path: string): Promise<KeyFile> {
    return remembered(this.#files, path, () => readKeyFile(path));
  }

  async #agentKeys(socket: string | undefined, problems: string[]): Promise<AgentKey[]> {
    if (socket === undefined) return [];
    return remembered(this.#agents, socket, () => agentKeys(socket)).catch((error: Error) => {
      problems.push(`ssh-agent: ${error.message}`);
      return [];
    });
  }

  #open(name: string, key: PrivateKey): Identity {
    const isRsa = keyTypeOf(key.blob) === 'ssh-rsa';
    return { label: `key ${name}`, blob: async () => key.blob, sign: async (data, hash) => key.sign(data, hash), signNow: isRsa ? undefined : (data) => key.sign(data, undefined) };
  }

  #locked(name: string, content: { readonly blob: Buffer | undefined; readonly text: Buffer }): Identity {
    const key = () => remembered(this.#unlocked, name, () => this.#unlock(name, content.text));
    return {
      label: `key ${name}`,
      blob: async () => content.blob ?? (await key()).blob,
      sign: async (data, hash) => (await key()).sign(data, hash),
    };
  }

  async #unlock(name: string, text: Buffer): Promise<PrivateKey> {
    for (let tries = 1; ; tries += 1) {
      const passphrase = await this.passphrase(name).catch((error: Error) => {
        throw new Error(`${name}: ${error.message}`);
      });
      if (passphrase === '') throw new Error(`${name}: no passphrase was given`);
      try {
        return unlock(text, passphrase);
      } catch (error) {
        if (!(error instanceof WrongPassphrase) || tries === PASSPHRASE_TRIES) throw new Error(`${name}: ${(error as Error).message}`);
      }
    }
  }
}


function remembered<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  let promise = known.get(key);
  if (promise === undefined) {
    promise = make();
    known.set(key, promise);
  }
  return promise;
}
