// What comes in: the algorithm lists of ssh_config, and the key types a server is known by. What goes out: what to offer to it.
// Guaranteed: no SHA-1 key exchange or MAC, no CBC, no ssh-dss and no ssh-rsa signature unless a configuration asks for it by name.
import type { Algorithms, CipherAlgorithm, KexAlgorithm, MacAlgorithm, ServerHostKeyAlgorithm } from 'ssh2';

/** Of two that are equally strong the one that costs the host less: OpenSSH computes NIST's curves by OpenSSL, curve25519 by slower code of its own. */
const KEY_EXCHANGES: readonly KexAlgorithm[] = [
  'ecdh-sha2-nistp256', 'curve25519-sha256', 'curve25519-sha256@libssh.org', 'ecdh-sha2-nistp384', 'ecdh-sha2-nistp521',
  'diffie-hellman-group-exchange-sha256', 'diffie-hellman-group16-sha512', 'diffie-hellman-group18-sha512', 'diffie-hellman-group14-sha256',
];
/** AES-GCM first: it is the fastest here, and OpenSSH's servers take the client's order. */
const CIPHERS: readonly CipherAlgorithm[] = ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'chacha20-poly1305@openssh.com', 'aes128-ctr', 'aes192-ctr', 'aes256-ctr'];
const MACS: readonly MacAlgorithm[] = ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'];
const HOST_KEYS: readonly ServerHostKeyAlgorithm[] = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'rsa-sha2-512', 'rsa-sha2-256'];

/** What ssh2 can do besides, when it is named. */
const ON_DEMAND: ReadonlySet<string> = new Set([
  'diffie-hellman-group15-sha512', 'diffie-hellman-group17-sha512', 'diffie-hellman-group-exchange-sha1', 'diffie-hellman-group14-sha1', 'diffie-hellman-group1-sha1',
  'aes128-cbc', 'aes192-cbc', 'aes256-cbc', '3des-cbc', 'hmac-sha1', 'hmac-sha1-etm@openssh.com', 'hmac-sha1-96', 'hmac-md5', 'hmac-md5-96', 'ssh-rsa',
]);

/** ssh_config(5) KexAlgorithms, Ciphers, MACs, HostKeyAlgorithms as lists; undefined = ours. */
export interface AlgorithmLists {
  readonly kex?: readonly string[] | undefined;
  readonly ciphers?: readonly string[] | undefined;
  readonly macs?: readonly string[] | undefined;
  readonly hostKeys?: readonly string[] | undefined;
  /** The list may be ordered by the keys that are known (HostKeyAlgorithms is not set, or only adds to or takes from the usual list). */
  readonly hostKeysByKnown?: boolean | undefined;
  /** ssh_config(5) Compression. Default: false. */
  readonly compression?: boolean | undefined;
}

/** Which of the lists names nothing that ssh2 can do: then only the system's ssh can connect. */
export function listBeyondUs(lists: AlgorithmLists): string | undefined {
  const all: [string, readonly string[] | undefined, readonly string[]][] = [
    ['KexAlgorithms', lists.kex, KEY_EXCHANGES],
    ['Ciphers', lists.ciphers, CIPHERS],
    ['MACs', lists.macs, MACS],
    ['HostKeyAlgorithms', lists.hostKeys, HOST_KEYS],
  ];
  const beyond = all.find(([, list, ours]) => list !== undefined && narrowed(list, ours).length === 0);
  return beyond === undefined ? undefined : `${beyond[0]} ${beyond[1]?.join(',')}`;
}

/** @param knownTypes key types that known_hosts has for the server: asked for first, as OpenSSH orders HostKeyAlgorithms */
export function algorithmsFor(lists: AlgorithmLists, knownTypes: readonly string[]): Algorithms {
  const hostKeys = narrowed(lists.hostKeys, HOST_KEYS);
  return {
    kex: narrowed(lists.kex, KEY_EXCHANGES),
    cipher: narrowed(lists.ciphers, CIPHERS),
    hmac: narrowed(lists.macs, MACS),
    compress: lists.compression === true ? ['zlib@openssh.com', 'zlib', 'none'] : ['none', 'zlib@openssh.com', 'zlib'],
    serverHostKey: lists.hostKeys === undefined || lists.hostKeysByKnown === true ? byKnownKeys(hostKeys, knownTypes) : hostKeys,
  };
}

/** As OpenSSH orders them: if the best one is known the list stands as it is, even where the server has only others of it. */
function byKnownKeys(algorithms: readonly ServerHostKeyAlgorithm[], knownTypes: readonly string[]): ServerHostKeyAlgorithm[] {
  const isKnown = (algorithm: string) => knownTypes.includes(algorithm) || (algorithm.startsWith('rsa-sha2') && knownTypes.includes('ssh-rsa'));
  const [best] = algorithms;
  if (best === undefined || isKnown(best)) return [...algorithms];
  return [...algorithms.filter(isKnown), ...algorithms.filter((algorithm) => !isKnown(algorithm))];
}

function narrowed<T extends string>(wanted: readonly string[] | undefined, ours: readonly T[]): T[] {
  if (wanted === undefined) return [...ours];
  return wanted.filter((name): name is T => ON_DEMAND.has(name) || ours.some((own) => own === name));
}
