// What comes in: where to go. What goes out: a byte stream to the server's port: by TCP, or by a ProxyCommand's input and output.
// Guaranteed: a ProxyCommand ends with its stream, and all of them with this program; what it says is kept for the message.
// Not here: streams through a jump host (gateway.ts).
import { type ChildProcess, spawn } from 'node:child_process';
import { createConnection, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { printable } from '../base/host-text.js';

export interface TcpTarget {
  readonly address: string;
  readonly port: number;
  /** AddressFamily: 4 or 6; undefined = any. */
  readonly family?: 4 | 6 | undefined;
  /** BindAddress */
  readonly bindAddress?: string | undefined;
}

/** @throws Node's error of the connection attempt; on abort the signal's reason */
export function tcpSocket(target: TcpTarget, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({
      host: target.address,
      port: target.port,
      ...(target.family === undefined ? {} : { family: target.family }),
      ...(target.bindAddress === undefined ? {} : { localAddress: target.bindAddress }),
      // As OpenSSH does: otherwise Nagle's algorithm holds a small write back until the last one's delayed acknowledgement, 40 ms.
      noDelay: true,
    });
    const abort = () => {
      socket.destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.removeListener('error', reject);
      signal.removeEventListener('abort', abort);
      resolve(socket);
    });
  });
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGHUP');
});

/** The last of what a ProxyCommand wrote on its standard error. */
const SAID_BYTES = 2_000;

/** A program's input and output as one stream; it is ended by SIGHUP, as OpenSSH ends a ProxyCommand. */
export class ProcessSocket extends Duplex {
  readonly #child: ChildProcess;
  #said = '';

  private constructor(child: ChildProcess) {
    super({ allowHalfOpen: false });
    this.#child = child;
    running.add(child);
    child.stdout?.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout?.pause();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-SAID_BYTES);
    });
    child.stdin?.on('error', () => {});
    child.on('error', (error) => this.destroy(error));
    // Not the end of its output alone: what it says on standard error tells why.
    child.once('close', () => {
      running.delete(child);
      this.push(null);
    });
  }

  /** @param command for /bin/sh, its tokens expanded */
  static ofCommand(command: string): ProcessSocket {
    return new ProcessSocket(spawn('/bin/sh', ['-c', `exec ${command}`], { stdio: ['pipe', 'pipe', 'pipe'] }));
  }

  static ofProgram(program: string, words: readonly string[]): ProcessSocket {
    return new ProcessSocket(spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] }));
  }

  /** What it wrote on its standard error, on one line. */
  get said(): string {
    return printable(this.#said.trim().replaceAll(/\s*\n\s*/g, '; '));
  }

  override _read(): void {
    this.#child.stdout?.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // A program that has ended is told by the end of its output.
    this.#child.stdin?.write(chunk, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin?.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (running.has(this.#child)) this.#child.kill('SIGHUP');
    done(error);
  }
}
