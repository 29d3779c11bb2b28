// A transport whose host is this machine (ansible_connection: local): command lines are run by a shell, as sshd would run them by the login shell.
// Guaranteed: each has a session of its own; closing ends all of them.
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { RemoteStream, Transport } from './transport.js';

export interface LocalTransportOptions {
  /** Program and words before the command line. Default: /bin/sh -c */
  readonly shell?: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export class LocalTransport implements Transport {
  readonly host: string;
  readonly #options: LocalTransportOptions;
  readonly #children = new Set<ChildProcess>();

  constructor(host: string, options: LocalTransportOptions = {}) {
    this.host = host;
    this.#options = options;
  }

  async exec(command: string): Promise<RemoteStream> {
    const { shell = ['/bin/sh', '-c'], cwd, env = process.env } = this.#options;
    const [program = '', ...words] = shell;
    // A session of its own, as sshd gives to each.
    const child = spawn(program, [...words, command], { env, detached: true, ...(cwd === undefined ? {} : { cwd }) });
    this.#children.add(child);
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => {});
    const ended = new Promise<number | null>((resolve) => {
      child.once('close', (status, signal) => resolve(status ?? 128 + (signal === null ? 0 : constants.signals[signal])));
      child.once('error', () => resolve(255));
    }).finally(() => this.#children.delete(child));
    return {
      onStdout: (listener) => void child.stdout.on('data', listener),
      onStderr: (listener) => void child.stderr.on('data', listener),
      onEnd: (listener) => void ended.then(listener),
      write: (bytes) => {
        if (!child.stdin.writable || child.stdin.write(bytes)) return Promise.resolve();
        return Promise.race([new Promise<void>((resolve) => child.stdin.once('drain', resolve)), ended.then(() => {})]);
      },
      endInput: () => void child.stdin.end(),
      close: () => {
        for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
      },
    };
  }

  onLost(): void {}

  async close(): Promise<void> {
    for (const child of this.#children) {
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
      child.kill('SIGKILL');
    }
  }
}
