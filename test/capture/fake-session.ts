// A host in this process, driven by the test: its channels answer when the test says so.
import type { CommandResult, Session } from '../../src/ssh/session.js';
import type { RemoteStream } from '../../src/ssh/transport.js';

export class FakeStream implements RemoteStream {
  readonly script: string;
  /** What was written to it. */
  input = '';
  inputEnded = false;
  #stdout: (chunk: Buffer) => void = () => {};
  #stderr: (chunk: Buffer) => void = () => {};
  #end: (status: number | null) => void = () => {};

  constructor(script: string) {
    this.script = script;
  }

  onStdout(listener: (chunk: Buffer) => void): void {
    this.#stdout = listener;
  }

  onStderr(listener: (chunk: Buffer) => void): void {
    this.#stderr = listener;
  }

  onEnd(listener: (status: number | null) => void): void {
    this.#end = listener;
  }

  /** Called for each write, after it was noted. */
  onInput: (text: string) => void = () => {};
  onInputEnd: () => void = () => {};

  async write(bytes: string | Buffer): Promise<void> {
    this.input += bytes.toString();
    this.onInput(bytes.toString());
  }

  endInput(): void {
    if (this.inputEnded) return;
    this.inputEnded = true;
    this.onInputEnd();
  }

  close(): void {}

  say(bytes: string | Buffer): void {
    this.#stdout(Buffer.from(bytes));
  }

  complain(text: string): void {
    this.#stderr(Buffer.from(text));
  }

  end(status: number | null): void {
    this.#end(status);
  }
}

export class FakeSession implements Session {
  readonly host: string;
  readonly streams: FakeStream[] = [];
  /** First lines of the scripts that ran. */
  readonly ran: string[] = [];
  readonly files: string[] = [];
  onStream: (stream: FakeStream) => void = () => {};
  answer: (script: string) => CommandResult | Promise<CommandResult> = () => ({ status: 0, stdout: '', stderr: '' });

  constructor(host = 'web01') {
    this.host = host;
  }

  async run(script: string): Promise<CommandResult> {
    this.ran.push(script.split('\n')[0] ?? '');
    return this.answer(script);
  }

  async stream(script: string): Promise<RemoteStream> {
    const stream = new FakeStream(script);
    this.streams.push(stream);
    this.onStream(stream);
    return stream;
  }

  async writeFile(path: string): Promise<void> {
    this.files.push(path);
  }

  async readFile(): Promise<Buffer> {
    throw new Error('nobody reads files here');
  }

  async close(): Promise<void> {}
}

/** Time that stands still until the test moves it; the origin is 2026-11-23T10:00:00Z. */
export class ManualClock {
  readonly originSec = 1_795_428_000;
  ns = 0;

  nowNs(): number {
    return this.ns;
  }

  /** The 19 digits a kernel whose clock is right would print now, or `ns` after the origin. */
  digits(ns = this.ns): string {
    return String(BigInt(this.originSec) * 1_000_000_000n + BigInt(ns));
  }
}
