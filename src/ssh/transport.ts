// What a session stands on: an authenticated connection that opens exec channels, and knows no shell, no become and no limits.
// Two implementations are foreseen: ssh2 in this process, and the system's ssh for hosts that ssh2 cannot reach.
import type { FleetTapError } from '../base/errors.js';

/** A running remote program, its channel open: read both outputs, write its input, or end it by ending its input. */
export interface RemoteStream {
  /** Stdout is kept until somebody listens; from then on stderr that nobody listens to is thrown away: it must not hold stdout up. */
  onStdout(listener: (chunk: Buffer) => void): void;
  onStderr(listener: (chunk: Buffer) => void): void;
  /** Called once, when the channel is closed and all output was given: exit status, or null when the connection was lost or the channel was given up. */
  onEnd(listener: (status: number | null) => void): void;
  /**
   * Resolves when the next write is welcome: who waits for it keeps little in memory, whatever the other side reads.
   * Resolves too when the channel is closed (the bytes go nowhere then); never rejects.
   */
  write(bytes: string | Buffer): Promise<void>;
  endInput(): void;
  /** Gives the channel up. What runs at its other end is not told, other than by its input ending and its output being refused. */
  close(): void;
}

export interface Transport {
  /** The host's name in the inventory. */
  readonly host: string;
  /**
   * Runs a command line by the login shell, on a channel of its own.
   * @throws FleetTapError kind `unreachable`: `connection-lost`, or `channel-refused` (sshd's MaxSessions)
   */
  exec(command: string): Promise<RemoteStream>;
  /** Called once when the connection is gone, for whatever reason (ours too), and before the `onEnd` of its channels; at once when it is gone already. */
  onLost(listener: (error: FleetTapError) => void): void;
  /** Ends the connection, within seconds also when the host answers nothing. */
  close(): Promise<void>;
}
