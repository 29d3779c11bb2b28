// What comes in: how to reach a host. What goes out: a Session on an authenticated connection whose host key was verified.
// Guaranteed: no credential leaves before the key is verified; every failure says host, reason and what to do.
// Not here: jump hosts, ssh_config, encrypted keys.
import { readFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import ssh2, { type AuthenticationType, type Client as Ssh2Client, type ServerHostKeyAlgorithm } from 'ssh2';
import { FleetTapError } from '../base/errors.js';
import type { Connection } from '../inventory/connection.js';
import { expandHome, type HostKeyContext, preferredKeyTypes, readKnownHosts, verifyHostKey } from './host-key-policy.js';
import type { Session } from './session.js';
import { ShellSession } from './shell-session.js';
import { Ssh2Transport } from './ssh2-transport.js';

/** A dead peer is noticed after three of these without an answer. */
const KEEPALIVE_MS = 5_000;
const KEEPALIVES_MISSED = 3;

const HOST_KEY_ALGORITHMS: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

export interface DialOptions {
  /** Puts a yes/no question to the person; undefined when there is no terminal. */
  readonly ask?: ((question: string) => Promise<boolean>) | undefined;
  /** The agent's socket; undefined = no agent. */
  readonly agentSocket?: string | undefined;
}

interface Credential {
  readonly method: { type: AuthenticationType; username: string; key?: Buffer; password?: string; agent?: string };
  readonly label: string;
}

/** @throws FleetTapError kind `unreachable` */
export async function dial(connection: Connection, options: DialOptions = {}): Promise<Session> {
  const user = connection.user ?? userInfo().username;
  const { credentials, problems } = await credentialsFor(connection, user, options.agentSocket);
  const known = await readKnownHosts(connection.knownHostsFiles);
  const context: HostKeyContext = {
    host: connection.host,
    address: connection.address,
    port: connection.port,
    alias: connection.hostKeyAlias,
    checking: connection.hostKeyChecking,
    files: connection.knownHostsFiles,
    ask: options.ask,
  };
  const client: Ssh2Client = new ssh2.Client();
  let refusedKey: unknown;
  let verifiedKey: Buffer | undefined;
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Ssh2Error) => {
      // ssh2 goes on to the next credential by itself.
      if (error.level === 'agent') return void problems.push(`ssh-agent: ${error.message}`);
      client.destroy();
      reject(refusedKey ?? explain(error, connection, user, credentials, problems));
    };
    const startTimer = () => {
      timer = setTimeout(() => fail(Object.assign(new Error('timeout'), { level: 'client-timeout' })), connection.connectTimeoutMs);
    };
    startTimer();
    client.once('ready', resolve);
    // Not once: ssh2 may tell of several errors, and one that nobody hears ends the program.
    client.on('error', fail);
    client.on('close', () => fail(new Error('the server closed the connection before the login')));
    client.connect({
      host: connection.address,
      port: connection.port,
      username: user,
      // Ours, so that a person who compares a fingerprint is not on the clock.
      readyTimeout: 0,
      keepaliveInterval: KEEPALIVE_MS,
      keepaliveCountMax: KEEPALIVES_MISSED,
      algorithms: { serverHostKey: orderedAlgorithms(preferredKeyTypes(known, context)) },
      // ssh2's own types know no buffer of tries; it takes them in order (ssh2 README, authHandler).
      authHandler: credentials.map((credential) => credential.method) as never,
      hostVerifier: (key: Buffer, answer: (valid: boolean) => void) => {
        // Asked again at each new key exchange (sshd's RekeyLimit): the key must stay the one that was verified.
        if (verifiedKey !== undefined) return answer(verifiedKey.equals(key));
        clearTimeout(timer);
        verifyHostKey(known, key, context).then(
          () => {
            verifiedKey = key;
            startTimer();
            answer(true);
          },
          (error: unknown) => {
            refusedKey = error;
            answer(false);
          },
        );
      },
    });
  }).finally(() => clearTimeout(timer));
  client.removeAllListeners('error');
  client.removeAllListeners('close');
  // As OpenSSH does: otherwise Nagle's algorithm holds a small write back until the last one's delayed acknowledgement, 40 ms.
  client.setNoDelay(true);
  return new ShellSession(new Ssh2Transport(connection.host, client));
}

/** Keys that are known first, then the rest: as OpenSSH orders HostKeyAlgorithms. */
function orderedAlgorithms(knownTypes: readonly string[]): ServerHostKeyAlgorithm[] {
  const isKnown = (algorithm: string) => knownTypes.includes(algorithm) || (algorithm.startsWith('rsa-sha2') && knownTypes.includes('ssh-rsa'));
  return [...HOST_KEY_ALGORITHMS.filter(isKnown), ...HOST_KEY_ALGORITHMS.filter((algorithm) => !isKnown(algorithm))];
}

async function credentialsFor(connection: Connection, username: string, agent: string | undefined): Promise<{ credentials: Credential[]; problems: string[] }> {
  const credentials: Credential[] = [];
  const problems: string[] = [];
  const named = connection.identityFiles.length > 0;
  const files = named ? connection.identityFiles : ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => join(homedir(), '.ssh', name));
  for (const file of files) {
    const text = await readFile(expandHome(file)).catch((error: NodeJS.ErrnoException) => {
      if (named) problems.push(`${file}: ${error.code === 'ENOENT' ? 'no such file' : error.message}`);
      return undefined;
    });
    if (text === undefined) continue;
    const parsed = ssh2.utils.parseKey(text);
    if (!(parsed instanceof Error) && !parsed.isPrivateKey()) problems.push(`${file}: is a public key; name the private one`);
    else if (parsed instanceof Error) problems.push(`${file}: ${/passphrase/i.test(parsed.message) ? 'is encrypted; load it into ssh-agent' : parsed.message}`);
    else credentials.push({ method: { type: 'publickey', username, key: text }, label: `key ${file}` });
  }
  if (agent !== undefined) credentials.push({ method: { type: 'agent', username, agent }, label: 'ssh-agent' });
  if (connection.password !== undefined) credentials.push({ method: { type: 'password', username, password: connection.password }, label: 'password' });
  return { credentials, problems };
}

type Ssh2Error = Error & { level?: string; code?: string | number };

/** SSH_DISCONNECT_PROTOCOL_ERROR: what OpenSSH says with "Too many authentication failures". */
const DISCONNECT_PROTOCOL_ERROR = 2;

function explain(
  error: Ssh2Error,
  connection: Connection,
  user: string,
  credentials: readonly Credential[],
  problems: readonly string[],
): FleetTapError {
  const at = `${connection.address}:${connection.port}`;
  const place = { host: connection.host };
  const because = (code: string, sentence: string, hint: string) => new FleetTapError('unreachable', code, sentence, { place, hint, cause: error });
  const tooMany = error.code === DISCONNECT_PROTOCOL_ERROR && error.message.includes('Too many authentication failures');
  if (error.level === 'client-authentication' || tooMany) {
    const tried = credentials.length === 0 ? 'no key, agent or password was there to try' : `tried: ${credentials.map((credential) => credential.label).join(', ')}`;
    const unusable = problems.length === 0 ? '' : `; could not use ${problems.join('; ')}`;
    if (tooMany) return because('login-refused', `${at} refused the login as ${user} after too many tries (${tried}${unusable})`, 'name the one key that it knows: --private-key FILE');
    return because('login-refused', `${at} refused the login as ${user} (${tried}${unusable})`, `put your public key into ${user}'s authorized_keys there, or name the key: --private-key FILE`);
  }
  if (error.level === 'client-timeout' || error.code === 'ETIMEDOUT') {
    return because('connect-timeout', `${at} did not answer within ${connection.connectTimeoutMs / 1000} s`, 'is the host up, and that port open from here? --timeout SECONDS waits longer');
  }
  if (error.code === 'ECONNREFUSED') return because('connect-refused', `nothing listens at ${at}`, 'is sshd running there? ansible_port names another port');
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return because('name-unknown', `the name ${connection.address} does not resolve`, 'set ansible_host in the inventory');
  if (error.code === 'EHOSTUNREACH' || error.code === 'ENETUNREACH') return because('no-route', `there is no route to ${connection.address}`, 'check the address and this machine\'s network');
  return because('connection-failed', `${at}: ${error.message}`, 'compare with: ssh -v (same user, address and port)');
}
