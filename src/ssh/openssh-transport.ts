// What comes in: a host that only the system's ssh can reach. What goes out: the same Transport as over ssh2: exec channels on one connection.
// One ssh process keeps the connection (ControlMaster, its socket in a private folder); each channel is a short-lived one beside it.
// Guaranteed: it ends with this program, unless that is ended by SIGKILL; a channel never makes a connection of its own; which ssh options hold, openssh-words.ts says.
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex, Writable } from 'node:stream';
import { FleetTapError } from '../base/errors.js';
import { lastLines } from '../base/host-text.js';
import { type Answer, startAskPass } from './askpass.js';
import { type Gateway, noWay } from './gateway.js';
import { channelWords, forwardWords, masterWords, READY } from './openssh-words.js';
import { quote } from '../base/quote.js';
import { ProcessSocket } from './sockets.js';
import { ConnectFailure } from './ssh2-connect.js';
import type { DialTarget } from './target.js';
import type { RemoteStream, Transport } from './transport.js';

/** How long the program may take to end the connection before it is ended by force. */
const CLOSE_MS = 2_000;
const SAID_BYTES = 4_000;
/** The shell's exit status where the program is missing. */
const NOT_FOUND = 127;
/** sockaddr_un has room for 108 bytes, and ssh appends 17 to the name while it makes the socket. */
const LONGEST_FOLDER = 70;

/**
 * ssh, and beside it a shell that waits for the end of file descriptor 3: this program's end, SIGKILL too, is then ssh's. A line there
 * means that ssh is over already, and nobody is to be ended.
 */
const WATCHED = '( exec >/dev/null 2>&1; read -r over <&3 && exit; kill $$; rm -rf "$0" ) & exec ssh "$@" 3<&-';

const masters = new Set<OpenSshTransport>();
process.on('exit', () => {
  for (const master of masters) master.kill();
});

export interface OpenSshOptions {
  /** What its questions are answered with; undefined: it must not ask. */
  readonly answer: Answer | undefined;
  /** The master of the jump host in front of it. */
  readonly via: OpenSshTransport | undefined;
  readonly signal: AbortSignal;
}

export class OpenSshTransport implements Transport, Gateway {
  readonly host: string;
  readonly #target: DialTarget;
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #onLost = new Set<(error: FleetTapError) => void>();
  #lost: FleetTapError | undefined;
  #isClosing = false;
  #said = '';

  private constructor(target: DialTarget, folder: string, child: ChildProcess) {
    this.host = target.host;
    this.#target = target;
    this.#folder = folder;
    this.#child = child;
    masters.add(this);
    child.stdio[3]?.on('error', () => {});
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-SAID_BYTES);
    });
    child.once('exit', () => this.#unwatch());
    child.once('close', () => {
      masters.delete(this);
      rmSync(folder, { recursive: true, force: true });
      const reason = this.#isClosing ? 'the connection was closed by us' : `the connection was lost: ${lastLines(this.#said, 1) || 'ssh ended'}`;
      this.#lost = new FleetTapError('unreachable', 'connection-lost', reason, { place: { host: this.host } });
      for (const listener of [...this.#onLost]) listener(this.#lost);
      this.#onLost.clear();
    });
  }

  /** @throws ConnectFailure or Error with a `code`, told from what ssh said; the signal's reason when it was aborted */
  static async connect(target: DialTarget, options: OpenSshOptions): Promise<OpenSshTransport> {
    const base = tmpdir().length > LONGEST_FOLDER ? '/tmp' : tmpdir();
    const folder = await mkdtemp(join(base, 'fleet-tap-ssh-'));
    const askPass = options.answer === undefined ? undefined : await startAskPass(folder, options.answer).catch((error: unknown) => {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    });
    const words = masterWords(target, join(folder, 'master'), askPass !== undefined, options.via?.proxyCommand());
    const env = { ...process.env, ...(askPass?.env ?? { SSH_ASKPASS_REQUIRE: 'never' }) };
    // A session of its own: a Ctrl-C at the terminal is for us, and ssh has no terminal to ask at.
    const child = spawn('/bin/sh', ['-c', WATCHED, folder, ...words], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
    const master = new OpenSshTransport(target, folder, child);
    try {
      await new Promise<void>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (status) => reject(status === NOT_FOUND ? new Error('there is no ssh program here (apt-get install openssh-client)') : failureOf(master.#said)));
        options.signal.addEventListener('abort', () => reject(options.signal.reason), { once: true });
        if (options.signal.aborted) reject(options.signal.reason);
        let told = '';
        child.stdout?.setEncoding('utf8').on('data', (text: string) => {
          told = (told + text).slice(-SAID_BYTES);
          if (told.includes(READY)) resolve();
        });
      });
    } catch (error) {
      master.kill();
      throw error;
    } finally {
      askPass?.close();
    }
    return master;
  }

  exec(command: string): Promise<RemoteStream> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    // ssh does not tell which signal ended a command; the shell in between does, as 128 and its number.
    const words = [...channelWords(this.#controlPath, this.#target.systemSshHost), `sh -c ${quote(`( ${command}\n); exit $?`)}`];
    return Promise.resolve(this.#streamOf(spawn('ssh', words, { detached: true, stdio: ['pipe', 'pipe', 'pipe'] })));
  }

  async open(address: string, port: number): Promise<Duplex> {
    if (this.#lost !== undefined) throw this.#lost;
    return ProcessSocket.ofProgram('ssh', forwardWords(this.#controlPath, this.#target.systemSshHost, address, String(port)));
  }

  /** What leads another ssh through this connection. */
  proxyCommand(): string {
    return ['ssh', ...forwardWords(this.#controlPath, this.#target.systemSshHost, '%h', '%p').map((word) => (word === '%h:%p' ? '[%h]:%p' : word))].map(quote).join(' ');
  }

  onLost(listener: (error: FleetTapError) => void): void {
    if (this.#lost !== undefined) listener(this.#lost);
    else this.#onLost.add(listener);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#lost !== undefined) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.kill(), CLOSE_MS);
      this.onLost(() => {
        clearTimeout(timer);
        resolve();
      });
      this.#child.kill('SIGTERM');
    });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
    this.#unwatch();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #unwatch(): void {
    const pipe = this.#child.stdio[3] as Writable | null | undefined;
    if (pipe?.writable === true) pipe.end('over\n');
  }

  get #controlPath(): string {
    return join(this.#folder, 'master');
  }

  #streamOf(child: ChildProcess): RemoteStream {
    let said = '';
    child.stdin?.on('error', () => {});
    child.stderr?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('latin1')).slice(-SAID_BYTES);
    });
    const ended = new Promise<number | null>((resolve) => {
      child.once('error', () => resolve(null));
      child.once('close', (status) => {
        // 255 is ssh's own as well: then it says why, or the connection is gone.
        const isOurs = status === null || (status === 255 && /^(?:mux_client|Session open refused|Connection closed by UNKNOWN|Control socket)/m.test(said));
        if (status !== 255 || isOurs || this.#lost !== undefined) return resolve(isOurs || this.#lost !== undefined ? null : status);
        this.#isAlive().then((alive) => resolve(alive ? status : null));
      });
    });
    return {
      onStdout: (listener) => {
        child.stdout?.on('data', listener);
      },
      onStderr: (listener) => {
        child.stderr?.on('data', listener);
        if (child.stdout?.listenerCount('data') === 0) child.stdout.resume();
      },
      onEnd: (listener) => void ended.then(listener),
      write: (bytes) => new Promise((resolve) => (child.stdin?.writable === true ? child.stdin.write(bytes, () => resolve()) : resolve())),
      endInput: () => void child.stdin?.end(),
      close: () => void child.kill('SIGTERM'),
    };
  }

  #isAlive(): Promise<boolean> {
    return new Promise((resolve) => {
      const check = spawn('ssh', ['-O', 'check', ...channelWords(this.#controlPath, this.#target.systemSshHost)], { detached: true, stdio: 'ignore' });
      check.once('error', () => resolve(false));
      check.once('close', (status) => resolve(status === 0));
    });
  }
}

/** From what ssh said before it ended. */
function failureOf(said: string): Error {
  const last = lastLines(said, 1) || 'ssh ended without a word';
  const withCode = (code: string) => Object.assign(new Error(last), { code });
  if (/Permission denied|Too many authentication failures|No more authentication methods/.test(said)) return new ConnectFailure('login', `it takes: ${/\(([\w,-]+)\)/.exec(last)?.[1] ?? 'something else'}`);
  if (/IDENTIFICATION HAS CHANGED|REVOKED/.test(said)) return new ConnectFailure('host-key', 'the host key is not the one that is known (said by ssh)');
  if (/Host key verification failed|host key is known|No .* host key/.test(said)) return new ConnectFailure('host-key', 'the host key is not known (said by ssh)');
  if (/Unable to negotiate/.test(said)) return new ConnectFailure('negotiation', last);
  if (/^stdio forwarding (?:request )?failed/im.test(said)) return noWay();
  if (/Exceeded MaxStartups/.test(said)) return new ConnectFailure('busy', 'it has too many logins at once (MaxStartups)', undefined, true);
  if (/kex_exchange_identification|Connection reset|Connection closed by/.test(said)) return new ConnectFailure('busy', last);
  if (/Connection refused/.test(said)) return withCode('ECONNREFUSED');
  if (/Could not resolve hostname/.test(said)) return withCode('ENOTFOUND');
  if (/timed out/.test(said)) return withCode('ETIMEDOUT');
  if (/No route to host|Network is unreachable/.test(said)) return withCode('EHOSTUNREACH');
  return new Error(last);
}
