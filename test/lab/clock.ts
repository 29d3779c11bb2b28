// How far a machine's clock is ahead of ours, measured without the code under test: the system's ssh, and the quickest of some round trips.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { remote, sshArguments } from './remote.js';
import type { Machine } from './places.js';

const ROUND_TRIPS = 20;
/** Date.now() counts whole milliseconds, at both ends. */
const MILLISECOND_STEPS = 2;

export interface ClockAhead {
  readonly seconds: number;
  /** The truth lies within this many seconds. */
  readonly errorSec: number;
}

export async function clockAhead(machine: Machine): Promise<ClockAhead> {
  const child = spawn('ssh', [...sshArguments(machine), "bash --norc -c 'while read -r _; do echo $EPOCHREALTIME; done'"], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let best: ClockAhead = { seconds: Number.NaN, errorSec: Number.POSITIVE_INFINITY };
  for (let trip = 0; trip < ROUND_TRIPS; trip += 1) {
    const sentMs = Date.now();
    child.stdin.write('\n');
    const answer = await answers.next();
    const receivedMs = Date.now();
    const errorSec = (receivedMs - sentMs + MILLISECOND_STEPS) / 2000;
    if (errorSec < best.errorSec) best = { seconds: Number(answer.value) - (sentMs + receivedMs) / 2000, errorSec };
  }
  child.stdin.end();
  await once(child, 'close');
  return best;
}

/** Sets a machine's clock this many seconds ahead of ours. Nothing in the guest sets it right again: there is no time service. */
export async function skewClock(machine: Machine, seconds: number): Promise<void> {
  const { seconds: now } = await clockAhead(machine);
  await remote(machine, `python3 -c 'import time; time.clock_settime(time.CLOCK_REALTIME, time.time() + ${(seconds - now).toFixed(6)})'`);
}

/** Makes a machine's clock drift by so many millionths: adjtimex(2), which Debian's perl can call without a module. */
export async function driftClock(machine: Machine, ppm: number): Promise<void> {
  const frequency = Math.round(ppm * 65_536);
  await remote(machine, `perl -e 'my $t = pack("L x4 q q x200", 2, 0, ${frequency}); syscall(159, $t) >= 0 or die $!'`);
}
