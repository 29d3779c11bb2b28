// What comes in: the key that a server showed, and the rules for it. What goes out: how far to trust it, or an error that says what to do.
// Guaranteed: called before any credential leaves; an unknown key is never taken silently (G11); the same decision as ssh's, and the same file.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FleetTapError } from '../base/errors.js';
import { decideHostKey, type HostKeyDecision, type HostKeyNames, hostKeyNames, isLoopback } from './host-key-decision.js';
import { hashedName, type KnownHostEntry, keyTypeOf } from './known-hosts.js';
import type { KnownHostsFiles } from './known-hosts-files.js';
import { quote } from '../base/quote.js';
import { isRevoked } from './revoked-keys.js';
import type { DialTarget } from './target.js';

export interface HostKeyCheck {
  readonly target: Pick<DialTarget, 'host' | 'hostName' | 'port' | 'hostKey'>;
  /** Where the connection went; undefined through a jump host or a ProxyCommand. */
  readonly remoteAddress?: string | undefined;
  /** Puts a yes/no question to the person; undefined when there is no terminal. */
  readonly ask?: ((question: string) => Promise<boolean>) | undefined;
}

export interface HostKeyTrust {
  /** Not the key that is known, or a revoked one, under StrictHostKeyChecking=no: no password, no keyboard-interactive, no forwarded agent. */
  readonly unsafe: boolean;
  /** Sentences for the person. */
  readonly warnings: readonly string[];
}

const TRUSTED: HostKeyTrust = { unsafe: false, warnings: [] };

/** SHA256 fingerprint as `ssh-keygen -l` prints it. */
function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** What known_hosts says of a server before it has shown a key. */
export interface KnownKeys {
  /** Key types to ask for first, as OpenSSH orders HostKeyAlgorithms. */
  readonly types: readonly string[];
  /** A line marked @cert-authority speaks of it: ssh would ask for a host certificate, which only the system's ssh can check. */
  readonly authority: KnownHostEntry | undefined;
}

export async function knownKeys(files: KnownHostsFiles, check: HostKeyCheck): Promise<KnownKeys> {
  const lookup = await lookupOf(files, check);
  const entries = lookup(namesOf(check).name);
  const types = entries.filter((entry) => entry.marker === '').map((entry) => entry.keyType);
  return { types: [...new Set(types)], authority: entries.find((entry) => entry.marker === '@cert-authority') };
}

/**
 * Decides about one key, and writes it down where that is the decision.
 * @throws FleetTapError kind `unreachable`: `host-key-unknown`, `host-key-changed`, `host-key-revoked`, `host-key-too-short`
 */
export async function verifyHostKey(files: KnownHostsFiles, key: Buffer, check: HostKeyCheck): Promise<HostKeyTrust> {
  const { hostKey } = check.target;
  const names = namesOf(check);
  checkLength(key, check, names);
  await checkRevokedFile(key, check, names);
  const decide = async () => decideHostKey(await lookupOf(files, check), names, key, hostKey.checking);
  if (hostKey.trustLoopback && hostKey.alias === undefined && check.remoteAddress !== undefined && isLoopback(check.remoteAddress)) return TRUSTED;
  const decision = await decide();
  if (decision.decision === 'ask') {
    const isTaken = check.ask !== undefined && (await check.ask(question(check, names, key)));
    if (!isTaken) throw refusal({ decision: 'refuse', because: 'unknown' }, key, check, names);
  } else if (decision.decision !== 'write') {
    return carryOut(files, decision, key, check, names);
  }
  // Meanwhile another connection may have written down another key for this name: look again.
  return files.alone(async () => carryOut(files, await decide(), key, check, names));
}

async function carryOut(files: KnownHostsFiles, decision: HostKeyDecision, key: Buffer, check: HostKeyCheck, names: HostKeyNames): Promise<HostKeyTrust> {
  switch (decision.decision) {
    case 'known':
      return TRUSTED;
    case 'unsafe': {
      const what = decision.because === 'revoked' ? 'is marked @revoked' : 'is not the known one';
      return { unsafe: true, warnings: [`the key of ${names.name} (${shown(key)}) ${what} (${where(decision.entry)}); no password is sent to it (StrictHostKeyChecking=no)`] };
    }
    case 'ask': // and the person said yes
    case 'write':
      return { unsafe: false, warnings: await remember(files, decision.names, key, check) };
    default:
      throw refusal(decision, key, check, names);
  }
}

/** @returns warnings: as for ssh, a key that could not be written down is taken all the same */
async function remember(files: KnownHostsFiles, names: readonly string[], key: Buffer, check: HostKeyCheck): Promise<string[]> {
  const { hostKey } = check.target;
  const [file] = hostKey.userFiles;
  if (file === undefined) return [];
  const lines = hostKey.hashNames ? names.map((name) => lineOf(hashedName(name.toLowerCase()), key)) : [lineOf(names.join(',').toLowerCase(), key)];
  try {
    await files.append(file, lines);
    return [];
  } catch (error) {
    return [`the key of ${names[0]} (${shown(key)}) could not be written to ${file}: ${(error as Error).message}`];
  }
}

function lookupOf(files: KnownHostsFiles, check: HostKeyCheck) {
  return files.lookup([...check.target.hostKey.userFiles, ...check.target.hostKey.globalFiles]);
}

function namesOf({ target, remoteAddress }: HostKeyCheck): HostKeyNames {
  const { hostKey, hostName, port } = target;
  return hostKeyNames({ hostName, port, alias: hostKey.alias, remoteAddress, checkHostIp: hostKey.checkHostIp, hasUserFile: hostKey.userFiles.length > 0 });
}

function checkLength(key: Buffer, check: HostKeyCheck, names: HostKeyNames): void {
  if (keyTypeOf(key) !== 'ssh-rsa') return;
  const bits = rsaBits(key);
  const { requiredRsaBits } = check.target.hostKey;
  if (bits >= requiredRsaBits) return;
  throw failure('host-key-too-short', `the key of ${names.name} has ${bits} bits; an RSA key must have at least ${requiredRsaBits}`, check, 'its owner should make a new one: ssh-keygen -t ed25519');
}

/** Bits of the modulus: the third string of an ssh-rsa blob (RFC 4253, 6.6). */
function rsaBits(key: Buffer): number {
  const afterType = 4 + key.readUInt32BE(0);
  const afterExponent = afterType + 4 + key.readUInt32BE(afterType);
  const modulus = key.subarray(afterExponent + 4, afterExponent + 4 + key.readUInt32BE(afterExponent));
  const first = modulus.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (modulus.length - first) * 8 - Math.clz32(modulus[first] ?? 0) + 24;
}

async function checkRevokedFile(key: Buffer, check: HostKeyCheck, names: HostKeyNames): Promise<void> {
  const file = check.target.hostKey.revokedFile;
  if (file === undefined) return;
  let revoked: boolean;
  try {
    revoked = isRevoked(await readFile(file), key);
  } catch (error) {
    throw failure('host-key-revoked', `whether the key of ${names.name} is revoked cannot be told: ${file}: ${(error as Error).message}`, check, 'mend that file, or remove RevokedHostKeys from your ssh_config');
  }
  if (revoked) throw failure('host-key-revoked', `the key of ${names.name} (${shown(key)}) is revoked by ${file}`, check, 'somebody may hold the stolen key of this server: ask its owner for the new key');
}

function refusal(decision: Extract<HostKeyDecision, { decision: 'refuse' }>, key: Buffer, check: HostKeyCheck, names: HostKeyNames): FleetTapError {
  const { name } = names;
  switch (decision.because) {
    case 'revoked':
      return failure('host-key-revoked', `the key of ${name} (${shown(key)}) is marked @revoked at ${where(decision.entry)}`, check, 'somebody may hold the stolen key of this server: ask its owner for the new key');
    case 'changed': {
      const { file } = decision.entry;
      const hint = `when its owner confirms the new key: ssh-keygen -f ${quote(file)} -R ${quote(name)}, then accept the new one`;
      return failure('host-key-changed', `the key of ${name} (${shown(key)}) is not the one at ${where(decision.entry)}: somebody may be in the middle, or the server was installed anew`, check, hint);
    }
    case 'address-changed':
      return failure('host-key-changed', `the key of ${name} (${shown(key)}) is not the one of its address ${names.address ?? ''} at ${where(decision.entry)}`, check, 'CheckHostIP is on: does the name lead to another machine than before?');
    case 'unwritable':
      return failure('host-key-unknown', `the key of ${name} (${shown(key)}) is not known, and there is no file to write it to`, check, 'name one: UserKnownHostsFile');
    default: {
      const [file = ''] = check.target.hostKey.userFiles;
      return failure('host-key-unknown', `the key of ${name} (${shown(key)}) is not in ${file}`, check, `compare the fingerprint with the server's, then accept it: ${acceptCommand(file, name, key, check)} (or let fleet-tap write down every new key: --host-key-checking=accept-new)`);
    }
  }
}

function failure(code: string, message: string, check: HostKeyCheck, hint: string): FleetTapError {
  return new FleetTapError('unreachable', code, message, { place: { host: check.target.host }, hint });
}

function where(entry: KnownHostEntry): string {
  return `${entry.file}:${entry.line}`;
}

function shown(key: Buffer): string {
  return `${keyTypeOf(key)} ${fingerprint(key)}`;
}

function lineOf(name: string, key: Buffer): string {
  return `${name} ${keyTypeOf(key)} ${key.toString('base64')}`;
}

/** What a person types to accept the key. ssh-keyscan knows no aliases, and reaches nothing behind a jump host: then the line itself. */
function acceptCommand(file: string, name: string, key: Buffer, { target, remoteAddress }: HostKeyCheck): string {
  const folder = dirname(file);
  const prepare = existsSync(folder) ? '' : `mkdir -p -m 700 ${quote(folder)} && `;
  const say =
    target.hostKey.alias === undefined && remoteAddress !== undefined
      ? `ssh-keyscan -t ${keyTypeOf(key).replace(/^ssh-|-.*$/g, '')} -p ${target.port} ${quote(target.hostName)}`
      : `echo ${quote(lineOf(name, key))}`;
  return `${prepare}${say} >> ${quote(file)}`;
}

function question({ target }: HostKeyCheck, names: HostKeyNames, key: Buffer): string {
  return `The key of ${target.host} (${names.name}) is not known: ${shown(key)}. Trust it and write it down?`;
}
