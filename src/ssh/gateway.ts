// What comes in: connections to jump hosts. What goes out: byte streams to ports that they reach; few connections for many hosts.
// Measured against OpenSSH: a channel to a port (direct-tcpip) is not a session, so MaxSessions does not count it; but each takes a file
// descriptor of that sshd's process, whose usual limit is 1024: so a second connection after CHANNELS channels.
// Guaranteed: a jump host is dialled by one at a time however many hosts wait for it; one that is gone is dialled anew when next asked for.
import type { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { guardWindow } from './window-guard.js';

export interface Gateway {
  /** @throws Error with Node's `code` where there is one (`ECONNREFUSED`) */
  open(address: string, port: number): Promise<Duplex>;
  /** Called once, when no more streams can come of it; at once when it is so already. */
  onLost(listener: () => void): void;
  close(): void;
}

const CHANNELS = 200;

/** RFC 4254, 5.1 */
const PROHIBITED = 1;

export class Ssh2Gateway implements Gateway {
  readonly #client: Client;
  readonly #onLost: (() => void)[] = [];
  #isLost = false;

  constructor(client: Client) {
    this.#client = client;
    client.on('close', () => this.#lost());
    client.on('error', () => this.#lost());
  }

  onLost(listener: () => void): void {
    if (this.#isLost) listener();
    else this.#onLost.push(listener);
  }

  open(address: string, port: number): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const opened = (error: (Error & { reason?: unknown }) | undefined, channel: ClientChannel) => {
        if (error !== undefined && error !== null) return reject(refusalOf(error));
        channel.on('error', () => {});
        guardWindow(channel, () => this.close());
        resolve(channel);
      };
      try {
        this.#client.forwardOut('127.0.0.1', 0, address, port, opened);
      } catch (error) {
        this.#lost();
        reject(error);
      }
    });
  }

  close(): void {
    this.#lost();
    this.#client.end();
  }

  #lost(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    for (const listener of this.#onLost) listener();
  }
}

function refusalOf(error: Error & { reason?: unknown }): Error {
  const said = error.message.replace(/^\(SSH\) Channel open failure: /, '');
  if (/connection refused/i.test(said)) return Object.assign(new Error(said), { code: 'ECONNREFUSED' });
  if (/timed out/i.test(said)) return Object.assign(new Error(said), { code: 'ETIMEDOUT' });
  if (/no route|unreachable/i.test(said)) return Object.assign(new Error(said), { code: 'EHOSTUNREACH' });
  if (/name or service not known|name resolution|nodename/i.test(said)) return Object.assign(new Error(said), { code: 'ENOTFOUND' });
  return new Error(error.reason === PROHIBITED ? 'the jump host lets nobody through to it (AllowTcpForwarding, PermitOpen)' : `the jump host could not open it: ${said}`);
}

/** By the system's ssh nothing more is known: the other end's reason stays with that program. */
export function noWay(): Error {
  return Object.assign(new Error('the jump host opened no way to it: nobody listens there, or it lets nobody through (AllowTcpForwarding, PermitOpen)'), { code: 'ENOWAY' });
}

interface Line {
  readonly gateway: Promise<Gateway>;
  channels: number;
}

/** All connections to all jump hosts of a run. */
export class GatewayPool {
  readonly #lines = new Map<string, Line[]>();

  /**
   * A stream through a jump host, which is dialled when there is no connection to it, or only full ones.
   * @param key the same for the same jump host, user and login
   * @param onWait it is being dialled, which has its own time
   */
  async open(key: string, dial: () => Promise<Gateway>, address: string, port: number, onWait: (waiting: boolean) => void): Promise<Duplex> {
    const line = this.#line(key, dial);
    line.channels += 1;
    try {
      onWait(true);
      const gateway = await line.gateway.finally(() => onWait(false));
      const stream = await gateway.open(address, port);
      stream.once('close', () => {
        line.channels -= 1;
      });
      return stream;
    } catch (error) {
      line.channels -= 1;
      throw error;
    }
  }

  async close(): Promise<void> {
    const lines = [...this.#lines.values()].flat();
    this.#lines.clear();
    for (const result of await Promise.allSettled(lines.map((line) => line.gateway))) if (result.status === 'fulfilled') result.value.close();
  }

  #line(key: string, dial: () => Promise<Gateway>): Line {
    const lines = this.#lines.get(key) ?? [];
    const free = lines.find((line) => line.channels < CHANNELS);
    if (free !== undefined) return free;
    const line: Line = { gateway: dial(), channels: 0 };
    const forget = () => this.#lines.set(key, (this.#lines.get(key) ?? []).filter((other) => other !== line));
    // A jump host that cannot be reached is told to all who wait now; who comes later tries again.
    line.gateway.then((gateway) => gateway.onLost(forget), forget);
    this.#lines.set(key, [...lines, line]);
    return line;
  }
}
