// A time limit that stands still while a person is asked: what is left goes on afterwards, so that nobody else can stretch it.
// Guaranteed: time in which this program did not come to look does not count. A host that answers at once must not be told as silent because
// we work through the output of others.

/** It is looked at so often, and each look counts so much at most. */
const STEP_MS = 200;

export class Countdown {
  readonly #onEnd: () => void;
  #leftMs: number;
  #startedMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #pauses = 0;

  constructor(limitMs: number, onEnd: () => void) {
    this.#leftMs = limitMs;
    this.#onEnd = onEnd;
    this.#start();
  }

  /** Pauses may overlap: it goes on when the last one is over. */
  pause(isPaused: boolean): void {
    this.#pauses += isPaused ? 1 : -1;
    if (isPaused && this.#pauses === 1) {
      clearTimeout(this.#timer);
      this.#count();
    } else if (!isPaused && this.#pauses === 0) {
      this.#start();
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#pauses = Number.POSITIVE_INFINITY;
  }

  #start(): void {
    this.#startedMs = performance.now();
    this.#timer = setTimeout(() => {
      this.#count();
      if (this.#leftMs <= 0) this.#onEnd();
      else this.#start();
    }, Math.max(0, Math.min(this.#leftMs, STEP_MS)));
  }

  #count(): void {
    this.#leftMs -= Math.min(performance.now() - this.#startedMs, STEP_MS);
  }
}
