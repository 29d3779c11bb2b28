// What the rest of the program knows of a connection. Two rules: a command's exit status is a value, not an exception;
// what throws is the connection (kind `unreachable`) or a limit (kind `host`).
import type { HostText } from '../base/host-text.js';
import type { Become } from '../inventory/become.js';
import type { RemoteStream } from './transport.js';

export interface CommandResult {
  /** Exit status 0–255; 128 + signal number when a signal ended it. */
  readonly status: number;
  /** Empty when it was passed on (`onStdout`); the same for stderr. */
  readonly stdout: HostText;
  readonly stderr: HostText;
}

export interface RunOptions {
  /** Run as the become user (root unless the connection says otherwise), or as another one; SSH_CONNECTION is kept. Default: false. */
  readonly become?: boolean | Partial<Become>;
  /** Sent to the script's standard input, which is then closed; without it, standard input is empty. */
  readonly input?: string | Buffer | undefined;
  /** Milliseconds until the command is ended on the host. Default 60,000; Infinity: never. */
  readonly timeoutMs?: number;
  /** Bytes of stdout and of stderr that are taken; at more, the command is ended. Default 8 MiB, no limit for an output that is passed on. */
  readonly limitBytes?: number;
  /** In a shell and on a channel that end with it: cheaper for the only command of a host, dearer for one of several. Default: false. */
  readonly isOnly?: boolean;
  /** It may run twice: when the connection is lost under way it is made again, and so is the command. Default: false. */
  readonly idempotent?: boolean;
  /** No process that it starts outlives it, unless it is ended: none is looked for. Default: false. */
  readonly leavesNothing?: boolean;
  /** Called when the script goes to the host: from then on it may have run, whatever becomes of the connection. */
  readonly onSent?: (() => void) | undefined;
  /** Ends the command on the host. */
  readonly signal?: AbortSignal | undefined;
  /** Given the output as it comes, which is then not kept. */
  readonly onStdout?: ((chunk: Buffer) => void) | undefined;
  readonly onStderr?: ((chunk: Buffer) => void) | undefined;
}

export interface Session {
  /** The host's name in the inventory. */
  readonly host: string;
  /**
   * Runs a POSIX sh script (never interpolated: pass data with `quote` or as input). It is over when its shell is over: what a process
   * that stays in the background prints later belongs to nobody. A command that is ended (timeout, limit, signal) gets TERM and after two
   * seconds KILL, with all its processes; this returns when they are gone, or says that they could not be ended.
   * @throws FleetTapError kind `unreachable` when the connection is lost, kind `host` for `command-timeout`, `output-limit`, `command-ended` (by
   * `signal`), `no-shell` and `become-…`
   */
  run(script: string, options?: RunOptions): Promise<CommandResult>;
  /** Starts a POSIX sh script on a channel of its own and leaves it running. */
  stream(script: string, options?: { readonly become?: boolean; readonly onSent?: (() => void) | undefined }): Promise<RemoteStream>;
  /** Writes a whole file: to a temporary name beside it, then renamed. `path` is absolute; `mode` is octal, for example 0o600. */
  writeFile(path: string, content: Buffer, options: { readonly mode: number; readonly become?: boolean }): Promise<void>;
  /** @throws FleetTapError when it is missing or longer than `limitBytes` (default 64 MiB). */
  readFile(path: string, options?: { readonly become?: boolean; readonly limitBytes?: number }): Promise<Buffer>;
  /** Ends the connection; what still runs is not ended. */
  close(): Promise<void>;
}
