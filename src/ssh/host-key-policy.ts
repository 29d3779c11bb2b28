// What comes in: the key that a server showed, and the user's policy. What goes out: go on, or an error that says what to do.
// Guaranteed: called before any credential leaves; an unknown key is never taken silently (G11).
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { FleetTapError } from '../base/errors.js';
import { checkHostKey, type KnownHostEntry, keyTypeOf, knownHostName, knownKeyTypes, parseKnownHosts } from './known-hosts.js';
import { quote } from './quote.js';

/** ssh_config(5) StrictHostKeyChecking. */
export type HostKeyChecking =
  | 'yes' // unknown and changed keys are refused
  | 'ask' // unknown keys are asked about on a terminal, refused without one; changed ones are refused
  | 'accept-new' // unknown keys are written down and taken; changed ones are refused
  | 'no'; // every key is taken: nothing protects against somebody in the middle

export interface HostKeyContext {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly alias?: string | undefined;
  readonly checking: HostKeyChecking;
  /** The user's files: all are read, the first one is also written; undefined = OpenSSH's own. The system's file is read besides. */
  readonly files: readonly string[] | undefined;
  /** Puts a yes/no question to the person; undefined when there is no terminal. */
  readonly ask?: ((question: string) => Promise<boolean>) | undefined;
}

const SYSTEM_FILE = '/etc/ssh/ssh_known_hosts';

/** SHA256 fingerprint as `ssh-keygen -l` prints it. */
function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** All entries of the files that exist; a file that is missing is empty, as for OpenSSH. */
export async function readKnownHosts(files: readonly string[] | undefined): Promise<KnownHostEntry[]> {
  const texts = await Promise.all(
    knownHostsFiles(files).map(async (file) => parseKnownHosts(await readFile(file, 'utf8').catch(() => ''), file)),
  );
  return texts.flat();
}

/** As ssh_config(5): UserKnownHostsFile takes the place of the user's file, never of the system's (it may hold @revoked lines). */
function knownHostsFiles(files: readonly string[] | undefined): string[] {
  return [...(files ?? [userFile()]).map(expandHome), SYSTEM_FILE];
}

function userFile(): string {
  return join(homedir(), '.ssh', 'known_hosts');
}

/** `~/` at the start of a path, as OpenSSH reads it. */
export function expandHome(path: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
}

/** The key types to ask this server for first: those it is known by. */
export function preferredKeyTypes(entries: readonly KnownHostEntry[], context: HostKeyContext): string[] {
  return knownKeyTypes(entries, nameOf(context));
}

function nameOf(context: HostKeyContext): string {
  return context.alias ?? knownHostName(context.address, context.port);
}

/**
 * Decides about one key.
 * @throws FleetTapError kind `unreachable`: `host-key-unknown`, `host-key-changed`, `host-key-revoked`, `host-key-not-written`
 */
export async function verifyHostKey(entries: readonly KnownHostEntry[], key: Buffer, context: HostKeyContext): Promise<void> {
  const name = nameOf(context);
  const found = checkHostKey(entries, name, key);
  const shown = `${keyTypeOf(key)} ${fingerprint(key)}`;
  const place = { host: context.host };
  const file = expandHome(context.files?.[0] ?? userFile());
  if (found.verdict === 'match') return;
  if (found.verdict === 'revoked') {
    throw new FleetTapError('unreachable', 'host-key-revoked', `the key of ${name} (${shown}) is marked @revoked at ${found.entry.file}:${found.entry.line}`, {
      place,
      hint: 'somebody may hold the stolen key of this server: ask its owner for the new key',
    });
  }
  if (context.checking === 'no') return;
  if (found.verdict === 'changed') {
    throw new FleetTapError('unreachable', 'host-key-changed', `the key of ${name} (${shown}) is not the one at ${found.entry.file}:${found.entry.line}: somebody may be in the middle, or the server was installed anew`, {
      place,
      hint: `when its owner confirms the new key: ssh-keygen -f ${quote(found.entry.file)} -R ${quote(name)}, then accept the new one`,
    });
  }
  if (context.checking === 'accept-new' || (context.checking === 'ask' && (await asked(context, name, shown)))) {
    await remember(file, lineOf(name, key)).catch((error: Error) => {
      throw new FleetTapError('unreachable', 'host-key-not-written', `the key of ${name} (${shown}) could not be written to ${file}: ${error.message}`, {
        place,
        hint: `make ${file} writable, or name another file: ansible_ssh_common_args='-o UserKnownHostsFile=FILE'`,
        cause: error,
      });
    });
    return;
  }
  throw new FleetTapError('unreachable', 'host-key-unknown', `the key of ${name} (${shown}) is not in ${file}`, {
    place,
    hint: `compare the fingerprint with the server's, then accept it: ${acceptCommand(file, name, key, context)} (or let fleet-tap write down every new key: --host-key-checking=accept-new)`,
  });
}

function lineOf(name: string, key: Buffer): string {
  return `${name} ${keyTypeOf(key)} ${key.toString('base64')}`;
}

/** Adds a line; a last line that somebody left without its newline stays a line of its own. */
async function remember(file: string, line: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const before = await readFile(file, 'utf8').catch(() => '');
  await appendFile(file, `${before === '' || before.endsWith('\n') ? '' : '\n'}${line}\n`, { mode: 0o600 });
}

/** What a person types to accept the key. ssh-keyscan knows no aliases: then the line itself. */
function acceptCommand(file: string, name: string, key: Buffer, context: HostKeyContext): string {
  const folder = dirname(file);
  const prepare = existsSync(folder) ? '' : `mkdir -p -m 700 ${quote(folder)} && `;
  const say =
    context.alias === undefined
      ? `ssh-keyscan -t ${keyTypeOf(key).replace(/^ssh-|-.*$/g, '')} -p ${context.port} ${quote(context.address)}`
      : `echo ${quote(lineOf(name, key))}`;
  return `${prepare}${say} >> ${quote(file)}`;
}

async function asked(context: HostKeyContext, name: string, shown: string): Promise<boolean> {
  if (context.ask === undefined) return false;
  return context.ask(`The key of ${context.host} (${name}) is not known: ${shown}. Trust it and write it down?`);
}
