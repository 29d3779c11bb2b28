// What comes in: an authenticated ssh2 client. What goes out: exec channels on it.
// Guaranteed: both outputs are always read (an unread one closes the channel's shared window for the other, reference merge 7);
// a channel has ended only when all its output was given; whoever asks late how it ended is told.
import type { Writable } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { FleetTapError } from '../base/errors.js';
import { HostKeySwapped } from './ssh2-connect.js';
import type { RemoteStream, Transport } from './transport.js';
import { guardWindow } from './window-guard.js';

/** How long sshd may take to end the connection before it is ended here. */
const CLOSE_MS = 2_000;
/** How long sshd may take to open a channel and start its command. */
const OPEN_MS = 20_000;

/** The names that SSH knows (RFC 4254, 6.10), by Linux's numbers. */
const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  HUP: 1, INT: 2, QUIT: 3, ILL: 4, ABRT: 6, FPE: 8, KILL: 9, USR1: 10, SEGV: 11, USR2: 12, PIPE: 13, ALRM: 14, TERM: 15,
};

export class Ssh2Transport implements Transport {
  readonly host: string;
  readonly #client: Client;
  #lost: FleetTapError | undefined;
  #closing: Promise<void> | undefined;
  readonly #onLost = new Set<(error: FleetTapError) => void>();

  constructor(host: string, client: Client) {
    this.host = host;
    this.#client = client;
    client.on('error', (error) => (error instanceof HostKeySwapped ? this.#swapped(error) : this.#connectionLost(error.message)));
    client.on('close', () => this.#connectionLost('the connection was closed'));
  }

  onLost(listener: (error: FleetTapError) => void): void {
    if (this.#lost !== undefined) listener(this.#lost);
    else this.#onLost.add(listener);
  }

  exec(command: string): Promise<RemoteStream> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      const lost = (error: FleetTapError) => {
        clearTimeout(timer);
        reject(error);
      };
      this.#onLost.add(lost);
      const timer = setTimeout(() => reject(this.#unreachable('channel-refused', `sshd opened no channel within ${OPEN_MS / 1000} s`)), OPEN_MS);
      const opened = (error: Error | undefined, channel: ClientChannel) => {
        clearTimeout(timer);
        this.#onLost.delete(lost);
        if (error === undefined || error === null) resolve(this.#streamOf(channel));
        else reject(this.#unreachable('channel-refused', `sshd opened no channel: ${error.message}`));
      };
      try {
        this.#client.exec(command, opened);
      } catch (error) {
        // ssh2 throws while the socket is going down and nothing has said so yet.
        clearTimeout(timer);
        this.#onLost.delete(lost);
        reject(this.#unreachable('connection-lost', `the connection was lost: ${(error as Error).message}`));
      }
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#lost !== undefined) return;
    await new Promise<void>((resolve) => {
      // A host that hangs answers nothing, not even this; ssh2's own destroy() does nothing after end(), and one behind a jump host that is
      // gone tells nobody.
      const socket = (this.#client as unknown as { _sock?: Writable & { unref?(): void } })._sock;
      const timer = setTimeout(() => {
        socket?.destroy();
        resolve();
      }, CLOSE_MS);
      this.#client.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      // Our last word is with the kernel. sshd takes its time to answer, seconds for hundreds of connections: nobody needs to wait for it.
      socket?.once('finish', () => {
        socket.unref?.();
        timer.unref();
        resolve();
      });
      this.#client.end();
    });
  }

  #streamOf(channel: ClientChannel): RemoteStream {
    guardWindow(channel, (sentence) => {
      this.#connectionLost(sentence);
      this.#client.destroy();
    });
    // A channel that closes while we write is told by its close event.
    channel.on('error', () => {});
    const waiting = new Set<() => void>();
    const goOn = () => {
      for (const resolve of waiting) resolve();
      waiting.clear();
    };
    channel.on('drain', goOn);
    // Now, not when somebody waits: a command that ends at once has its exit status in the same packet.
    const ended = this.#endOf(channel).finally(goOn);
    return {
      onStdout: (listener) => {
        channel.on('data', listener);
        // What nobody listens to would close the shared window.
        if (channel.stderr.listenerCount('data') === 0) channel.stderr.resume();
      },
      onStderr: (listener) => void channel.stderr.on('data', listener),
      onEnd: (listener) => void ended.then(listener),
      write: (bytes) => {
        if (!channel.writable || channel.write(bytes)) return Promise.resolve();
        return new Promise((resolve) => void waiting.add(resolve));
      },
      endInput: () => void channel.end(),
      close: () => void channel.close(),
    };
  }

  /**
   * The exit status comes before the last output: only a channel that was closed has given all. ssh2 tells of it when stdout is at its end;
   * stderr may still have some to say.
   */
  #endOf(channel: ClientChannel): Promise<number | null> {
    return new Promise((resolve) => {
      let status: number | null = null;
      const lost = () => resolve(null);
      this.#onLost.add(lost);
      channel.on('exit', (code: number | null, signal?: string) => {
        status = code ?? 128 + (SIGNAL_NUMBERS[(signal ?? '').replace(/^SIG/, '')] ?? 0);
      });
      channel.once('close', () => {
        const over = () => {
          this.#onLost.delete(lost);
          resolve(status);
        };
        const { stderr } = channel;
        if (stderr.readableEnded || stderr.destroyed) return over();
        stderr.once('end', over);
        if (stderr.listenerCount('data') === 0) stderr.resume();
      });
    });
  }

  #connectionLost(reason: string): void {
    this.#over(this.#unreachable('connection-lost', this.#closing !== undefined ? 'the connection was closed by us' : `the connection was lost: ${reason}`));
  }

  /** Somebody else may be in between: nobody speaks to it again (redial-session.ts). */
  #swapped({ message }: HostKeySwapped): void {
    this.#over(new FleetTapError('unreachable', 'host-key-changed', message, { place: { host: this.host }, hint: 'somebody may be in between; ask whoever runs the host, then run again' }));
  }

  #over(error: FleetTapError): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    for (const listener of [...this.#onLost]) listener(this.#lost);
    this.#onLost.clear();
  }

  #unreachable(code: string, sentence: string): FleetTapError {
    return new FleetTapError('unreachable', code, sentence, { place: { host: this.host } });
  }
}
