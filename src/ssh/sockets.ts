// What comes in: where to go. What goes out: a byte stream to the server's port.
import { createConnection, type Socket } from 'node:net';

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
