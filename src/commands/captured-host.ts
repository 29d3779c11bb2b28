// What comes in: a host, how to reach it, its kernel module. What goes out: its runs of the script into the log, one after the other.
// Guaranteed: a run that is lost (the connection, or the host's patience with us) is followed by another with an epoch of its own, for as long
// as the capture goes on; pauses between tries grow to RETRY_LIMIT_MS; nothing is tried once `stop` was called; what a host must not be
// asked again, such as another host key, ends it for good.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../base/clock.js';
import { newCounters } from '../base/counters.js';
import { deferred } from '../base/deferred.js';
import { asHostError, type FleetTapError } from '../base/errors.js';
import { HostCapture } from '../capture/host-capture.js';
import type { Session } from '../ssh/session.js';
import type { RunRequest } from '../systemtap/run.js';
import type { RunWarning } from '../systemtap/run-warnings.js';
import type { FleetLog } from './fleet-log.js';
import type { Recorder } from './recorder.js';

/** The longest pause between two tries. */
const RETRY_LIMIT_MS = 30_000;
/** A host that can be reached and fails to start so often in a row is given up. */
const FAILURES_IN_A_ROW = 5;

/**
 * The pause before a try: the first comes at once, the others after 1, 2, 4 … 30 s, up to half of it less, so that a fleet that was lost together
 * does not come back together.
 * @param tries made since the host was lost
 * @param random 0 to 1
 */
export function retryPauseMs(tries: number, random: number): number {
  return tries === 0 ? 0 : Math.min(RETRY_LIMIT_MS, 1000 * 2 ** (tries - 1)) * (1 - random / 2);
}

/** The way to a host: `again` makes a new connection in place of one that was lost. */
export interface HostLink {
  first(): Promise<Session>;
  again(signal: AbortSignal): Promise<Session>;
}

export interface CapturedHostEvents {
  /** It said something. */
  heard(): void;
  /** A run is over that should not be, or could not begin. Whether another follows is not known yet. */
  failed(error: FleetTapError): void;
  /** It was lost and is captured from again; `awayMs` is how long nobody knows what it received. */
  back(error: FleetTapError, awayMs: number): void;
  /** Nothing more will come of it. */
  over(): void;
}

interface End {
  /** Undefined: it ended as it should. */
  readonly error: FleetTapError | undefined;
  readonly warnings: readonly RunWarning[];
  /** The script was started, as far as anybody knows. */
  readonly ran: boolean;
  /** It said something. */
  readonly spoke: boolean;
}

export class CapturedHost {
  readonly host: string;
  readonly #index: number;
  readonly #link: HostLink;
  readonly #request: RunRequest;
  readonly #clock: Clock;
  readonly #log: FleetLog;
  readonly #recorder: Recorder | undefined;
  readonly #events: CapturedHostEvents;
  readonly counters = newCounters();
  readonly #stopped = new AbortController();
  readonly #begun = deferred();
  /** Of the last run that was started. */
  #epoch = 0;
  #current: HostCapture | undefined;
  /** Why and since when nobody knows what it receives. */
  #away: { readonly error: FleetTapError; readonly sinceMs: number } | undefined;
  #over: Promise<void> = Promise.resolve();

  /** @param index its place in the log */
  constructor(host: string, index: number, link: HostLink, request: RunRequest, to: { readonly clock: Clock; readonly log: FleetLog; readonly recorder: Recorder | undefined }, events: CapturedHostEvents) {
    this.host = host;
    this.#index = index;
    this.#link = link;
    this.#request = { ...request, captureId: randomBytes(6).toString('hex') };
    this.#clock = to.clock;
    this.#log = to.log;
    this.#recorder = to.recorder;
    this.#events = events;
  }

  /** Resolves when the script has begun on the host, or is not going to soon. */
  start(): Promise<void> {
    this.#over = this.#runs();
    return this.#begun.promise;
  }

  /** Ends the script, and all tries. @returns false when the host did not say in time that the script has ended */
  async stop(): Promise<boolean> {
    this.#stopped.abort();
    const ended = (await this.#current?.stop()) ?? true;
    if (ended) await this.#over;
    return ended;
  }

  get #isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  async #runs(): Promise<void> {
    let end = await this.#attempt(() => this.#link.first());
    let tries = 0;
    let failures = 0;
    while (!this.#isStopped && end.error !== undefined && this.#mayTryAgain(end.error, end.ran, failures)) {
      if (end.ran) this.#log.lost(this.#index, end.error, end.warnings);
      if (end.spoke) [tries, failures] = [0, 0];
      this.#away ??= { error: end.error, sinceMs: performance.now() };
      this.#begun.resolve();
      await sleep(retryPauseMs(tries, Math.random()), undefined, { signal: this.#stopped.signal }).catch(() => {});
      end = { error: undefined, warnings: [], ran: false, spoke: false };
      if (this.#isStopped) break;
      tries += 1;
      end = await this.#attempt(() => this.#link.again(this.#stopped.signal));
      if (end.error?.kind === 'host') failures += 1;
    }
    if (end.ran || end.error === undefined || this.#isStopped) this.#log.ended(this.#index, end.ran ? end.error : undefined, end.warnings);
    else this.#log.failed(this.#index, end.error);
    this.#events.over();
    this.#begun.resolve();
  }

  /** One run, from the connection to its end. */
  async #attempt(connect: () => Promise<Session>): Promise<End> {
    const { machineFace } = this.#request;
    let [ran, spoke] = [false, false];
    const ended = deferred<End>();
    const heard = () => {
      if (!spoke) this.#hasBegun();
      spoke = true;
    };
    try {
      const session = await connect();
      if (this.#isStopped) return { error: undefined, warnings: [], ran, spoke };
      const owner = { host: this.#index, epoch: this.#epoch + 1, counters: this.counters };
      const run = new HostCapture(owner, session, this.#clock, this.#request, {
        progress: (progress, nowNs) => {
          this.#events.heard();
          this.#log.progress(this.#index, progress, nowNs);
          if (progress.beganNs !== undefined || progress.watermarkNs !== undefined) heard();
        },
        run: (connection, nowNs) => {
          ran = true;
          this.#epoch = owner.epoch;
          this.#log.run(this.#index, { epoch: owner.epoch, machineFace, connection }, nowNs);
        },
        chunk: (bytes, nowNs) => this.#recorder?.chunk(this.#index, bytes, nowNs),
        sample: (sample) => this.#recorder?.clock(this.#index, sample),
        ended: (error, warnings) => ended.resolve({ error, warnings, ran, spoke }),
      });
      if (this.#epoch === 0) this.#log.attach(this.#index, run);
      else this.#log.again(this.#index, run);
      this.#current = run;
      await run.start();
      if (!ran) return { error: undefined, warnings: [], ran, spoke };
      if (!machineFace) heard();
    } catch (error) {
      ended.resolve({ error: asHostError(error, this.host), warnings: [], ran, spoke });
    }
    const end = await ended.promise;
    if (end.error !== undefined && !this.#isStopped) this.#events.failed(end.error);
    return end;
  }

  #hasBegun(): void {
    const away = this.#away;
    this.#away = undefined;
    if (away !== undefined) this.#events.back(away.error, performance.now() - away.sinceMs);
    this.#begun.resolve();
  }

  /** Whether another run may follow one that ended with this error. */
  #mayTryAgain(error: FleetTapError, ran: boolean, failures: number): boolean {
    if (this.#epoch === 0) return false;
    if (error.kind === 'unreachable') return !error.code.startsWith('host-key');
    if (error.code === 'lease-over' || (error.code === 'host-busy' && this.#away !== undefined)) return true;
    return !ran && failures < FAILURES_IN_A_ROW;
  }
}
