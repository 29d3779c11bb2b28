// What comes in: a host's Connection (Ansible's view of it), the user's ssh_config, and what is known of this machine.
// What goes out: a DialTarget: all that a transport must know, every path and token expanded, every jump host resolved the same way.
// Guaranteed: pure (Match exec and files go through what is passed in); nothing is left for a transport to look up in ssh_config.
// Order, as for ssh(1): Ansible's variables and our flags stand where ssh's command line stands; then ~/.ssh/config, then the system's.
import { join } from 'node:path';
import type { Connection, HostKeyChecking } from '../inventory/connection.js';
import type { LocalMachine } from './config/machine.js';

export type BecomeMethod = 'sudo' | 'su' | 'doas';

/** How to become another user on the host. Ansible's become_* of one host. */
export interface Become {
  /** Whether everything runs so unless a task says otherwise. */
  readonly always: boolean;
  readonly method: BecomeMethod;
  /** `root` unless said otherwise. */
  readonly user: string;
  readonly password?: string;
  /** The program in place of the method's own name: a path, or a name in the host's PATH. */
  readonly exe?: string;
  /** Words for the program; undefined: the method's own (sudo: -H -S -n as needed). One shell word each, unquoted. */
  readonly flags?: readonly string[];
}

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
  /** How often a person is asked; 0 and more. */
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
  /** The name in the inventory; of a jump host, as it was written. In every message. */
  readonly host: string;
  /** `local`: this machine, without ssh (ansible_connection: local); then only `become` matters. */
  readonly connection: 'ssh' | 'local';
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
  /** Its input and output are the connection; tokens are expanded; for `/bin/sh -c`. */
  readonly proxyCommand?: string;
  readonly login: LoginRules;
  readonly hostKey: HostKeyRules;
  readonly algorithms: Algorithms;
  readonly become: Become;
  /** Only the system's ssh can do what was asked for; the reason, as half a sentence (`KnownHostsCommand is set at …`). */
  readonly onlySystemSsh?: string;
  /** Words for the system's ssh that say the same as this target, without the host: `-F FILE`, `-o Key=Value` … (a secret is never among them). */
  readonly systemSshWords: readonly string[];
  /** What the system's ssh is to be called with as host. */
  readonly systemSshHost: string;
}

const DEFAULT_KEYS = ['id_rsa', 'id_ecdsa', 'id_ecdsa_sk', 'id_ed25519', 'id_ed25519_sk', 'id_xmss', 'id_dsa'];

/** @throws FleetTapError kind `input` */
export function resolveTarget(connection: Connection, machine: LocalMachine): DialTarget {
  const dotSsh = (name: string) => join(machine.home, '.ssh', name);
  const expand = (path: string) => (path.startsWith('~/') ? join(machine.home, path.slice(2)) : path);
  const named = connection.identityFiles.length > 0;
  return {
    host: connection.host,
    connection: 'ssh',
    hostName: connection.address.toLowerCase(),
    port: connection.port,
    user: connection.user ?? machine.user,
    addressFamily: 'any',
    connectTimeoutMs: connection.connectTimeoutMs,
    connectionAttempts: 1,
    serverAliveIntervalMs: 0,
    serverAliveCountMax: 3,
    compression: false,
    login: {
      identityFiles: named ? connection.identityFiles.map((path) => ({ path: expand(path), named })) : DEFAULT_KEYS.map((name) => ({ path: dotSsh(name), named })),
      certificateFiles: [],
      identitiesOnly: false,
      agentSocket: machine.env.SSH_AUTH_SOCK,
      ...(connection.password === undefined ? {} : { password: connection.password }),
      preferred: undefined,
      publicKey: true,
      passwordMethod: true,
      keyboardInteractive: true,
      passwordPrompts: 3,
      publicKeyAlgorithms: undefined,
    },
    hostKey: {
      checking: connection.hostKeyChecking,
      userFiles: connection.knownHostsFiles?.map(expand) ?? [dotSsh('known_hosts'), dotSsh('known_hosts2')],
      globalFiles: ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'],
      ...(connection.hostKeyAlias === undefined ? {} : { alias: connection.hostKeyAlias }),
      checkHostIp: false,
      hashNames: false,
      requiredRsaBits: 1024,
      trustLoopback: false,
    },
    algorithms: { kex: undefined, ciphers: undefined, macs: undefined, hostKey: undefined, hostKeyByKnownKeys: true },
    become: { always: connection.become, method: 'sudo', user: 'root', ...(connection.becomePassword === undefined ? {} : { password: connection.becomePassword }) },
    systemSshWords: [],
    systemSshHost: connection.address,
  };
}
