// What comes in: a byte stream to a server, who it should be, and who we are. What goes out: an authenticated ssh2 client.
// Guaranteed: no credential leaves before the host key is verified, and at each later key exchange the key is the same one;
// every way in which it does not come to that has its name (ConnectFailure), which decides what is tried next.
// Not here: which way to take and how often (dialer.ts), sentences for people (connect-errors.ts).
import type { Duplex } from 'node:stream';
import ssh2, { type Algorithms, type Client } from 'ssh2';
import { FleetTapError } from '../base/errors.js';
import { KEEPALIVES_UNANSWERED } from './keepalive.js';
import type { Countdown } from './countdown.js';
import type { Login } from './login.js';

/** The server has shown another host key at a later key exchange: an error of the client (its `error` event), which ends it. */
export class HostKeySwapped extends Error {
  constructor() {
    super('it showed another host key in the middle of the connection');
  }
}

/** What is looked at of what a server says before its identification. */
const GREETING_BYTES = 1_000;

export type FailureStage =
  | 'busy' // sshd had too many logins at once, or closed before its first word: nothing was sent, it may be tried again
  | 'negotiation' // no algorithm in common
  | 'host-key' // not verified
  | 'login' // refused
  | 'other';

export class ConnectFailure extends Error {
  readonly stage: FailureStage;
  /** It said itself that it is busy; others close without a word, and may mean it. */
  readonly isSaidBusy: boolean;

  constructor(stage: FailureStage, message: string, cause?: unknown, isSaidBusy = false) {
    super(message, cause === undefined ? undefined : { cause });
    this.stage = stage;
    this.isSaidBusy = isSaidBusy;
  }
}

export interface Ssh2Request {
  readonly socket: Duplex;
  readonly user: string;
  readonly algorithms: Algorithms;
  readonly login: Login;
  readonly keepaliveMs: number;
  /** Stands still while a person is asked; when it ends, abort `signal`. */
  readonly countdown: Countdown;
  readonly signal: AbortSignal;
  /** @throws when the key must not be believed */
  verify(key: Buffer): Promise<void>;
}

type Ssh2Error = Error & { level?: string; code?: string | number };

/** SSH_DISCONNECT_PROTOCOL_ERROR (RFC 4253, 11.1): what OpenSSH says with "Too many authentication failures". */
const DISCONNECT_PROTOCOL_ERROR = 2;

/** @throws ConnectFailure; the signal's reason when it was aborted; what `verify` threw */
export async function connectSsh2(request: Ssh2Request): Promise<Client> {
  const { socket, login, countdown, signal } = request;
  const client: Client = new ssh2.Client();
  let refusal: { readonly error: unknown } | undefined;
  let verifiedKey: Buffer | undefined;
  let hasBegunLogin = false;
  let greeting = '';
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Ssh2Error) => {
        // ssh2 goes on to the next key by itself.
        if (error.level === 'agent') return void login.problems.push(error.message);
        reject(refusal?.error ?? (error instanceof FleetTapError ? error : classify(error, greeting, hasBegunLogin, login)));
      };
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      if (signal.aborted) reject(signal.reason);
      client.once('ready', resolve);
      // Not once: ssh2 may tell of several errors, and one that nobody hears ends the program.
      client.on('error', fail);
      client.on('close', () => fail(new Error('the server closed the connection before the login')));
      client.on('change password', () => reject(new ConnectFailure('login', 'the password has expired: the server wants a new one')));
      client.connect({
        sock: socket,
        username: request.user,
        // Ours counts, since it stands still while a person is asked.
        readyTimeout: 0,
        keepaliveInterval: request.keepaliveMs,
        keepaliveCountMax: KEEPALIVES_UNANSWERED,
        algorithms: request.algorithms,
        authHandler: ((left: readonly string[] | null, isPartial: boolean | null) => {
          hasBegunLogin = true;
          return login.next(left, isPartial);
        }) as never,
        hostVerifier: (key: Buffer, answer: (valid: boolean) => void) => {
          // Asked again at each new key exchange (sshd's RekeyLimit): the key must stay the one that was verified.
          if (verifiedKey !== undefined) {
            const isSame = verifiedKey.equals(key);
            // First, since ssh2's own error says no more than that somebody said no.
            if (!isSame) client.emit('error', new HostKeySwapped());
            return answer(isSame);
          }
          countdown.pause(true);
          request.verify(key).then(
            () => {
              verifiedKey = Buffer.from(key);
              countdown.pause(false);
              answer(true);
            },
            (error: unknown) => {
              refusal = { error };
              answer(false);
            },
          );
        },
      });
      login.listen(client, fail);
      ignoreOtherHostKeys(client);
      socket.once('data', (chunk: Buffer) => {
        greeting = chunk.subarray(0, GREETING_BYTES).toString('latin1');
      });
    });
  } catch (error) {
    client.on('error', () => {});
    client.destroy();
    socket.destroy();
    throw error;
  }
  // The transport's own listeners come before anything else can happen to the client.
  client.removeAllListeners('error');
  client.removeAllListeners('close');
  client.on('error', () => {});
  countAnyWord(client, socket);
  return client;
}

/**
 * Whatever a host sends shows that it lives, as for ssh(1). ssh2 counts answers to its own questions only, and those wait behind all that is on its way:
 * while we work through the output of many hosts, the answer may take longer than a dead host is given.
 */
function countAnyWord(client: Client, socket: Duplex): void {
  const { _resetKA: heard } = client as unknown as { _resetKA?: () => void };
  if (heard !== undefined) socket.on('data', heard);
}

/**
 * OpenSSH's servers offer all their host keys after the login (`hostkeys-00@openssh.com`), and ssh2 lets each of them prove itself by a signature. Nobody
 * here wants those keys (UpdateHostKeys is not done), so the server is spared that. Without ssh2's handlers (another version) it is not, no more.
 */
function ignoreOtherHostKeys(client: Client): void {
  const { _protocol } = client as unknown as { _protocol?: { _handlers?: Record<string, ((...words: unknown[]) => void) | undefined> } };
  const handlers = _protocol?._handlers;
  const { GLOBAL_REQUEST: request } = handlers ?? {};
  if (handlers === undefined || request === undefined) return;
  handlers.GLOBAL_REQUEST = (protocol, name, wantsReply, ...rest) => {
    if (name !== 'hostkeys-00@openssh.com' || wantsReply === true) request(protocol, name, wantsReply, ...rest);
  };
}

function classify(error: Ssh2Error, greeting: string, hasBegunLogin: boolean, login: Login): ConnectFailure {
  const tooMany = error.code === DISCONNECT_PROTOCOL_ERROR && error.message.includes('Too many authentication failures');
  if (tooMany) return new ConnectFailure('login', 'too many tries', error);
  if (error.level === 'client-authentication') return new ConnectFailure('login', login.left === undefined ? '' : `it takes: ${login.left.join(', ')}`, error);
  if (error.level === 'handshake') {
    const missing = /no matching (.*)/i.exec(error.message)?.[1];
    return missing === undefined ? new ConnectFailure('other', error.message, error) : new ConnectFailure('negotiation', `no ${missing} in common`, error);
  }
  const isIdentified = /^SSH-/m.test(greeting);
  const isClosed = error.code === 'ECONNRESET' || error.code === 'EPIPE' || /before (?:handshake|the login)/.test(error.message);
  // Only where sshd has said nothing, or said just this; what has seen a login may have counted it.
  const isSaidBusy = greeting.startsWith('Exceeded MaxStartups');
  if (!hasBegunLogin && isClosed && (greeting === '' || isSaidBusy || isIdentified)) {
    return new ConnectFailure('busy', isSaidBusy ? 'it has too many logins at once (MaxStartups)' : 'the server closed the connection before the login', error, isSaidBusy);
  }
  if (!isIdentified && greeting !== '') return new ConnectFailure('other', `what answers there is no SSH server: ${JSON.stringify(greeting.split('\n')[0]?.trim().slice(0, 80))}`, error);
  return new ConnectFailure('other', error.message, error);
}
