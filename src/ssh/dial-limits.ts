// What comes in: attempts to connect. What goes out: the same, in a measure that an sshd with its default settings takes.
// MaxStartups 10:30:100 begins to refuse at ten connections that have not logged in yet: so at most six at a time to one sshd, and to all
// hosts behind one jump host (they may be one sshd, or one small machine). Measured: channels through a jump host do not count as
// sessions (MaxSessions), logins through it do count at the target, and sshd forgets a login a moment after we know that it is done.
// Guaranteed: what was refused before it said a word of its own is tried again, later and at random; where no connection came about at all,
// as often as the user said (ConnectionAttempts, ansible_ssh_retries); nothing else is, least of all a login.
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit, { type LimitFunction } from 'p-limit';
import { ConnectFailure } from './ssh2-connect.js';

/** Connections being made at once, all hosts together: this program has one thread, and key exchanges are its heaviest work. */
const DIALS_AT_ONCE = 32;
const LOGINS_AT_ONCE_AT_ONE_SSHD = 6;

/** Refused attempts: 0.25 s, then twice as long each time, up to 4 s; each longer or shorter by up to half, so that hosts do not come back together. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 4_000;
/** A server that closes without a word may also mean it: then its refusal is told after about 8 s. */
const TRIES_WHEN_CLOSED = 6;
/** It said that it is busy: half a minute and more. */
const TRIES_WHEN_BUSY = 14;

/** ssh(1) waits as long between two ConnectionAttempts. */
const NEXT_ATTEMPT_MS = 1_000;

/** Nobody was reached: nothing was said, so it may be tried again. Its cause is Node's error, or the end of the time. */
export class NotReached extends Error {
  constructor(cause: unknown) {
    super('not reached', { cause });
  }
}

export interface DialCounts {
  /** Attempts that were refused before a login, and made again. */
  retries: number;
}

export class DialLimits {
  readonly counts: DialCounts = { retries: 0 };
  readonly #all = pLimit(DIALS_AT_ONCE);
  readonly #sshds = new Map<string, LimitFunction>();

  /**
   * @param gate what the sshd's limit is counted by: its address, or the jump host in front of it
   * @param isDirect it takes a connection of this machine; through a jump host it takes a channel only
   * @param attempts how often somebody who is not there is asked for, 1 and more
   */
  async attempt<T>(gate: string, isDirect: boolean, signal: AbortSignal | undefined, connect: () => Promise<T>, attempts = 1): Promise<T> {
    const limit = this.#limitOf(gate);
    let absences = 0;
    for (let tries = 1; ; tries += 1) {
      try {
        return await limit(() => (isDirect ? this.#all(connect) : connect()));
      } catch (error) {
        if (error instanceof NotReached && ++absences < attempts) {
          tries -= 1;
          await sleep(NEXT_ATTEMPT_MS, undefined, signal === undefined ? {} : { signal });
          continue;
        }
        if (!(error instanceof ConnectFailure) || error.stage !== 'busy') throw error;
        if (tries >= (error.isSaidBusy ? TRIES_WHEN_BUSY : TRIES_WHEN_CLOSED)) throw error;
        this.counts.retries += 1;
        // Not inside the limit: others may have better luck meanwhile.
        await sleep(Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), LONGEST_WAIT_MS) * (0.5 + Math.random()), undefined, signal === undefined ? {} : { signal });
      }
    }
  }

  #limitOf(gate: string): LimitFunction {
    let limit = this.#sshds.get(gate);
    if (limit === undefined) {
      limit = pLimit(LOGINS_AT_ONCE_AT_ONE_SSHD);
      this.#sshds.set(gate, limit);
    }
    return limit;
  }
}
