// The system's ssh behind our interface: that nothing of it is left behind, and that what it says is told apart.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Dialer } from '../../src/ssh/dialer.js';
import { skipSshd, sshdSkipped, startSshd } from '../hosts/sshd.js';
import { targetOf } from '../hosts/target.js';

const POST_QUANTUM = 'KexAlgorithms sntrup761x25519-sha512@openssh.com';
const project = resolve(import.meta.dirname, '..', '..');

/** Command lines of all processes that have this text in theirs. */
function processesNaming(text: string): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return words.includes(text) ? [words] : [];
    } catch {
      return []; // It has ended meanwhile.
    }
  });
}

describe.skipIf(skipSshd)(`the system's ssh${sshdSkipped}`, () => {
  it('ends with this program, also when that is killed', async () => {
    const sshd = await startSshd({ config: [POST_QUANTUM] });
    const inventory = join(sshd.folder, 'fleet.yml');
    const vars = { ansible_host: '127.0.0.1', ansible_port: sshd.port, ansible_user: sshd.connection.user, ansible_ssh_private_key_file: join(sshd.folder, 'user_key'), ansible_ssh_common_args: `-o UserKnownHostsFile=${sshd.knownHostsFile}` };
    await writeFile(inventory, JSON.stringify({ all: { hosts: { web1: vars } } }));
    const folders = () => readdirSync(sshd.folder).filter((name) => name.startsWith('fleet-tap-ssh-')).map((name) => join(sshd.folder, name));
    const words = ['--import', 'tsx', join(project, 'src', 'cli.ts'), 'exec', '--stream', '-i', inventory, 'all', '--', `echo there; ${await sshd.waitingScript()}`];
    const child = spawn(process.execPath, words, { cwd: project, env: { ...process.env, HOME: sshd.folder, TMPDIR: sshd.folder, SSH_AUTH_SOCK: '' }, stdio: ['ignore', 'pipe', 'pipe'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    await new Promise<void>((done) => child.stdout.on('data', (chunk: Buffer) => chunk.includes('there') && done()));
    expect(folders()).toHaveLength(1);
    const [folder = ''] = folders();
    expect(processesNaming(folder).join('\n')).toContain('ssh -M');
    child.kill('SIGKILL');
    await expect.poll(() => processesNaming(folder), { timeout: 30_000 }).toEqual([]);
    await expect.poll(folders, { timeout: 30_000 }).toEqual([]);
    await expect.poll(() => sshd.log(), { timeout: 30_000 }).toMatch(/Received disconnect|Connection (?:closed|reset)|Disconnected/);
  });

  it('that cannot get further than its jump host says what that one said', async () => {
    const bastion = await startSshd({ config: [POST_QUANTUM] });
    const last = await startSshd();
    const dialer = new Dialer();
    onTestFinished(() => dialer.close());
    const via = targetOf(bastion, { host: 'jump host bastion' });
    for (const changes of [{}, { onlySystemSsh: 'a reason' }]) {
      const sentence = '127.0.0.1:1 through jump host bastion: the jump host opened no way to it: nobody listens there, or it lets nobody through (AllowTcpForwarding, PermitOpen)';
      await expect(dialer.dial(targetOf(last, { ...changes, port: 1, via }))).rejects.toMatchObject({ code: 'connection-failed', message: sentence, place: { host: 'web1' } });
    }
    // It was not tried again and again, as one that is busy is.
    expect(bastion.log().match(/Accepted publickey/g)?.length).toBeLessThanOrEqual(2);
  });
});
