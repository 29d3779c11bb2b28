// What comes in: a session and a compiled kernel module. What goes out: the records of one run of the script as they come, and how it ended.
// Guaranteed: the clock is measured before the script starts, so that no record goes out with an unknown correction; after `stop`
// or a failure the host is left clean (systemtap/supervisor.ts); every line is counted. Not here: what follows a run that was lost
// (commands/captured-host.ts).
import type { Clock } from '../base/clock.js';
import type { HostCounters } from '../base/counters.js';
import { FleetTapError } from '../base/errors.js';
import type { Session } from '../ssh/session.js';
import { runFailure, type RunRequest, type ScriptRun, startScript } from '../systemtap/run.js';
import { type RunWarning, runWarnings } from '../systemtap/run-warnings.js';
import { ClockOffset } from './clock-offset.js';
import { type ClockProbe, startClockProbe } from './clock-probe.js';
import { HostStream, type LineReader, type StreamProgress } from './host-stream.js';
import { MachineLines } from './machine-lines.js';
import { ObservedLines, parseSshConnection } from './observed-lines.js';

/**
 * A host that was asked to end unloads, prints what it still holds, and says goodbye. It is waited for as long as it goes on: its own limit is 10 s for
 * the one and a minute for the other (systemtap/coalesce.ts).
 */
const SILENCE_LIMIT_MS = 20_000;
const END_LIMIT_MS = 80_000;

export interface HostCaptureEvents {
  progress(progress: StreamProgress, nowNs: number): void;
  /** What a recording needs to do all of this again (capture/recording-format.ts), each before its effect. */
  run?(connection: string, nowNs: number): void;
  chunk?(bytes: Buffer, nowNs: number): void;
  sample?(sample: readonly [sentNs: number, hostNs: number, receivedNs: number, resolutionNs: number]): void;
  /** Once. `error` is undefined when it was asked to stop and did. */
  ended(error: FleetTapError | undefined, warnings: readonly RunWarning[]): void;
}

/** Whose records these are. */
export interface RunOwner {
  /** The host's place in the order of the inventory. */
  readonly host: number;
  /** Which run of the script on this host, from 1. */
  readonly epoch: number;
  /** The host's books, whatever the run. */
  readonly counters: HostCounters;
}

export class HostCapture {
  readonly host: string;
  readonly offset: ClockOffset;
  readonly #owner: RunOwner;
  readonly #session: Session;
  readonly #clock: Clock;
  readonly #request: RunRequest;
  readonly #events: HostCaptureEvents;
  #probe: ClockProbe | undefined;
  #run: ScriptRun | undefined;
  #stopping = false;
  #heardMs = 0;
  #starting: Promise<void> = Promise.resolve();
  #over: Promise<void> = Promise.resolve();

  constructor(owner: RunOwner, session: Session, clock: Clock, request: RunRequest, events: HostCaptureEvents) {
    this.#owner = owner;
    this.host = session.host;
    this.#session = session;
    this.#clock = clock;
    this.#request = request;
    this.#events = events;
    this.offset = new ToldOffset((sample) => events.sample?.(sample));
  }

  get counters(): HostCounters {
    return this.#owner.counters;
  }

  /** Measures the clock, then starts the script. @throws FleetTapError when either fails */
  start(): Promise<void> {
    this.#starting = this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    try {
      this.#probe = await startClockProbe(this.#session, this.#clock, this.offset);
      if (this.#stopping) return;
      await this.#probe.ready;
      const connection = this.#request.machineFace ? '' : (await this.#session.run(': fleet-tap connection\necho "$SSH_CONNECTION"\n')).stdout.trim();
      if (this.#stopping) return;
      // Not earlier: from here on the fleet waits for this host's first word.
      const begins = () => this.#events.run?.(connection, this.#clock.nowNs());
      this.#run = await startScript(this.#session, this.#request, begins);
      this.#follow(this.#run, this.#lines(connection));
    } finally {
      if (this.#run === undefined) this.#probe?.stop();
    }
  }

  #follow(run: ScriptRun, lines: LineReader): void {
    const stream = new HostStream(lines, this.#owner.counters);
    run.onOutput((chunk) => {
      const nowNs = this.#clock.nowNs();
      this.#heardMs = performance.now();
      this.#events.chunk?.(chunk, nowNs);
      this.#events.progress(stream.push(chunk, nowNs), nowNs);
    });
    this.#over = run.ended.then((end) => {
      stream.end();
      this.#probe?.stop();
      const isAsked = this.#stopping && end.status !== null;
      const error = isAsked ? endFailure(this.host, lines) : runFailure(this.host, end, this.#request.kernelModule.release);
      // Anybody's script may come to its end by itself: `probe timer.s(10) { exit() }`. Ours never does.
      const isOver = error?.code === 'script-ended' && !this.#request.machineFace;
      this.#events.ended(isOver ? undefined : error, runWarnings(end.stderr));
    });
    if (this.#stopping) run.stop();
  }

  /** Ends the script and waits until the host has printed all and has said so. @returns false when it never did */
  async stop(): Promise<boolean> {
    this.#stopping = true;
    this.#run?.stop();
    if (this.#run === undefined) this.#probe?.stop();
    const askedMs = performance.now();
    const over = this.#starting.catch(() => {}).then(() => this.#over);
    const leftMs = () => Math.min(Math.max(this.#heardMs, askedMs) + SILENCE_LIMIT_MS, askedMs + END_LIMIT_MS) - performance.now();
    let ended = false;
    while (!ended && leftMs() > 0) ended = await isWithin(over, leftMs());
    this.#probe?.stop();
    return ended;
  }

  #lines(connection: string): LineReader {
    const { host, epoch, counters } = this.#owner;
    const owner = { host, hostName: this.host, epoch };
    return this.#request.machineFace ? new MachineLines(owner, this.#clock, this.offset, counters) : new ObservedLines(owner, parseSshConnection(connection), counters);
  }
}

async function isWithin(over: Promise<void>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const isOver = await Promise.race([over.then(() => true), limit]);
  clearTimeout(timer);
  return isOver;
}

/** Why a run that was asked to end is not whole, as an error. */
function endFailure(host: string, { lacksEnd }: LineReader): FleetTapError | undefined {
  if (!lacksEnd) return undefined;
  return new FleetTapError('host', 'end-missing', 'the script was ended before it had printed all: its last lines are missing, nobody knows how many', {
    place: { host },
    hint: 'the host is too slow for what it receives: capture less (--port, --host, --net, --flags, --rate)',
  });
}

/** An offset whose samples somebody else hears of. */
class ToldOffset extends ClockOffset {
  readonly #tell: (sample: readonly [number, number, number, number]) => void;

  constructor(tell: (sample: readonly [number, number, number, number]) => void) {
    super();
    this.#tell = tell;
  }

  override add(sentNs: number, hostNs: number, receivedNs: number, resolutionNs: number): void {
    this.#tell([sentNs, hostNs, receivedNs, resolutionNs]);
    super.add(sentNs, hostNs, receivedNs, resolutionNs);
  }
}
