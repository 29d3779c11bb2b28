// What comes in: the long-lived shell of shell-loop.ts, running on a channel. What goes out: scripts run by it, one at a time, with exact outputs.
// Guaranteed: an answer is whole or an error; a shell that ended (a script killed it, or the connection is gone) or that a process holds on to is not `usable` any more.
import { randomBytes } from 'node:crypto';
import type { Become } from '../inventory/become.js';
import { openScript, type RunningScript } from './open-script.js';
import { frame, SHELL_LOOP } from './shell-loop.js';
import type { RemoteStream, Transport } from './transport.js';
import { REST_BYTES, UntilMark } from './until-mark.js';

/** How long sshd is waited for when a channel is closed. */
const CLOSE_LIMIT_MS = 2_000;

/** Takes output as it comes. */
export interface OutputTaker {
  stdout(chunk: Buffer): void;
  stderr(chunk: Buffer): void;
}

interface Answer {
  readonly stdout: UntilMark;
  readonly stderr: UntilMark;
  readonly resolve: (status: number | null) => void;
}

export class FramedShell {
  /** The shell's process id on the host. */
  readonly pid: number;
  readonly #stream: RemoteStream;
  #answer: Answer | undefined;
  #usable = true;

  /** @throws FleetTapError as `openScript` */
  static async open(transport: Transport, become: Become | undefined): Promise<FramedShell> {
    return new FramedShell(await openScript(transport, SHELL_LOOP, become));
  }

  private constructor({ stream, pid }: RunningScript) {
    this.pid = pid;
    this.#stream = stream;
    stream.onStdout((chunk) => this.#take('stdout', chunk));
    stream.onStderr((chunk) => this.#take('stderr', chunk));
    stream.onEnd((status) => this.#ended(status));
  }

  /** Nobody may run anything more on one that is not. */
  get usable(): boolean {
    return this.#usable;
  }

  /**
   * Runs one script; only when the last one is over.
   * @param leavesNothing as in RunOptions
   * @returns its exit status; null when the connection was lost, or the shell given up, before it was over
   */
  run(script: string, input: Buffer | undefined, taker: OutputTaker, leavesNothing = false): Promise<number | null> {
    if (!this.#usable) return Promise.resolve(null);
    const nonce = randomBytes(16).toString('hex');
    const mark = Buffer.from(nonce);
    return new Promise((resolve) => {
      this.#answer = { stdout: new UntilMark(mark, (chunk) => taker.stdout(chunk)), stderr: new UntilMark(mark, (chunk) => taker.stderr(chunk)), resolve };
      void this.#stream.write(frame(nonce, script, input, leavesNothing));
    });
  }

  /** Gives it up, with whatever runs in it. Resolves when sshd has closed the channel, or does not. */
  async retire(): Promise<void> {
    this.#usable = false;
    const closed = new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#stream.close();
        resolve();
      }, CLOSE_LIMIT_MS);
      this.#stream.onEnd(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    // An idle one ends with its input, and only then is its session free again (MaxSessions): sshd counts the process, not the channel.
    if (this.#answer === undefined) this.#stream.endInput();
    else this.#stream.close();
    this.#settle(null);
    await closed;
  }

  #take(name: 'stdout' | 'stderr', chunk: Buffer): void {
    const answer = this.#answer;
    if (answer === undefined) return;
    answer[name].push(chunk);
    const end = / (\d+) ([01])\n/.exec(answer.stdout.rest() ?? '');
    if (end === null && answer.stdout.rest()?.length === REST_BYTES) {
      // No shell of ours says that.
      this.#usable = false;
      this.#settle(null);
      this.#stream.close();
      return;
    }
    if (end === null || answer.stderr.rest() === undefined) return;
    const isHeld = end[2] === '1';
    if (isHeld) this.#usable = false;
    this.#settle(Number(end[1]));
    if (isHeld) this.#stream.close();
  }

  /** With an exit status the shell itself ended: a script did that (`kill -9 $PPID`), and its outputs are complete. */
  #ended(status: number | null): void {
    this.#usable = false;
    this.#answer?.stdout.end();
    this.#answer?.stderr.end();
    this.#settle(status);
  }

  #settle(status: number | null): void {
    const answer = this.#answer;
    this.#answer = undefined;
    answer?.resolve(status);
  }
}
