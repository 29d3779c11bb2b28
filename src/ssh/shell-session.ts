// What comes in: a transport. What goes out: our Session on it.
// Guaranteed: bytes beyond the limit end the command; at most CHANNELS of ours are open at once (sshd's MaxSessions is 10).
import { randomBytes } from 'node:crypto';
import pLimit from 'p-limit';
import { FleetTapError } from '../base/errors.js';
import type { HostText } from '../base/host-text.js';
import { quote } from './quote.js';
import { remoteCommand, sudoRefusal } from './remote-command.js';
import type { CommandResult, RunOptions, Session } from './session.js';
import type { RemoteStream, Transport } from './transport.js';

/** Short commands at once on one connection; streams come on top. */
const CHANNELS = 4;
const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_LIMIT_BYTES = 8 * 2 ** 20;
const DEFAULT_FILE_LIMIT_BYTES = 64 * 2 ** 20;

interface RawResult {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export class ShellSession implements Session {
  readonly host: string;
  readonly #transport: Transport;
  readonly #channels = pLimit(CHANNELS);
  #lost: FleetTapError | undefined;

  constructor(transport: Transport) {
    this.host = transport.host;
    this.#transport = transport;
    transport.onLost((error) => {
      this.#lost = error;
    });
  }

  async run(script: string, options: RunOptions = {}): Promise<CommandResult> {
    const raw = await this.#runRaw(script, options);
    return { status: raw.status, stdout: raw.stdout.toString('utf8') as HostText, stderr: raw.stderr.toString('utf8') as HostText };
  }

  stream(script: string, options: { readonly become?: boolean } = {}): Promise<RemoteStream> {
    return this.#open(script, options.become ?? false);
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

  close(): Promise<void> {
    return this.#transport.close();
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
      this.#open(script, options.become ?? false).then((stream) => {
        const outputs = { stdout: collector(limitBytes), stderr: collector(limitBytes) };
        const giveUp = (code: string, sentence: string) => {
          stream.close();
          reject(this.#failure(code, sentence));
        };
        const timer = setTimeout(() => giveUp('command-timeout', `a command did not end within ${timeoutMs / 1000} s: ${labelOf(script)}`), timeoutMs);
        const take = (name: 'stdout' | 'stderr') => (chunk: Buffer) => {
          if (!outputs[name].add(chunk)) giveUp('output-limit', `${name} was larger than ${limitBytes} bytes: ${labelOf(script)}`);
        };
        stream.onStdout(take('stdout'));
        stream.onStderr(take('stderr'));
        stream.onEnd((status) => {
          clearTimeout(timer);
          if (status === null) reject(this.#lost ?? this.#failure('connection-lost', `the channel ended without an exit status: ${labelOf(script)}`, 'unreachable'));
          else resolve({ status, stdout: outputs.stdout.bytes(), stderr: outputs.stderr.bytes() });
        });
        void stream.write(options.input ?? '');
        stream.endInput();
      }, reject);
    });
  }

  /** Opens an exec channel and sends the script; what is written afterwards is the script's input. */
  async #open(script: string, become: boolean): Promise<RemoteStream> {
    const bytes = Buffer.from(script, 'utf8');
    const stream = await this.#transport.exec(remoteCommand(bytes.length, become));
    void stream.write(bytes);
    return stream;
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
