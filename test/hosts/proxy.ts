// A wire that can be cut: passes one loopback port on to another until `cut`.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Proxy {
  readonly port: number;
  /** Ends every connection through it at once. */
  cut(): void;
  /** Nothing listens there any more, until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
}

export async function startProxy(targetPort: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    near.pipe(far).pipe(near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  const { port } = server.address() as { port: number };
  const down = async () => {
    server.close();
    cut();
    await once(server, 'close');
  };
  const up = async () => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  return { port, cut, down, up };
}
