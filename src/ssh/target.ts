// All that a transport must know of a host: every path and token expanded, every jump host resolved the same way.
// Guaranteed: nothing is left for a transport to look up in ssh_config. Made by resolve-target.ts.
import type { Become } from '../inventory/become.js';
import type { HostKeyChecking } from '../inventory/connection.js';

export interface IdentityFile {
  /** Absolute, or relative to the working directory as the user wrote it. */
  readonly path: string;
  /** Somebody named it: a missing one is worth a word. Otherwise it is one of the default places. */
  readonly named: boolean;
}

export interface LoginRules {
  /** Tried in this order. */
  readonly identityFiles: readonly IdentityFile[];
  readonly certificateFiles: readonly string[];
  /** Only the identity files, even if the agent offers more (an agent may still hold their private halves). */
  readonly identitiesOnly: boolean;
  /** The agent's socket; undefined: none. */
  readonly agentSocket: string | undefined;
  readonly password?: string;
  /** Methods in the order to try them, of `publickey`, `keyboard-interactive`, `password` and others; undefined: the usual order. */
  readonly preferred: readonly string[] | undefined;
  readonly publicKey: boolean;
  readonly passwordMethod: boolean;
  readonly keyboardInteractive: boolean;
  /** Methods that only the system's ssh can do, and that are switched on: `gssapi-with-mic`, `hostbased`. */
  readonly systemSshMethods: readonly string[];
  /** 0: no password is sent, however it was given; more: once, since nobody is asked again. */
  readonly passwordPrompts: number;
  /** Signature algorithms that may be used with keys (PubkeyAcceptedAlgorithms); undefined: the usual ones. */
  readonly publicKeyAlgorithms: readonly string[] | undefined;
}

export interface HostKeyRules {
  readonly checking: HostKeyChecking;
  /** All are read; the first is also written. Empty: none (and nothing is written). */
  readonly userFiles: readonly string[];
  readonly globalFiles: readonly string[];
  /** The name to look up in place of hostName and port. */
  readonly alias?: string;
  /** Look up the address as well, in a connection that is made directly (CheckHostIP). */
  readonly checkHostIp: boolean;
  /** Names are hashed when they are written down. */
  readonly hashNames: boolean;
  /** Keys in this file (one public key a line, or a KRL) are refused. */
  readonly revokedFile?: string;
  /** A shorter RSA key is refused (RequiredRSASize). */
  readonly requiredRsaBits: number;
  /** Keys of addresses 127.0.0.0/8 and ::1 are not checked (NoHostAuthenticationForLocalhost). */
  readonly trustLoopback: boolean;
}

/** Lists in order of preference with `+`, `-` and `^` applied to OpenSSH's own; undefined: nobody said anything. */
export interface Algorithms {
  readonly kex: readonly string[] | undefined;
  readonly ciphers: readonly string[] | undefined;
  readonly macs: readonly string[] | undefined;
  readonly hostKey: readonly string[] | undefined;
  /** The keys that are known decide which host key algorithm comes first; false: the list stands as it is. */
  readonly hostKeyByKnownKeys: boolean;
}

export interface DialTarget {
  /** The name in the inventory; of a jump host `jump host NAME`, as it was written, whichever host it leads to. In every message. */
  readonly host: string;
  /** Name or address to dial, lower case. */
  readonly hostName: string;
  /** 1–65535 */
  readonly port: number;
  readonly user: string;
  readonly addressFamily: 'any' | 'inet' | 'inet6';
  readonly bindAddress?: string;
  /** For the whole of connecting and logging in, without the time that a person takes to answer. */
  readonly connectTimeoutMs: number;
  /** 1 and more. */
  readonly connectionAttempts: number;
  /** 0: nobody said anything. */
  readonly serverAliveIntervalMs: number;
  readonly serverAliveCountMax: number;
  readonly compression: boolean;
  /** The jump host to go through: dial it first (it may have one of its own). Never together with proxyCommand. */
  readonly via?: DialTarget;
  /** Its input and output are the connection; tokens are expanded; for the user's shell ($SHELL -c, or /bin/sh). */
  readonly proxyCommand?: string;
  readonly login: LoginRules;
  readonly hostKey: HostKeyRules;
  readonly algorithms: Algorithms;
  readonly become: Become;
  /** Only the system's ssh can do what was asked for; the reason, as half a sentence (`KnownHostsCommand is set at …`). */
  readonly onlySystemSsh?: string;
  /** Nobody is to be asked anything (BatchMode). */
  readonly batchMode: boolean;
  /** Words for the system's ssh that say what the fields above do not: `-F FILE`, `-o Key=Value` … (a secret is never among them). */
  readonly systemSshWords: readonly string[];
  /** What the system's ssh is to be called with as host. */
  readonly systemSshHost: string;
}
