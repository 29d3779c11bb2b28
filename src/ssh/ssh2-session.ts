// What comes in: an authenticated ssh2 client. What goes out: our Session on it.
// Guaranteed: both outputs are always read (an unread one closes the channel's shared window for the other, reference merge 7);
// bytes beyond the limit end the command; at most CHANNELS of ours are open at once (sshd's MaxSessions is 10).
import { randomBytes } from 'node:crypto';
import pLimit from 'p-limit';
import type { Client, ClientChannel } from 'ssh2';
import { FleetTapError } from '../base/errors.js';
import type { HostText } from '../base/host-text.js';
import { quote } from './quote.js';
import { remoteCommand, sudoRefusal } from './remote-command.js';
import type { CommandResult, RemoteStream, RunOptions, Session } from './session.js';

/** Short commands at once on one connection; streams come on top. */
const CHANNELS = 4;
const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_LIMIT_BYTES = 8 * 2 ** 20;
const DEFAULT_FILE_LIMIT_BYTES = 64 * 2 ** 20;

/** How long sshd may take to end the connection before it is ended here. */
const CLOSE_MS = 2_000;

/** The names that SSH knows (RFC 4254, 6.10), by Linux's numbers. */
const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  HUP: 1, INT: 2, QUIT: 3, ILL: 4, ABRT: 6, FPE: 8, KILL: 9, USR1: 10, SEGV: 11, USR2: 12, PIPE: 13, ALRM: 14, TERM: 15,
};

interface RawResult {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** How a channel ended; kept from its first packet on, for whoever asks later. */
interface Ending {
  readonly channel: ClientChannel;
  /** Exit status, or null when the connection went away before the channel was closed. */
  readonly ended: Promise<number | null>;
}

export class Ssh2Session implements Session {
  readonly host: string;
  readonly #client: Client;
  readonly #channels = pLimit(CHANNELS);
  #lost: FleetTapError | undefined;
  #closing = false;
  readonly #onLost = new Set<(error: FleetTapError) => void>();

  constructor(host: string, client: Client) {
    this.host = host;
    this.#client = client;
    client.on('error', (error) => this.#connectionLost(error.message));
    client.on('close', () => this.#connectionLost('the connection was closed'));
  }

  async run(script: string, options: RunOptions = {}): Promise<CommandResult> {
    const raw = await this.#runRaw(script, options);
    return { status: raw.status, stdout: raw.stdout.toString('utf8') as HostText, stderr: raw.stderr.toString('utf8') as HostText };
  }

  async stream(script: string, options: { readonly become?: boolean } = {}): Promise<RemoteStream> {
    const { channel, ended } = await this.#open(script, options.become ?? false);
    return {
      onStdout: (listener) => {
        channel.on('data', listener);
        // What nobody listens to would close the shared window.
        if (channel.stderr.listenerCount('data') === 0) channel.stderr.resume();
      },
      onStderr: (listener) => void channel.stderr.on('data', listener),
      onEnd: (listener) => void ended.then(listener),
      write: (bytes) => void (channel.writable && channel.write(bytes)),
      endInput: () => void channel.end(),
    };
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
chmod ${mode} "$t"
[ ! -d ${quote(path)} ] || { echo "it is a directory" >&2; exit 1; }
mv -f "$t" ${quote(path)}
`;
    const result = await this.run(script, { input: content, become: options.become ?? false, timeoutMs: 10 * DEFAULT_TIMEOUT_MS });
    if (result.status !== 0) throw this.#failure('write-file', `${path} could not be written: ${result.stderr.trim()}`);
  }

  async readFile(path: string, options: { readonly become?: boolean; readonly limitBytes?: number } = {}): Promise<Buffer> {
    const script = `: fleet-tap read-file ${quote(path)}\nexec cat < ${quote(path)}\n`;
    const limitBytes = options.limitBytes ?? DEFAULT_FILE_LIMIT_BYTES;
    const raw = await this.#runRaw(script, { become: options.become ?? false, limitBytes, timeoutMs: 10 * DEFAULT_TIMEOUT_MS });
    if (raw.status !== 0) throw this.#failure('read-file', `${path} could not be read: ${raw.stderr.toString('utf8').trim()}`);
    return raw.stdout;
  }

  async close(): Promise<void> {
    this.#closing = true;
    if (this.#lost !== undefined) return;
    await new Promise<void>((resolve) => {
      // A host that hangs answers nothing, not even this; ssh2's own destroy() does nothing after end().
      const socket = (this.#client as unknown as { _sock?: { destroy(): void } })._sock;
      const timer = setTimeout(() => socket?.destroy(), CLOSE_MS);
      this.#client.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      this.#client.end();
    });
  }

  async #runRaw(script: string, options: RunOptions): Promise<RawResult> {
    const raw = await this.#channels(() => this.#collect(script, options));
    const refusal = options.become === true ? sudoRefusal(this.host, raw.status, raw.stderr.toString('utf8')) : undefined;
    if (refusal !== undefined) throw refusal;
    return raw;
  }

  #collect(script: string, options: RunOptions): Promise<RawResult> {
    const limitBytes = options.limitBytes ?? DEFAULT_LIMIT_BYTES;
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    return new Promise<RawResult>((resolve, reject) => {
      this.#open(script, options.become ?? false).then(({ channel, ended }) => {
        const outputs = { stdout: collector(limitBytes), stderr: collector(limitBytes) };
        const giveUp = (code: string, sentence: string) => {
          channel.close();
          reject(this.#failure(code, sentence));
        };
        const timer = setTimeout(() => giveUp('command-timeout', `a command did not end within ${timeoutMs / 1000} s: ${labelOf(script)}`), timeoutMs);
        const take = (name: 'stdout' | 'stderr') => (chunk: Buffer) => {
          if (!outputs[name].add(chunk)) giveUp('output-limit', `${name} was larger than ${limitBytes} bytes: ${labelOf(script)}`);
        };
        channel.on('data', take('stdout'));
        channel.stderr.on('data', take('stderr'));
        void ended.then((status) => {
          clearTimeout(timer);
          if (status === null) reject(this.#lost ?? this.#failure('connection-lost', `the channel ended without an exit status: ${labelOf(script)}`, 'unreachable'));
          else resolve({ status, stdout: outputs.stdout.bytes(), stderr: outputs.stderr.bytes() });
        });
        channel.end(options.input ?? '');
      }, reject);
    });
  }

  /** Opens an exec channel and sends the script; what is written afterwards is the script's input. */
  #open(script: string, become: boolean): Promise<Ending> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    const bytes = Buffer.from(script, 'utf8');
    return new Promise((resolve, reject) => {
      const lost = (error: FleetTapError) => reject(error);
      this.#onLost.add(lost);
      const opened = (error: Error | undefined, channel: ClientChannel) => {
        this.#onLost.delete(lost);
        if (error !== undefined && error !== null) {
          reject(this.#failure('channel-refused', `sshd opened no channel: ${error.message}`, 'unreachable'));
          return;
        }
        // A channel that closes while we write is told by its close event.
        channel.on('error', () => {});
        // Now, not when somebody waits: a command that ends at once has its exit status in the same packet.
        const ended = this.#endOf(channel);
        channel.write(bytes);
        resolve({ channel, ended });
      };
      try {
        this.#client.exec(remoteCommand(bytes.length, become), opened);
      } catch (error) {
        // ssh2 throws while the socket is going down and nothing has said so yet.
        this.#onLost.delete(lost);
        reject(this.#failure('connection-lost', `the connection was lost: ${(error as Error).message}`, 'unreachable'));
      }
    });
  }

  /** The exit status comes before the last output: only a channel that was closed has given all. */
  #endOf(channel: ClientChannel): Promise<number | null> {
    return new Promise((resolve) => {
      let status: number | null = null;
      const lost = () => resolve(null);
      this.#onLost.add(lost);
      channel.on('exit', (code: number | null, signal?: string) => {
        status = code ?? 128 + (SIGNAL_NUMBERS[(signal ?? '').replace(/^SIG/, '')] ?? 0);
      });
      channel.once('close', () => {
        this.#onLost.delete(lost);
        resolve(status);
      });
    });
  }

  #connectionLost(reason: string): void {
    if (this.#lost !== undefined) return;
    const sentence = this.#closing ? 'the connection was closed by us' : `the connection was lost: ${reason}`;
    this.#lost = this.#failure('connection-lost', sentence, 'unreachable');
    for (const listener of [...this.#onLost]) listener(this.#lost);
  }

  #failure(code: string, sentence: string, kind: 'host' | 'unreachable' = 'host'): FleetTapError {
    return new FleetTapError(kind, code, sentence, { place: { host: this.host } });
  }
}

function collector(limitBytes: number): { add(chunk: Buffer): boolean; bytes(): Buffer } {
  const chunks: Buffer[] = [];
  let total = 0;
  return {
    add(chunk) {
      total += chunk.length;
      if (total > limitBytes) return false;
      chunks.push(chunk);
      return true;
    },
    bytes: () => Buffer.concat(chunks),
  };
}

/** What a script calls itself in its first line (`: fleet-tap facts`), for messages. */
function labelOf(script: string): string {
  const [first = ''] = script.split('\n');
  const words = first.split(' ');
  return words[0] === ':' ? words.slice(1, 3).join(' ') : 'script';
}
