// A time limit that stands still while a person is asked: what is left goes on afterwards, so that nobody else can stretch it.

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
      this.#leftMs -= performance.now() - this.#startedMs;
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
    this.#timer = setTimeout(this.#onEnd, Math.max(0, this.#leftMs));
  }
}
