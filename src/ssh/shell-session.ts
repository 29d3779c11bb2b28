// What comes in: a transport, and whom to become on it. What goes out: our Session.
// Guaranteed: a command costs one round trip, in a long-lived shell that is started once for each identity (shell-pool.ts); one with a long
// input has a channel of its own; one that is ended (timeout, limit, signal) is ended on the host, and its shell goes on.
import { randomBytes } from 'node:crypto';
import { FleetTapError } from '../base/errors.js';
import type { HostText } from '../base/host-text.js';
import { BecomeGate } from './become-gate.js';
import { CollectedOutput } from './collected-output.js';
import { END_LIMIT_MS, endScript } from './end-script.js';
import type { OutputTaker } from './framed-shell.js';
import { openScript, type RunningScript } from './open-script.js';
import { quote } from '../base/quote.js';
import type { CommandResult, RunOptions, Session } from './session.js';
import { type Identity, ShellPool } from './shell-pool.js';
import type { Become } from '../inventory/become.js';
import type { RemoteStream, Transport } from './transport.js';

const DEFAULT_TIMEOUT_MS = 60_000;
const FILE_TIMEOUT_MS = 600_000;
const DEFAULT_FILE_LIMIT_BYTES = 64 * 2 ** 20;
/** To end commands in other shells, in need only. */
const ENDING_SHELLS = 2;
/** A longer input goes over a channel of its own, as fast as the script reads it; a shorter one lies in a pipe on the host. */
const FRAMED_INPUT_LIMIT_BYTES = 4_096;
/** Written at once, before the other side is waited for. */
const CHUNK_BYTES = 256 * 1024;

const NOBODY: OutputTaker = { stdout: () => {}, stderr: () => {} };

/** A running command: when it is over, and how to get rid of it. */
interface Running {
  /** Exit status; null when the channel went away before that. */
  readonly over: Promise<number | null>;
  /** Process id of the shell it runs under, and whether that shell is its own. */
  readonly pid: number;
  readonly isOwn: boolean;
  giveUp(): void;
}

export class ShellSession implements Session {
  readonly host: string;
  readonly #transport: Transport;
  readonly #become: Become;
  /** Whom single commands become instead. */
  readonly #others = new Map<string, Become>();
  readonly #gate = new BecomeGate();
  readonly #shells: ShellPool;
  /** To end what runs in others: it must not wait for them. */
  readonly #endingShells: ShellPool;
  #lost: FleetTapError | undefined;

  constructor(transport: Transport, become: Become = { always: false, method: 'sudo', user: 'root' }) {
    this.host = transport.host;
    this.#transport = transport;
    this.#become = become;
    this.#shells = new ShellPool(transport, this.#gate);
    this.#endingShells = new ShellPool(transport, this.#gate, ENDING_SHELLS);
    transport.onLost((error) => {
      this.#lost = error;
    });
  }

  /** Called once, when the connection is gone. */
  onLost(listener: (error: FleetTapError) => void): void {
    this.#transport.onLost(listener);
  }

  async run(script: string, options: RunOptions = {}): Promise<CommandResult> {
    const { status, output } = await this.#run(script, options);
    return { status, stdout: output.bytes('stdout').toString('utf8') as HostText, stderr: output.bytes('stderr').toString('utf8') as HostText };
  }

  async stream(script: string, options: { readonly become?: boolean; readonly onSent?: (() => void) | undefined } = {}): Promise<RemoteStream> {
    if (this.#lost !== undefined) throw this.#lost;
    const identity = this.#identity(options.become);
    return (await this.#gate.pass(identity, () => openScript(this.#transport, script, identity, { onSent: options.onSent }))).stream;
  }

  async writeFile(path: string, content: Buffer, options: { readonly mode: number; readonly become?: boolean }): Promise<void> {
    const mode = options.mode.toString(8);
    const script = `: fleet-tap write-file ${quote(path)} ${content.length}
set -e
t=${quote(`${path}.${randomBytes(4).toString('hex')}`)}
umask 077
trap 'rm -f "$t"' EXIT
cat > "$t"
[ "$(wc -c < "$t")" -eq ${content.length} ] || { echo "the file came incomplete" >&2; exit 1; }
${mode === '600' ? ':' : `chmod ${mode} "$t"`}
[ ! -d ${quote(path)} ] || { echo "it is a directory" >&2; exit 1; }
mv -f "$t" ${quote(path)}
trap - EXIT
`;
    const result = await this.run(script, { input: content, become: options.become ?? false, timeoutMs: FILE_TIMEOUT_MS });
    if (result.status !== 0) throw this.#failure('write-file', `${path} could not be written: ${result.stderr.trim()}`);
  }

  async readFile(path: string, options: { readonly become?: boolean; readonly limitBytes?: number } = {}): Promise<Buffer> {
    const script = `: fleet-tap read-file ${quote(path)}\nexec cat < ${quote(path)}\n`;
    const limitBytes = options.limitBytes ?? DEFAULT_FILE_LIMIT_BYTES;
    const { status, output } = await this.#run(script, { become: options.become ?? false, limitBytes, timeoutMs: FILE_TIMEOUT_MS });
    if (status !== 0) throw this.#failure('read-file', `${path} could not be read: ${output.bytes('stderr').toString('utf8').trim()}`);
    return output.bytes('stdout');
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  /** The same object for the same user: shells go by it. */
  #identity(become: boolean | Partial<Become> | undefined): Identity {
    if (become === undefined || become === false) return undefined;
    if (become === true || Object.keys(become).length === 0) return this.#become;
    const key = JSON.stringify([become.method, become.user, become.exe]);
    const known = this.#others.get(key) ?? { ...this.#become, ...become };
    this.#others.set(key, known);
    return known;
  }

  async #run(script: string, options: RunOptions): Promise<{ status: number; output: CollectedOutput }> {
    if (this.#lost !== undefined) throw this.#lost;
    const identity = this.#identity(options.become);
    const input = options.input === undefined ? undefined : Buffer.from(options.input);
    if (options.isOnly === true || (input !== undefined && input.length > FRAMED_INPUT_LIMIT_BYTES)) {
      return this.#shells.withOwn(script, identity, options.onSent, (running) => this.#watch(script, options, identity, (output) => feed(running, input ?? Buffer.alloc(0), output)));
    }
    return this.#shells.with(identity, (shell) =>
      this.#watch(script, options, identity, (output) => ({ over: shell.run(script, input, output, options.leavesNothing), pid: shell.pid, isOwn: false, giveUp: () => void shell.retire() })),
    );
  }

  /** Runs a command until it is over, or until it must be and is. */
  async #watch(script: string, options: RunOptions, identity: Identity, start: (output: OutputTaker) => Running): Promise<{ status: number; output: CollectedOutput }> {
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const isAborted = () => options.signal?.aborted === true;
    if (isAborted()) throw this.#failure('command-ended', `a command was not begun: ${labelOf(script)}`);
    let stop: (reason: FleetTapError) => void = () => {};
    const stopped = new Promise<FleetTapError>((resolve) => {
      stop = resolve;
    });
    const end = (code: string, sentence: string) => stop(this.#failure(code, `${sentence}: ${labelOf(script)}`));
    const output = new CollectedOutput(options, (name, limitBytes) => end('output-limit', `${name} was larger than ${limitBytes} bytes`));
    const aborted = () => end('command-ended', 'a command was ended before it was over');
    options.onSent?.();
    const running = start(output);
    const timer = timeoutMs === Number.POSITIVE_INFINITY ? undefined : setTimeout(() => end('command-timeout', `a command did not end within ${timeoutMs / 1000} s`), timeoutMs);
    options.signal?.addEventListener('abort', aborted, { once: true });
    // The first output may have come with the start, and its listener may want no more.
    if (isAborted()) aborted();
    try {
      const first = await Promise.race([stopped, running.over]);
      if (first instanceof FleetTapError) {
        output.close();
        await this.#endOnHost(running, identity);
        throw this.#lost ?? first;
      }
      if (first === null) throw this.#lost ?? this.#failure('connection-lost', `the channel ended without an exit status: ${labelOf(script)}`, 'unreachable');
      return { status: first, output };
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', aborted);
    }
  }

  /** Ends a command's processes; a host that does not do it in time loses the channel. */
  async #endOnHost(running: Running, identity: Identity): Promise<void> {
    let isOver = false;
    const over = running.over.then(() => {
      isOver = true;
    });
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, END_LIMIT_MS);
    });
    const ended = this.#endingShells.with(identity, async (shell) => {
      const status = await Promise.race([shell.run(endScript(running.pid, running.isOwn), undefined, NOBODY), tooLate]);
      if (status === undefined) void shell.retire();
      if (status === 0) await Promise.race([over, tooLate]);
    });
    await Promise.race([ended.catch(() => {}), tooLate]);
    clearTimeout(timer);
    if (!isOver) running.giveUp();
  }

  #failure(code: string, sentence: string, kind: 'host' | 'unreachable' = 'host'): FleetTapError {
    return new FleetTapError(kind, code, sentence, { place: { host: this.host } });
  }
}

function feed({ stream, pid }: RunningScript, input: Buffer, output: OutputTaker): Running {
  stream.onStdout((chunk) => output.stdout(chunk));
  stream.onStderr((chunk) => output.stderr(chunk));
  void (async () => {
    for (let at = 0; at < input.length; at += CHUNK_BYTES) await stream.write(input.subarray(at, at + CHUNK_BYTES));
    stream.endInput();
  })();
  return { over: new Promise((resolve) => stream.onEnd(resolve)), pid, isOwn: true, giveUp: () => stream.close() };
}

/** What a script calls itself in its first line (`: fleet-tap facts`), for messages. */
function labelOf(script: string): string {
  const [first = ''] = script.split('\n');
  const words = first.split(' ');
  return words[0] === ':' ? words.slice(1, 3).join(' ') : 'script';
}
