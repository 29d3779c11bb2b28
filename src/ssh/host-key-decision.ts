// What comes in: what known_hosts says of a host's names, the key that it showed, and the user's rules. What goes out: what OpenSSH does with it.
// Guaranteed: pure; the same decision as `ssh` (sshconnect.c of 9.2 was the model to compare with, real ssh is the oracle of the tests).
// Not here: keys of certificates. ssh2 offers none, so a plain key is all that ever comes; @cert-authority lines only say that ssh would ask for one.
import type { HostKeyChecking } from '../inventory/connection.js';
import { knownHostName, type KnownHostEntry } from './known-hosts.js';

/** What the files say of one name. */
export type Lookup = (name: string) => readonly KnownHostEntry[];

export interface HostKeyNames {
  /** The name that is looked up and written down. */
  readonly name: string;
  /** On a port other than 22, a host that is known by its bare name is known as well. */
  readonly bare: string | undefined;
  /** The address, with CheckHostIP, where it says more than the name. */
  readonly address: string | undefined;
  /** No known_hosts line could be made of this name, or there is no file to write. */
  readonly readOnly: boolean;
}

export type HostKeyDecision =
  | { readonly decision: 'known' }
  /** Nobody vouches for the key, and StrictHostKeyChecking=no does not mind: whoever it is must see no password. */
  | { readonly decision: 'unsafe'; readonly because: 'changed' | 'revoked'; readonly entry: KnownHostEntry }
  /** Taken and written down under these names. */
  | { readonly decision: 'write'; readonly names: readonly string[] }
  | { readonly decision: 'ask'; readonly names: readonly string[] }
  | { readonly decision: 'refuse'; readonly because: 'unknown' | 'unwritable' }
  | { readonly decision: 'refuse'; readonly because: 'changed' | 'revoked' | 'address-changed'; readonly entry: KnownHostEntry };

export interface NamedHost {
  readonly hostName: string;
  readonly port: number;
  readonly alias?: string | undefined;
  /** Where the connection went; undefined through a jump host or a command. */
  readonly remoteAddress?: string | undefined;
  readonly checkHostIp: boolean;
  readonly hasUserFile: boolean;
}

export function hostKeyNames(host: NamedHost): HostKeyNames {
  const { hostName, port, alias, remoteAddress } = host;
  const asksAddress = host.checkHostIp && remoteAddress !== undefined && !isLoopback(remoteAddress) && remoteAddress !== hostName;
  return {
    name: alias ?? knownHostName(hostName, port),
    bare: alias === undefined && port !== 22 ? hostName : undefined,
    address: asksAddress ? knownHostName(remoteAddress, port) : undefined,
    readOnly: !host.hasUserFile || /[@?*#[\]|'"\\]/.test(hostName),
  };
}

export function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./i.test(address);
}

type Status = { readonly status: 'known' | 'unknown' } | { readonly status: 'changed' | 'revoked'; readonly entry: KnownHostEntry };

/** A key is known if one line has it, changed if the name has other keys only, whatever their types; revoked beats both. */
function statusOf(entries: readonly KnownHostEntry[], key: string): Status {
  const revoked = entries.find((entry) => entry.marker === '@revoked' && entry.key === key);
  if (revoked !== undefined) return { status: 'revoked', entry: revoked };
  const plain = entries.filter((entry) => entry.marker === '');
  const last = plain.at(-1);
  if (last === undefined) return { status: 'unknown' };
  return plain.some((entry) => entry.key === key) ? { status: 'known' } : { status: 'changed', entry: last };
}

/** @param key the blob that the server showed */
export function decideHostKey(lookup: Lookup, names: HostKeyNames, key: Buffer, checking: HostKeyChecking): HostKeyDecision {
  const base64 = key.toString('base64');
  const unlessStrict = (because: 'changed' | 'revoked', entry: KnownHostEntry): HostKeyDecision =>
    checking === 'no' ? { decision: 'unsafe', because, entry } : { decision: 'refuse', because, entry };
  const byName = statusOf(lookup(names.name), base64);
  if (byName.status === 'revoked' || byName.status === 'changed') return unlessStrict(byName.status, byName.entry);

  const byAddress = names.address === undefined ? undefined : statusOf(lookup(names.address), base64);
  if (byName.status === 'unknown') {
    const byBareName = names.bare === undefined ? undefined : statusOf(lookup(names.bare), base64);
    // As ssh: strict about the name, a revoked bare name only means that the bare name does not vouch.
    if (byBareName?.status === 'revoked' && checking === 'no') return unlessStrict('revoked', byBareName.entry);
    if (byBareName?.status !== 'known') {
      if (names.readOnly) return { decision: 'refuse', because: 'unwritable' };
      if (checking === 'yes') return { decision: 'refuse', because: 'unknown' };
      if (byAddress?.status === 'changed' && checking === 'accept-new') return { decision: 'refuse', because: 'address-changed', entry: byAddress.entry };
      const all = [names.name, ...(byAddress?.status === 'unknown' && names.address !== undefined ? [names.address] : [])];
      return { decision: checking === 'ask' ? 'ask' : 'write', names: all };
    }
  }
  if (byAddress?.status === 'changed' && checking !== 'no') return { decision: 'refuse', because: 'address-changed', entry: byAddress.entry };
  if (byName.status === 'known' && byAddress?.status === 'unknown' && names.address !== undefined && !names.readOnly) return { decision: 'write', names: [names.address] };
  return { decision: 'known' };
}
