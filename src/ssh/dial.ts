// What comes in: how to reach a host. What goes out: a Session on an authenticated connection whose host key was verified.
// Guaranteed: no credential leaves before the key is verified; every failure says host, reason and what to do.
// Not here: jump hosts, ssh_config.
import { userInfo } from 'node:os';
import type { Connection } from '../inventory/connection.js';
import { algorithmsFor } from './algorithms.js';
import { DialTimeout, explain } from './connect-errors.js';
import { Countdown } from './countdown.js';
import { DialLimits } from './dial-limits.js';
import { thisMachine } from './config/machine.js';
import { type HostKeyCheck, knownKeys, verifyHostKey } from './host-key-policy.js';
import { KnownHostsFiles } from './known-hosts-files.js';
import { resolveTarget } from './target.js';
import { KeyRing } from './key-ring.js';
import { Login, LOGIN_METHODS } from './login.js';
import type { Session } from './session.js';
import { ShellSession } from './shell-session.js';
import { tcpSocket } from './sockets.js';
import { connectSsh2 } from './ssh2-connect.js';
import { Ssh2Transport } from './ssh2-transport.js';

export interface DialOptions {
  /** Puts a yes/no question to the person; undefined when there is no terminal. */
  readonly ask?: ((question: string) => Promise<boolean>) | undefined;
  /** The agent's socket; undefined = no agent. */
  readonly agentSocket?: string | undefined;
  /** The run's keys: a passphrase is asked for once. */
  readonly keyRing?: KeyRing | undefined;
  /** The run's measure: no sshd gets more logins at once than it takes. */
  readonly limits?: DialLimits | undefined;
  /** The run's known_hosts: each file is read once. */
  readonly knownHosts?: KnownHostsFiles | undefined;
  /** Hears of what a person should know although the connection is made. */
  readonly warn?: ((sentence: string) => void) | undefined;
}

/** @throws FleetTapError kind `unreachable` */
export async function dial(connection: Connection, options: DialOptions = {}): Promise<Session> {
  const user = connection.user ?? userInfo().username;
  const keyRing = options.keyRing ?? new KeyRing(undefined);
  const { keys, problems: unusable } = await keyRing.identities({ files: connection.identityFiles, onlyFiles: false, agentSocket: options.agentSocket });
  const problems = [...unusable];
  const knownHosts = options.knownHosts ?? new KnownHostsFiles();
  const target = resolveTarget(connection, thisMachine());
  const check: HostKeyCheck = { target, ask: options.ask };
  const limits = options.limits ?? new DialLimits();
  const tried: string[] = [];
  const attempt = async (): Promise<Session> => {
    const ended = new AbortController();
    const countdown = new Countdown(connection.connectTimeoutMs, () => ended.abort(new DialTimeout('the time is over')));
    const login = new Login({ user, keys, password: connection.password, methods: LOGIN_METHODS, onWait: (waiting) => countdown.pause(waiting) });
    try {
      // Before the socket is there: what it says while nobody listens is lost.
      const algorithms = algorithmsFor({}, (await knownKeys(knownHosts, check)).types);
      const socket = await tcpSocket({ address: connection.address, port: connection.port }, ended.signal);
      const verify = async (key: Buffer) => {
        const trust = await verifyHostKey(knownHosts, key, { ...check, remoteAddress: socket.remoteAddress });
        if (trust.unsafe) login.forbidPasswords();
        for (const sentence of trust.warnings) options.warn?.(`${connection.host}: ${sentence}`);
      };
      const client = await connectSsh2({ socket, user, algorithms, login, countdown, signal: ended.signal, verify });
      return new ShellSession(new Ssh2Transport(connection.host, client), target.become);
    } finally {
      countdown.stop();
      tried.push(...login.tried);
      problems.push(...login.problems);
    }
  };
  const at = `${connection.address}:${connection.port}`;
  return limits.attempt(at, true, undefined, attempt).catch((error: unknown) => {
    throw explain(error, { host: connection.host, at, address: connection.address, user, timeoutMs: connection.connectTimeoutMs, tried, problems });
  });
}
