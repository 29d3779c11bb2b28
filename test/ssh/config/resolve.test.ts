// ssh_config as `ssh -G` resolves it: every case, and random files, go through real ssh and through ours.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FleetTapError, formatError } from '../../../src/base/errors.js';
import type { Connection } from '../../../src/inventory/connection.js';
import { ConfigFiles } from '../../../src/ssh/config/files.js';
import { type LocalMachine, thisMachine } from '../../../src/ssh/config/machine.js';
import { resolveOptions } from '../../../src/ssh/config/resolve.js';
import { resolveTarget } from '../../../src/ssh/resolve-target.js';
import { BAD_CONFIGS, CONFIGS } from '../../cases/ssh/configs.js';

const hasSsh = spawnSync('ssh', ['-V']).error === undefined;
const { homedir } = userInfo();
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-tap-config-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// ssh looks for the home folder in the user database only.
const env = { ...process.env, HOME: homedir, SHELL: '/bin/sh', FLEET_VALUE: 'from-env', CI: '' };
const machine: LocalMachine = thisMachine(env);

/** What both are compared in, one line each, as `ssh -G` prints it. */
const COMPARED = new Set([
  'user', 'hostname', 'port', 'addressfamily', 'batchmode', 'checkhostip', 'compression', 'hashknownhosts', 'identitiesonly', 'kbdinteractiveauthentication', 'passwordauthentication', 'pubkeyauthentication',
  'stricthostkeychecking', 'connectionattempts', 'numberofpasswordprompts', 'serveralivecountmax', 'serveraliveinterval', 'requiredrsasize', 'ciphers', 'hostkeyalgorithms', 'kexalgorithms', 'macs',
  'pubkeyacceptedalgorithms', 'identityfile', 'certificatefile', 'globalknownhostsfile', 'userknownhostsfile', 'connecttimeout', 'proxyjump', 'proxycommand', 'hostkeyalias', 'identityagent', 'bindaddress',
  'preferredauthentications', 'knownhostscommand', 'revokedhostkeys', 'nohostauthenticationforlocalhost', 'bindinterface', 'pkcs11provider', 'canonicalizehostname', 'verifyhostkeydns',
]);

interface Question {
  readonly file: string;
  readonly host: string;
  readonly options?: readonly string[];
}

function bySsh({ file, host, options = [] }: Question): string[] | string {
  const result = spawnSync('ssh', ['-F', file, ...options.flatMap((option) => ['-o', option]), '-G', host], { encoding: 'utf8', env });
  if (result.status !== 0) return result.stderr;
  return result.stdout.split('\n').filter((line) => COMPARED.has(line.split(' ')[0] ?? '')).map(normal).sort();
}

/** ssh prints some values in more than one way for the same thing. */
function normal(line: string): string {
  return line.replace(/^(pubkeyauthentication|stricthostkeychecking|canonicalizehostname|verifyhostkeydns) (true|false)$/, (_all, name, value) => `${name} ${value === 'true' ? 'yes' : 'no'}`);
}

function ours({ file, host, options = [] }: Question): string[] {
  const sshArgsBefore = options.map((option) => ({ keyword: option.split(/[= ]/)[0] ?? '', value: option.replace(/^[^= ]*[= ]/, ''), from: 'the test' }));
  const connection: Connection = { host, address: host, identityFiles: [], sshArgsBefore, configFile: file, become: { always: false, method: 'sudo', user: 'root' } };
  const files = new ConfigFiles();
  const target = resolveTarget(connection, machine, files);
  const { values } = resolveOptions({ host, options: sshArgsBefore, configFile: file }, files, machine);
  const lines = new Map<string, string[]>();
  const say = (name: string, ...texts: (string | number | undefined)[]) => lines.set(name, texts.filter((text) => text !== undefined).map((text) => `${name} ${text}`));
  const raw = (name: string, otherwise?: string | number) => say(name, values.get(name)?.[0] ?? otherwise);
  const flag = (name: string, value: boolean) => say(name, value ? 'yes' : 'no');
  const { login, hostKey } = target;
  say('user', target.user);
  say('hostname', target.hostName);
  say('port', target.port);
  say('addressfamily', target.addressFamily);
  flag('batchmode', target.batchMode);
  flag('compression', target.compression);
  flag('identitiesonly', login.identitiesOnly);
  flag('passwordauthentication', login.passwordMethod);
  flag('kbdinteractiveauthentication', login.keyboardInteractive);
  flag('checkhostip', hostKey.checkHostIp);
  flag('hashknownhosts', hostKey.hashNames);
  flag('nohostauthenticationforlocalhost', hostKey.trustLoopback);
  say('pubkeyauthentication', login.publicKey ? 'yes' : 'no');
  say('stricthostkeychecking', hostKey.checking);
  say('connectionattempts', target.connectionAttempts);
  raw('numberofpasswordprompts', 3);
  say('serveralivecountmax', target.serverAliveCountMax);
  say('serveraliveinterval', target.batchMode && !values.has('serveraliveinterval') ? undefined : target.serverAliveIntervalMs / 1000);
  raw('requiredrsasize', 1024);
  raw('connecttimeout', 'none');
  for (const name of ['hostkeyalias', 'bindaddress', 'bindinterface', 'preferredauthentications', 'pkcs11provider'] as const) raw(name);
  if (values.has('hostkeyalias')) say('hostkeyalias', hostKey.alias);
  raw('canonicalizehostname', 'no');
  raw('verifyhostkeydns', 'no');
  for (const name of ['proxycommand', 'knownhostscommand', 'revokedhostkeys']) say(name, values.get(name)?.[0]?.toLowerCase() === 'none' ? undefined : values.get(name)?.[0]);
  const jump = values.get('proxyjump')?.[0];
  say('proxyjump', jump?.toLowerCase() === 'none' ? undefined : jump);
  say('identityfile', ...(values.get('identityfile') ?? login.identityFiles.map(({ path }) => path.replace(`${homedir}/`, '~/'))));
  say('certificatefile', ...(values.get('certificatefile') ?? []));
  say('identityagent', values.has('identityagent') ? (values.get('identityagent')?.[0]?.match(/^(none|SSH_AUTH_SOCK|\$\w+)$/)?.[0] ?? login.agentSocket) : undefined);
  say('userknownhostsfile', hostKey.userFiles.join(' ') || 'none');
  say('globalknownhostsfile', (values.get('globalknownhostsfile') ?? hostKey.globalFiles).filter((one) => one.toLowerCase() !== 'none').join(' ') || 'none');
  const { algorithms } = target;
  for (const [name, list] of [['kexalgorithms', algorithms.kex], ['ciphers', algorithms.ciphers], ['macs', algorithms.macs], ['hostkeyalgorithms', algorithms.hostKey], ['pubkeyacceptedalgorithms', login.publicKeyAlgorithms]] as const) {
    if (list !== undefined) say(name, list.join(','));
  }
  return [...lines.values()].flat().sort();
}

function write(files: Readonly<Record<string, string>>): string {
  const place = mkdtempSync(join(folder, 'case-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(place, name)), { recursive: true });
    writeFileSync(join(place, name), text.replaceAll('@HERE@', place), { mode: 0o600 });
  }
  return join(place, 'config');
}

/** Both sides, without the lists that nobody mentioned. */
function compare(question: Question): { readonly ours: string[]; readonly ssh: string[] } {
  const mine = ours(question);
  const theirs = bySsh(question);
  if (typeof theirs === 'string') throw new Error(`ssh refuses what we took: ${theirs}`);
  const mentioned = new Set(mine.map((line) => line.split(' ')[0]));
  const isDefaultList = (line: string) => /^(ciphers|macs|kexalgorithms|hostkeyalgorithms|pubkeyacceptedalgorithms|serveraliveinterval) /.test(line) && !mentioned.has(line.split(' ')[0]);
  return { ours: mine, ssh: theirs.filter((line) => !isDefaultList(line)) };
}

describe.skipIf(!hasSsh)(`as ssh -G${hasSsh ? '' : ' (skipped: ssh is not installed)'}`, () => {
  it.each(Object.entries(CONFIGS))('%s', (_name, { files, hosts, options }) => {
    const file = write(typeof files === 'string' ? { config: files } : files);
    for (const host of hosts) {
      const both = compare({ file, host, ...(options === undefined ? {} : { options }) });
      expect(both.ours, host).toEqual(both.ssh);
    }
  });

  it.each(Object.entries(BAD_CONFIGS))('refuses %s', (_name, { text, message }) => {
    const file = write({ config: text });
    expect(typeof bySsh({ file, host: 'web1' }), 'ssh refuses it too').toBe('string');
    let refusal = '';
    try {
      ours({ file, host: 'web1' });
    } catch (error) {
      if (!(error instanceof FleetTapError)) throw error;
      refusal = formatError(error);
      expect(error.kind).toBe('input');
    }
    expect(refusal.replaceAll(file, 'config')).toContain(message);
  });

  it('random files', { timeout: 120_000 }, () => {
    const name = fc.constantFrom('web1', 'web2', 'db1', 'WEB1', 'a.example.org', '10.0.0.1');
    const pattern = fc.constantFrom('*', 'web*', '!web1', 'web?', '!db*', 'db1', '*.example.org', '10.0.*', 'web1', 'none', '"web1"');
    const patterns = fc.array(pattern, { minLength: 1, maxLength: 3 });
    const value = fc.oneof(
      fc.tuple(fc.constantFrom('Port', 'port', 'ConnectionAttempts', 'ServerAliveCountMax'), fc.constantFrom('1', '22', '2222', '"7"')),
      fc.tuple(fc.constantFrom('HostName', 'HOSTNAME'), fc.constantFrom('%h.example.com', '10.0.0.9', 'Other', '%h', 'x%%y')),
      fc.tuple(fc.constantFrom('User', 'HostKeyAlias', 'BindAddress'), fc.constantFrom('root', 'a', '"b c"', "'d'", 'e\\"f')),
      fc.tuple(fc.constantFrom('IdentityFile', 'CertificateFile'), fc.constantFrom('~/.ssh/a', '/k/%h', '"~/b b"', '/k/%r@%n')),
      fc.tuple(fc.constantFrom('Compression', 'BatchMode', 'IdentitiesOnly', 'HashKnownHosts', 'CheckHostIP', 'PasswordAuthentication'), fc.constantFrom('yes', 'no')),
      fc.tuple(fc.constantFrom('ConnectTimeout', 'ServerAliveInterval'), fc.constantFrom('5', '1m', '1h30', '2d')),
      fc.tuple(fc.constant('StrictHostKeyChecking'), fc.constantFrom('yes', 'no', 'ask', 'accept-new', 'off')),
      fc.tuple(fc.constantFrom('ProxyJump', 'ProxyCommand'), fc.constantFrom('none', 'bastion', 'a@b:22,c')),
      fc.tuple(fc.constantFrom('Ciphers', 'ciphers'), fc.constantFrom('+aes128-cbc', '-aes*', '^aes256-ctr', 'aes128-ctr,aes256-ctr')),
      fc.tuple(fc.constant('UserKnownHostsFile'), fc.constantFrom('/dev/null', 'none', '/a /b', '~/kh "/c d"', '/k/%k-%L')),
      fc.tuple(fc.constant('IdentityAgent'), fc.constantFrom('none', 'SSH_AUTH_SOCK', '/run/%r', '~/agent')),
    );
    const between = fc.constantFrom(' ', '=', ' = ', '\t', '  ');
    const line = fc.oneof(
      { weight: 6, arbitrary: fc.tuple(fc.constantFrom('', '  ', '\t'), value, between, fc.constantFrom('', ' # said', '  ')).map(([indent, [keyword, text], gap, end]) => `${indent}${keyword}${gap}${text}${keyword.startsWith('Proxy') ? '' : end}`) },
      { weight: 2, arbitrary: patterns.map((list) => `Host ${list.join(' ')}`) },
      { weight: 1, arbitrary: fc.tuple(fc.constantFrom('host', '!host', 'originalhost', 'user', '!user', 'localuser'), patterns).map(([what, list]) => `Match ${what} ${list.filter((one) => !one.startsWith('"')).join(',') || '*'}`) },
      { weight: 1, arbitrary: fc.constantFrom('Match all', 'Match final', 'Match exec "test %h = web1"', 'Match host web* !exec "exit 1"', 'Match final host *.example.com', 'Match canonical') },
      { weight: 1, arbitrary: fc.constantFrom('', '# a comment', '   ', 'Include other', 'Include @HERE@/more/*.conf') },
    );
    const text = fc.array(line, { maxLength: 14 }).map((lines) => lines.map((one) => (one === 'Include other' ? 'Include @HERE@/other' : one)).join('\n'));
    fc.assert(
      fc.property(text, text, name, (config, other, host) => {
        const withoutInclude = (one: string) => one.replace(/Include .*/g, '');
        // Jump hosts that are reached directly: ssh would find the loop only when it dials.
        const place = write({ config: `Host bastion b c\n ProxyJump none\nHost *\n${config}`, other: withoutInclude(other), 'more/1.conf': 'Port 99\nHost web2\nUser more\n' });
        const both = compare({ file: place, host });
        expect(both.ours).toEqual(both.ssh);
        rmSync(dirname(place), { recursive: true });
      }),
      { numRuns: 400 },
    );
  });
});

describe('tokens', () => {
  it.skipIf(!hasSsh)('of a ProxyCommand, as ssh runs it', () => {
    const file = write({ config: 'Host *\n  HostName real-%h\n  User ops\n  Port 2200\n  HostKeyAlias Alias\n  ProxyCommand echo %h %k %n %p %r %% >&2; false\n' });
    const { stderr } = spawnSync('ssh', ['-F', file, '-v', 'Web1', 'true'], { encoding: 'utf8', env });
    const theirs = /Executing proxy command: exec (.*?)\r?\n/.exec(stderr)?.[1];
    const target = resolveTarget({ host: 'w', address: 'Web1', identityFiles: [], configFile: file, become: { always: false, method: 'sudo', user: 'root' } }, machine, new ConfigFiles());
    expect(target.proxyCommand).toBe(theirs);
  });

  it.skipIf(!hasSsh)('of an IdentityFile, as ssh opens it', () => {
    const file = write({ config: 'IdentityFile ~/x/%d-%h-%i-%l-%L-%n-%p-%r-%u-%%\nIdentityFile "/y y/$\u007bFLEET_VALUE}/%C"\nIdentityFile none\nProxyCommand false\n' });
    const { stderr } = spawnSync('ssh', ['-F', file, '-v', 'web1', 'true'], { encoding: 'utf8', env });
    const theirs = [...stderr.matchAll(/identity file (.*) type/g)].map((match) => match[1]).filter((path) => !path?.endsWith('-cert'));
    const target = resolveTarget({ host: 'w', address: 'web1', identityFiles: [], configFile: file, become: { always: false, method: 'sudo', user: 'root' } }, machine, new ConfigFiles());
    expect(target.login.identityFiles.map(({ path }) => path)).toEqual(theirs);
    expect(machine.hostName).toBe(hostname());
  });
});

it('a file that others may change is refused, as ssh refuses it', () => {
  const home = mkdtempSync(join(folder, 'home-'));
  mkdirSync(join(home, '.ssh'));
  writeFileSync(join(home, '.ssh', 'config'), 'Port 5\n', { mode: 0o600 });
  const atHome: LocalMachine = { ...machine, home };
  const resolve = () => resolveOptions({ host: 'web1', options: [] }, new ConfigFiles(), atHome).values.get('port');
  expect(resolve()).toEqual(['5']);
  execFileSync('chmod', ['666', join(home, '.ssh', 'config')]);
  expect(resolve).toThrow('others than you may change this file');
});

it('each file is read once, for any number of hosts', () => {
  const blocks = Array.from({ length: 300 }, (_, index) => `Host h${index} *.zone${index}\n  Port ${index + 1}\n  HostName %h.example.org\n`).join('');
  let reads = 0;
  const files = new ConfigFiles({ read: (file) => (++reads > 0 && file.endsWith('.ssh/config') ? blocks : undefined), glob: () => [] });
  const resolved = Array.from({ length: 1_000 }, (_, index) => resolveOptions({ host: `h${index}`, options: [] }, files, machine));
  expect(reads).toBe(2);
  expect(resolved[299]).toMatchObject({ host: 'h299.example.org', originalHost: 'h299' });
  expect(resolved[299]?.values.get('port')).toEqual(['300']);
  expect(resolved[300]?.values.size).toBe(0);
});
