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

export function newKeyPair(): KeyPair {
  const pair = ssh2.utils.generateKeyPairSync('ed25519');
  const parsed = ssh2.utils.parseKey(pair.public);
  if (parsed instanceof Error) throw parsed;
  return { privateKey: pair.private, publicLine: pair.public.trim(), publicBytes: parsed.getPublicSSH() };
}
