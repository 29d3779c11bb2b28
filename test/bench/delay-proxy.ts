// What comes in: a fleet on loopback. What goes out: a port on which every host of it answers later, by the same time each way, as hosts far away do.
// Run as a program, inside the fleet's network namespace: `delay-proxy.ts LISTEN TARGET MILLISECONDS`; it says its port when it listens. Bytes keep
// their order and their pace: each piece waits its time, however many are under way. (The kernel's own tool for this, netem, is not everywhere.)
import { spawn } from 'node:child_process';
import { connect, createServer, type Socket } from 'node:net';
import type { LoopbackFleet } from './loopback-fleet.js';

export interface DelayProxy {
  readonly port: number;
  close(): void;
}

const PORT = 2223;

export async function startDelayProxy(fleet: LoopbackFleet, delayMs: number): Promise<DelayProxy> {
  const [program, ...words] = [...fleet.inside, process.execPath, '--import', 'tsx', import.meta.filename, String(PORT), String(fleet.port), String(delayMs)];
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`the proxy ended with ${code}`)));
  });
  return { port: PORT, close: () => void child.kill() };
}

function pass(from: Socket, to: Socket, delayMs: number): void {
  const later = (what: () => void) => void setTimeout(what, delayMs);
  from.on('data', (chunk) => later(() => void to.write(chunk)));
  from.on('end', () => later(() => void to.end()));
  from.on('error', () => later(() => void to.destroy()));
}

if (process.argv[1] === import.meta.filename) {
  const [listen = 0, target = 0, delayMs = 0] = process.argv.slice(2).map(Number);
  createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    // The address that was dialled is the host's: sshd listens on all of them.
    const far = connect({ host: String(near.localAddress), port: target, noDelay: true, allowHalfOpen: true });
    pass(near, far, delayMs);
    pass(far, near, delayMs);
  }).listen(listen, '0.0.0.0', () => console.log(listen));
}
