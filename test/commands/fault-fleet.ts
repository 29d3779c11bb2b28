// Three hosts in this process under a manual clock: a has the fault, b and c have none. What the log says, and the same log from the recording.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import type { FleetTapError } from '../../src/base/errors.js';
import { recordsOf, type MergedRows } from '../../src/base/merged-rows.js';
import type { LogRecord } from '../../src/base/record.js';
import { CHUNK, encodeFrame, FrameReader, RECORDING_START } from '../../src/capture/recording-format.js';
import { CapturedHost } from '../../src/commands/captured-host.js';
import { FleetLog, type FleetLogOptions } from '../../src/commands/fleet-log.js';
import { Recorder, RECORDING_FILE } from '../../src/commands/recorder.js';
import { fieldsOf } from '../../src/sinks/fields.js';
import type { Sink } from '../../src/sinks/sink.js';
import { FakeSession, type FakeStream, ManualClock } from '../capture/fake-session.js';

export const MS = 1e6;
export const SEC = 1e9;
const STEP_NS = 50 * MS;
const HOSTS = ['a', 'b', 'c'] as const;
export type HostName = (typeof HOSTS)[number];

/** Keeps every row with the time at which it was written. */
class MemorySink implements Sink {
  readonly name = 'memory';
  readonly failure = undefined;
  readonly abandoned = false;
  readonly missed = 0;
  written = 0;
  readonly rows: { readonly record: LogRecord; readonly writtenNs: number }[] = [];
  readonly #nowNs: () => number;

  constructor(nowNs: () => number) {
    this.#nowNs = nowNs;
  }

  write(rows: MergedRows): undefined {
    for (const record of recordsOf(rows)) this.rows.push({ record: { ...record }, writtenNs: this.#nowNs() });
    this.written += rows.length;
  }

  async close(): Promise<void> {}
}

class FaultHost {
  readonly name: HostName;
  /** What its clock shows beyond the true time. */
  skewNs = 0;
  /** It prints, but nothing gets through: what comes later is kept. */
  stalled = false;
  /** It prints one byte at a time. */
  slices = false;
  printed = 0;
  /** Every packet line that the kernel printed: in which run, its number there, and when. */
  readonly lines: { readonly epoch: number; readonly number: number; readonly atNs: number }[] = [];
  #epoch = 0;
  captured: CapturedHost | undefined;
  readonly errors: FleetTapError[] = [];
  #kept = '';
  readonly #clock: ManualClock;
  #session: FakeSession | undefined;

  constructor(name: HostName, clock: ManualClock) {
    this.name = name;
    this.#clock = clock;
  }

  #digits(): string {
    return this.#clock.digits(this.#clock.ns + this.skewNs);
  }

  /** A new connection. The probe's answers take no time: the hosts' bounds depend on nothing that happens here. */
  connect(): FakeSession {
    const session = new FakeSession(this.name);
    session.onStream = (stream) => {
      if (stream.script.startsWith(': fleet-tap clock')) {
        stream.onInput = (text) =>
          queueMicrotask(() => {
            const digits = this.#digits();
            stream.say(`${text.trim()} ${digits.slice(0, 10)}.${digits.slice(10, 19)}\n`);
          });
        return;
      }
      this.printed = 0;
      this.#epoch += 1;
      stream.onInputEnd = () => {
        this.mark('E');
        queueMicrotask(() => stream.end(0));
      };
    };
    this.#session = session;
    return session;
  }

  get script(): FakeStream | undefined {
    return this.#session?.streams.find((stream) => stream.script.startsWith(': fleet-tap supervise'));
  }

  /** As it is, past every stall. */
  raw(bytes: string | Buffer): void {
    if (this.slices) for (const byte of Buffer.from(bytes)) this.script?.say(Buffer.of(byte));
    else this.script?.say(bytes);
  }

  print(text: string): void {
    if (this.stalled) this.#kept += text;
    else this.raw(text);
  }

  goOn(): void {
    this.stalled = false;
    this.raw(this.#kept);
    this.#kept = '';
  }

  /** The kernel prints a line. @param arrives what comes of it; undefined: nothing */
  prints(arrives: string | undefined): void {
    this.printed += 1;
    this.lines.push({ epoch: this.#epoch, number: this.printed, atNs: this.#clock.ns });
    if (arrives !== undefined) this.print(arrives);
  }

  line(): void {
    this.prints(`T ${this.#digits()} 10.0.0.1 10.0.0.2 4000 80 000010 ${this.printed + 1} 0 64240 0\n`);
  }

  mark(letter: 'B' | 'H' | 'E', more = 0): void {
    const mono = this.#clock.ns + 100 * SEC;
    this.print(letter === 'B' ? `B 1 ${this.#digits()} ${mono}\n` : `${letter} ${this.#digits()} ${mono} ${this.printed + more}\n`);
  }

  /** The connection is gone: its channels end without a status. What has not got through is lost with it. */
  cut(): void {
    const session = this.#session;
    this.#session = undefined;
    this.stalled = false;
    this.#kept = '';
    for (const stream of session?.streams ?? []) stream.end(null);
  }

  /** staprun, and with it the supervisor, ends by itself. */
  exit(status: number): void {
    const { script } = this;
    this.#session = undefined;
    script?.end(status);
  }
}

export class FaultFleet {
  readonly clock = new ManualClock();
  readonly sink = new MemorySink(() => this.clock.ns);
  readonly said: string[] = [];
  readonly log: FleetLog;
  readonly #hosts = new Map<HostName, FaultHost>();
  readonly #recorder: Recorder;
  readonly #record: string;
  #steps = 0;

  private constructor(folder: string, recorder: Recorder, said: string[], options: Partial<FleetLogOptions>, sinks: readonly Sink[]) {
    this.#record = join(folder, 'recording');
    this.#recorder = recorder;
    this.said = said;
    this.log = new FleetLog({ order: 'live', sync: 'ssh', ...options }, this.clock, [this.sink, ...sinks], (line) => void said.push(line), recorder);
  }

  static async start(options: Partial<FleetLogOptions> = {}, sinks: readonly Sink[] = []): Promise<FaultFleet> {
    const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-fault-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const said: string[] = [];
    const recorder = await Recorder.open(join(folder, 'recording'), { originSec: new ManualClock().originSec, hostWidth: 1, order: options.order ?? 'live', late: options.late, memoryBytes: options.limits?.memoryBytes, spillBytes: options.limits?.spillBytes, whenFull: options.limits?.whenFull }, (line) => void said.push(line));
    const fleet = new FaultFleet(folder, recorder, said, options, sinks);
    const { clock, log } = fleet;
    const kernelModule = { name: 'fleet_tap_0', release: '6.1.0-1-amd64', content: Buffer.from('ELF') };
    for (const name of HOSTS) {
      const host = new FaultHost(name, clock);
      const connect = async () => host.connect();
      const events = { heard: () => {}, failed: (error: FleetTapError) => void host.errors.push(error), back: () => {}, over: () => {} };
      host.captured = new CapturedHost(name, log.addHost(name), { first: connect, again: connect }, { kernelModule, machineFace: true, limitSec: 60, who: 'ann' }, { clock, log, recorder }, events);
      fleet.#hosts.set(name, host);
      const begun = host.captured.start();
      await fleet.begins(name);
      await begun;
    }
    log.allAdded();
    return fleet;
  }

  host(name: HostName): FaultHost {
    return this.#hosts.get(name) as FaultHost;
  }

  /** The script is started on the host, and says its first word. */
  async begins(name: HostName): Promise<void> {
    await expect.poll(() => this.host(name).script, { timeout: 30_000, interval: 5 }).toBeDefined();
    // The listener of its output is there a moment after its channel.
    await turn();
    this.host(name).mark('B');
  }

  /** Time passes: every 50 ms a line of each host, every 200 ms a heartbeat, and what can go out goes. */
  async pass(ns: number): Promise<void> {
    for (const endNs = this.clock.ns + ns; this.clock.ns < endNs; ) {
      this.clock.ns += STEP_NS;
      this.#steps += 1;
      for (const host of this.#hosts.values()) {
        host.line();
        if (this.#steps % 4 === 0) host.mark('H');
      }
      await this.log.release(() => {});
    }
  }

  /** Ends the capture. @returns the log, after it was compared with what the recording gives, cut as it was and cut small */
  async end(): Promise<{ readonly isWhole: boolean; readonly rows: readonly LogRecord[]; readonly gaps: readonly LogRecord[]; readonly said: string }> {
    for (const host of this.#hosts.values()) expect(await host.captured?.stop()).toBe(true);
    const isWhole = await this.log.finish();
    await this.#recorder.finish(this.clock.ns);
    const rows = this.sink.rows.map(({ record }) => record);
    return { isWhole, rows, gaps: rows.filter((row) => row.type === 'gap'), said: this.said.join('\n') };
  }

  get jsonl(): string {
    return this.sink.rows.map(({ record }) => `${JSON.stringify(fieldsOf(record, this.clock.originSec))}\n`).join('');
  }

  /** The recording, its chunks cut into pieces of so many bytes; undefined: as they came. */
  async recording(cutBytes?: number): Promise<Buffer> {
    const bytes = await readFile(join(this.#record, RECORDING_FILE));
    if (cutBytes === undefined) return bytes;
    const frames = new FrameReader('recording').push(bytes).flatMap((frame) => {
      if (frame.kind !== CHUNK) return [frame];
      return Array.from({ length: Math.ceil(frame.payload.length / cutBytes) }, (_, index) => ({ ...frame, payload: frame.payload.subarray(index * cutBytes, (index + 1) * cutBytes) }));
    });
    return Buffer.concat([RECORDING_START, ...frames.flatMap((frame) => encodeFrame(frame.kind, frame.host, frame.nowNs, frame.payload))]);
  }
}
