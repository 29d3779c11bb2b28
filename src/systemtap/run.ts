// What comes in: a session and a compiled kernel module. What goes out: the running script, its lines as they come.
// Guaranteed: the host ends it by itself when we are gone (supervisor.ts); the lease is renewed here as long as nobody stops it.
import { randomBytes } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import { FleetTapError } from '../base/errors.js';
import { type HostText, printable } from '../base/host-text.js';
import { quote } from '../base/quote.js';
import type { Session } from '../ssh/session.js';
import type { RemoteStream } from '../ssh/transport.js';
import type { KernelModule } from './build.js';
import { diagnose } from './diagnose.js';
import { makeRunDirectory } from './run-directory.js';
import { BUSY_STATUS, RENEW_MS, supervisorScript } from './supervisor.js';
import { underOwnName } from './unique-name.js';

const STDERR_LIMIT_CHARS = 64 * 1024;

export interface RunEnd {
  /** staprun's exit status; null when the connection was lost first. */
  readonly status: number | null;
  readonly stderr: HostText;
}

export interface ScriptRun {
  onOutput(listener: (chunk: Buffer) => void): void;
  /** Resolves when the channel is closed, whoever ended it. */
  readonly ended: Promise<RunEnd>;
  /** Asks the host to end the script; it takes about a second. Safe to call twice. */
  stop(): void;
}

export interface RunRequest {
  readonly kernelModule: KernelModule;
  readonly machineFace: boolean;
  readonly limitSec: number;
  /** Who captures and from where: told to whom comes second. */
  readonly who: string;
  /** Captures beside others on this host. */
  readonly join?: boolean | undefined;
  /** MiB of the kernel's buffer for each CPU. */
  readonly bufferMib?: number | undefined;
  /** Lower-case hexadecimal. A run ends what an earlier run of the same capture has left on the host, instead of being refused. */
  readonly captureId?: string | undefined;
}

/**
 * Uploads the kernel module into a private directory, under a name of its own, and starts it. A start that fails leaves no directory behind.
 * @param begins called when all is there and the script is about to start
 */
export async function startScript(session: Session, request: RunRequest, begins: () => void = () => {}): Promise<ScriptRun> {
  const runId = randomBytes(6).toString('hex');
  const kernelModule = underOwnName(request.kernelModule, runId);
  const { path: directory, become } = await makeRunDirectory(session, runId);
  const { machineFace, limitSec, join, bufferMib, captureId } = request;
  const script = supervisorScript({ directory, name: kernelModule.name, machineFace, limitSec, join, bufferMib, captureId, who: `${request.who}, run ${runId}` });
  try {
    await session.writeFile(`${directory}/${kernelModule.name}.ko`, kernelModule.content, { mode: 0o600, become });
    begins();
    return new RunningScript(await session.stream(script, { become }));
  } catch (error) {
    // Who cannot be reached cannot be cleaned: the next run there does it.
    if (error instanceof FleetTapError && error.kind === 'unreachable') throw error;
    await session.run(`: fleet-tap clean ${quote(directory)}\nrm -rf ${quote(directory)}\n`, { become }).catch(() => {});
    throw error;
  }
}

/** Why a run that nobody stopped has ended, as an error. */
export function runFailure(host: string, end: RunEnd, release: string): FleetTapError {
  if (end.status === null) {
    return new FleetTapError('unreachable', 'connection-lost', 'the connection was lost; the host ends the script by itself within 15 s', { place: { host } });
  }
  const limit = /^fleet-tap: ended by (the limit of \d+ s)$/m.exec(end.stderr)?.[1];
  if (limit !== undefined) {
    return new FleetTapError('host', 'limit-reached', `the host ended the script at ${limit}`, { place: { host }, hint: 'a longer one: --limit-time' });
  }
  if (/^fleet-tap: ended because the lease was not renewed$/m.test(end.stderr)) {
    return new FleetTapError('host', 'lease-over', 'the host ended the script: it had heard nothing from here for too long', { place: { host }, hint: 'the network or this machine was stuck; capture again' });
  }
  const busy = /^fleet-tap: busy: (.+)/ms.exec(end.stderr)?.[1];
  if (end.status === BUSY_STATUS && busy !== undefined) {
    const who = printable(busy).trim().replaceAll('\n', '; ');
    return new FleetTapError('host', 'host-busy', `somebody captures here already: ${who}`, { place: { host }, hint: 'wait for its end, or capture beside it: --join' });
  }
  const why = /^fleet-tap: ended because (its output had no way out|its supervisor was killed)$/m.exec(end.stderr)?.[1];
  if (why !== undefined) {
    return new FleetTapError('host', 'script-killed', `the host ended the script because ${why}`, { place: { host }, hint: 'somebody on the host, or its memory limit, ended a process of ours; capture again' });
  }
  if (/^flock: not found$/m.test(end.stderr)) {
    return new FleetTapError('host', 'flock-missing', 'there is no flock here: two captures could not keep out of each other\'s way', { place: { host }, hint: 'install util-linux' });
  }
  if (end.status > 128) {
    return new FleetTapError('host', 'script-killed', `staprun was killed here (signal ${end.status - 128})`, { place: { host }, hint: 'somebody on the host, or its memory limit, ended it; capture again' });
  }
  if (end.status === 0) {
    return new FleetTapError('host', 'script-ended', 'the script ended by itself', { place: { host }, hint: 'it called exit(), or somebody on the host ended staprun' });
  }
  const cause = diagnose(end.stderr, release);
  return new FleetTapError('host', cause.code, cause.sentence, { place: { host }, hint: cause.hint });
}

class RunningScript implements ScriptRun {
  readonly ended: Promise<RunEnd>;
  readonly #stream: RemoteStream;
  readonly #renewal: NodeJS.Timeout;
  #stopped = false;

  constructor(stream: RemoteStream) {
    this.#stream = stream;
    let stderr = '';
    const decoder = new StringDecoder('utf8');
    stream.onStderr((chunk) => {
      stderr = (stderr + decoder.write(chunk)).slice(-STDERR_LIMIT_CHARS);
    });
    this.ended = new Promise((resolve) => {
      stream.onEnd((status) => {
        clearInterval(this.#renewal);
        resolve({ status, stderr });
      });
    });
    this.#renewal = setInterval(() => void stream.write('lease\n'), RENEW_MS);
    this.#renewal.unref();
  }

  onOutput(listener: (chunk: Buffer) => void): void {
    this.#stream.onStdout(listener);
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#renewal);
    this.#stream.endInput();
  }
}
