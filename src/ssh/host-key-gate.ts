// What comes in: a server that is being dialled. What goes out: the key types to ask it for, and the verdict on the key that it shows.
// Guaranteed: a server whose key is taken although it is the wrong one (StrictHostKeyChecking=no) gets no password.
// Not here: the decision itself (host-key-policy.ts).
import { type HostKeyCheck, knownKeys, verifyHostKey } from './host-key-policy.js';
import { KnownHostsFiles } from './known-hosts-files.js';
import type { Login } from './login.js';
import type { DialTarget } from './target.js';

export interface OpenCheck {
  /** Key types that the server is known by. */
  readonly knownTypes: readonly string[];
  /**
   * @param remoteAddress undefined through a jump host or a ProxyCommand
   * @throws FleetTapError kind `unreachable` when the key must not be believed
   */
  verify(key: Buffer, remoteAddress: string | undefined): Promise<void>;
}

export class HostKeyGate {
  readonly #files = new KnownHostsFiles();
  readonly #ask: HostKeyCheck['ask'];
  readonly #say: (line: string) => void;

  constructor(ask: HostKeyCheck['ask'], say: (line: string) => void) {
    this.#ask = ask;
    this.#say = say;
  }

  async begin(target: DialTarget, login: Login): Promise<OpenCheck> {
    const { types } = await knownKeys(this.#files, { target });
    return {
      knownTypes: types,
      verify: async (key, remoteAddress) => {
        const trust = await verifyHostKey(this.#files, key, { target, remoteAddress, ask: target.batchMode ? undefined : this.#ask });
        if (trust.unsafe) login.forbidPasswords();
        for (const sentence of trust.warnings) this.#say(`${target.host}: ${sentence}`);
      },
    };
  }

  /** Half a sentence about the certificate authority that vouches for this server's key; undefined: none does. */
  async authorityOf(target: DialTarget): Promise<string | undefined> {
    const { authority } = await knownKeys(this.#files, { target });
    return authority === undefined ? undefined : `a certificate authority vouches for its host key (${authority.file}:${authority.line})`;
  }
}
