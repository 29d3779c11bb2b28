// A connection that drops: made again where nothing can happen twice, told where it could.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dial } from '../../src/ssh/dial.js';
import { RedialSession } from '../../src/ssh/redial-session.js';
import { startProxy } from '../hosts/proxy.js';
import { skipSshd, sshdSkipped, startSshd } from '../hosts/sshd.js';

async function open() {
  const sshd = await startSshd();
  const wire = await startProxy(sshd.port);
  const lines: string[] = [];
  let dials = 0;
  const session = await RedialSession.open(
    () => {
      dials += 1;
      return dial({ ...sshd.connection, port: wire.port, sshArgsBefore: [{ keyword: 'HostKeyAlias', value: `[127.0.0.1]:${sshd.port}`, from: 'the test' }] });
    },
    (line) => lines.push(line),
  );
  onTestFinished(() => session.close());
  return { sshd, wire, session, lines, dials: () => dials };
}

describe.skipIf(skipSshd)(`a connection that drops${sshdSkipped}`, () => {
  it('between two commands is made again, once for all that wait', async () => {
    const { wire, session, lines, dials } = await open();
    expect(await session.run('echo one')).toMatchObject({ stdout: 'one\n' });
    const stream = await session.stream('cat');
    const ended = new Promise((resolve) => stream.onEnd(resolve));
    wire.cut();
    expect(await ended).toBe(null);
    const results = await Promise.all([1, 2, 3].map((number) => session.run(`echo ${number}`)));
    expect(results.map(({ stdout }) => stdout)).toEqual(['1\n', '2\n', '3\n']);
    expect(dials()).toBe(2);
    expect(lines).toEqual(['web1: the connection was lost, and made again']);
  });

  it('under a command is told: it is not run twice; one that may be repeated is', async () => {
    const { sshd, wire, session } = await open();
    const file = join(sshd.folder, 'runs');
    const script = `echo run >> ${file}; if [ $(wc -l < ${file}) -eq 1 ]; then ${await sshd.waitingScript()}; fi; echo done`;
    const began = () => expect.poll(() => readFile(file, 'utf8').catch(() => ''), { timeout: 30_000 }).toContain('run');
    const once = session.run(script);
    const outcome = expect(once).rejects.toMatchObject({ kind: 'unreachable', code: 'connection-lost', hint: expect.stringContaining('may have run') });
    await began();
    wire.cut();
    await outcome;
    expect(await readFile(file, 'utf8')).toBe('run\n');
    await session.run(`: > ${file}`);
    const repeated = session.run(script, { idempotent: true });
    await began();
    wire.cut();
    expect(await repeated).toMatchObject({ status: 0, stdout: 'done\n' });
    expect(await readFile(file, 'utf8')).toBe('run\nrun\n');
  });

  it('under nothing at all is made again: what was not sent is sent, also by a channel that was being opened', async () => {
    const { sshd, wire, session, dials } = await open();
    const file = join(sshd.folder, 'runs');
    // sshd stops: the channel is asked for and never opened.
    sshd.freeze();
    const waiting = session.run(`echo run >> ${file}; echo done`);
    wire.cut();
    expect(await waiting).toMatchObject({ stdout: 'done\n' });
    expect(await readFile(file, 'utf8')).toBe('run\n');
    expect(dials()).toBe(2);
  });

  it('and cannot be made again is told to all who wait; who asks later dials again, and reaches a host that is back', async () => {
    const { wire, session, lines, dials } = await open();
    const stream = await session.stream('cat');
    const ended = new Promise((resolve) => stream.onEnd(resolve));
    await wire.down();
    await ended;
    const refused = { kind: 'unreachable', code: 'connect-refused' };
    await Promise.all([1, 2, 3].map(() => expect(session.run('true')).rejects.toMatchObject(refused)));
    expect(dials()).toBe(2);
    await expect(session.run('true')).rejects.toMatchObject(refused);
    expect(dials()).toBe(3);
    await wire.up();
    expect(await session.run('echo back')).toMatchObject({ stdout: 'back\n' });
    expect(dials()).toBe(4);
    expect(lines).toEqual(['web1: the connection was lost, and made again']);
  });

  it('waits before it dials a host again that was not there, longer each time; closing it ends that', async () => {
    const { wire, session, dials } = await open();
    const stream = await session.stream('cat');
    const ended = new Promise((resolve) => stream.onEnd(resolve));
    await wire.down();
    await ended;
    const takenMs: number[] = [];
    for (let time = 0; time < 3; time += 1) {
      const sinceMs = performance.now();
      await session.run('true').catch(() => {});
      takenMs.push(performance.now() - sinceMs);
    }
    // At once, after 0.5 to 1 s, after 1 to 2 s.
    expect(takenMs[1]).toBeGreaterThanOrEqual(490);
    expect(takenMs[2]).toBeGreaterThanOrEqual(990);
    const waiting = expect(session.run('true')).rejects.toMatchObject({ code: 'connection-lost' });
    await session.close();
    await waiting;
    expect(dials()).toBe(4);
  });

  it('stays closed when it was closed', async () => {
    const { session, dials } = await open();
    await session.close();
    await expect(session.run('true')).rejects.toMatchObject({ code: 'connection-lost' });
    expect(dials()).toBe(1);
  });
});
