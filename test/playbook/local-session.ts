// A session whose host is this machine: the real command line of ssh/remote-command.ts, run by a shell in a folder of the test's own.
import { spawn } from 'node:child_process';
import type { CommandResult, RunOptions, Session } from '../../src/ssh/session.js';
import { remoteCommand } from '../../src/ssh/remote-command.js';

export interface LocalSessionOptions {
  /** Where scripts run; they may write anywhere, so playbooks under test name paths below it. */
  readonly cwd: string;
  /** Folders in front of PATH, for fake programs. */
  readonly path?: readonly string[];
  /** Nothing else of PATH. */
  readonly onlyPath?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** Node looks for programs in the PATH that it gives to them. */
const SHELL = '/bin/sh';

export function localSession(host: string, options: LocalSessionOptions): Session {
  const none = (): never => {
    throw new Error('playbooks only run scripts');
  };
  return { host, run: (script, run = {}) => runLocally(script, run, options), stream: none, writeFile: none, readFile: none, close: async () => {} };
}

function runLocally(script: string, { input = '', become = false }: RunOptions, { cwd, path = [], onlyPath = false, env = {} }: LocalSessionOptions): Promise<CommandResult> {
  if (become) throw new Error('tests do not become root');
  const PATH = [...path, ...(onlyPath ? [] : [process.env.PATH ?? ''])].join(':');
  return new Promise((resolve, reject) => {
    const child = spawn(SHELL, ['-c', remoteCommand(Buffer.byteLength(script), false)], { cwd, env: { ...process.env, ...env, PATH } });
    const outputs = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    child.stdout.on('data', (chunk: Buffer) => outputs.stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => outputs.stderr.push(chunk));
    child.on('error', reject);
    // A script that reads no input may be gone before it is written.
    child.stdin.on('error', () => {});
    child.on('close', (status) => {
      const text = (name: 'stdout' | 'stderr') => Buffer.concat(outputs[name]).toString('utf8');
      resolve({ status: status ?? 255, stdout: text('stdout'), stderr: text('stderr') });
    });
    child.stdin.write(script);
    child.stdin.end(input);
  });
}
