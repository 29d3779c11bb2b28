// A fleet on one loopback sshd, seen from outside the process that works: its memory, its open files; and a host that dies without a word.
import { execFile } from 'node:child_process';
import { appendFile, copyFile, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { dial } from '../../src/ssh/dial.js';
import { tooManyOpenFiles } from '../../src/ssh/open-files.js';
import { type Sshd, skipSshd, sshdSkipped, startSshd } from '../hosts/sshd.js';

const project = resolve(import.meta.dirname, '..', '..');

async function startMany(hosts: number): Promise<{ sshd: Sshd; inventory: string }> {
  const sshd = await startSshd({ config: ['MaxStartups 1000'] });
  const inventory = join(sshd.folder, 'inventory.yml');
  const names = Array.from({ length: hosts }, (_, index) => `    h${index}:\n`).join('');
  const vars = { ansible_host: '127.0.0.1', ansible_port: sshd.port, ansible_user: sshd.connection.user, ansible_ssh_private_key_file: join(sshd.folder, 'user_key'), ansible_ssh_common_args: `-o UserKnownHostsFile=${sshd.knownHostsFile}` };
  await writeFile(inventory, `all:\n  hosts:\n${names}  vars:\n${Object.entries(vars).map(([name, value]) => `    ${name}: ${value}\n`).join('')}`);
  return { sshd, inventory };
}

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
}

/** The program as JavaScript: what compiles the sources while they are loaded takes memory, too. */
async function builtIn(folder: string): Promise<string> {
  await symlink(join(project, 'node_modules'), join(folder, 'node_modules'));
  await copyFile(join(project, 'package.json'), join(folder, 'package.json'));
  const src = join(project, 'src');
  const sources = (await readdir(src, { recursive: true })).filter((file) => file.endsWith('.ts') && !file.startsWith(join('report', 'page', '/')));
  await build({ entryPoints: sources.map((file) => join(src, file)), outbase: src, outdir: join(folder, 'dist'), format: 'esm', platform: 'node', logLevel: 'error' });
  return join(folder, 'dist', 'cli.js');
}

const SOURCES = ['--import', 'tsx', join(project, 'src', 'cli.ts')];

/** Runs it under sh, so that a limit can stand before it. */
function fleetTap(before: string, words: readonly string[], folder: string, program = SOURCES): Promise<Ended> {
  const command = [process.execPath, ...program, ...words];
  return promisify(execFile)('sh', ['-c', `${before} exec "$@"`, 'sh', ...command], { cwd: project, env: { ...process.env, HOME: folder, SSH_AUTH_SOCK: '' }, maxBuffer: 2 ** 26 }).catch((error: Ended) => error);
}

describe.skipIf(skipSshd)(`a fleet${sshdSkipped}`, () => {
  /** @returns what it printed, and the most memory that it took, KiB */
  async function withMemory(words: readonly string[], folder: string, before = ''): Promise<Ended & { readonly kib: number }> {
    const probe = join(folder, 'probe.mjs');
    const said = join(folder, 'memory');
    await writeFile(probe, `import { appendFileSync } from 'node:fs';\nprocess.on('exit', () => appendFileSync(${JSON.stringify(said)}, process.resourceUsage().maxRSS + '\\n'));\n`);
    const ended = await fleetTap(`NODE_OPTIONS="--import ${probe}"; export NODE_OPTIONS; ${before}`, words, folder, [await builtIn(folder)]);
    const [kib = 0] = (await readFile(said, 'utf8')).trim().split('\n').map(Number).sort((first, second) => second - first);
    expect(kib).toBeGreaterThan(0);
    return { ...ended, kib };
  }

  it('of 200 hosts takes less than 256 MB, and all are reached', async () => {
    const { sshd, inventory } = await startMany(200);
    const { stdout, kib } = await withMemory(['exec', '-i', inventory, 'all', '--', 'echo there'], sshd.folder);
    expect(stdout).toContain('there');
    expect(sshd.log().match(/Accepted publickey/g)).toHaveLength(200);
    expect(kib).toBeLessThan(256 * 1024);
  });

  it.each([['text', []], ['JSON', ['--json']]])('of 30 hosts whose outputs are too large to be kept takes less than 256 MB, as %s', async (_form, form) => {
    const { sshd, inventory } = await startMany(30);
    // With the connection's port: no two are equal.
    const { stderr, kib } = await withMemory(['exec', '-i', inventory, 'all', ...form, '--', 'echo $SSH_CONNECTION; yes | head -c 4000000'], sshd.folder, 'exec >/dev/null;');
    expect(stderr).toContain("the hosts' outputs were together larger than");
    expect(kib).toBeLessThan(256 * 1024);
  });

  it('whose logins flood before they give a shell takes less than 256 MB', async () => {
    const { sshd, inventory } = await startMany(60);
    const flood = join(sshd.folder, 'flood');
    await writeFile(flood, '#!/bin/sh\nexec yes\n', { mode: 0o755 });
    await writeFile(join(sshd.folder, 'sshd_config'), `ForceCommand ${flood}\n${await readFile(join(sshd.folder, 'sshd_config'), 'utf8')}`);
    sshd.kill();
    await sshd.restart();
    const { stderr, kib } = await withMemory(['exec', '-i', inventory, 'all', '--', 'true'], sshd.folder);
    expect(stderr).toContain('h[0-59]: the login said more than 1048576 bytes before it gave a shell');
    expect(kib).toBeLessThan(256 * 1024);
  });

  it('that needs more open files than there may be is told both limits and what helps', async () => {
    const { sshd, inventory } = await startMany(120);
    const { stdout, stderr } = await fleetTap('ulimit -Sn 80; ulimit -Hn 90;', ['doctor', '-i', inventory], sshd.folder);
    // Node raises its own soft limit to the hard one.
    expect(stdout + stderr).toMatch(/too many open files: the soft limit is 90, the hard limit 90 \[too-many-open-files\]\n {2}hint: as root: ulimit -Hn 65536/);
    expect(stdout + stderr).not.toMatch(/^\s+at /m);
  });

  it('has a host that dies without a word: found when three times 5 s have passed since its last answer, also while it streams', async () => {
    // ssh2 asks by such a timer; nothing else here has one.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const sshd = await startSshd();
    const session = await dial(sshd.connection);
    onTestFinished(() => session.close());
    const stream = await session.stream('while :; do echo tick; sleep 0.2; done');
    let silentFor = 0;
    const heard = new Promise<void>((done) => {
      stream.onStdout(() => {
        silentFor = 0;
        done();
      });
    });
    await heard;
    let isLost = false;
    stream.onEnd((status) => {
      isLost = status === null;
    });
    sshd.freeze();
    while (!isLost && silentFor < 10) {
      silentFor += 1;
      vi.advanceTimersByTime(5_000);
      // What the host had sent before is read here, and begins the count anew.
      for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setImmediate(done));
    }
    expect(silentFor).toBe(3);
    await expect(session.run('true')).rejects.toMatchObject({ code: 'connection-lost', message: expect.stringContaining('Keepalive') });
  }, 90_000);

  it('with one host changing keys all the time gives every byte: 200 MB through RekeyLimit 1M', async () => {
    const sshd = await startSshd({ config: ['RekeyLimit 1M'] });
    const session = await dial(sshd.connection);
    onTestFinished(() => session.close());
    const stream = await session.stream('exec head -c 200000000 /dev/zero');
    let bytes = 0;
    stream.onStdout((chunk) => {
      bytes += chunk.length;
    });
    expect(await new Promise((done) => stream.onEnd(done))).toBe(0);
    expect(bytes).toBe(200_000_000);
  }, 120_000);

  it('whose known host shows another key in mid-run is not spoken to again', async () => {
    const sshd = await startSshd();
    const session = await dial(sshd.connection);
    expect(await session.run('echo one')).toMatchObject({ stdout: 'one\n' });
    await session.close();
    const [name] = (await readFile(sshd.knownHostsFile, 'utf8')).split(' ');
    await writeFile(sshd.knownHostsFile, `${name} ${await readFile(join(sshd.folder, 'user_key.pub'), 'utf8')}`);
    await expect(dial(sshd.connection)).rejects.toMatchObject({ code: 'host-key-changed' });
    await appendFile(sshd.knownHostsFile, `${name} ssh-ed25519 ${sshd.hostKey.toString('base64')}\n`);
    await (await dial(sshd.connection)).close();
  });
});

it('names the limit that can be raised', () => {
  expect(tooManyOpenFiles({ soft: '256', hard: '4096' }).hint).toMatch(/^ulimit -n 4096,/);
  expect(tooManyOpenFiles({ soft: '256', hard: 'unlimited' }).hint).toMatch(/^ulimit -n 65536,/);
  expect(tooManyOpenFiles(undefined).sentence).toBe('too many open files');
});
