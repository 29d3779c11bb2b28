// A real sshd on loopback for one test: its own host key, its own authorized key, the user who runs the tests. Ring 2 of the tests.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import type { Connection } from '../../src/inventory/connection.js';

const PROGRAM = '/usr/sbin/sshd';

/** undefined when there is one; else the reason for the skip. */
export const whyNoSshd = existsSync(PROGRAM) ? undefined : 'no /usr/sbin/sshd (apt-get install openssh-server)';

export interface Sshd {
  readonly folder: string;
  readonly port: number;
  /** How to log in. */
  readonly connection: Connection;
  readonly knownHostsFile: string;
  /** The host's public key as it travels. */
  readonly hostKey: Buffer;
  /** Ends it with all its connections, as a power cut would. */
  kill(): void;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

export async function startSshd(): Promise<Sshd> {
  const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-sshd-'));
  const file = (name: string) => join(folder, name);
  for (const name of ['host_key', 'user_key']) await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(name)]);
  await writeFile(file('authorized_keys'), await readFile(file('user_key.pub')), { mode: 0o600 });
  const port = await freePort();
  const [, key = ''] = (await readFile(file('host_key.pub'), 'utf8')).split(' ');
  await appendFile(file('known_hosts'), `[127.0.0.1]:${port} ssh-ed25519 ${key}\n`);
  const options = ['ListenAddress 127.0.0.1', `Port ${port}`, `HostKey ${file('host_key')}`, `AuthorizedKeysFile ${file('authorized_keys')}`, 'StrictModes no', 'UsePAM no', 'PidFile none', 'PermitRootLogin yes', 'PasswordAuthentication no', 'KbdInteractiveAuthentication no'];
  await writeFile(file('sshd_config'), `${options.join('\n')}\n`);
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true });
  // A process group of its own: the listener and its children end together.
  const child = spawn(PROGRAM, ['-D', '-e', '-f', file('sshd_config')], { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  const listening = new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('Server listening')) resolve();
    });
    child.once('exit', () => reject(new Error(`sshd ended: ${said}`)));
  });
  const kill = () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL');
  };
  onTestFinished(async () => {
    kill();
    await rm(folder, { recursive: true, force: true });
  });
  await listening;
  const connection: Connection = {
    host: 'web1', address: '127.0.0.1', port, user: userInfo().username, identityFiles: [file('user_key')],
    knownHostsFiles: [file('known_hosts')], hostKeyChecking: 'yes', connectTimeoutMs: 20_000, become: false,
  };
  return { folder, port, connection, knownHostsFile: file('known_hosts'), hostKey: Buffer.from(key, 'base64'), kill };
}

/** A port on which somebody listens and never says a word. */
export async function startSilentServer(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const probe = createConnection(port, '127.0.0.1');
  await once(probe, 'connect');
  probe.destroy();
  return port;
}
