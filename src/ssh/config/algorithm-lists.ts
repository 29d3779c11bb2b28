// What comes in: a list of algorithms as ssh_config(5) writes it: whole, or with `+`, `-` or `^` what to change in OpenSSH's own. What goes out: the list.
// The lists are OpenSSH 9.2's (`ssh -Q`, and the defaults of ssh_config(5)); a name that is not in them stays as it was written: it may be newer.
import { matchPattern } from './pattern.js';

export type AlgorithmKeyword = 'ciphers' | 'kexalgorithms' | 'macs' | 'hostkeyalgorithms' | 'pubkeyacceptedalgorithms';

const PLAIN_KEYS = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'sk-ssh-ed25519@openssh.com', 'sk-ecdsa-sha2-nistp256@openssh.com', 'rsa-sha2-512', 'rsa-sha2-256'];
const CERTIFICATES = [
  'ssh-ed25519-cert-v01@openssh.com', 'ecdsa-sha2-nistp256-cert-v01@openssh.com', 'ecdsa-sha2-nistp384-cert-v01@openssh.com', 'ecdsa-sha2-nistp521-cert-v01@openssh.com',
  'sk-ssh-ed25519-cert-v01@openssh.com', 'sk-ecdsa-sha2-nistp256-cert-v01@openssh.com', 'rsa-sha2-512-cert-v01@openssh.com', 'rsa-sha2-256-cert-v01@openssh.com',
];
const KEYS = [...CERTIFICATES, ...PLAIN_KEYS];
/** In the order of `ssh -Q sig`: a wildcard takes them in this order. */
const ALL_KEYS = [
  'ssh-ed25519', 'ssh-ed25519-cert-v01@openssh.com', 'sk-ssh-ed25519@openssh.com', 'sk-ssh-ed25519-cert-v01@openssh.com', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp256-cert-v01@openssh.com',
  'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp384-cert-v01@openssh.com', 'ecdsa-sha2-nistp521', 'ecdsa-sha2-nistp521-cert-v01@openssh.com', 'sk-ecdsa-sha2-nistp256@openssh.com',
  'sk-ecdsa-sha2-nistp256-cert-v01@openssh.com', 'webauthn-sk-ecdsa-sha2-nistp256@openssh.com', 'ssh-dss', 'ssh-dss-cert-v01@openssh.com', 'ssh-rsa', 'ssh-rsa-cert-v01@openssh.com',
  'rsa-sha2-256', 'rsa-sha2-256-cert-v01@openssh.com', 'rsa-sha2-512', 'rsa-sha2-512-cert-v01@openssh.com',
];
const CIPHERS = ['chacha20-poly1305@openssh.com', 'aes128-ctr', 'aes192-ctr', 'aes256-ctr', 'aes128-gcm@openssh.com', 'aes256-gcm@openssh.com'];
const KEX = [
  'sntrup761x25519-sha512', 'sntrup761x25519-sha512@openssh.com', 'curve25519-sha256', 'curve25519-sha256@libssh.org', 'ecdh-sha2-nistp256', 'ecdh-sha2-nistp384', 'ecdh-sha2-nistp521',
  'diffie-hellman-group-exchange-sha256', 'diffie-hellman-group16-sha512', 'diffie-hellman-group18-sha512', 'diffie-hellman-group14-sha256',
];
const MACS = [
  'umac-64-etm@openssh.com', 'umac-128-etm@openssh.com', 'hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha1-etm@openssh.com', 'umac-64@openssh.com',
  'umac-128@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512', 'hmac-sha1',
];

const LISTS: Readonly<Record<AlgorithmKeyword, { readonly usual: readonly string[]; readonly all: readonly string[] }>> = {
  ciphers: { usual: CIPHERS, all: ['3des-cbc', 'aes128-cbc', 'aes192-cbc', 'aes256-cbc', 'aes128-ctr', 'aes192-ctr', 'aes256-ctr', 'aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'chacha20-poly1305@openssh.com'] },
  kexalgorithms: {
    usual: KEX,
    all: [
      'diffie-hellman-group1-sha1', 'diffie-hellman-group14-sha1', 'diffie-hellman-group14-sha256', 'diffie-hellman-group16-sha512', 'diffie-hellman-group18-sha512', 'diffie-hellman-group-exchange-sha1',
      'diffie-hellman-group-exchange-sha256', 'ecdh-sha2-nistp256', 'ecdh-sha2-nistp384', 'ecdh-sha2-nistp521', 'curve25519-sha256', 'curve25519-sha256@libssh.org', 'sntrup761x25519-sha512', 'sntrup761x25519-sha512@openssh.com',
    ],
  },
  macs: {
    usual: MACS,
    all: [
      'hmac-sha1', 'hmac-sha1-96', 'hmac-sha2-256', 'hmac-sha2-512', 'hmac-md5', 'hmac-md5-96', 'umac-64@openssh.com', 'umac-128@openssh.com', 'hmac-sha1-etm@openssh.com', 'hmac-sha1-96-etm@openssh.com',
      'hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-md5-etm@openssh.com', 'hmac-md5-96-etm@openssh.com', 'umac-64-etm@openssh.com', 'umac-128-etm@openssh.com',
    ],
  },
  hostkeyalgorithms: { usual: KEYS, all: ALL_KEYS },
  pubkeyacceptedalgorithms: { usual: KEYS, all: ALL_KEYS },
};

/** `+a,b` appends, `-a*` removes, `^a` puts first; anything else stands for itself. */
export function assembleAlgorithms(keyword: AlgorithmKeyword, text: string): string[] {
  const { usual, all } = LISTS[keyword];
  const sign = text[0];
  const patterns = text.replace(/^[-+^]/, '').split(',');
  if (sign === '-') return usual.filter((name) => !patterns.some((pattern) => matchPattern(name, pattern)));
  const named = patterns.flatMap((pattern) => (/[*?]/.test(pattern) ? all.filter((name) => matchPattern(name, pattern)) : [pattern]));
  const list = sign === '+' ? [...usual, ...named] : sign === '^' ? [...named, ...usual] : named;
  return [...new Set(list)];
}
