// An sshd that takes few logins at once, and servers that close before they say a word.
import { describe, expect, it } from 'vitest';
import { dial } from '../../src/ssh/dial.js';
import { DialLimits } from '../../src/ssh/dial-limits.js';
import { Dialer } from '../../src/ssh/dialer.js';
import { ConnectFailure } from '../../src/ssh/ssh2-connect.js';
import { startProxy } from '../hosts/proxy.js';
import { skipSshd, sshdSkipped, startServer, startSshd } from '../hosts/sshd.js';
import { targetOf } from '../hosts/target.js';

describe.skipIf(skipSshd)(`logins at once${sshdSkipped}`, () => {
  it('reaches all when sshd refuses most at first (MaxStartups)', async () => {
    const { connection, log } = await startSshd({ config: ['MaxStartups 2'] });
    const limits = new DialLimits();
    const sessions = await Promise.all(Array.from({ length: 24 }, () => dial(connection, { limits })));
    expect(limits.counts.retries).toBeGreaterThan(0);
    expect(log()).toMatch(/MaxStartups/);
    await Promise.all(sessions.map((session) => session.close()));
  });

  it('stays below the default MaxStartups with any number of hosts on one sshd: next to nothing is refused', async () => {
    const { connection, log } = await startSshd({ config: ['MaxStartups 10:30:100'] });
    const limits = new DialLimits();
    const sessions = await Promise.all(Array.from({ length: 60 }, () => dial(connection, { limits })));
    // With all sixty at once sshd would refuse thirty and more of them.
    expect(limits.counts.retries).toBeLessThan(6);
    expect((log().match(/MaxStartups/g) ?? []).length).toBeLessThan(12);
    await Promise.all(sessions.map((session) => session.close()));
  });

  it('comes back to a server that closed before its first word, a few times', async () => {
    const { connection } = await startSshd();
    let connections = 0;
    const port = await startServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await expect(dial({ ...connection, port })).rejects.toMatchObject({ kind: 'unreachable', code: 'connection-failed', message: expect.stringContaining('closed the connection before the login') });
    expect(connections).toBe(6);
  });
});

describe.skipIf(skipSshd)(`a host that is not there yet${sshdSkipped}`, () => {
  it.each([
    ['ssh2', {}],
    ["the system's ssh", { onlySystemSsh: 'a reason' }],
  ])('is asked for as often as ConnectionAttempts says, over %s', async (_name, changes) => {
    const sshd = await startSshd();
    const wire = await startProxy(sshd.port);
    await wire.down();
    const limits = new DialLimits();
    const target = (connectionAttempts: number) => targetOf(sshd, { ...changes, port: wire.port, connectionAttempts, hostKey: { ...targetOf(sshd).hostKey, alias: `[127.0.0.1]:${sshd.port}` } });
    const dialer = new Dialer({ limits });
    await expect(dialer.dial(target(1))).rejects.toMatchObject({ code: 'connect-refused' });
    const sinceMs = performance.now();
    await expect(dialer.dial(target(3))).rejects.toMatchObject({ code: 'connect-refused' });
    // ssh(1) waits for a second before each further one.
    expect(performance.now() - sinceMs).toBeGreaterThanOrEqual(1_990);
    const waiting = dialer.dial(target(600));
    await wire.up();
    await (await waiting).close();
    expect(limits.counts.retries).toBe(0);
  });
});

describe('the measure', () => {
  it('repeats only what was refused before the login', async () => {
    const limits = new DialLimits();
    const failures = [new ConnectFailure('login', ''), new ConnectFailure('host-key', ''), new ConnectFailure('negotiation', ''), new ConnectFailure('other', ''), new Error('any')];
    for (const failure of failures) {
      let times = 0;
      const attempt = limits.attempt('sshd', true, undefined, async () => {
        times += 1;
        throw failure;
      });
      await expect(attempt).rejects.toBe(failure);
      expect(times).toBe(1);
    }
    expect(limits.counts.retries).toBe(0);
  });

  it('takes six at a time to one sshd, others at the same time, and ends its waiting when it is told to', async () => {
    const limits = new DialLimits();
    let atOnce = 0;
    let most = 0;
    const turn = async () => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
    };
    await Promise.all(Array.from({ length: 100 }, () => limits.attempt('one', true, undefined, turn)));
    expect(most).toBe(6);
    await Promise.all(Array.from({ length: 100 }, (_, index) => limits.attempt(`sshd ${index}`, true, undefined, turn)));
    expect(most).toBe(32);
    const interrupt = new AbortController();
    const waiting = limits.attempt('busy', true, interrupt.signal, async () => {
      interrupt.abort();
      throw new ConnectFailure('busy', '', undefined, true);
    });
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });
});
