// What comes in: a machine of the lab and a command. What goes out: its output, through the system's own ssh:
// the lab and its oracle must not depend on the code they test.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { KEY_FILE, KNOWN_HOSTS_FILE } from './places.js';

interface Reachable {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

export interface RemoteOutput {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RemoteOptions {
  readonly input?: string;
  /** The command's standard input stays open until then. */
  readonly inputAfter?: Promise<void>;
  readonly limitMs?: number;
}

export function sshArguments(machine: Reachable, user = 'root'): string[] {
  return [
    '-F', 'none', '-i', KEY_FILE, '-o', `UserKnownHostsFile=${KNOWN_HOSTS_FILE}`, '-o', 'StrictHostKeyChecking=yes', '-o', 'BatchMode=yes',
    '-o', 'IdentitiesOnly=yes', '-o', 'ConnectTimeout=10', '-p', String(machine.port), `${user}@${machine.address}`,
  ];
}

/** Runs one command; the exit status is a value (255 = ssh itself failed). */
export function tryRemote(machine: Reachable, command: string, options: RemoteOptions = {}): Promise<RemoteOutput> {
  return new Promise((resolve, reject) => {
    const child = spawn('ssh', [...sshArguments(machine), command], { stdio: ['pipe', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    const timer = setTimeout(() => child.kill('SIGKILL'), options.limitMs ?? 120_000);
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve({ status: status ?? 255, ...output });
    });
    child.stdin.on('error', () => {});
    void (options.inputAfter ?? Promise.resolve()).then(() => child.stdin.end(options.input ?? ''));
  });
}

/** @throws with both outputs when the command fails */
export async function remote(machine: Reachable, command: string, options: RemoteOptions = {}): Promise<string> {
  const result = await tryRemote(machine, command, options);
  if (result.status !== 0) throw new Error(`${machine.name}: ${command}\nended with ${result.status}\n${result.stdout}${result.stderr}`);
  return result.stdout;
}

/** Lines of a console: a kernel's panic with registers and calls. */
const LAST_WORDS = 60;

/** Waits until sshd answers. `alive` says whether waiting still makes sense, `consoleFile` has what it said last. */
export async function waitForSsh(machine: Reachable, limitMs: number, alive: () => Promise<boolean>, consoleFile: string): Promise<void> {
  const startedMs = performance.now();
  for (;;) {
    const result = await tryRemote(machine, 'true', { limitMs: 20_000 });
    if (result.status === 0) return;
    if (!(await alive())) throw new Error(`${machine.name} ended before its sshd answered:\n${(await readFile(consoleFile, 'latin1')).split('\n').slice(-LAST_WORDS).join('\n')}`);
    if (performance.now() - startedMs > limitMs) throw new Error(`${machine.name}: sshd did not answer within ${limitMs / 1000} s: ${result.stderr.trim()}`);
    await sleep(500);
  }
}
