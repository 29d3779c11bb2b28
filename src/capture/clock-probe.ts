// What comes in: a session. What goes out: round trips into a ClockOffset, on a channel of their own, until stopped.
// Guaranteed: one question under way at a time, so that no question waits behind another; the remote loop ends with its input.
import type { Clock } from '../base/clock.js';
import { parseEpochNs } from '../base/clock.js';
import type { Session } from '../ssh/session.js';
import type { RemoteStream } from '../ssh/transport.js';
import type { ClockOffset } from './clock-offset.js';

/** The pause between two questions, once the offset has settled. */
const INTERVAL_MS = 5_000;
/** After this long without an answer, the next question is asked. */
const ANSWER_LIMIT_MS = 10_000;

/**
 * Answers each line with the line and the time. bash 5 and newer print microseconds without a fork;
 * elsewhere `date` forks, which only widens the bound.
 */
const SCRIPT = `: fleet-tap clock
if command -v bash >/dev/null 2>&1 && LC_ALL=C bash --norc -c '[ -n "$EPOCHREALTIME" ]' 2>/dev/null; then
  exec env LC_ALL=C bash --norc -c 'while read -r i; do echo "$i $EPOCHREALTIME"; done'
fi
while read -r i; do echo "$i $(date +%s.%N)"; done
`;

export interface ClockProbe {
  /** Resolves after the first samples, or as soon as the host does not answer. */
  readonly ready: Promise<void>;
  stop(): void;
}

export async function startClockProbe(session: Session, clock: Clock, offset: ClockOffset): Promise<ClockProbe> {
  const stream = await session.stream(SCRIPT);
  return new Prober(stream, clock, offset);
}

class Prober implements ClockProbe {
  readonly ready: Promise<void>;
  readonly #stream: RemoteStream;
  readonly #clock: Clock;
  readonly #offset: ClockOffset;
  #question = 0;
  #sentNs = 0;
  #tail = '';
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #resolveReady: () => void = () => {};

  constructor(stream: RemoteStream, clock: Clock, offset: ClockOffset) {
    this.#stream = stream;
    this.#clock = clock;
    this.#offset = offset;
    this.ready = new Promise((resolve) => {
      this.#resolveReady = resolve;
    });
    stream.onStdout((chunk) => this.#answer(chunk, clock.nowNs()));
    stream.onStderr(() => {});
    stream.onEnd(() => this.stop());
    this.#ask();
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#stream.endInput();
    this.#resolveReady();
  }

  #ask(): void {
    if (this.#stopped) return;
    this.#question += 1;
    this.#sentNs = this.#clock.nowNs();
    void this.#stream.write(`${this.#question}\n`);
    this.#next(ANSWER_LIMIT_MS, () => {
      this.#resolveReady();
      this.#ask();
    });
  }

  #next(delayMs: number, act: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, delayMs);
    this.#timer.unref();
  }

  #answer(chunk: Buffer, receivedNs: number): void {
    const lines = (this.#tail + chunk.toString('latin1')).split('\n');
    this.#tail = (lines.pop() ?? '').slice(-200);
    for (const line of lines) {
      const match = /^(\d+) (\d{10})[.,](\d{6}|\d{9})$/.exec(line);
      if (match === null || Number(match[1]) !== this.#question) continue;
      const [, , seconds = '', fraction = ''] = match;
      const hostNs = parseEpochNs(seconds + fraction.padEnd(9, '0'), this.#clock.originSec);
      this.#offset.add(this.#sentNs, hostNs, receivedNs, 10 ** (9 - fraction.length));
      if (!this.#offset.isSettled) this.#ask();
      else {
        this.#resolveReady();
        this.#next(INTERVAL_MS, () => this.#ask());
      }
    }
  }
}
