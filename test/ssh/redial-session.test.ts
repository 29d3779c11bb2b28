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

  it('for good is told with the reason, each time the same; and a closed session stays closed', async () => {
    const { sshd, wire, session, dials } = await open();
    const stream = await session.stream('cat');
    const ended = new Promise((resolve) => stream.onEnd(resolve));
    sshd.kill();
    wire.cut();
    await ended;
    for (const _ of [1, 2]) await expect(session.run('true')).rejects.toMatchObject({ kind: 'unreachable', code: expect.stringMatching(/^conn/) });
    expect(dials()).toBe(2);
    const other = await open();
    await other.session.close();
    await expect(other.session.run('true')).rejects.toMatchObject({ code: 'connection-lost' });
    expect(other.dials()).toBe(1);
  });
});
