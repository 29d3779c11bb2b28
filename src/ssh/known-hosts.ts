// What comes in: the text of known_hosts files. What goes out: what they say of one host's key. Pure.
// The rules are sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"; the oracle in the tests is `ssh-keygen -F`.
// Not here: certificate authorities (lines marked @cert-authority are passed over: ssh2 offers no host certificates).
import { createHmac } from 'node:crypto';

export interface KnownHostEntry {
  readonly file: string;
  readonly line: number;
  readonly marker: '@revoked' | '@cert-authority' | '';
  readonly hosts: string;
  readonly keyType: string;
  /** Base64 of the key blob. */
  readonly key: string;
}

export type HostKeyVerdict =
  | { readonly verdict: 'match' }
  | { readonly verdict: 'unknown' } // no line for this host and key type, and none of another type
  | { readonly verdict: 'changed'; readonly entry: KnownHostEntry } // the host is known by other keys only
  | { readonly verdict: 'revoked'; readonly entry: KnownHostEntry };

/** Lines that are not entries (comments, blanks, broken ones) are passed over, as OpenSSH does. */
export function parseKnownHosts(text: string, file: string): KnownHostEntry[] {
  const entries: KnownHostEntry[] = [];
  text.split('\n').forEach((raw, index) => {
    const words = raw.trim().split(/\s+/);
    if (words[0] === undefined || words[0] === '' || words[0].startsWith('#')) return;
    let marker: KnownHostEntry['marker'] = '';
    if (words[0].startsWith('@')) {
      if (words[0] !== '@revoked' && words[0] !== '@cert-authority') return;
      marker = words[0];
      words.shift();
    }
    const [hosts, keyType, key] = words;
    if (hosts === undefined || keyType === undefined || key === undefined || !isKey(keyType, key)) return;
    entries.push({ file, line: index + 1, marker, hosts, keyType, key });
  });
  return entries;
}

/** The name that known_hosts uses: the bare host on port 22, `[host]:port` on others. */
export function knownHostName(address: string, port: number): string {
  return port === 22 ? address : `[${address}]:${port}`;
}

/** Does one entry speak of this name? Wildcards, negation and hashed names as in sshd(8); names compare without case. */
function entryMatches(entry: KnownHostEntry, name: string): boolean {
  const lower = name.toLowerCase();
  if (entry.hosts.startsWith('|1|')) {
    const [, , salt, hash] = entry.hosts.split('|');
    if (salt === undefined || hash === undefined) return false;
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(lower).digest('base64') === hash;
  }
  let matched = false;
  for (const pattern of entry.hosts.split(',')) {
    const negated = pattern.startsWith('!');
    if (!wildcard(negated ? pattern.slice(1) : pattern).test(lower)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

function wildcard(pattern: string): RegExp {
  const source = pattern
    .toLowerCase()
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`);
}

/** What the entries say of this key for this name. A revoked key is revoked for every line that names the host. */
export function checkHostKey(entries: readonly KnownHostEntry[], name: string, key: Buffer): HostKeyVerdict {
  const own = entries.filter((entry) => entry.marker !== '@cert-authority' && entryMatches(entry, name));
  const base64 = key.toString('base64');
  const revoked = own.find((entry) => entry.marker === '@revoked' && entry.key === base64);
  if (revoked !== undefined) return { verdict: 'revoked', entry: revoked };
  const valid = own.filter((entry) => entry.marker === '');
  if (valid.some((entry) => entry.key === base64)) return { verdict: 'match' };
  const [first] = valid;
  return first === undefined ? { verdict: 'unknown' } : { verdict: 'changed', entry: first };
}

/** Key types by which this name is known, so that they are asked for first (as OpenSSH orders HostKeyAlgorithms). */
export function knownKeyTypes(entries: readonly KnownHostEntry[], name: string): string[] {
  const types = entries.filter((entry) => entry.marker === '' && entryMatches(entry, name)).map((entry) => entry.keyType);
  return [...new Set(types)];
}

/** A whole key of this type: a row of strings, each with its length before it (RFC 4251 section 5), the first one the type. */
function isKey(keyType: string, base64: string): boolean {
  const key = Buffer.from(base64, 'base64');
  if (key.toString('base64') !== base64) return false;
  let offset = 0;
  while (offset + 4 <= key.length) offset += 4 + key.readUInt32BE(offset);
  return key.length > 4 && offset === key.length && keyTypeOf(key) === keyType;
}

/** The type word in front of an SSH key blob (RFC 4253 section 6.6). */
export function keyTypeOf(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
}
