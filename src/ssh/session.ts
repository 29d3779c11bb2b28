// What the rest of the program knows of a connection. Two rules: a command's exit status is a value, not an exception;
// what throws is the connection (kind `unreachable`) or a limit (kind `host`).
import type { HostText } from '../base/host-text.js';
import type { RemoteStream } from './transport.js';

export interface CommandResult {
  /** Exit status 0–255; 128 + signal number when a signal ended it. */
  readonly status: number;
  readonly stdout: HostText;
  readonly stderr: HostText;
}

export interface RunOptions {
  /** Run as root (`sudo -n` when the login is not root); SSH_CONNECTION is kept. Default: false. */
  readonly become?: boolean;
  /** Sent to the script's standard input, which is then closed. */
  readonly input?: string | Buffer;
  /** Milliseconds until the command is given up. Default 60,000. */
  readonly timeoutMs?: number;
  /** Bytes of stdout and of stderr that are kept; more is an error. Default 8 MiB. */
  readonly limitBytes?: number;
}

export interface Session {
  /** The host's name in the inventory. */
  readonly host: string;
  /**
   * Runs a POSIX sh script (never interpolated: pass data with `quote` or as input).
   * @throws FleetTapError kind `unreachable` when the connection is lost, kind `host` for `command-timeout` and `output-limit`
   */
  run(script: string, options?: RunOptions): Promise<CommandResult>;
  /** Starts a POSIX sh script on a channel of its own and leaves it running. */
  stream(script: string, options?: { readonly become?: boolean }): Promise<RemoteStream>;
  /** Writes a whole file: to a temporary name beside it, then renamed. `path` is absolute; `mode` is octal, for example 0o600. */
  writeFile(path: string, content: Buffer, options: { readonly mode: number; readonly become?: boolean }): Promise<void>;
  /** @throws FleetTapError when it is missing or longer than `limitBytes` (default 64 MiB). */
  readFile(path: string, options?: { readonly become?: boolean; readonly limitBytes?: number }): Promise<Buffer>;
  close(): Promise<void>;
}
