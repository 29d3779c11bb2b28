// A transport to a test's sshd, for tests that put a session of their own on it. Its host key is not looked at: that is not what they are about.
import { readFile } from 'node:fs/promises';
import ssh2, { type Client } from 'ssh2';
import { onTestFinished } from 'vitest';
import { Ssh2Transport } from '../../src/ssh/ssh2-transport.js';
import type { Sshd } from './sshd.js';

export async function transportTo({ connection, port }: Sshd, host = 'web1'): Promise<Ssh2Transport> {
  const client: Client = new ssh2.Client();
  const privateKey = await readFile(connection.identityFiles[0] ?? '');
  await new Promise<void>((resolve, reject) => {
    client.once('ready', resolve).once('error', reject);
    client.connect({ host: '127.0.0.1', port, username: connection.user ?? 'root', privateKey, readyTimeout: 60_000 });
  });
  client.setNoDelay(true);
  client.removeAllListeners('error');
  const transport = new Ssh2Transport(host, client);
  onTestFinished(() => transport.close());
  return transport;
}
