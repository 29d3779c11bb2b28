// What comes in: a host's Connection (Ansible's view of it), the user's ssh_config, and what is known of this machine. What goes out: a DialTarget.
// Guaranteed: pure (Match exec and files go through what is passed in); a value that cannot be used is one sentence with its place.
// Order, as for ssh(1): Ansible's variables and our flags stand where ssh's command line stands; then ~/.ssh/config, then the system's; then
// OpenSSH's defaults, but for two of ours: 10 s to connect, as Ansible, and under CI an unknown host key is refused, not asked about.
import { join } from 'node:path';
import { FleetTapError } from '../base/errors.js';
import type { Connection, HostKeyChecking } from '../inventory/connection.js';
import { quoteValue, type SshOption } from '../inventory/ssh-args.js';
import { type AlgorithmKeyword, assembleAlgorithms } from './config/algorithm-lists.js';
import type { ConfigFiles } from './config/files.js';
import { formatHop, parseJump } from './config/jump.js';
import type { LocalMachine } from './config/machine.js';
import { type CommandLineOption, type ResolvedOptions, resolveOptions } from './config/resolve.js';
import { expandEnvironment, expandHome, expandTokens, tokensOf } from './config/tokens.js';
import { WrongValue } from './config/values.js';
import type { Algorithms, DialTarget, HostKeyRules, LoginRules } from './target.js';

const CONNECT_TIMEOUT_SEC = 10;
const DEFAULT_KEYS = ['id_rsa', 'id_ecdsa', 'id_ecdsa_sk', 'id_ed25519', 'id_ed25519_sk', 'id_xmss', 'id_dsa'];
const USER_KNOWN_HOSTS = ['~/.ssh/known_hosts', '~/.ssh/known_hosts2'];
const GLOBAL_KNOWN_HOSTS = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];
/** A chain of more jump hosts is one that leads back to itself. */
const MOST_JUMPS = 16;

/** Keywords that only the system's ssh can do, unless they say this. */
const BEYOND_US: Readonly<Record<string, string>> = {
  bindinterface: '', canonicalizehostname: 'no', knownhostscommand: 'none', pkcs11provider: 'none', securitykeyprovider: 'internal', verifyhostkeydns: 'no',
};

/** Keywords whose values a DialTarget has in fields of its own. */
const IN_TARGET = new Set([
  'hostname', 'port', 'user', 'addressfamily', 'bindaddress', 'proxyjump', 'proxycommand', 'identityfile', 'certificatefile', 'identitiesonly', 'identityagent', 'preferredauthentications',
  'pubkeyacceptedalgorithms', 'pubkeyacceptedkeytypes', 'stricthostkeychecking', 'hostkeyalias', 'userknownhostsfile', 'globalknownhostsfile', 'kexalgorithms', 'ciphers', 'macs',
  'hostkeyalgorithms', 'connecttimeout', 'connectionattempts', 'batchmode', 'serveraliveinterval', 'serveralivecountmax',
]);

interface Request {
  /** For messages, and in the run's output. */
  readonly name: string;
  readonly address: string;
  readonly options: readonly CommandLineOption[];
  readonly configFile: string | undefined;
  readonly jumps: number;
}

/** @throws FleetTapError kind `input`: `ssh-config`, `jump-loop` */
export function resolveTarget(connection: Connection, machine: LocalMachine, files: ConfigFiles): DialTarget {
  const request = { name: connection.host, address: connection.address, options: commandLine(connection), configFile: connection.configFile, jumps: 0 };
  const target = new Resolution(request, connection, machine, files).target();
  const { password } = connection;
  return {
    ...target,
    login: { ...target.login, ...(password === undefined ? {} : { password }) },
    become: connection.become,
  };
}

/** As Ansible's ssh plugin orders them; the flags of this program come last, so that what a host says of itself wins. */
function commandLine(connection: Connection): SshOption[] {
  const own: SshOption[] = [];
  const say = (keyword: string, value: string | number | undefined, from: string) => void (value !== undefined && own.push({ keyword, value: quoteValue(String(value)), from }));
  say('StrictHostKeyChecking', connection.hostKeyChecking, 'ansible_host_key_checking');
  say('Port', connection.port, 'ansible_port');
  for (const file of connection.identityFiles) say('IdentityFile', file, 'ansible_private_key_file');
  say('User', connection.user, 'ansible_user');
  if (connection.knownHostsFiles !== undefined) own.push({ keyword: 'UserKnownHostsFile', value: connection.knownHostsFiles.map(quoteValue).join(' '), from: 'the host' });
  return [...(connection.sshArgsBefore ?? []), ...own, ...(connection.sshArgsAfter ?? [])];
}

class Resolution {
  readonly #request: Request;
  readonly #connection: Connection;
  readonly #machine: LocalMachine;
  readonly #files: ConfigFiles;
  readonly #options: ResolvedOptions;
  readonly #tokens: Readonly<Record<string, string>>;
  readonly #port: number;
  readonly #user: string;
  readonly #checking: HostKeyChecking;

  constructor(request: Request, connection: Connection, machine: LocalMachine, files: ConfigFiles) {
    this.#request = request;
    this.#connection = connection;
    this.#machine = machine;
    this.#files = files;
    const { address, options, configFile, name } = request;
    checkNames(connection.host, address, options);
    const flag = connection.flags?.hostKeyChecking;
    const flags = flag === undefined ? [] : [{ keyword: 'StrictHostKeyChecking', value: flag, from: '--host-key-checking' }];
    try {
      this.#options = resolveOptions({ host: address, options: [...options, ...flags], configFile: configFile === undefined ? undefined : expandHome(configFile, machine) }, files, machine);
    } catch (error) {
      // A mistake in a variable is the host's; one in a file is everybody's.
      if (error instanceof FleetTapError && error.place.line === 0) throw new FleetTapError('input', 'ssh-args', `${error.place.file}: ${error.message}`, { place: { host: name }, ...(error.hint === undefined ? {} : { hint: error.hint }) });
      throw error;
    }
    this.#port = Number(this.#one('port') ?? 22);
    this.#user = this.#one('user') ?? machine.user;
    this.#checking = (this.#one('stricthostkeychecking') as HostKeyChecking | undefined) ?? (isCi(machine) ? 'yes' : 'ask');
    const { host, originalHost } = this.#options;
    const keyAlias = this.#one('hostkeyalias')?.toLowerCase() ?? originalHost;
    this.#tokens = tokensOf({ machine, originalHost, host, port: this.#port, user: this.#user, keyAlias, jump: parseJump(this.#one('proxyjump') ?? 'none')?.at(-1)?.host ?? '' });
  }

  target(): DialTarget {
    const timeout = this.#one('connecttimeout');
    const explicitMs = this.#connection.connectTimeoutMs ?? sec(this.#connection.flags?.connectTimeoutSec);
    const beyondUs = this.#beyondUs();
    const proxyCommand = this.#command('proxycommand');
    const via = this.#via();
    const bindAddress = this.#one('bindaddress');
    return {
      host: this.#request.name,
      hostName: this.#options.host,
      port: this.#port,
      user: this.#user,
      addressFamily: (this.#one('addressfamily') ?? 'any') as DialTarget['addressFamily'],
      ...(bindAddress === undefined ? {} : { bindAddress }),
      connectTimeoutMs: explicitMs ?? (timeout === undefined || timeout === 'none' ? CONNECT_TIMEOUT_SEC : Number(timeout)) * 1000,
      connectionAttempts: Math.max(1, Number(this.#one('connectionattempts') ?? 1)),
      serverAliveIntervalMs: Number(numeric(this.#one('serveraliveinterval')) ?? 0) * 1000,
      serverAliveCountMax: Number(this.#one('serveralivecountmax') ?? 3),
      compression: this.#is('compression', false),
      ...(via === undefined ? {} : { via }),
      ...(proxyCommand === undefined ? {} : { proxyCommand }),
      login: this.#login(),
      hostKey: this.#hostKey(),
      algorithms: this.#algorithms(),
      become: { always: false, method: 'sudo', user: 'root' },
      batchMode: this.#is('batchmode', false),
      ...(beyondUs === undefined ? {} : { onlySystemSsh: beyondUs }),
      systemSshWords: this.#systemSshWords(),
      systemSshHost: this.#request.address,
    };
  }

  #login(): LoginRules {
    const files = this.#options.values.get('identityfile');
    const named = files?.filter((file) => file.toLowerCase() !== 'none').map((file) => ({ path: this.#path('identityfile', file), named: true }));
    const preferred = this.#one('preferredauthentications');
    return {
      identityFiles: named ?? DEFAULT_KEYS.map((name) => ({ path: join(this.#machine.home, '.ssh', name), named: false })),
      certificateFiles: (this.#options.values.get('certificatefile') ?? []).filter((file) => file.toLowerCase() !== 'none').map((file) => this.#path('certificatefile', file)),
      identitiesOnly: this.#is('identitiesonly', false),
      agentSocket: this.#agentSocket(),
      preferred: preferred?.split(','),
      publicKey: this.#is('pubkeyauthentication', true),
      passwordMethod: this.#is('passwordauthentication', true),
      keyboardInteractive: this.#is('kbdinteractiveauthentication', true),
      systemSshMethods: [...(this.#is('gssapiauthentication', false) ? ['gssapi-with-mic'] : []), ...(this.#is('hostbasedauthentication', false) ? ['hostbased'] : [])].filter(
        (method) => preferred === undefined || preferred.split(',').includes(method),
      ),
      passwordPrompts: Math.max(0, Number(this.#one('numberofpasswordprompts') ?? 3)),
      publicKeyAlgorithms: this.#list('pubkeyacceptedalgorithms'),
    };
  }

  /** ssh_config(5) IdentityAgent: a path, `none`, SSH_AUTH_SOCK, or `$NAME` of the environment. */
  #agentSocket(): string | undefined {
    const { env } = this.#machine;
    const written = this.#one('identityagent');
    if (written === undefined || written === 'SSH_AUTH_SOCK') return env.SSH_AUTH_SOCK === '' ? undefined : env.SSH_AUTH_SOCK;
    if (written === 'none') return undefined;
    if (/^\$[A-Za-z_]\w*$/.test(written)) return env[written.slice(1)];
    return this.#path('identityagent', written);
  }

  #hostKey(): HostKeyRules {
    const files = (keyword: string, otherwise: readonly string[]) => (this.#options.values.get(keyword) ?? otherwise).filter((file) => file.toLowerCase() !== 'none');
    const alias = this.#one('hostkeyalias');
    const revoked = this.#one('revokedhostkeys');
    return {
      checking: this.#checking,
      userFiles: files('userknownhostsfile', USER_KNOWN_HOSTS).map((file) => this.#path('userknownhostsfile', file)),
      globalFiles: files('globalknownhostsfile', GLOBAL_KNOWN_HOSTS).map((file) => expandHome(file, this.#machine)),
      ...(alias === undefined ? {} : { alias: alias.toLowerCase() }),
      checkHostIp: this.#is('checkhostip', false),
      hashNames: this.#is('hashknownhosts', false),
      ...(revoked === undefined || revoked.toLowerCase() === 'none' ? {} : { revokedFile: this.#path('revokedhostkeys', revoked) }),
      requiredRsaBits: Math.max(1024, Number(this.#one('requiredrsasize') ?? 0)),
      trustLoopback: this.#is('nohostauthenticationforlocalhost', false),
    };
  }

  #algorithms(): Algorithms {
    return {
      kex: this.#list('kexalgorithms'),
      ciphers: this.#list('ciphers'),
      macs: this.#list('macs'),
      hostKey: this.#list('hostkeyalgorithms'),
      hostKeyByKnownKeys: /^[+-]/.test(this.#one('hostkeyalgorithms') ?? '+'),
    };
  }

  /** The last hop is dialled through those before it, as `ssh -J` with what stands before the last comma; so its own ProxyJump counts only without. */
  #via(): DialTarget | undefined {
    const text = this.#one('proxyjump');
    const hops = text === undefined ? [] : (parseJump(text) ?? []);
    const last = hops.at(-1);
    if (last === undefined) return undefined;
    const { jumps, configFile } = this.#request;
    if (jumps >= MOST_JUMPS) {
      const hint = `it stands at ${this.#options.places.get('proxyjump')}; give the jump host a block with "ProxyJump none"`;
      throw new FleetTapError('input', 'jump-loop', `the way to ${this.#connection.host} has more than ${MOST_JUMPS} jump hosts: ${last.host} is reached through itself`, { place: { host: this.#connection.host }, hint });
    }
    const options: CommandLineOption[] = [];
    const from = `ProxyJump ${text}`;
    if (last.user !== undefined) options.push({ keyword: 'User', value: quoteValue(last.user), from });
    if (last.port !== undefined) options.push({ keyword: 'Port', value: String(last.port), from });
    if (hops.length > 1) options.push({ keyword: 'ProxyJump', value: hops.slice(0, -1).map(formatHop).join(','), from });
    const request = { name: `jump host ${formatHop(last)}`, address: last.host, options, configFile, jumps: jumps + 1 };
    const { connectTimeoutMs, flags } = this.#connection;
    const connection = { host: this.#connection.host, address: last.host, identityFiles: [], connectTimeoutMs, become: this.#connection.become, ...(flags === undefined ? {} : { flags }) };
    return new Resolution(request, connection, this.#machine, this.#files).target();
  }

  /** What only the system's ssh can do, as half a sentence. */
  #beyondUs(): string | undefined {
    for (const [keyword, harmless] of Object.entries(BEYOND_US)) {
      const value = this.#one(keyword);
      if (value !== undefined && value.toLowerCase() !== harmless) return `${keyword} is ${value} (${this.#options.places.get(keyword)})`;
    }
    return undefined;
  }

  /** What the rest of a DialTarget does not say; the files ssh reads itself. */
  #systemSshWords(): string[] {
    const { options, configFile } = this.#request;
    const others = options.filter(({ keyword }) => !IN_TARGET.has(keyword.toLowerCase()));
    return [...(configFile === undefined ? [] : ['-F', expandHome(configFile, this.#machine)]), ...others.flatMap(({ keyword, value }) => ['-o', `${keyword}=${value}`])];
  }

  /** The tokens that ProxyCommand takes (ssh_config(5) TOKENS). */
  #command(keyword: string): string | undefined {
    const text = this.#one(keyword);
    if (text === undefined || text.toLowerCase() === 'none') return undefined;
    const { h = '', k = '', n = '', p = '', r = '' } = this.#tokens;
    return this.#expanded(keyword, () => expandTokens(text, { h, k, n, p, r }));
  }

  #path(keyword: string, text: string): string {
    return this.#expanded(keyword, () => expandTokens(expandEnvironment(expandHome(text, this.#machine), this.#machine), this.#tokens));
  }

  #expanded(keyword: string, expand: () => string): string {
    try {
      return expand();
    } catch (error) {
      if (!(error instanceof WrongValue)) throw error;
      const at = this.#options.places.get(keyword);
      throw new FleetTapError('input', 'ssh-config', `${keyword} ${error.message}`, { place: { host: this.#connection.host }, ...(at === undefined ? {} : { hint: `it stands at ${at}` }) });
    }
  }

  #list(keyword: AlgorithmKeyword): string[] | undefined {
    const text = this.#one(keyword);
    return text === undefined ? undefined : assembleAlgorithms(keyword, text);
  }

  #is(keyword: string, otherwise: boolean): boolean {
    const value = this.#one(keyword);
    return value === undefined ? otherwise : value === 'yes';
  }

  #one(keyword: string): string | undefined {
    return this.#options.values.get(keyword)?.[0];
  }
}

/** What ssh refuses as well: these names come to stand in commands (ProxyCommand, Match exec). */
function checkNames(host: string, address: string, options: readonly CommandLineOption[]): void {
  const refuse = (what: string, text: string) => {
    throw new FleetTapError('input', 'connection-variable', `${what} ${JSON.stringify(text)} has a sign that no such name has`, { place: { host } });
  };
  const name = address.slice(address.lastIndexOf('@') + 1);
  if (name === '' || /^-|['`"$\\;&<>|(){},\s\p{Cc}]/u.test(name)) refuse('the address', name);
  const users = [...options.filter(({ keyword }) => keyword.toLowerCase() === 'user').map(({ value }) => value.replace(/^"(.*)"$/, '$1')), ...(address.includes('@') ? [address.slice(0, address.lastIndexOf('@'))] : [])];
  for (const user of users) if (/^-|['`";&<>|(){}]|\s-|\\$/.test(user)) refuse('the user', user);
}

function isCi(machine: LocalMachine): boolean {
  return !['', 'false', '0', 'no'].includes((machine.env.CI ?? '').toLowerCase());
}

function sec(value: number | undefined): number | undefined {
  return value === undefined ? undefined : value * 1000;
}

function numeric(value: string | undefined): string | undefined {
  return value === 'none' ? undefined : value;
}
