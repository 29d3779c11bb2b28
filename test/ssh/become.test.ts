// Becoming another user with the host's real sudo, doas and su, as a user that exists in a mount namespace only.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openScript } from '../../src/ssh/open-script.js';
import type { Session } from '../../src/ssh/session.js';
import { ShellSession } from '../../src/ssh/shell-session.js';
import type { Become } from '../../src/inventory/become.js';
import { connectionOf } from '../../src/inventory/connection.js';
import type { Transport } from '../../src/ssh/transport.js';
import { ACCOUNT, accountSkipped, OTHER_ACCOUNT, type Sshd, type SshdOptions, skipAccount, startSshd } from '../hosts/sshd.js';
import { filesWith, processesWith } from '../hosts/secret.js';
import { transportTo } from '../hosts/transport.js';

async function open(account: SshdOptions['account'], become: Partial<Become>, others: SshdOptions = {}): Promise<{ session: Session; sshd: Sshd; transport: Transport }> {
  const sshd = await startSshd({ ...others, account: account ?? {} });
  const transport = await transportTo(sshd);
  const session = new ShellSession(transport, { always: false, method: 'sudo', user: 'root', ...become });
  return { session, sshd, transport };
}

const ALL = '%u ALL=(ALL:ALL) ALL';
const { password } = ACCOUNT;

describe.skipIf(skipAccount)(`becoming another user${accountSkipped}`, () => {
  it.each<[string, SshdOptions['account'], Partial<Become>]>([
    ['sudo with a password', { sudoers: ALL }, { password }],
    ['sudo with a password that it does not ask for', { sudoers: '%u ALL=(ALL:ALL) NOPASSWD: ALL' }, { password }],
    ['sudo that wants a terminal', { sudoers: `Defaults:%u requiretty\n%u ALL=(ALL:ALL) NOPASSWD: ALL` }, {}],
    ['sudo that wants a terminal and a password', { sudoers: `Defaults:%u requiretty\n${ALL}` }, { password }],
    ['sudo by its path, with flags', { sudoers: ALL }, { password, exe: '/usr/bin/sudo', flags: ['-H', '-S', '-n', '-E'] }],
    ['sudo that runs everything on a terminal of its own', { sudoers: `Defaults:%u use_pty, requiretty\n${ALL}` }, { password }],
    ['sudo from a csh-like login', { sudoers: ALL, shell: '/bin/bash' }, { password }],
    ["sudo with the other user's login shell", { sudoers: ALL }, { password, flags: ['-i'] }],
    ['sudo with its login shell, and a terminal', { sudoers: `Defaults:%u requiretty\n${ALL}` }, { password, flags: ['-H', '--login'] }],
    ['doas without a password', { doas: 'permit nopass %u' }, { method: 'doas' }],
    ['doas with a password', { doas: 'permit %u' }, { method: 'doas', password }],
    ['doas with a password that it does not ask for', { doas: 'permit nopass %u' }, { method: 'doas', password }],
    ['su', {}, { method: 'su', password: OTHER_ACCOUNT.rootPassword }],
    ['su with a login', {}, { method: 'su', password: OTHER_ACCOUNT.rootPassword, flags: ['-'] }],
    ['su by its path, with a login and a shell', {}, { method: 'su', password: OTHER_ACCOUNT.rootPassword, exe: '/usr/bin/su', flags: ['-l', '-s', '/bin/bash'] }],
  ])('%s: root, input, both outputs, status, connection, environment, files and a stream', async (_name, account, become) => {
    const { session, sshd } = await open(account, become);
    const bytes = Buffer.from(Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7 + (index >> 8)) % 256));
    expect(await session.run('id -un; echo "err\r" >&2; cat; exit 3', { become: true, input: 'a\0b\u0004\u0003\r\n' })).toEqual({ status: 3, stdout: 'root\na\0b\u0004\u0003\r\n', stderr: 'err\r\n' });
    expect((await session.run('echo "$SSH_CONNECTION"', { become: true })).stdout).toMatch(new RegExp(`^127.0.0.1 \\d+ 127.0.0.1 ${sshd.port}\\n$`));
    const path = join(sshd.folder, 'of root');
    await session.writeFile(path, bytes, { mode: 0o600, become: true });
    expect((await session.readFile(path, { become: true })).equals(bytes)).toBe(true);
    expect((await session.run('env', { become: true })).stdout).not.toMatch(/^(r|l|p|c|ft_\w+)=|correct horse|battery staple/m);
    expect((await session.run('id -un')).stdout).toBe(`${ACCOUNT.name}\n`);
    const stream = await session.stream('id -un; exec cat', { become: true });
    let output = '';
    stream.onStdout((chunk) => {
      output += chunk.toString();
    });
    void stream.write('more\n');
    stream.endInput();
    expect(await new Promise((resolve) => stream.onEnd(resolve))).toBe(0);
    expect(output).toBe('root\nmore\n');
  });

  it.each<[string, SshdOptions['account'], Partial<Become>]>([
    ['sudo', { sudoers: ALL }, { password }],
    ['doas', { doas: 'permit %u' }, { method: 'doas', password }],
    ['su as nobody in particular', { sudoers: ALL }, { password, flags: [] }],
  ])('%s becomes another user than root', async (_name, account, become) => {
    const { session } = await open(account, { ...become, user: OTHER_ACCOUNT.name });
    expect(await session.run('id -un', { become: true })).toMatchObject({ status: 0, stdout: `${OTHER_ACCOUNT.name}\n` });
  });

  it.each<[string, SshdOptions['account'], Partial<Become>]>([
    ['sudo', { sudoers: ALL }, {}],
    ['sudo on a terminal', { sudoers: `Defaults:%u requiretty\n${ALL}` }, {}],
    ['doas', { doas: 'permit %u' }, { method: 'doas' }],
  ])('the password is in no process and no file on the host: %s', async (_name, account, become) => {
    const sinceMs = Date.now() - 1_000;
    const { session, sshd } = await open(account, { ...become, password });
    const stream = await session.stream('echo there; exec cat', { become: true });
    await new Promise<void>((resolve) => stream.onStdout(() => resolve()));
    const waiting = await sshd.waitingScript();
    const cancel = new AbortController();
    const running = ['', waiting].map((script) => session.run(`: $$\n${script}`, { become: true, signal: cancel.signal, input: 'input' }).catch((error: unknown) => error));
    await running[0];
    const pids = [...sshd.descendants(), process.pid];
    expect(pids.length).toBeGreaterThan(6);
    expect(processesWith(password, pids)).toEqual([]);
    // The search finds what is there.
    expect(processesWith('SSH_CONNECTION', pids)).not.toEqual([]);
    cancel.abort();
    await running[1];
    stream.endInput();
    // The test's own files hold its hash only.
    expect(filesWith(password, ['/tmp', '/run', '/var/tmp', '/var/log', sshd.folder], sinceMs)).toEqual([]);
    expect(sshd.log()).not.toContain(password);
  });

  it.each<[string, SshdOptions['account'], Partial<Become>, string]>([
    ['sudo: wrong password', { sudoers: ALL }, { password: 'wrong' }, 'become-password-wrong'],
    ['sudo: wrong password where it wants a terminal', { sudoers: `Defaults:%u requiretty\n${ALL}` }, { password: 'wrong' }, 'become-password-wrong'],
    ['sudo: no password here', { sudoers: ALL }, {}, 'become-password-needed'],
    ['sudo: not in sudoers', {}, { password }, 'become-not-allowed'],
    ['sudo: only something else is allowed', { sudoers: '%u ALL=(ALL:ALL) /bin/true' }, { password }, 'become-not-allowed'],
    ['sudo: nobody of that name', { sudoers: ALL }, { password, user: 'nobody-of-that-name' }, 'become-user-unknown'],
    ['sudo: not there', { sudoers: ALL }, { password, exe: 'no-such-sudo' }, 'become-missing'],
    ['sudo: not at that path', { sudoers: ALL }, { password, exe: '/no/such/sudo' }, 'become-missing'],
    ['doas: wrong password', { doas: 'permit %u' }, { method: 'doas', password: 'wrong' }, 'become-password-wrong'],
    ['doas: no password here', { doas: 'permit %u' }, { method: 'doas' }, 'become-password-needed'],
    ['doas: not allowed', { doas: 'permit nobody' }, { method: 'doas' }, 'become-not-allowed'],
    ['doas: not allowed, with a password', { doas: 'permit nobody' }, { method: 'doas', password }, 'become-not-allowed'],
    ['su: wrong password', {}, { method: 'su', password: 'wrong' }, 'become-password-wrong'],
    ['su: no password here', {}, { method: 'su' }, 'become-password-needed'],
    ['su: nobody of that name', {}, { method: 'su', password, user: 'nobody-of-that-name' }, 'become-user-unknown'],
  ])('%s', async (_name, account, become, code) => {
    const { session } = await open(account, become);
    const startedMs = performance.now();
    const error = await session.run('echo never', { become: true }).then(() => undefined, (thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'FleetTapError', kind: 'host', code, place: { host: 'web1' } });
    expect(JSON.stringify(error) + String(error)).not.toContain(password);
    if (code === 'become-password-wrong') expect(performance.now() - startedMs).toBeLessThan(15_000);
    // Each way is refused alike, and the connection is as good as before.
    await expect(session.stream('echo never', { become: true })).rejects.toMatchObject({ code });
    expect((await session.run('id -un')).stdout).toBe(`${ACCOUNT.name}\n`);
  });

  it.each<[string, SshdOptions['account'], Partial<Become>]>([
    ['sudo', { sudoers: ALL }, { password }],
    ['doas', { doas: 'permit %u' }, { method: 'doas', password }],
    ['su', {}, { method: 'su', password: OTHER_ACCOUNT.rootPassword }],
  ])('%s: a wrong password is known within 2 s where PAM does not sleep over it, and is one attempt', async (_name, account, become) => {
    const { session, transport, sshd } = await open({ ...account, noPamDelay: true }, become);
    let sinceMs = performance.now();
    expect((await session.run('id -un', { become: true })).stdout).toBe('root\n');
    const rightMs = performance.now() - sinceMs;
    const other = new ShellSession(transport, { always: false, method: 'sudo', user: 'root', ...become, password: 'wrong' });
    sinceMs = performance.now();
    await expect(other.run('echo never', { become: true })).rejects.toMatchObject({ code: 'become-password-wrong' });
    // Beyond what a right one takes on this machine.
    expect(performance.now() - sinceMs - rightMs).toBeLessThan(2_000);
    expect(sshd.log()).not.toContain('wrong');
  });

  it('does not take for output what doas still says on its terminal, however late that comes', async () => {
    const late = '#!/bin/bash\nset -o pipefail\n/usr/bin/script "$@" | { IFS= read -r -d : prompt; printf "%s: " "$prompt"; sleep 1; cat; }\n';
    const prepare = async (folder: string) => {
      mkdirSync(join(folder, 'bin'));
      writeFileSync(join(folder, 'bin/script'), late, { mode: 0o755 });
    };
    const { session, sshd } = await open({ doas: 'permit %u' }, { method: 'doas', password }, { prepare, config: ['SetEnv PATH=%f/bin:/usr/bin:/bin'] });
    expect((await session.run('command -v script')).stdout).toBe(`${sshd.folder}/bin/script\n`);
    expect(await session.run('echo err >&2; sleep 2; exit 3', { become: true })).toEqual({ status: 3, stdout: '', stderr: 'err\n' });
  });

  it('says that the account is over, when it is after the login', async () => {
    const { session, sshd } = await open({ sudoers: '%u ALL=(ALL:ALL) NOPASSWD: ALL' }, {});
    const shadow = join(sshd.folder, 'etc-shadow');
    const expired = readFileSync(shadow, 'utf8').replace(new RegExp(`^${ACCOUNT.name}:.*:7::`, 'm'), (line) => `${line}19500`);
    writeFileSync(shadow, expired);
    await expect(session.run('echo never', { become: true })).rejects.toMatchObject({ kind: 'host', code: 'become-account' });
  });

  it('waits for an answer, but not for ever', async () => {
    const { transport, sshd } = await open({}, {});
    const silent = join(sshd.folder, 'silent');
    writeFileSync(silent, `#!/bin/sh\n${await sshd.waitingScript()}\n`, { mode: 0o755 });
    const become: Become = { always: false, method: 'sudo', user: 'root', exe: silent };
    await expect(openScript(transport, 'echo never', become, { startLimitMs: 500 })).rejects.toMatchObject({ kind: 'host', code: 'become-timeout', message: `${silent} did not answer within 0.5 s` });
  });

  it('is the login itself where that is the user already: nothing is asked', async () => {
    const { session } = await open({}, { user: ACCOUNT.name, exe: '/no/such/sudo' });
    expect((await session.run('id -un', { become: true })).stdout).toBe(`${ACCOUNT.name}\n`);
  });

  it('tries a wrong password once, however many want to run something, and however often', async () => {
    const { transport, sshd } = await open({}, {});
    const tries = join(sshd.folder, 'tries');
    const exe = join(sshd.folder, 'strict-sudo');
    writeFileSync(tries, '');
    chmodSync(tries, 0o666);
    writeFileSync(exe, `#!/bin/sh\nwhile [ "$1" != -p ]; do shift; done\nfor i in 1 2 3; do printf %s "$2" >&2; read -r p || exit 1; echo "$p" >> ${tries}; sleep 0.1; echo "Sorry, try again." >&2; done\n`, { mode: 0o755 });
    const session = new ShellSession(transport, { always: false, method: 'sudo', user: 'root', exe, password: 'wrong' });
    const codes = await Promise.all(Array.from({ length: 6 }, () => session.run('echo never', { become: true }).catch((error: { code: string }) => error.code)));
    expect(new Set(codes)).toEqual(new Set(['become-password-wrong']));
    await expect(session.stream('echo never', { become: true })).rejects.toMatchObject({ code: 'become-password-wrong' });
    expect(readFileSync(tries, 'utf8')).toBe('wrong\n');
  });

  it('su may ask in other words, where those are named', async () => {
    const { transport, sshd } = await open({}, {});
    const exe = join(sshd.folder, 'other-su');
    writeFileSync(exe, '#!/bin/sh\nprintf "Mot de passe : " >&2; IFS= read -r p; [ "$p" = secret ] || exit 1\nwhile [ "$1" != -c ]; do shift; done; exec sh -c "$2"\n', { mode: 0o755 });
    const { become } = connectionOf({ name: 'web1', groups: [], vars: { ansible_become_method: 'su', ansible_become_exe: exe, ansible_become_password: 'secret', ansible_su_prompt_l10n: ['(Geheim|Kenn)wort', 'Mot de passe', 'Password'] } });
    const session = new ShellSession(transport, become);
    expect((await session.run('echo in', { become: true })).stdout).toBe('in\n');
  });

  it('takes no password with a line break in it: its second line would answer a second question', async () => {
    const { session } = await open({ sudoers: ALL }, { password: 'wrong\nright' });
    await expect(session.run('echo never', { become: true })).rejects.toMatchObject({ kind: 'input', code: 'become-password' });
  });
});
