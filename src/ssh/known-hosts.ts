// What comes in: the text of known_hosts files. What goes out: which of their entries speak of a name. Pure.
// The rules are sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"; the oracles in the tests are `ssh-keygen -F` and ssh itself.
// Guaranteed: a file is read once for any number of hosts; plain names are looked up by hash, only patterns and hashed names one by one.
import { createHmac, randomBytes } from 'node:crypto';
import { matchHostList } from './config/pattern.js';

export interface KnownHostEntry {
  readonly file: string;
  readonly line: number;
  readonly marker: '@revoked' | '@cert-authority' | '';
  readonly hosts: string;
  readonly keyType: string;
  /** Base64 of the key blob. */
  readonly key: string;
}

/** SHA-1, as long as the salt of a hashed name. */
const SALT_BYTES = 20;

/** Lines that are not entries (comments, blanks, broken ones) are passed over, as OpenSSH does. */
export function parseKnownHosts(text: string, file: string): KnownHostEntry[] {
  const entries: KnownHostEntry[] = [];
  text.split('\n').forEach((whole, index) => {
    // To OpenSSH a line is a C string: it ends at a NUL.
    const [raw = ''] = whole.split('\0', 1);
    const words = raw.replace(/^[ \t]+|[ \t\r]+$/g, '').split(/[ \t]+/);
    if (words[0] === undefined || words[0] === '' || words[0].startsWith('#')) return;
    let marker: KnownHostEntry['marker'] = '';
    if (words[0].startsWith('@')) {
      if (words[0] !== '@revoked' && words[0] !== '@cert-authority') return;
      marker = words[0];
      words.shift();
    }
    const [hosts, keyType, key] = words;
    if (hosts === undefined || hosts.startsWith('@') || keyType === undefined || key === undefined || !isKey(keyType, key)) return;
    entries.push({ file, line: index + 1, marker, hosts, keyType, key });
  });
  return entries;
}

/** The entries of one file, ready to be asked about any number of names. */
export class KnownHostsIndex {
  readonly #exact = new Map<string, KnownHostEntry[]>();
  /** Hashed names and patterns: each must be tried. */
  readonly #others: KnownHostEntry[] = [];

  constructor(entries: readonly KnownHostEntry[]) {
    for (const entry of entries) {
      if (/[*?!|]/.test(entry.hosts)) this.#others.push(entry);
      else for (const name of new Set(entry.hosts.toLowerCase().split(','))) this.#put(name, entry);
    }
  }

  /** The entries that speak of this name (as knownHostName writes it), in the file's order. */
  about(name: string): KnownHostEntry[] {
    const lower = name.toLowerCase();
    const found = [...(this.#exact.get(lower) ?? []), ...this.#others.filter((entry) => entryMatches(entry, lower))];
    return found.sort((first, second) => first.line - second.line);
  }

  #put(name: string, entry: KnownHostEntry): void {
    const entries = this.#exact.get(name);
    if (entries === undefined) this.#exact.set(name, [entry]);
    else entries.push(entry);
  }
}

/** The name that known_hosts uses: the bare host on port 22, `[host]:port` on others. */
export function knownHostName(address: string, port: number): string {
  return port === 22 ? address : `[${address}]:${port}`;
}

function entryMatches(entry: KnownHostEntry, lower: string): boolean {
  if (!entry.hosts.startsWith('|')) return matchHostList(lower, entry.hosts);
  const [, version, salt, hash] = entry.hosts.split('|');
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  const bytes = Buffer.from(salt, 'base64');
  return bytes.length === SALT_BYTES && entry.hosts === hashedName(lower, bytes);
}

/** A name as HashKnownHosts writes it. */
export function hashedName(name: string, salt: Buffer = randomBytes(SALT_BYTES)): string {
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
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
