// The long-lived shell, by way of a real sshd: outputs exact to the byte, scripts that do their worst, commands that are ended on the host, hosts that stall.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ShellSession } from '../../src/ssh/shell-session.js';
import { LocalTransport } from '../../src/ssh/local-transport.js';
import { type Sshd, skipAccount, skipSshd, sshdSkipped, startSshd } from '../hosts/sshd.js';
import { transportTo } from '../hosts/transport.js';

async function open(options: Parameters<typeof startSshd>[0] = {}): Promise<{ session: ShellSession; sshd: Sshd }> {
  const sshd = await startSshd(options);
  return { session: new ShellSession(await transportTo(sshd)), sshd };
}

/** Bytes that differ everywhere, the mark's letters and NUL among them. */
const pattern = (bytes: number) => Buffer.from(Uint8Array.from({ length: bytes }, (_, index) => (index * 31 + (index >> 8)) % 256));
/** Ended, but not yet fetched by init, is ended. */
function alive(pid: string): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid.trim()}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
/** Tells the long-lived shell by which the script runs. */
const WHO = "read -r stat < /proc/self/stat; echo \"$stat\" | sed 's/.*) . //; s/ .*//'";

/** PATH where `sh` is this shell, with the programs it comes with. */
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});
function pathWith(shell: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-tap-sh-'));
  folders.push(folder);
  if (shell !== 'busybox') {
    symlinkSync(execFileSync('sh', ['-c', `command -v ${shell}`], { encoding: 'utf8' }).trim(), join(folder, 'sh'));
    return `${folder}:${process.env.PATH}`;
  }
  for (const applet of execFileSync('busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n')) symlinkSync('/bin/busybox', join(folder, applet));
  return folder;
}
const shells = ['dash', 'bash', 'busybox'].filter((shell) => spawnSync(shell, ['true']).error === undefined);

describe.each(shells)('under %s', (shell) => {
  const open = () => new ShellSession(new LocalTransport('web1', { shell: [join(pathWith(shell).split(':')[0] ?? '', 'sh'), '-c'], env: { ...process.env, PATH: pathWith(shell), LC_ALL: 'C.UTF-8' } }));

  it('runs a script as a shell of its own would, whatever the one before it did', async () => {
    const session = open();
    const before = await session.run('pwd; umask; trap; set | grep -c "^ft_[a-z]=" ; env | sort');
    for (const script of ['cd /', 'umask 0', 'trap "echo x" EXIT', 'exit 5', 'exec true', 'exec >&- 2>&- <&-', 'unset PATH HOME; export LC_ALL=x FOO=bar', 'set -eu; false', 'exit() { :; }; printf() { :; }', 'while :; do break; done', 'return 3', 'read line', 'kill -9 $$', 'kill -TERM 0', 'echo "${', ') syntax', 'ft_go() { :; }; ft_k=x', 'exec 3>&1 4>&1', 'ulimit -n 20']) {
      await session.run(script);
      expect(await session.run('pwd; umask; trap; set | grep -c "^ft_[a-z]=" ; env | sort'), script).toEqual(before);
    }
    expect(before.stdout).toContain('LC_ALL=C.UTF-8\n');
    await session.close();
  });

  it.each([
    ['exit 7', 7], ['true', 0], ['kill -KILL $$', 137], ['kill -TERM $$', 143], ['no-such-program', 127], ['set -e; false; true', 1], ['exec sh -c "exit 9"', 9], ['(exit 4)', 4], ['sh -c \'kill -9 $PPID\'; true', 137],
    [`: ${'x'.repeat(100_000)}\nexit 6`, 6], ['', 0], ['\n', 0], ['# nothing', 0], ['echo "', 2],
  ])('gives the exit status of %j', async (script, status) => {
    const session = open();
    expect((await session.run('echo "$0 $#"')).stdout).toBe('sh 0\n');
    const result = await session.run(script);
    expect(result.status === status || (status === 2 && result.status > 0)).toBe(true);
    expect((await session.run('echo on')).stdout).toBe('on\n');
    await session.close();
  });

  it('is not disturbed by a process that stays behind and writes on', async () => {
    const session = open();
    const [started, ...later] = [await session.run('(sleep 0.2; echo late; echo late >&2; sleep 0.2; echo later) & echo now'), await session.run('echo a; sleep 0.5; echo b'), await session.run('echo c')];
    expect(started).toEqual({ status: 0, stdout: 'now\n', stderr: '' });
    expect(later).toEqual([{ status: 0, stdout: 'a\nb\n', stderr: '' }, { status: 0, stdout: 'c\n', stderr: '' }]);
    // One that holds no output is no reason to give the shell up.
    const pid = async () => (await session.run(WHO)).stdout;
    const first = await pid();
    await session.run('(exec </dev/null >/dev/null 2>&1; sleep 0.2) & until [ /proc/$!/fd/2 -ef /dev/null ]; do :; done');
    expect(await pid()).toBe(first);
    await session.close();
  });

  it('looks for nobody who stayed behind where there can be none, unless the script was killed', async () => {
    const session = open();
    const pid = async () => (await session.run(WHO)).stdout;
    const first = await pid();
    expect(await session.run('sleep 5 & echo now', { leavesNothing: true })).toEqual({ status: 0, stdout: 'now\n', stderr: '' });
    expect(await pid()).toBe(first);
    expect((await session.run('sleep 5 & kill -9 $$', { leavesNothing: true })).status).toBe(137);
    expect(await pid()).not.toBe(first);
    await session.close();
  });

  it('gives the exit status, and sees who stayed behind, after thousands of processes too', async () => {
    const session = open();
    const many = 'i=0; while [ $i -lt 4100 ]; do ( : ); i=$((i + 1)); done';
    expect(await session.run(`${many}; echo out; exit 7`)).toEqual({ status: 7, stdout: 'out\n', stderr: '' });
    expect((await session.run(`(sleep 0.5; echo late) & ${many}; exit 8`)).status).toBe(8);
    expect(await session.run('sleep 1; echo on')).toEqual({ status: 0, stdout: 'on\n', stderr: '' });
    await session.close();
  }, 60_000);

  it('ends a command that takes too long, with its children, deaf ones too; the shell goes on', async () => {
    const session = open();
    const pid = async () => (await session.run(WHO)).stdout;
    const first = await pid();
    let pids = '';
    const script = 'trap "" TERM; sleep 600 & echo $!; (trap "" TERM; exec sleep 600) & echo $!; wait; sleep 600';
    await expect(session.run(script, { timeoutMs: 5_000, onStdout: (chunk) => {
      pids += chunk.toString();
    } })).rejects.toMatchObject({ kind: 'host', code: 'command-timeout' });
    expect(pids.trim().split('\n').length).toBe(2);
    expect(pids.trim().split('\n').filter(alive)).toEqual([]);
    expect(await pid()).toBe(first);
    await session.close();
  });
});

describe.skipIf(skipSshd)(`a framed shell behind a real sshd${sshdSkipped}`, () => {
  it.each([0, 1, 65_535, 65_536, 65_537, 8 * 2 ** 20])('gives %i bytes of each output as they were, both at once', async (size) => {
    const { session, sshd } = await open();
    const bytes = pattern(size);
    await writeFile(join(sshd.folder, 'bytes'), bytes);
    const parts: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
    const script = `cat ${join(sshd.folder, 'bytes')} >&2 & cat ${join(sshd.folder, 'bytes')}; wait`;
    for (const round of [1, 2]) {
      parts.stdout = [];
      parts.stderr = [];
      const result = await session.run(script, { onStdout: (chunk) => void parts.stdout.push(chunk), onStderr: (chunk) => void parts.stderr.push(chunk) });
      expect(result, String(round)).toEqual({ status: 0, stdout: '', stderr: '' });
      expect(Buffer.concat(parts.stdout).equals(bytes)).toBe(true);
      expect(Buffer.concat(parts.stderr).equals(bytes)).toBe(true);
    }
    const limitBytes = Math.max(1, size);
    expect((await session.run(script, { limitBytes })).status).toBe(0);
    if (size > 1) await expect(session.run(script, { limitBytes: size - 1 })).rejects.toMatchObject({ code: 'output-limit' });
    expect((await session.run('echo on')).stdout).toBe('on\n');
  });

  it('passes output on as it comes, not when it is over', async () => {
    const { session, sshd } = await open();
    const waiting = await sshd.waitingScript();
    const cancel = new AbortController();
    let said = '';
    const first = new Promise<void>((resolve) => {
      void session.run(`echo first; ${waiting}`, { signal: cancel.signal, onStdout: (chunk) => {
        said += chunk.toString();
        resolve();
      } }).catch(() => {});
    });
    await first;
    expect(said).toBe('first\n');
    cancel.abort();
  });

  it('takes 64 MiB of input, and does not wait for a script that reads none of it', async () => {
    const { session } = await open();
    const input = Buffer.alloc(64 * 2 ** 20, 'abcdefg\0');
    expect((await session.run('sha256sum | cut -c1-64', { input })).stdout).toBe(`${createHash('sha256').update(input).digest('hex')}\n`);
    for (const some of [input, input.subarray(0, 4_000)]) expect(await session.run('head -c 5; exit 3', { input: some })).toEqual({ status: 3, stdout: 'abcde', stderr: '' });
  });

  it.skipIf(skipAccount)('needs no file on the host: everything works where nothing can be written', async () => {
    const { session } = await open({ config: ['ForceCommand exec unshare -m sh -c \'for d in /tmp /run /var/tmp /dev/shm; do mount -t tmpfs -o ro none $d; done; eval "$SSH_ORIGINAL_COMMAND"\''] });
    expect((await session.run('touch /tmp/y || touch /var/tmp/y')).status).toBe(1);
    for (const script of ['cat; echo err >&2', `: $$ ${'x'.repeat(100_000)}\ncat; echo err >&2`]) {
      for (const input of ['some', 'x'.repeat(100_000)]) expect(await session.run(script, { input })).toEqual({ status: 0, stdout: input, stderr: 'err\n' });
    }
    await expect(session.run('sleep 600', { timeoutMs: 300 })).rejects.toMatchObject({ code: 'command-timeout' });
  });

  it('leaves short commands unhindered by long ones, and queues what is more', async () => {
    const { session, sshd } = await open();
    const waiting = await sshd.waitingScript();
    const cancel = new AbortController();
    const long = [1, 2, 3].map(() => session.run(waiting, { signal: cancel.signal }).catch((error: { code: string }) => error.code));
    const short = await Promise.all(Array.from({ length: 20 }, (_, index) => session.run(`echo ${index}`)));
    expect(short.map((result) => result.stdout)).toEqual(Array.from({ length: 20 }, (_, index) => `${index}\n`));
    cancel.abort();
    expect(await Promise.all(long)).toEqual(['command-ended', 'command-ended', 'command-ended']);
  });

  it.each([1, 2, 3])('makes do with MaxSessions %i', async (sessions) => {
    const { session } = await open({ config: [`MaxSessions ${sessions}`] });
    const results = await Promise.all(Array.from({ length: 12 }, (_, index) => session.run(`echo ${index}; cat`, { become: index % 3 === 0, input: 'x'.repeat(index * 1_000) })));
    expect(results.map((result) => result.stdout)).toEqual(Array.from({ length: 12 }, (_, index) => `${index}\n${'x'.repeat(index * 1_000)}`));
  });

  it.each(['signal', 'limit', 'signal before', 'long input'] as const)('ends a command on the host: %s', async (how) => {
    const { session, sshd } = await open();
    await session.run('true');
    const waiting = (await sshd.waitingScript()).replace('exec ', '');
    const cancel = new AbortController();
    let pid = '';
    const script = `sh -c 'echo $$; ${waiting}' & ${how === 'limit' ? 'sleep 0.2; yes' : waiting}`;
    if (how === 'signal before') cancel.abort();
    const options = { signal: cancel.signal, ...(how === 'limit' ? { limitBytes: 1_000_000 } : {}), ...(how === 'long input' ? { input: Buffer.alloc(10_000) } : {}) };
    const onStdout = (chunk: Buffer) => {
      if (pid === '') pid = chunk.toString().split('\n')[0] ?? '';
      if (how === 'signal' || how === 'long input') cancel.abort();
    };
    await expect(session.run(script, { ...options, onStdout })).rejects.toMatchObject({ kind: 'host', code: how === 'limit' ? 'output-limit' : 'command-ended' });
    if (how !== 'signal before') {
      expect(pid).toMatch(/^\d+$/);
      expect(alive(pid)).toBe(false);
    }
    expect((await session.run('echo on')).stdout).toBe('on\n');
  });

  it('runs commands on other hosts while one stalls, and says soon what is wrong with it', async () => {
    const stalled = await open();
    await stalled.session.run('true');
    stalled.sshd.freeze();
    const waiting = stalled.session.run('echo never', { timeoutMs: 500 }).catch((error: { code: string }) => error.code);
    const { session } = await open();
    for (let index = 0; index < 20; index += 1) expect((await session.run(`echo ${index}`)).stdout).toBe(`${index}\n`);
    expect(await waiting).toBe('command-timeout');
  }, 40_000);

  it('answers in one round trip', async () => {
    const { session, sshd } = await open();
    await session.run('true');
    const before = sshd.descendants().length;
    for (let index = 0; index < 50; index += 1) await session.run(`echo ${index} '${randomBytes(20).toString('hex')}'`);
    // No channel, and no process, for any of them.
    expect(sshd.descendants().length).toBe(before);
  });
});

describe.skipIf(skipSshd)(`login shells${sshdSkipped}`, () => {
  it('says what a login without a shell says', async () => {
    const { session } = await open({ config: ['ForceCommand /usr/sbin/nologin'] });
    await expect(session.run('echo never')).rejects.toMatchObject({ kind: 'host', code: 'no-shell', message: expect.stringContaining('This account is currently not available.') });
    await expect(session.stream('echo never')).rejects.toMatchObject({ kind: 'host', code: 'no-shell' });
  });

  it('is not misled by what start files print, on both outputs', async () => {
    const { session } = await open({ config: ['ForceCommand echo welcome; echo "0123 1" ; head -c 100000 /dev/zero; echo warning >&2; eval "$SSH_ORIGINAL_COMMAND"'] });
    expect(await session.run('echo out; echo err >&2')).toEqual({ status: 0, stdout: 'out\n', stderr: 'err\n' });
    const stream = await session.stream('echo out; echo err >&2');
    let output = '';
    const take = (chunk: Buffer) => {
      output += chunk.toString();
    };
    stream.onStdout(take);
    stream.onStderr(take);
    await new Promise((resolve) => stream.onEnd(resolve));
    expect([...output].sort().join('')).toBe([...'out\nerr\n'].sort().join(''));
  });
});

