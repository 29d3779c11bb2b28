// What comes in: ServerAliveInterval and ServerAliveCountMax of a host. What goes out: how often a silent host is asked whether it lives.
// Guaranteed: a dead host is found 15 s after its last answer, or sooner where ssh would find it sooner. Pure.
import type { DialTarget } from './target.js';

const EVERY_MS = 5_000;
/** The host is dead when one more would be due: at the third the two before are unanswered. */
export const KEEPALIVES_UNANSWERED = 2;
const SHORTEST_MS = 100;

type Alive = Pick<DialTarget, 'serverAliveIntervalMs' | 'serverAliveCountMax'>;

/** ssh(1) asks after each interval, and gives up when CountMax questions and one more interval went by without an answer. */
function isShorter({ serverAliveIntervalMs: everyMs, serverAliveCountMax: count }: Alive): boolean {
  return everyMs > 0 && everyMs * (count + 1) < EVERY_MS * (KEEPALIVES_UNANSWERED + 1);
}

/** For ssh2, with KEEPALIVES_UNANSWERED. @returns 100 to 5000 ms */
export function keepaliveMsOf(target: Alive): number {
  const { serverAliveIntervalMs: everyMs, serverAliveCountMax: count } = target;
  return isShorter(target) ? Math.max(SHORTEST_MS, (everyMs * (count + 1)) / (KEEPALIVES_UNANSWERED + 1)) : EVERY_MS;
}

/** For the system's ssh: as they stand in ssh_config, or ours. */
export function keepaliveOptions(target: Alive): { ServerAliveInterval: string; ServerAliveCountMax: string } {
  const [everyMs, count] = isShorter(target) ? [target.serverAliveIntervalMs, target.serverAliveCountMax] : [EVERY_MS, KEEPALIVES_UNANSWERED];
  return { ServerAliveInterval: String(everyMs / 1000), ServerAliveCountMax: String(count) };
}
