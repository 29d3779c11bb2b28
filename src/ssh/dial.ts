// What comes in: how to reach a host. What goes out: a Session on an authenticated connection whose host key was verified.
// The short way from a Connection to a Session; all the work is the dialer's.
import type { Connection } from '../inventory/connection.js';
import { thisMachine } from './config/machine.js';
import { Dialer, type DialerOptions } from './dialer.js';
import { ShellSession } from './shell-session.js';
import { resolveTarget } from './target.js';

export interface DialOptions extends DialerOptions {
  /** The agent's socket; undefined = no agent. */
  readonly agentSocket?: string | undefined;
  /** The run's dialer, with all that hosts share; undefined = one for this host alone. */
  readonly dialer?: Dialer | undefined;
}

/** @throws FleetTapError kind `unreachable` */
export async function dial(connection: Connection, options: DialOptions = {}): Promise<ShellSession> {
  const target = resolveTarget(connection, thisMachine({ ...process.env, SSH_AUTH_SOCK: options.agentSocket }));
  return new ShellSession(await (options.dialer ?? new Dialer(options)).dial(target), target.become);
}
