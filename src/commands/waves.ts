// What comes in: how many hosts, and the words of --serial. What goes out: how many hosts get the kernel module at once, and whether the
// next ones may get it: loading a kernel module everywhere at once has crashed whole fleets.
// The words are Ansible's (serial: numbers and percentages; the last one is repeated).
import { setTimeout as sleep } from 'node:timers/promises';
import { FleetTapError } from '../base/errors.js';

/** From so many hosts on, one goes first. */
const CAREFUL_HOSTS = 20;
const CAREFUL: readonly string[] = ['1', '10%', '100%'];
/** A host must have been alive for this long with the kernel module in it before the next wave. */
const WATCH_MS = 3_000;
/** A host that has said nothing for so long is taken for dead, whatever its connection. */
const SILENCE_LIMIT_MS = 30_000;
const LOOK_MS = 50;

/**
 * The sizes of the waves; they add up to `hosts`.
 * @param words `1,10%,100%`; undefined: that from 20 hosts on, below all at once
 * @throws FleetTapError kind `input`
 */
export function waveSizes(hosts: number, words: string | undefined): number[] {
  const steps = words === undefined ? (hosts < CAREFUL_HOSTS ? ['100%'] : CAREFUL) : words.split(',').map((word) => word.trim());
  const sizes: number[] = [];
  for (let left = hosts, index = 0; left > 0; index += 1) {
    const size = Math.min(left, stepSize(steps[Math.min(index, steps.length - 1)] ?? '', hosts));
    sizes.push(size);
    left -= size;
  }
  return sizes;
}

/** A percentage is of all hosts, rounded down, at least one (ansible.utils.helpers.pct_to_int). */
function stepSize(word: string, hosts: number): number {
  const match = /^(\d{1,6})(%?)$/.exec(word);
  const number = Number(match?.[1]);
  if (match === null || number === 0 || (match[2] === '%' && number > 100)) {
    throw new FleetTapError('input', 'serial', `--serial: ${word === '' ? 'an empty word' : word} is no number of hosts`, { hint: 'write numbers above 0 or percentages, for example 1,10%,100%' });
  }
  return match[2] === '%' ? Math.max(1, Math.floor((number / 100) * hosts)) : number;
}

/** One host of a wave as the watch sees it. Times are milliseconds of performance.now(). */
export interface Watched {
  readonly name: string;
  loadedMs: number;
  heardMs: number;
  /** It ended or never began; `unreachable` is how a crash looks from here. */
  failure: FleetTapError | undefined;
  isOver: boolean;
}

/**
 * Waits until every host of the wave has shown that it lives with the kernel module in it, or is over.
 * @param speaks hosts print heartbeats; of others only the connection tells
 * @returns the host that died, with what is known of it
 */
export async function deadAfterLoad(wave: readonly Watched[], speaks: boolean, stopped: AbortSignal): Promise<FleetTapError | undefined> {
  for (;;) {
    const crashed = wave.find((host) => host.failure?.kind === 'unreachable');
    if (crashed !== undefined) return crashed.failure;
    if (stopped.aborted) return undefined;
    const nowMs = performance.now();
    const waiting = wave.filter((host) => !host.isOver && (speaks ? host.heardMs : nowMs) < host.loadedMs + WATCH_MS);
    if (waiting.length === 0) return undefined;
    const silent = waiting.find((host) => nowMs - Math.max(host.heardMs, host.loadedMs) > SILENCE_LIMIT_MS);
    if (silent !== undefined) {
      return new FleetTapError('unreachable', 'silent', `has said nothing for ${SILENCE_LIMIT_MS / 1000} s after its kernel module was loaded`, { place: { host: silent.name } });
    }
    await sleep(LOOK_MS, undefined, { signal: stopped }).catch(() => {});
  }
}
