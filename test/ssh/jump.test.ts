// Jump hosts, all real sshds: every hop verified before anything secret goes to it, and few connections for many hosts.
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConfigFiles } from '../../src/ssh/config/files.js';
import { thisMachine } from '../../src/ssh/config/machine.js';
import { DialLimits } from '../../src/ssh/dial-limits.js';
import { Dialer } from '../../src/ssh/dialer.js';
import { OpenSshTransport } from '../../src/ssh/openssh-transport.js';
import { resolveTarget } from '../../src/ssh/resolve-target.js';
import { ShellSession } from '../../src/ssh/shell-session.js';
import type { DialTarget } from '../../src/ssh/target.js';
import { type Sshd, skipSshd, sshdSkipped, startSshd } from '../hosts/sshd.js';
import { targetOf } from '../hosts/target.js';

const POST_QUANTUM = 'KexAlgorithms sntrup761x25519-sha512@openssh.com';
const FORWARDS = ['LogLevel DEBUG1'];
const logins = (sshd: Sshd) => sshd.log().match(/Accepted publickey/g)?.length ?? 0;
const requests = (sshd: Sshd) => sshd.log().match(/userauth-request for user/g)?.length ?? 0;

async function open(target: DialTarget, dialer: Dialer): Promise<ShellSession> {
  const session = new ShellSession(await dialer.dial(target));
  onTestFinished(() => session.close());
  return session;
}

function newDialer(limits?: DialLimits, lines: string[] = []): Dialer {
  const dialer = new Dialer({ limits, say: (line) => lines.push(line) });
  onTestFinished(() => dialer.close());
  return dialer;
}

describe.skipIf(skipSshd)(`jump hosts${sshdSkipped}`, () => {
  it('leads through two, each with its own key and login, and names the way in errors', async () => {
    const [first, second, last] = [await startSshd(), await startSshd(), await startSshd()];
    const hop = targetOf(first, { host: 'hop1' });
    const hops = targetOf(second, { host: 'hop2', via: hop });
    const session = await open(targetOf(last, { via: hops }), newDialer());
    expect((await session.run('echo "$SSH_CONNECTION"')).stdout).toMatch(new RegExp(`^127.0.0.1 \\d+ 127.0.0.1 ${last.port}\\n`));
    expect([logins(first), logins(second), logins(last)]).toEqual([1, 1, 1]);
    const bytes = (await session.run('head -c 3000000 /dev/zero | tr "\\0" x')).stdout;
    expect(bytes).toHaveLength(3_000_000);
    await expect(newDialer().dial(targetOf(last, { via: hops, port: 1 }))).rejects.toMatchObject({ code: 'connect-refused', message: 'nothing listens at 127.0.0.1:1 through hop2' });
    await expect(newDialer().dial(targetOf(last, { via: targetOf(second, { host: 'hop2', port: 1 }) }))).rejects.toMatchObject({ code: 'connect-refused', message: 'hop2: nothing listens at 127.0.0.1:1', place: { host: 'web1' } });
  });

  const FAULTS: Readonly<Record<string, { readonly config?: string[]; readonly code: string; readonly says: RegExp; spoil(sshd: Sshd): Promise<void> | void }>> = {
    'has another host key': { code: 'host-key-changed', says: /is not the one at/, spoil: async (sshd) => writeFile(sshd.knownHostsFile, `[127.0.0.1]:${sshd.port} ${await readFile(join(sshd.folder, 'user_key.pub'), 'utf8')}`) },
    'has a host key that nobody knows': { code: 'host-key-unknown', says: /is not in /, spoil: (sshd) => writeFile(sshd.knownHostsFile, '') },
    'refuses the login': { code: 'login-refused', says: /refused the login as /, spoil: (sshd) => writeFile(join(sshd.folder, 'authorized_keys'), '') },
    'is not there': { code: 'connect-refused', says: /nothing listens at/, spoil: (sshd) => sshd.kill() },
    'is for the system\'s ssh and refuses the login': { config: [POST_QUANTUM], code: 'login-refused', says: /refused the login as /, spoil: (sshd) => writeFile(join(sshd.folder, 'authorized_keys'), '') },
  };
  it.each([0, 1].flatMap((at) => Object.entries(FAULTS).map(([name, fault]) => [at, name, fault] as const)))('hop %i of two %s: it is named, to each host behind it, and not the host', async (at, _name, { config = [], code, says, spoil }) => {
    const hops = await Promise.all([0, 1].map((hop) => startSshd(hop === at ? { config } : {})));
    const last = await startSshd();
    const file = join(last.folder, 'ssh_config');
    const block = (name: string, sshd: Sshd) => `Host ${name}\n HostName 127.0.0.1\n Port ${sshd.port}\n IdentityFile ${join(sshd.folder, 'user_key')}\n UserKnownHostsFile ${sshd.knownHostsFile}\n User ${sshd.connection.user}\n`;
    await writeFile(file, `${hops.map((sshd, hop) => block(`hop${hop}`, sshd)).join('')}Host web*\n ProxyJump hop0,hop1\n${block('web*', last).replace(/.*\n/, '')}`, { mode: 0o600 });
    const machine = thisMachine({ ...process.env, SSH_AUTH_SOCK: undefined });
    const files = new ConfigFiles();
    const target = (host: string) => resolveTarget({ host, address: host, identityFiles: [], hostKeyChecking: 'yes', connectTimeoutMs: 20_000, configFile: file, become: last.connection.become }, machine, files);
    const dialer = newDialer();
    const before = await Promise.all(['web1', 'web2'].map((host) => open(target(host), dialer)));
    // One connection to each hop, whoever it is for; one more where the system's ssh must go through it as well.
    expect(hops.map(logins)).toEqual([config.length > 0 && at === 1 ? 2 : 1, 1]);
    expect(logins(last)).toBe(2);
    await Promise.all(before.map((session) => session.close()));
    const spoiled = hops[at];
    if (spoiled === undefined) throw new Error('two hops');
    await spoil(spoiled);
    const later = newDialer();
    const errors = await Promise.all(['web1', 'web2'].map((host) => later.dial(target(host)).then(() => undefined, (error: unknown) => error)));
    for (const [index, error] of errors.entries()) {
      expect(error).toMatchObject({ kind: 'unreachable', code, place: { host: `web${index + 1}` }, message: expect.stringMatching(new RegExp(`^jump host hop${at}: .*${says.source}`)) });
    }
  });

  it.each([0, 1, 2])('offers nothing to hop %i when its key is the wrong one, and dials nobody behind it', async (wrong) => {
    const sshds = [await startSshd({ config: FORWARDS }), await startSshd({ config: FORWARDS }), await startSshd({ config: FORWARDS })];
    const impostor = sshds[wrong];
    if (impostor === undefined) throw new Error('three sshds');
    await writeFile(impostor.knownHostsFile, `[127.0.0.1]:${impostor.port} ${await readFile(join(impostor.folder, 'user_key.pub'), 'utf8')}`);
    const password = 'never to be sent';
    const chain = (index: number): DialTarget => {
      const sshd = sshds[index];
      if (sshd === undefined) throw new Error('three sshds');
      const target = targetOf(sshd, { host: `hop${index}`, ...(index === 0 ? {} : { via: chain(index - 1) }) });
      return { ...target, login: { ...target.login, password } };
    };
    await expect(newDialer().dial(chain(2))).rejects.toMatchObject({ kind: 'unreachable', code: 'host-key-changed', place: { host: 'hop2' }, message: expect.stringMatching(wrong === 2 ? /^the key of/ : new RegExp(`^hop${wrong}: the key of`)) });
    await impostor.heard(/Connection closed|Connection reset|disconnect/i);
    expect(requests(impostor)).toBe(0);
    for (const sshd of sshds.slice(0, wrong)) expect(logins(sshd)).toBe(1);
    for (const sshd of sshds.slice(wrong + 1)) expect(sshd.log()).not.toContain('Connection from');
  });

  it('makes one connection to the jump host for many hosts behind it, more than its MaxSessions', async () => {
    const bastion = await startSshd({ config: ['MaxSessions 2'] });
    const last = await startSshd();
    const via = () => targetOf(bastion, { host: 'bastion' });
    const dialer = newDialer();
    const sessions = await Promise.all(Array.from({ length: 30 }, (_, index) => open(targetOf(last, { host: `web${index}`, via: via() }), dialer)));
    const answers = await Promise.all(sessions.map((session) => session.run('echo there')));
    expect(answers.every(({ stdout }) => stdout === 'there\n')).toBe(true);
    expect(logins(bastion)).toBe(1);
    expect(logins(last)).toBe(30);
  });

  it('dials a jump host anew after it went away; what went through it is told as lost', async () => {
    const bastion = await startSshd();
    const last = await startSshd();
    const dialer = newDialer();
    const target = targetOf(last, { via: targetOf(bastion, { host: 'bastion' }) });
    const transport = await dialer.dial(target);
    const lost = new Promise((resolve) => transport.onLost(resolve));
    for (const pid of bastion.descendants()) process.kill(pid, 'SIGKILL');
    expect(await lost).toMatchObject({ code: 'connection-lost' });
    const session = await open(target, dialer);
    expect(await session.run('echo again')).toMatchObject({ stdout: 'again\n' });
    expect(logins(bastion)).toBe(2);
  });

  it('says what a jump host forbids', async () => {
    const bastion = await startSshd({ config: ['AllowTcpForwarding no'] });
    const last = await startSshd();
    await expect(newDialer().dial(targetOf(last, { via: targetOf(bastion, { host: 'bastion' }) }))).rejects.toMatchObject({ kind: 'unreachable', code: 'connection-failed', message: expect.stringContaining('through bastion: the jump host lets nobody through') });
  });

  it.each([
    ['the host', [], [POST_QUANTUM], true, 1],
    ['the jump host', [POST_QUANTUM], [], false, 1],
    ['both', [POST_QUANTUM], [POST_QUANTUM], true, 2],
  ])('goes by the system\'s ssh where %s needs it, still with one connection to the jump host', async (_name, ofBastion, ofHost, bySystem, reasons) => {
    const bastion = await startSshd({ config: ofBastion });
    const last = await startSshd({ config: ofHost });
    const lines: string[] = [];
    const dialer = newDialer(undefined, lines);
    const target = (index: number) => targetOf(last, { host: `web${index}`, via: targetOf(bastion, { host: 'bastion' }) });
    const transports = await Promise.all([0, 1, 2].map((index) => dialer.dial(target(index))));
    for (const transport of transports) {
      expect(transport instanceof OpenSshTransport).toBe(bySystem);
      const session = new ShellSession(transport);
      expect(await session.run('echo there; exit 4')).toMatchObject({ status: 4, stdout: 'there\n' });
      await session.close();
    }
    expect(lines.length).toBeLessThanOrEqual(reasons);
    expect(logins(bastion)).toBeLessThanOrEqual(2);
  });

  it('takes a ProxyCommand\'s input and output; tells what it said; ends it', async () => {
    const bastion = await startSshd();
    const last = await startSshd();
    const file = (name: string) => join(bastion.folder, name);
    const ssh = `ssh -F none -i ${file('user_key')} -o UserKnownHostsFile=${file('known_hosts')} -o BatchMode=yes -p ${bastion.port} -W 127.0.0.1:${last.port} 127.0.0.1`;
    const session = await open(targetOf(last, { proxyCommand: ssh }), newDialer());
    expect(await session.run('echo there')).toMatchObject({ stdout: 'there\n' });
    await session.close();
    await expect.poll(() => bastion.descendants(), { timeout: 30_000 }).toEqual([]);
    await expect(newDialer().dial(targetOf(last, { proxyCommand: 'printf "no\\033[2J way\\n" >&2; exit 1' }))).rejects.toMatchObject({ kind: 'unreachable', message: expect.stringMatching(/through its ProxyCommand: its ProxyCommand said: no\\x1b\[2J way/) });
  });
});

describe.skipIf(skipSshd)(`many hosts behind one jump host${sshdSkipped}`, () => {
  // FLEET_TAP_HOSTS=500 for the whole of the claim; a hundred show the same in less time.
  it('reaches a hundred addresses with what sshd allows by default, untuned', async () => {
    const hosts = Number(process.env.FLEET_TAP_HOSTS ?? 100);
    const sshd = await startSshd({ everyAddress: true, config: ['MaxStartups 10:30:100', 'MaxSessions 10'] });
    const key = (await readFile(join(sshd.folder, 'host_key.pub'), 'utf8')).split(' ').slice(0, 2).join(' ');
    await appendFile(sshd.knownHostsFile, `[127.0.*]:${sshd.port} ${key}\n`);
    const limits = new DialLimits();
    const dialer = newDialer(limits);
    const via = targetOf(sshd, { host: 'bastion' });
    const names = Array.from({ length: hosts }, (_, index) => `127.0.${1 + Math.floor(index / 250)}.${1 + (index % 250)}`);
    const sessions = await Promise.all(names.map(async (name) => new ShellSession(await dialer.dial(targetOf(sshd, { host: name, hostName: name, via })))));
    // As many at work at once as --forks says by default.
    const forks = pLimit(50);
    const answers = await Promise.all(sessions.map((session) => forks(() => session.run('echo "$SSH_CONNECTION" | cut -d" " -f3'))));
    expect(answers.map(({ stdout }) => stdout.trim())).toEqual(names);
    // A connection to the jump host takes 200.
    expect(logins(sshd)).toBe(hosts + Math.ceil(hosts / 200));
    await Promise.all(sessions.map((session) => session.close()));
  }, 600_000);
});
