// exec against a real sshd: what is shown, what is kept, how it ends, and that nothing is left on the host.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ACCOUNT, accountSkipped, OTHER_ACCOUNT, skipAccount, skipSshd, sshdSkipped } from '../hosts/sshd.js';
import { sends, startExecFleet } from './exec-fleet.js';
import { newPerson } from './person.js';
import { exec } from '../../src/commands/exec.js';
import { failedHosts } from '../../src/commands/rerun-failed.js';

// Many connections each, on machines that may have much else to do.
vi.setConfig({ testTimeout: 180_000 });

const WEB = ['web01', 'web02', 'web03', 'web04'];

describe.skipIf(skipSshd)(`exec on a real sshd${sshdSkipped}`, () => {
  it('shows equal output once, the largest group first, with folded host sets', async () => {
    const fleet = await startExecFleet(WEB);
    // All four are this machine, so what differs comes from the number of the connection.
    const { status, stdout, stderr } = await fleet.exec(['printf "one\\ntwo\\n"']);
    expect(stdout).toBe('---------------\nweb[01-04] (4)\n---------------\none\ntwo\n');
    expect(stderr).toMatch(/^4 hosts: 4 ok in \d+\.\d s\n$/);
    expect(status).toBe(0);
  });

  it('-e goes over the inventory, and a later one over an earlier one', async () => {
    const fleet = await startExecFleet(['web01']);
    const { port } = fleet.sshd.connection;
    expect((await fleet.exec(['true'], { extraVars: ['ansible_port=1'] })).status).toBe(4);
    expect((await fleet.exec(['true'], { extraVars: ['ansible_port=1', JSON.stringify({ ansible_port: '{{ which }}', which: port })] })).status).toBe(0);
    await expect(fleet.exec(['true'], { extraVars: ['ansible_port'] })).rejects.toMatchObject({ kind: 'input', code: 'extra-vars' });
  });

  it('tells stdout from stderr, and names what failed with status and last words', async () => {
    const fleet = await startExecFleet(WEB);
    const { status, stdout, stderr, person } = await fleet.exec(['echo out; echo "it went wrong" >&2; exit 7'], { limit: 'web01,web02' });
    expect(stdout).toBe('---------------\nweb[01-02] (2)\n---------------\nout\n');
    expect(stderr).toMatch(/^-+\nweb\[01-02\] \(2\) stderr\n-+\nit went wrong\nweb\[01-02\]: exit status 7\n {2}it went wrong\n2 hosts: 0 ok, 2 failed in /);
    expect(status).toBe(2);
    // What is left of the run, and the next run goes on from it.
    const [name = ''] = readdirSync(person.context.stateDirectory);
    const run = join(person.context.stateDirectory, name);
    expect(statSync(run).mode & 0o777).toBe(0o700);
    expect(statSync(join(run, 'failures.json')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(run, 'hosts', 'web01.err'), 'utf8')).toBe('it went wrong\n');
    expect(JSON.parse(readFileSync(join(run, 'run.json'), 'utf8'))).toMatchObject({ exitStatus: 2, hosts: 2, failed: 2 });
    const again = await fleet.exec(['true'], { rerunFailed: run });
    expect(again.stderr).toMatch(/^2 hosts: 2 ok/);
    const last = await fleet.exec(['true'], { rerunFailed: 'last' }, { stateDirectory: person.context.stateDirectory });
    expect(last.stderr).toMatch(/^2 hosts: 2 ok/);
    await expect(fleet.exec(['true'], { rerunFailed: 'last' }, { stateDirectory: person.context.stateDirectory })).rejects.toMatchObject({ code: 'no-hosts' });
  });

  it('sends several words exactly as typed, and one word as a line for sh', async () => {
    const fleet = await startExecFleet(['web01']);
    const words = ["it's", '$(id)', 'a  b', '*', '-n', '\n', '\\', 'ü'];
    const several = await fleet.exec(['printf', '[%s]', ...words], { json: true });
    expect(JSON.parse(several.stdout).hosts[0].stdout).toBe(words.map((word) => `[${word}]`).join(''));
    const one = await fleet.exec(['x=$((6*7)); echo "$x" | tr 4 5'], { json: true });
    expect(JSON.parse(one.stdout).hosts[0]).toMatchObject({ host: 'web01', state: 'ok', status: 0, stdout: '52\n', stderr: '' });
    const joined = await fleet.exec(['echo', '$((6*7))'], { json: true, shell: true });
    expect(JSON.parse(joined.stdout).hosts[0].stdout).toBe('42\n');
  });

  it('keeps bytes exact where a program reads, and terminals safe', async () => {
    const fleet = await startExecFleet(['web01']);
    const folder = mkdtempSync(join(tmpdir(), 'fleet-tap-out-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const { stdout } = await fleet.exec(['cat'], { json: true, output: folder }, { openStdin: sends(bytes) });
    expect(Buffer.from(JSON.parse(stdout).hosts[0].stdout_base64, 'base64')).toEqual(bytes);
    expect(readFileSync(join(folder, 'web01'))).toEqual(bytes);
    for (const stream of [false, true]) {
      const shown = await fleet.exec(["printf '\\033]0;gotcha\\007x\\r\\n'; printf '\\033[2J' >&2"], { stream });
      expect(shown.stdout + shown.stderr).not.toMatch(/[\u001b\r\u0007]/);
      expect(shown.stdout).toContain('\\x1b]0;gotcha\\x07x\\x0d\n');
    }
  });

  it('sends standard input whole to each host, also to those that start late', async () => {
    const fleet = await startExecFleet(WEB);
    const piece = Buffer.alloc(300_000, 'abcdefg\n');
    const { stdout } = await fleet.exec(['cksum'], { forks: 1 }, { openStdin: sends(piece, piece, 'end') });
    const expected = execFileSync('cksum', { input: Buffer.concat([piece, piece, Buffer.from('end')]), encoding: 'utf8' });
    expect(stdout).toContain(`web[01-04] (4)\n---------------\n${expected}`);
    const none = await fleet.exec(['cat; echo over'], { stdin: false }, { openStdin: sends('unread') });
    expect(none.stdout).toContain('(4)\n---------------\nover\n');
  });

  it('does not wait for an input that nobody reads and nobody ends', async () => {
    const fleet = await startExecFleet(['web01']);
    const endless = spawn('tail', ['-f', '/dev/null'], { stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void endless.kill());
    const { status } = await fleet.exec(['echo hello'], {}, { openStdin: () => endless.stdout });
    expect(status).toBe(0);
    expect(endless.stdout.destroyed).toBe(true);
  });

  it('--stream shows each line behind its host, whole, as it comes', async () => {
    const fleet = await startExecFleet(['web01', 'db1']);
    const { stdout, stderr, status } = await fleet.exec(['for i in 1 2 3; do echo "line $i"; done; printf rest; echo oops >&2'], { stream: true });
    expect(stdout.split('\n').filter((line) => line.startsWith('web01: '))).toEqual(['web01: line 1', 'web01: line 2', 'web01: line 3', 'web01: rest']);
    expect(stderr).toContain('db1: oops\n');
    expect(status).toBe(0);
    const json = await fleet.exec(['echo one; exit 3'], { stream: true, json: true, limit: 'db1' });
    expect(json.stdout.trim().split('\n').map((line) => JSON.parse(line))).toMatchObject([{ host: 'db1', stream: 'stdout', line: 'one' }, { host: 'db1', state: 'failed', status: 3 }]);
  });

  it('is not fooled by what the start files print', async () => {
    const fleet = await startExecFleet(['web01'], { config: ['SetEnv HOME=/nonexistent BASH_ENV=/dev/null', 'ForceCommand echo "Welcome to web01"; echo "be careful" >&2; eval "$SSH_ORIGINAL_COMMAND"'] });
    const { stdout, stderr } = await fleet.exec(['echo hello']);
    expect(stdout).toBe('---------------\nweb01 (1)\n---------------\nhello\n');
    expect(stderr).toMatch(/^1 host: 1 ok/);
  });

  it('names a login that runs no command, and one that cannot be reached, and goes on with the others', async () => {
    const fleet = await startExecFleet(['web01'], { config: ['ForceCommand echo "This account is not available."; exit 1'] });
    const refused = await fleet.exec(['true']);
    expect(refused.stderr).toMatch(/^web01: the login ended with status 1 and gave no POSIX shell; it said: This account is not available\. \[no-shell\]\n {2}hint: /);
    expect(refused.status).toBe(2);
    const good = await startExecFleet(['web01']);
    writeFileSync(good.inventoryFile, `${readFileSync(good.inventoryFile, 'utf8')}    gone1: {ansible_port: 1}\n    gone2: {ansible_port: 1}\n`);
    const { stdout, stderr, status } = await good.exec(['echo here']);
    expect(stdout).toBe('---------------\nweb01 (1)\n---------------\nhere\n');
    expect(stderr).toMatch(/^gone\[1-2\]: nothing listens at 127\.0\.0\.1:1 \[connect-refused\]\n.*\n3 hosts: 1 ok, 2 unreachable in/);
    expect(status).toBe(4);
  });

  it.each([['plain', 'exec cat PIPE'], ['with children in a process group of their own', 'timeout 600 sh -c "trap : TERM; cat PIPE; cat PIPE" & cat PIPE'], ['stopped', 'kill -STOP $$; cat PIPE']])('Ctrl-C ends the processes on the host: %s', async (_name, command) => {
    const fleet = await startExecFleet(['web01', 'web02']);
    const pipe = (await fleet.sshd.waitingScript()).replace('exec cat ', '');
    const person = await newPerson();
    const idle = fleet.sshd.descendants().length;
    const options = { inventory: [fleet.inventoryFile], forks: 10, hostKeyChecking: 'yes', timeout: 120, pattern: 'all', words: [`echo started >&2; ${command.replaceAll('PIPE', pipe)}`], shell: false, stream: true, json: false, stdin: true } as const;
    const running = exec(options, person.context);
    await person.sees(/(web01: started\n(.*\n)*web02|web02: started\n(.*\n)*web01): started\n/);
    expect(fleet.sshd.descendants().length).toBeGreaterThan(idle);
    person.interrupt();
    expect(await running, person.stderr()).toBe(130);
    expect(person.stderr()).toMatch(/^web\[01-02\]: the command was interrupted, and its processes were ended there \[interrupted\]\n2 hosts: 0 ok, 2 interrupted in [\d.]+ s\nwhere it did not end: --rerun-failed .*-test-\w+\n/m);
    expect(await failedHosts('last', person.context.stateDirectory)).toEqual(new Set(['web01', 'web02']));
    expect(execFileSync('ps', ['-A', '-o', 'args='], { encoding: 'utf8' })).not.toContain(pipe);
  });

  it('a command that takes too long is ended on the host', async () => {
    const fleet = await startExecFleet(['web01']);
    const pipe = (await fleet.sshd.waitingScript()).replace('exec cat ', '');
    const { status, stdout, stderr } = await fleet.exec([`echo begun; cat ${pipe}`], { commandTimeout: 1 });
    expect(stderr).toMatch(/^web01: the command did not end within 1 s \[command-timeout\]\n {2}hint: /);
    expect(stdout).toContain('begun');
    expect(status).toBe(2);
    expect(execFileSync('ps', ['-A', '-o', 'args='], { encoding: 'utf8' })).not.toContain(pipe);
  });

  it('endless output is cut at the limit and ended on the host; the others are whole', async () => {
    const fleet = await startExecFleet(['web01', 'web02']);
    const marker = `endless-${process.pid}-${Date.now()}`;
    const { status, stderr } = await fleet.exec([`exec yes ${marker}`], { limit: 'web01' });
    expect(stderr).toMatch(/^web01: the output was larger than \d+ bytes \[output-limit\]\n {2}hint: --stream/m);
    expect(status).toBe(2);
    expect(execFileSync('ps', ['-A', '-o', 'args='], { encoding: 'utf8' })).not.toContain(marker);
  });
});

describe.skipIf(skipAccount)(`exec with become${accountSkipped}`, () => {
  it('-b runs as root; Ctrl-C ends it all the same', async () => {
    const fleet = await startExecFleet(['web01'], { account: { sudoers: '%u ALL=(ALL) NOPASSWD: ALL' } });
    expect((await fleet.exec(['id -un'])).stdout).toContain('fleettaptest\n');
    expect((await fleet.exec(['id -un'], { become: true })).stdout).toContain('(1)\n---------------\nroot\n');
    const pipe = (await fleet.sshd.waitingScript()).replace('exec cat ', '');
    const { status } = await fleet.exec([`cat ${pipe}`], { become: true, commandTimeout: 1 });
    expect(status).toBe(2);
    expect(execFileSync('ps', ['-A', '-o', 'args='], { encoding: 'utf8' })).not.toContain(pipe);
  });

  it('-K asks once for all hosts, and the password is in nothing that is left of the run', async () => {
    const fleet = await startExecFleet(['web01', 'web02'], { account: { sudoers: '%u ALL=(ALL) ALL' } });
    const questions: string[] = [];
    const askSecret = async (question: string) => {
      questions.push(question);
      return ACCOUNT.password;
    };
    const { stdout, status, stderr, person } = await fleet.exec(['id -un'], { become: true, askBecomePass: true }, { askSecret });
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('web[01-02] (2)\n---------------\nroot\n');
    expect(questions).toEqual(['BECOME password: ']);
    expect(() => execFileSync('grep', ['-r', ACCOUNT.password, person.context.stateDirectory])).toThrow();
    expect(readdirSync(person.context.stateDirectory)).toHaveLength(1);
    await expect(fleet.exec(['id'], { askBecomePass: true })).rejects.toMatchObject({ kind: 'input', code: 'no-terminal' });
  });

  it.each([
    ['su', 'root', OTHER_ACCOUNT.rootPassword, {}],
    ['sudo', OTHER_ACCOUNT.name, ACCOUNT.password, { sudoers: '%u ALL=(ALL) ALL' }],
  ])('--become-method %s --become-user %s', async (becomeMethod, becomeUser, password, account) => {
    const fleet = await startExecFleet(['web01'], { account });
    const { stdout, stderr } = await fleet.exec(['id -un'], { become: true, askBecomePass: true, becomeMethod, becomeUser }, { askSecret: async () => password });
    expect(stdout, stderr).toContain(`\n${becomeUser}\n`);
  });

  it('says that sudo refused, not that the command failed', async () => {
    const fleet = await startExecFleet(['web01'], { account: {} });
    const { stderr, status } = await fleet.exec(['id -un'], { become: true });
    expect(stderr).toMatch(/^web01: sudo .* \[become-[a-z-]+\]/);
    expect(status).toBe(2);
  });
});
