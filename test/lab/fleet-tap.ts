// Runs the built program as its user does, and watches what it says.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { LAB_DIR, PROJECT_DIR } from './places.js';

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves when the output (default: stderr) has matched every pattern. @throws with what was said when the program ends first */
  saysAll(patterns: readonly RegExp[], where?: 'stdout' | 'stderr'): Promise<void>;
}

/** Compiled kernel modules are kept in the lab, not in the user's cache: a test compiles what it tests. */
export const CACHE_HOME = join(LAB_DIR, 'run', 'cache');

export function startFleetTap(words: readonly string[]): Running {
  const child = spawn(process.execPath, [join(PROJECT_DIR, 'dist', 'cli.js'), ...words], {
    cwd: PROJECT_DIR,
    env: { ...process.env, XDG_CACHE_HOME: CACHE_HOME, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      for (const listener of listeners) listener();
    });
  }
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, ...said }));
  });
  return {
    process: child,
    finished,
    saysAll: (patterns, where = 'stderr') =>
      new Promise((resolve, reject) => {
        const look = () => patterns.every((pattern) => pattern.test(said[where])) && resolve();
        listeners.add(look);
        finished.then(() => reject(new Error(`fleet-tap ended before it said ${patterns.join(' and ')}:\n${said.stderr}`)), reject);
        look();
      }),
  };
}

export function fleetTap(words: readonly string[]): Promise<Finished> {
  return startFleetTap(words).finished;
}

/** What the kernels say they skipped: under emulation stap still lets a probe go now and then, and why is not known yet. */
export const skippedIn = (stderr: string) => [...stderr.matchAll(/skipped probes: (\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);

/** The same at a terminal, where a person answers the one question. */
export function fleetTapAsked(words: readonly string[], answer: string): Promise<Finished> {
  const tcl = (word: string) => `{${word}}`;
  const script = `set timeout -1; log_user 1
spawn -noecho ${[process.execPath, join(PROJECT_DIR, 'dist', 'cli.js'), ...words].map(tcl).join(' ')}
expect -re {password.*: ?$} { send ${tcl(answer)}; send "\\r" } eof { exit 99 }
expect eof
exit [lindex [wait] 3]`;
  const child = spawn('expect', ['-c', script], { cwd: PROJECT_DIR, env: { ...process.env, XDG_CACHE_HOME: CACHE_HOME, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    // A terminal has one stream and its own line ends.
    child.on('close', (status) => resolve({ status, stdout: stdout.replaceAll('\r\n', '\n'), stderr: '' }));
  });
}
