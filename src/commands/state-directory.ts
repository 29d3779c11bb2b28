import { homedir } from 'node:os';
import { join } from 'node:path';

/** `$XDG_STATE_HOME/fleet-tap/runs` (XDG Base Directory Specification). */
export function defaultStateDirectory(): string {
  const base = process.env.XDG_STATE_HOME;
  return join(base?.startsWith('/') === true ? base : join(homedir(), '.local', 'state'), 'fleet-tap', 'runs');
}
