// A real ssh-agent of its own for one test.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';

export interface Agent {
  readonly socket: string;
  /** Loads a key that has no passphrase. */
  add(file: string): Promise<void>;
}

export async function startAgent(): Promise<Agent> {
  const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-agent-'));
  const socket = join(folder, 'agent');
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(agent, 'exit');
  onTestFinished(async () => {
    agent.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  await once(agent.stdout, 'data');
  return { socket, add: async (file) => void (await promisify(execFile)('ssh-add', ['-q', file], { env: { ...process.env, SSH_AUTH_SOCK: socket } })) };
}
