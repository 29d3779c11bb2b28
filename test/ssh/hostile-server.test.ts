// A server that means harm, made with ssh2's own Server: it costs itself the connection, never the run, the memory or the other hosts.
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import ssh2, { type Connection as ServerConnection, type ServerChannel } from 'ssh2';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { formatError } from '../../src/base/errors.js';
import { newKeyPair } from '../../src/demo/keys.js';
import { DialLimits } from '../../src/ssh/dial-limits.js';
import { Dialer } from '../../src/ssh/dialer.js';
import { RedialSession } from '../../src/ssh/redial-session.js';
import { ShellSession } from '../../src/ssh/shell-session.js';
import type { DialTarget } from '../../src/ssh/target.js';
import { type Sshd, skipSshd, sshdSkipped, startServer, startSshd } from '../hosts/sshd.js';
import { targetOf } from '../hosts/target.js';

interface Hostile {
  readonly config?: Partial<ssh2.ServerConfig>;
  readonly onClient?: (client: ServerConnection) => void;
  readonly onExec?: (channel: ServerChannel, client: ServerConnection, command: string) => void;
}

/** As the target of the same login as a real sshd's. */
async function startHostile(sshd: Sshd, hostile: Hostile): Promise<DialTarget> {
  const hostKey = newKeyPair();
  const server = new ssh2.Server({ hostKeys: [hostKey.privateKey], ...hostile.config }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (context) => context.accept());
    client.on('session', (accept) => {
      const session = accept();
      session.on('exec', (acceptExec, _reject, { command }) => hostile.onExec?.(acceptExec(), client, command));
    });
    hostile.onClient?.(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const known = `${sshd.knownHostsFile}-${port}`;
  await writeFile(known, `[127.0.0.1]:${port} ${hostKey.publicLine}\n`);
  const target = targetOf(sshd, { host: 'hostile', port });
  return { ...target, hostKey: { ...target.hostKey, userFiles: [known] }, connectTimeoutMs: 5_000 };
}

/** ssh2's insides, for what no honest program does. */
interface Insides {
  readonly _client: { readonly _protocol: { channelData(id: number, data: Buffer): void } };
  readonly outgoing: { readonly id: number };
}

const ENOUGH_BYTES = 64 * 2 ** 20;

describe.skipIf(skipSshd)(`a hostile server${sshdSkipped}`, () => {
  const together = async (hostile: Hostile, use: (session: ShellSession) => Promise<unknown>) => {
    const sshd = await startSshd();
    const target = await startHostile(sshd, hostile);
    const dialer = new Dialer({ limits: new DialLimits() });
    const good = new ShellSession(await dialer.dial(targetOf(sshd)));
    onTestFinished(() => good.close());
    const before = process.memoryUsage.rss();
    const outcome = await dialer.dial(target).then(async (transport) => {
      const session = new ShellSession(transport);
      return use(session).finally(() => session.close());
    }).then(() => undefined, (error) => error);
    expect(await good.run('echo unharmed')).toMatchObject({ stdout: 'unharmed\n' });
    expect(process.memoryUsage.rss() - before).toBeLessThan(128 * 2 ** 20);
    return outcome;
  };

  it('with a banner without end, and escape sequences in it', async () => {
    const error = await together({ config: { banner: '\u001b[2J\u0007owned '.repeat(2_000) } }, async (session) => session.run('true', { timeoutMs: 1_000 }));
    expect(error).toMatchObject({ name: 'FleetTapError' });
    expect(formatError(error)).not.toMatch(/[\u0007\u001b]/);
  });

  it('that says a greeting without end before its name', async () => {
    const sshd = await startSshd();
    const port = await startServer((socket) => {
      const line = `${'\u001b[2J'.repeat(200)}\r\n`;
      const more = () => {
        while (!socket.destroyed && socket.write(line));
      };
      socket.on('drain', more);
      more();
    });
    const error = await new Dialer().dial({ ...targetOf(sshd), port, connectTimeoutMs: 5_000 }).then(() => undefined, (refusal) => refusal);
    expect(error).toMatchObject({ kind: 'unreachable' });
    expect(formatError(error)).not.toMatch(/\u001b/);
  });

  it('with output without end', async () => {
    const endless = (channel: ServerChannel) => {
      const block = Buffer.alloc(32_768, 'x\n');
      const more = () => {
        while (channel.writable && channel.write(block));
      };
      channel.on('drain', more);
      more();
    };
    const error = await together({ onExec: endless }, (session) => session.run('true', { timeoutMs: 2_000, limitBytes: 1_000_000 }));
    expect(error).toMatchObject({ name: 'FleetTapError' });
  });

  it('that plays our shell, and behind the mark of an answer sends without end', async () => {
    const playsShell = (channel: ServerChannel, _client: ServerConnection, command: string) => {
      const nonce = /[0-9a-f]{32}/.exec(command)?.[0] ?? '';
      channel.write(`${nonce} 123\n${nonce}.`);
      channel.stderr.write(`${nonce}.`);
      channel.on('data', (frame: Buffer) => {
        const asked = /[lhf] ([0-9a-f]{32}) \d/.exec(String(frame))?.[1];
        if (asked === undefined) return;
        channel.write(asked);
        const block = Buffer.alloc(32_768, 'x');
        const more = () => {
          while (channel.writable && channel.write(block));
        };
        channel.on('drain', more);
        more();
      });
    };
    const error = await together({ onExec: playsShell }, (session) => session.run('true', { timeoutMs: 60_000 }));
    expect(error).toMatchObject({ code: 'connection-lost', message: expect.stringContaining('without an exit status') });
  });

  it('that sends more than the window allows, to a reader that waits', async () => {
    const flood = (channel: ServerChannel) => {
      const { _client, outgoing } = channel as unknown as Insides;
      // Not a divisor of the window: ssh2 notices only a window of exactly nothing.
      const block = Buffer.alloc(30_000, 'x');
      for (let sent = 0; sent < ENOUGH_BYTES; sent += block.length) _client._protocol.channelData(outgoing.id, block);
    };
    const sshd = await startSshd();
    const target = await startHostile(sshd, { onExec: flood });
    const transport = await new Dialer().dial(target);
    const lost = new Promise((resolve) => transport.onLost(resolve));
    // Nobody listens to its output: ssh2 alone would keep all of it.
    await transport.exec('true');
    expect(await lost).toMatchObject({ kind: 'unreachable', code: 'connection-lost', message: expect.stringContaining('more than it may') });
  });

  it('that never answers, never ends a channel, or hangs up in the middle', async () => {
    expect(await together({ onExec: () => {} }, (session) => session.run('true', { timeoutMs: 500 }))).toMatchObject({ name: 'FleetTapError' });
    expect(await together({ onExec: (_channel, client) => client.end() }, (session) => session.run('true'))).toMatchObject({ kind: 'unreachable' });
    expect(await together({ onClient: (client) => client.on('handshake', () => client.end()) }, (session) => session.run('true'))).toMatchObject({ kind: 'unreachable' });
  });

  it('that answers no question whether it lives, and sends: it lives as long as it sends, and is found dead 15 s later', async () => {
    // ssh2 asks by such a timer; nothing else here has one.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const sshd = await startSshd();
    let say = () => {};
    const target = await startHostile(sshd, {
      onClient: (client) => {
        const { _protocol: protocol } = client as unknown as { _protocol: { _handlers: Record<string, unknown> } };
        protocol._handlers.GLOBAL_REQUEST = () => {};
      },
      onExec: (channel) => {
        say = () => void channel.write('x');
      },
    });
    const transport = await new Dialer().dial(target);
    let isLost = false;
    transport.onLost(() => {
      isLost = true;
    });
    const stream = await transport.exec('true');
    let heard = () => {};
    stream.onStdout(() => heard());
    for (let turn = 0; turn < 6; turn += 1) {
      const word = new Promise<void>((done) => {
        heard = done;
      });
      say();
      await word;
      vi.advanceTimersByTime(10_000);
      expect(isLost).toBe(false);
    }
    vi.advanceTimersByTime(5_000);
    expect(isLost).toBe(true);
  });

  it('that changes its key at a later key exchange: the error is the host key, and not a byte more goes there', async () => {
    const other = ssh2.utils.parseKey(newKeyPair().privateKey);
    const after: string[] = [];
    let connections = 0;
    let execs = 0;
    let swapped = false;
    const sshd = await startSshd();
    const target = await startHostile(sshd, {
      onClient: (client) => {
        connections += 1;
        client.on('rekey', () => after.push('a key exchange was finished'));
      },
      onExec: (channel, client) => {
        execs += 1;
        channel.on('data', () => {
          if (swapped) after.push('data');
          if (swapped) return;
          // Our shell's program is here, and the client waits for its answer: what comes later is sent to the other key.
          const { _protocol: protocol } = client as unknown as { _protocol: { _hostKeys: Record<string, unknown> } };
          for (const name of Object.keys(protocol._hostKeys)) protocol._hostKeys[name] = other;
          swapped = true;
          (client as unknown as { rekey(): void }).rekey();
        });
      },
    });
    const dialer = new Dialer();
    const session = await RedialSession.open(async () => new ShellSession(await dialer.dial(target)), () => {});
    onTestFinished(() => session.close());
    const refusal = { kind: 'unreachable', code: 'host-key-changed', place: { host: 'hostile' }, message: 'it showed another host key in the middle of the connection' };
    await expect(session.run('echo first', { idempotent: true })).rejects.toMatchObject(refusal);
    // Who asks again is told the same, and nobody dials.
    await expect(session.run('echo second', { idempotent: true })).rejects.toMatchObject(refusal);
    expect({ connections, execs, after }).toEqual({ connections: 1, execs: 1, after: [] });
  });

  it('that refuses every login with escape sequences in its words', async () => {
    const sshd = await startSshd();
    const target = await startHostile(sshd, { onClient: (client) => {
      client.removeAllListeners('authentication');
      client.on('authentication', (context) => context.reject(['\u001b]0;owned\u0007' as never]));
    } });
    const error = await new Dialer().dial(target).then(() => undefined, (refusal) => refusal);
    expect(error).toMatchObject({ kind: 'unreachable', code: 'login-refused' });
    expect(formatError(error)).not.toMatch(/[\u0007\u001b]/);
  });
});
