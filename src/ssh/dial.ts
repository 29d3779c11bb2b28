// What comes in: how to reach a host. What goes out: a Session on an authenticated connection whose host key was verified.
// The short way from a Connection to a Session; all the work is the dialer's.
import type { Connection } from '../inventory/connection.js';
import { ConfigFiles } from './config/files.js';
import { thisMachine } from './config/machine.js';
import { Dialer, type DialerOptions } from './dialer.js';
import { ShellSession } from './shell-session.js';
import { resolveTarget } from './resolve-target.js';
import type { DialTarget } from './target.js';

export interface DialOptions extends DialerOptions {
  /** The agent's socket; undefined = no agent. */
  readonly agentSocket?: string | undefined;
}

/**
 * @param dialer the run's, with all that hosts share
 * @param signal ends the waiting for this host alone
 * @throws FleetTapError kind `unreachable`
 */
export async function openSession(target: DialTarget, dialer: Dialer, signal?: AbortSignal): Promise<ShellSession> {
  return new ShellSession(await dialer.dial(target, signal), target.become);
}

/** For one host alone. @throws FleetTapError kind `unreachable` */
export async function dial(connection: Connection, options: DialOptions = {}): Promise<ShellSession> {
  const machine = thisMachine({ ...process.env, SSH_AUTH_SOCK: options.agentSocket });
  return openSession(resolveTarget(connection, machine, new ConfigFiles()), new Dialer(options));
}
