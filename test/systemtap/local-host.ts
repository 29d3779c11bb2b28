// A session whose host is this machine: scripts run under dash exactly as over SSH, with fake programs first in PATH.
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openScript } from '../../src/ssh/open-script.js';
import type { CommandResult, RunOptions, Session } from '../../src/ssh/session.js';
import type { RemoteStream } from '../../src/ssh/transport.js';
import { LocalTransport } from '../../src/ssh/local-transport.js';

const FOLDERS = (process.env.PATH ?? '').split(':');
const pathOf = (program: string) => FOLDERS.map((folder) => join(folder, program)).find((file) => existsSync(file));
const dash = pathOf('dash');

export const whyNoDash = dash === undefined ? 'skipped: dash is not installed' : undefined;

export interface LocalStream extends RemoteStream {
  readonly pid: number;
  readonly stderr: () => string;
  /** Resolves with the whole standard output once it matches. */
  printed(pattern: RegExp): Promise<string>;
  readonly ended: Promise<{ status: number | null; stdout: string; stderr: string }>;
}

export class LocalHost implements Session {
  readonly host = 'here';
  readonly folder: string;
  readonly #transport: LocalTransport;

  private constructor(folder: string, environment: Record<string, string>) {
    this.folder = folder;
    this.#transport = new LocalTransport(this.host, { shell: [String(dash), '-c'], env: environment });
  }

  /** @param onlyPrograms PATH has these and nothing else, beside the fakes */
  static async open(options: { readonly onlyPrograms?: readonly string[]; readonly environment?: Readonly<Record<string, string>> } = {}): Promise<LocalHost> {
    const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-here-'));
    await mkdir(join(folder, 'bin'));
    await mkdir(join(folder, 'tmp'));
    for (const program of ['sh', ...(options.onlyPrograms ?? [])]) await symlink(pathOf(program === 'sh' ? 'dash' : program) ?? '/missing', join(folder, 'bin', program));
    const path = options.onlyPrograms === undefined ? [join(folder, 'bin'), ...FOLDERS] : [join(folder, 'bin')];
    return new LocalHost(folder, { PATH: path.join(':'), TMPDIR: join(folder, 'tmp'), HOME: folder, HERE: folder, ...options.environment });
  }

  file(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  text(...names: readonly string[]): Promise<string> {
    return readFile(this.file(...names), 'utf8');
  }

  temporaryFiles(): Promise<string[]> {
    return readdir(this.file('tmp'));
  }

  /** @param body an sh script; $HERE is `folder` */
  async program(name: string, body: string): Promise<void> {
    await writeFile(this.file('bin', name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  }

  async stream(script: string): Promise<LocalStream> {
    const { stream, pid } = await openScript(this.#transport, script, undefined);
    let stdout = '';
    let stderr = '';
    let look = () => {};
    stream.onStdout((chunk) => {
      stdout += chunk.toString('latin1');
      look();
    });
    stream.onStderr((chunk) => {
      stderr += chunk.toString('utf8');
    });
    const closed = new Promise<number | null>((resolve) => stream.onEnd(resolve));
    return {
      pid,
      stderr: () => stderr,
      printed: (pattern) =>
        new Promise((resolve, reject) => {
          look = () => void (pattern.test(stdout) && resolve(stdout));
          void closed.then(() => reject(new Error(`ended without ${pattern}: ${stdout}${stderr}`)));
          look();
        }),
      ended: closed.then((status) => ({ status, stdout, stderr })),
      onStdout: (listener) => stream.onStdout(listener),
      onStderr: (listener) => stream.onStderr(listener),
      onEnd: (listener) => void closed.then(listener),
      write: (more) => stream.write(more),
      endInput: () => stream.endInput(),
      close: () => stream.close(),
    };
  }

  async run(script: string, options: RunOptions = {}): Promise<CommandResult> {
    const stream = await this.stream(script);
    if (options.input !== undefined) void stream.write(options.input);
    stream.endInput();
    const { status, stdout, stderr } = await stream.ended;
    return { status: status ?? -1, stdout, stderr };
  }

  writeFile(): never {
    throw new Error('not for these tests');
  }

  readFile(): never {
    throw new Error('not for these tests');
  }

  /** kill -9 for all that descends from `pid`, and itself; but not for `except`. */
  async killAll(pid: number, except: number): Promise<void> {
    const { stdout } = await this.run('ps -e -o pid= -o ppid=');
    const parents = stdout.trim().split('\n').map((line) => line.trim().split(/ +/).map(Number));
    const family = [pid];
    for (const member of family) family.push(...parents.flatMap(([child = 0, parent]) => (parent === member && child !== except ? [child] : [])));
    for (const member of family) process.kill(member, 'SIGKILL');
  }

  /** Ends what a failed test has left running. */
  async close(): Promise<void> {
    await this.#transport.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
