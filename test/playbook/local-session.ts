// A session whose host is this machine: the real session on a local transport, in a folder of the test's own.
import type { Session } from '../../src/ssh/session.js';
import { ShellSession } from '../../src/ssh/shell-session.js';
import { LocalTransport } from '../../src/ssh/local-transport.js';

export interface LocalSessionOptions {
  /** Where scripts run; they may write anywhere, so playbooks under test name paths below it. */
  readonly cwd: string;
  /** Folders in front of PATH, for fake programs. */
  readonly path?: readonly string[];
  /** Nothing else of PATH. */
  readonly onlyPath?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

export function localSession(host: string, { cwd, path = [], onlyPath = false, env = {} }: LocalSessionOptions): Session {
  const PATH = [...path, ...(onlyPath ? [] : [process.env.PATH ?? ''])].join(':');
  // Nobody needs to close it: its shells end with this process.
  return new ShellSession(new LocalTransport(host, { cwd, env: { ...process.env, ...env, PATH } }));
}
