// A new ed25519 key pair in OpenSSH's format, for one run of the demo.
import ssh2 from 'ssh2';

export interface KeyPair {
  /** The text of the private key's file. */
  readonly privateKey: string;
  /** The key as one line of a known_hosts or authorized_keys file: type and base64. */
  readonly publicLine: string;
  /** The public key as it travels (RFC 4253, 6.6). */
  readonly publicBytes: Buffer;
}

/** ssh2 1.17 writes about one ed25519 key of 200 wrongly: such a pair is thrown away. */
const TRIES = 20;

export function newKeyPair(): KeyPair {
  for (let tried = 0; tried < TRIES; tried++) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    const publicKey = ssh2.utils.parseKey(pair.public);
    const privateKey = ssh2.utils.parseKey(pair.private);
    if (publicKey instanceof Error || privateKey instanceof Error) continue;
    const signature = privateKey.sign('fleet-tap');
    if (signature instanceof Error || publicKey.verify('fleet-tap', signature) !== true) continue;
    return { privateKey: pair.private, publicLine: pair.public.trim(), publicBytes: publicKey.getPublicSSH() };
  }
  throw new Error(`ssh2 made no usable key in ${TRIES} tries`);
}
