// fleet-tap merge: recordings → one log. One recording gives the log that the live run wrote, byte for byte; several give the fleet's strict order.
// Reads as much as the log can take: the recording of the host that all others wait for is read on, the others wait.
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { addressNames } from '../base/address-names.js';
import { newCounters } from '../base/counters.js';
import { FleetTapError } from '../base/errors.js';
import { fileReason } from '../base/file-reason.js';
import { ClockOffset } from '../capture/clock-offset.js';
import { HostStream } from '../capture/host-stream.js';
import { MachineLines } from '../capture/machine-lines.js';
import { ObservedLines, parseSshConnection } from '../capture/observed-lines.js';
import { AGAIN, BEGIN_RECORDING, CHUNK, CLOCK, ENDED, FAILED, FINISH, type Frame, FrameReader, HOST, LOST, type RecordedEnd, type RecordedHost, type RecordedRun, type RecordingBegin, RELEASE, RUN } from '../capture/recording-format.js';
import type { CommandContext, ExitStatus } from './context.js';
import { FleetLog, type QueueLimits, type Sync } from './fleet-log.js';
import { checkOutputs, lateOf, limitsOf, openLateSink, type OutputOptions, openSinks, type QueueOptions } from './open-sinks.js';
import { RECORDING_FILE } from './recorder.js';
import type { FormatOptions } from '../sinks/format.js';
import type { Sink } from '../sinks/sink.js';

export interface MergeOptions extends OutputOptions, QueueOptions {
  readonly files: readonly string[];
  /** `recorded`: what the live run decided; `strict`: time alone decides. */
  readonly order: 'recorded' | 'strict';
  /** Default: `ssh`. */
  readonly sync?: Sync | undefined;
}

const BLOCK_BYTES = 64 * 1024;
const BEGIN_BYTES = 4096;
/** Rows go out when so much was read: looking through all hosts costs as much for a few rows as for many. */
const RELEASE_BYTES = 4 * 2 ** 20;

export async function merge(options: MergeOptions, context: CommandContext): Promise<ExitStatus> {
  await checkOutputs(options, true, { inputs: options.files });
  return playRecordings(options, context, (format) => openSinks(options, format, context, () => {}));
}

/** What a log is written with, and what the recordings say of their hosts. */
export type PlayedFormat = FormatOptions & { readonly hosts: readonly RecordedHost[] };

/** Plays recordings into the sinks that are opened once it is known what times count from. @returns the exit status */
export async function playRecordings(
  options: Pick<MergeOptions, 'files' | 'order' | 'sync'> & QueueOptions & Partial<OutputOptions>,
  context: CommandContext,
  open: (format: PlayedFormat) => Promise<Sink[]>,
): Promise<ExitStatus> {
  const recordings = options.files.map((file) => new Recording(file));
  const say = (line: string) => void context.stderr.write(`${line}\n`);
  try {
    const begins = recordings.map((recording) => recording.begin());
    const originSec = Math.min(...begins.map((begin) => begin.originSec));
    const hostWidth = Math.max(...begins.map((begin) => begin.hostWidth));
    // A host that stands in several recordings is one host.
    const hosts = [...new Map(begins.flatMap((begin) => begin.hosts ?? []).map((host) => [host.name, host])).values()];
    const format = { originSec, hostWidth, hosts, outgoing: begins.every((begin) => begin.outgoing === true), names: addressNames(begins.flatMap((begin) => begin.hosts ?? [])) };
    const sinks = await open(format);
    const [first] = begins;
    const isReplay = begins.length === 1 && options.order === 'recorded' && first !== undefined;
    const clock = { originSec, ns: 0, nowNs: () => clock.ns };
    const lateSink = await openLateSink({ output: [], ...options }, format);
    // What the capture did, where nothing else is said.
    const recorded = isReplay ? first : undefined;
    const limits = withDefaults(limitsOf(options), { memoryBytes: recorded?.memoryBytes, spillBytes: recorded?.spillBytes, whenFull: recorded?.whenFull });
    const log = new FleetLog({ order: isReplay ? first.order : 'strict', sync: options.sync ?? 'ssh', waitsForLost: !isReplay, late: lateOf(options) ?? recorded?.late, lateSink, limits }, clock, sinks, say);
    const players = recordings.map((recording, index) => new Player(recording, log, clock, ((begins[index]?.originSec ?? originSec) - originSec) * 1e9));
    if (isReplay) for (const player of players) while (!context.interrupted.aborted && (await player.block(true)));
    else await strictly(players, log, context.interrupted);
    for (const player of players) player.end();
    const booksBalance = await log.finish();
    if (context.interrupted.aborted) return 130;
    return booksBalance ? 0 : 2;
  } finally {
    for (const recording of recordings) recording.close();
  }
}

/** What is not said is what it was. */
function withDefaults(said: QueueLimits, was: QueueLimits): QueueLimits {
  return { memoryBytes: said.memoryBytes ?? was.memoryBytes, spillBytes: said.spillBytes ?? was.spillBytes, spillFolder: said.spillFolder, whenFull: said.whenFull ?? was.whenFull };
}

/** Hosts of all recordings at once, none of them ever late. */
async function strictly(players: readonly Player[], log: FleetLog, interrupted: AbortSignal): Promise<void> {
  const ofHost: Player[] = [];
  const readOn = async (player: Player): Promise<void> => {
    if (!(await player.block(false))) player.end();
    for (const host of player.hosts) ofHost[host] = player;
  };
  // Each recording's first block names its hosts: nothing goes out before all are known.
  for (const player of players) await readOn(player);
  let readBytes = 0;
  // While rows are written, the next ones are read, as long as there is memory for them: files can wait.
  let released = Promise.resolve();
  while (!interrupted.aborted) {
    const slowest = log.slowest();
    const player = slowest === undefined ? players.find((one) => !one.hasEnded) : ofHost[slowest];
    if (player === undefined) break;
    await readOn(player);
    readBytes += BLOCK_BYTES;
    if (readBytes < RELEASE_BYTES) continue;
    readBytes = 0;
    await released;
    released = log.releaseAll();
    // Told where it is waited for, unless reading fails before.
    released.catch(() => {});
    if (!log.hasRoom) await released;
  }
  await released;
}

/** What was read last, of whichever recording: memory that is used again and again is in the processor's caches. */
let block = Buffer.allocUnsafe(2 * BLOCK_BYTES);

/** A recording's file, read block by block. */
class Recording {
  readonly file: string;
  readonly #descriptor: number;
  readonly #reader: FrameReader;
  #first: Frame[] = [];

  /** @param path a recording, or the folder that --record made */
  constructor(path: string) {
    let missing = 'there is no such file';
    try {
      const isFolder = statSync(path).isDirectory();
      missing = isFolder ? `there is no ${RECORDING_FILE} in it` : missing;
      this.file = isFolder ? join(path, RECORDING_FILE) : path;
      // Opening a folder succeeds; reading it does not.
      if (isFolder && statSync(this.file).isDirectory()) throw new Error(`${RECORDING_FILE} in it is a folder`);
      this.#descriptor = openSync(this.file, 'r');
    } catch (error) {
      throw new FleetTapError('input', 'recording-unreadable', `${path} cannot be read: ${fileReason(error, missing)}`, { hint: 'name what capture --record DIR has made', cause: error });
    }
    this.#reader = new FrameReader(this.file);
  }

  begin(): RecordingBegin {
    while (this.#first.length === 0) {
      // Memory of its own: these frames are played when all recordings have begun.
      const frames = this.#read(Buffer.allocUnsafe(BEGIN_BYTES + this.#reader.rest.length));
      if (frames === undefined) break;
      this.#first = frames;
    }
    const [begin] = this.#first;
    if (begin?.kind !== BEGIN_RECORDING) throw new FleetTapError('input', 'recording-empty', 'the recording ends before it has begun', { place: { file: this.file } });
    return JSON.parse(begin.payload.toString()) as RecordingBegin;
  }

  /** The next frames, to be played before anybody reads on; undefined at the end. */
  frames(): Frame[] | undefined {
    if (this.#first.length === 0) {
      if (block.length < BLOCK_BYTES + this.#reader.rest.length) block = Buffer.allocUnsafe(2 * (BLOCK_BYTES + this.#reader.rest.length));
      return this.#read(block);
    }
    const frames = this.#first;
    this.#first = [];
    return frames;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #read(into: Buffer): Frame[] | undefined {
    const { rest } = this.#reader;
    rest.copy(into);
    const bytes = readSync(this.#descriptor, into, rest.length, Math.min(BLOCK_BYTES, into.length - rest.length), null);
    return bytes === 0 ? undefined : this.#reader.take(into.subarray(0, rest.length + bytes));
  }
}

interface PlayedHost {
  /** Its place in the log. */
  readonly index: number;
  readonly name: string;
  readonly counters: ReturnType<typeof newCounters>;
  offset: ClockOffset;
  stream: HostStream | undefined;
  isOver: boolean;
}

/** Does again what the live run did, frame by frame. */
class Player {
  readonly #recording: Recording;
  readonly #log: FleetLog;
  readonly #clock: { readonly originSec: number; ns: number; nowNs(): number };
  readonly #shiftNs: number;
  readonly #hosts = new Map<number, PlayedHost>();
  #isFinished = false;
  hasEnded = false;

  /** @param shiftNs from the recording's origin to the log's */
  constructor(recording: Recording, log: FleetLog, clock: { readonly originSec: number; ns: number; nowNs(): number }, shiftNs: number) {
    this.#recording = recording;
    this.#log = log;
    this.#clock = clock;
    this.#shiftNs = shiftNs;
  }

  /** The log's indices of this recording's hosts. */
  get hosts(): number[] {
    return [...this.#hosts.values()].map((host) => host.index);
  }

  /** Plays one block. @param releases give rows out where the live run did. @returns false at the end */
  async block(releases: boolean): Promise<boolean> {
    const frames = this.#recording.frames();
    if (frames === undefined) return false;
    for (const frame of frames) {
      this.#clock.ns = frame.nowNs + this.#shiftNs;
      if (frame.kind === RELEASE) {
        if (releases) await this.#log.releaseOnce();
      } else this.#play(frame, this.#clock.ns);
    }
    return true;
  }

  /** Hosts that the recording leaves in the middle, because it was cut off, have a gap there. */
  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    if (this.#isFinished) return;
    for (const host of this.#hosts.values()) {
      if (host.isOver) continue;
      host.stream?.end();
      this.#log.ended(host.index, new FleetTapError('host', 'recording-cut', 'the recording ends here', { place: { host: host.name } }), []);
    }
  }

  #play(frame: Frame, nowNs: number): void {
    if (frame.kind === HOST) {
      const { name } = JSON.parse(frame.payload.toString()) as { name: string };
      const host = { index: this.#log.addHost(name), name, counters: newCounters(), offset: new ClockOffset(), stream: undefined, isOver: false };
      this.#hosts.set(frame.host, host);
      this.#log.attach(host.index, host);
      return;
    }
    if (frame.kind === FINISH) this.#isFinished = true;
    const host = this.#hosts.get(frame.host);
    if (host === undefined) return;
    switch (frame.kind) {
      case RUN: {
        const run = JSON.parse(frame.payload.toString()) as RecordedRun;
        const { epoch, machineFace, connection } = run;
        this.#log.run(host.index, run, nowNs);
        const owner = { host: host.index, hostName: host.name, epoch };
        const reader = machineFace ? new MachineLines(owner, this.#clock, host.offset, host.counters) : new ObservedLines(owner, parseSshConnection(connection), host.counters);
        host.stream = new HostStream(reader, host.counters);
        return;
      }
      case CHUNK:
        if (host.stream !== undefined) this.#log.progress(host.index, host.stream.push(frame.payload, nowNs), nowNs);
        return;
      case CLOCK: {
        const at = (index: number) => frame.payload.readDoubleLE(8 * index);
        host.offset.add(at(0) + this.#shiftNs, at(1) + this.#shiftNs, at(2) + this.#shiftNs, at(3));
        return;
      }
      case AGAIN:
        host.offset = new ClockOffset();
        this.#log.again(host.index, host);
        return;
      case LOST:
      case ENDED:
      case FAILED: {
        const { error, warnings } = JSON.parse(frame.payload.toString()) as RecordedEnd;
        const failure = error && new FleetTapError(error.kind, error.code, error.message, { place: { host: host.name } });
        host.stream?.end();
        host.stream = undefined;
        if (frame.kind === LOST && failure !== undefined) return this.#log.lost(host.index, failure, warnings);
        host.isOver = true;
        if (frame.kind === ENDED) this.#log.ended(host.index, failure, warnings);
        else if (failure !== undefined) this.#log.failed(host.index, failure);
      }
    }
  }
}
