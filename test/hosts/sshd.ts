// A real sshd on loopback for one test: its own host key, its own authorized key, the user who runs the tests. Ring 2 of the tests.
// With an `account` it runs in a mount namespace of its own, where that user and its sudoers line exist: the machine's own files stay as they are.
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { appendFile, chmod, mkdir, mkdtemp, open, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import type { Connection } from '../../src/inventory/connection.js';

const PROGRAM = '/usr/sbin/sshd';

/** FLEET_TAP_NO_SKIP=1: what cannot run fails. */
const mayNotSkip = process.env.FLEET_TAP_NO_SKIP === '1';

/** Why there is no sshd here; undefined when there is one. */
const whyNoSshd = existsSync(PROGRAM) ? undefined : 'no /usr/sbin/sshd (apt-get install openssh-server)';
export const skipSshd = whyNoSshd !== undefined && !mayNotSkip;
/** For the name of what is skipped. */
export const sshdSkipped = whyNoSshd === undefined ? '' : ` (skipped: ${whyNoSshd})`;

function whyNoAccount(): string | undefined {
  if (whyNoSshd !== undefined) return whyNoSshd;
  if (process.getuid?.() !== 0) return 'only root may make a mount namespace with a user in it';
  return spawnSync('unshare', ['-m', 'sudo', '-V']).status === 0 ? undefined : 'no unshare -m or no sudo here';
}
const noAccount = whyNoAccount();
export const skipAccount = noAccount !== undefined && !mayNotSkip;
export const accountSkipped = noAccount === undefined ? '' : ` (skipped: ${noAccount})`;

/** The user that `account` adds. */
export const ACCOUNT = { name: 'fleettaptest', password: 'correct horse' };
/** Whom `account` can become beside root; and root's password there, for su. */
export const OTHER_ACCOUNT = { name: 'fleettapother', rootPassword: 'battery staple' };
const ACCOUNT_ID = 61_234;

export interface SshdOptions {
  /** Lines for sshd_config; of two for one keyword sshd takes the first, and these come first. */
  readonly config?: readonly string[];
  /** Makes files before it starts; in `config`, %f is their folder. */
  readonly prepare?: (folder: string) => Promise<void>;
  /** /run/fleet-tap is its own, in a mount namespace: several hosts on this machine do not see each other's captures. Needs root. */
  readonly privateRun?: boolean;
  /** Listens at every address: all of 127.0.0.0/8 are hosts of their own then. */
  readonly everyAddress?: boolean;
  readonly account?: {
    /** A line for sudoers; %u is the user. */
    readonly sudoers?: string;
    /** doas.conf; %u is the user. */
    readonly doas?: string;
    /** PAM tells of a wrong password at once; usually it sleeps for 1 to 3 s first. */
    readonly noPamDelay?: boolean;
    /** Its login shell. Default: /bin/sh. */
    readonly shell?: string;
  };
}

export interface Sshd {
  readonly folder: string;
  readonly port: number;
  /** How to log in. */
  readonly connection: Connection & { port: number };
  readonly knownHostsFile: string;
  /** The host's public key as it travels. */
  readonly hostKey: Buffer;
  /** Ends it with all its connections and commands, as a power cut would. */
  kill(): void;
  /** Ends the processes that serve its connections; what they run, and the listener, live on. */
  killSessions(): void;
  /** Those processes stand still, and go on: a host that is cut off without a word. */
  freezeSessions(frozen: boolean): void;
  /** Listens again at the same port, after `kill`. */
  restart(): Promise<void>;
  /** What it has written to its log so far. */
  log(): string;
  /** Resolves when its log matches. */
  heard(pattern: RegExp): Promise<void>;
  /** The processes below it: one for each connection, and what they run. */
  descendants(): number[];
  /** Stops all of them (SIGSTOP): the host answers no more. */
  freeze(): void;
  /** A script that waits until the test is over, and then ends. */
  waitingScript(): Promise<string>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** A process's name, `sshd` or `sshd-session` alike; empty when it has ended. */
function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim().replace(/^sshd-.*/, 'sshd');
  } catch {
    return '';
  }
}

/** All processes below this one, the nearest first. */
function descendantsOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    let stat = '';
    try {
      stat = readFileSync(`/proc/${name}/stat`, 'utf8');
    } catch {
      continue; // It has ended meanwhile.
    }
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [...(children.get(pid) ?? [])];
  for (const one of found) found.push(...(children.get(one) ?? []));
  return found;
}

/** sshd's command line: in a mount namespace where the account exists, when one is wanted. */
async function commandFor(folder: string, options: SshdOptions): Promise<[string, string[]]> {
  const words = ['-D', '-e', '-f', join(folder, 'sshd_config')];
  if (options.privateRun === true) {
    await mkdir('/run/fleet-tap', { recursive: true, mode: 0o700 });
    return ['unshare', ['-m', 'sh', '-c', 'mount -t tmpfs none /run/fleet-tap && exec "$@"', 'sh', PROGRAM, ...words]];
  }
  if (options.account === undefined) return [PROGRAM, words];
  await chmod(folder, 0o755);
  await chmod(join(folder, 'authorized_keys'), 0o644);
  const hashOf = (password: string) => execFileSync('openssl', ['passwd', '-6', password], { encoding: 'utf8' }).trim();
  const { sudoers = '', doas, shell = '/bin/sh', noPamDelay = false } = options.account;
  const { name } = ACCOUNT;
  const otherId = ACCOUNT_ID + 1;
  const shadow = (await readFile('/etc/shadow', 'utf8')).replace(/^root:[^:]*:.*$/m, `root:${hashOf(OTHER_ACCOUNT.rootPassword)}:19000:0:99999:7:::`);
  // root's home is an empty one, as for a login with su or sudo -i too the machine's own ~/.bashrc is not under test.
  await mkdir(join(folder, 'root'));
  const passwd = (await readFile('/etc/passwd', 'utf8')).replace(/^(root:.*:)[^:]*(:[^:]*)$/m, (_, before, after) => `${before}${join(folder, 'root')}${after}`);
  const files: Record<string, string> = {
    passwd: `${passwd}${name}:x:${ACCOUNT_ID}:${ACCOUNT_ID}::/tmp:${shell}\n${OTHER_ACCOUNT.name}:x:${otherId}:${otherId}::/tmp:/bin/sh\n`,
    group: `${await readFile('/etc/group', 'utf8')}${name}:x:${ACCOUNT_ID}:\n${OTHER_ACCOUNT.name}:x:${otherId}:\n`,
    shadow: `${shadow}${name}:${hashOf(ACCOUNT.password)}:19000:0:99999:7:::\n${OTHER_ACCOUNT.name}:*:19000:0:99999:7:::\n`,
    sudoers: `root ALL=(ALL:ALL) ALL\n${sudoers.replaceAll('%u', name)}\n`,
    ...(noPamDelay ? { 'pam.d/common-auth': (await readFile('/etc/pam.d/common-auth', 'utf8')).replace(/pam_unix\.so/g, 'pam_unix.so nodelay') } : {}),
    // The machine has none, and a mount needs something to lie on: then all of /etc is a copy.
    ...(doas === undefined ? {} : { 'doas.conf': `${doas.replaceAll('%u', name)}\n` }),
  };
  const mounts: string[] = [];
  const etc = join(folder, 'etc');
  if (doas !== undefined) {
    execFileSync('cp', ['-a', '/etc', etc]);
    mounts.push(`mount --bind ${etc} /etc`);
  }
  for (const [file, content] of Object.entries(files)) {
    const source = doas === undefined ? join(folder, `etc-${file.replace('/', '-')}`) : join(etc, file);
    await rm(source, { force: true });
    await writeFile(source, content);
    await chmod(source, file === 'sudoers' ? 0o440 : file === 'shadow' ? 0o640 : 0o644);
    if (doas === undefined) mounts.push(`mount --bind ${source} /etc/${file}`);
  }
  return ['unshare', ['-m', 'sh', '-c', `${mounts.join(' && ')} && exec "$@"`, 'sh', PROGRAM, ...words]];
}

/**
 * bash reads ~/.bashrc when sshd starts it and SHLVL is below 2. What stands in the file of the machine's own root is not under test, and one that makes a
 * lock would leave it behind when a test ends its login, and hold up all later ones. sshd takes the first SetEnv only: it is added to one that is there.
 */
function withoutBashrc(config: readonly string[]): string[] {
  const set = config.find((line) => line.startsWith('SetEnv ')) ?? 'SetEnv';
  return [`${set} SHLVL=1`, ...config.filter((line) => line !== set)];
}

export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-sshd-'));
  const file = (name: string) => join(folder, name);
  for (const name of ['host_key', 'user_key']) await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(name)]);
  await writeFile(file('authorized_keys'), await readFile(file('user_key.pub')), { mode: 0o600 });
  const port = await freePort();
  const [, key = ''] = (await readFile(file('host_key.pub'), 'utf8')).split(' ');
  await appendFile(file('known_hosts'), `[127.0.0.1]:${port} ssh-ed25519 ${key}\n`);
  await options.prepare?.(folder);
  const config = [...withoutBashrc((options.config ?? []).map((line) => line.replaceAll('%f', folder))), `ListenAddress ${options.everyAddress === true ? '0.0.0.0' : '127.0.0.1'}`, `Port ${port}`, `HostKey ${file('host_key')}`, `AuthorizedKeysFile ${file('authorized_keys')}`, 'StrictModes no', 'UsePAM no', 'PidFile none', 'PermitRootLogin yes', 'PasswordAuthentication no', 'KbdInteractiveAuthentication no'];
  await writeFile(file('sshd_config'), `${config.join('\n')}\n`);
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true });
  const command = await commandFor(folder, options);
  let said = '';
  const waiting = new Set<() => void>();
  const heard = (pattern: RegExp) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!pattern.test(said)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  const launch = () => {
    const child = spawn(...command, { stdio: ['ignore', 'ignore', 'pipe'] });
    let own = '';
    const listening = new Promise<void>((resolve, reject) => {
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        own += text;
        if (own.includes('Server listening')) resolve();
        for (const wait of waiting) wait();
      });
      child.once('exit', () => reject(new Error(`sshd ended: ${own}`)));
    });
    return { child, listening };
  };
  let { child, listening } = launch();
  const restart = async () => {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    ({ child, listening } = launch());
    await listening;
  };
  const descendants = () => (child.pid === undefined || child.exitCode !== null || child.signalCode !== null ? [] : descendantsOf(child.pid));
  const killAll = (pids: readonly number[], signal: NodeJS.Signals = 'SIGKILL') => {
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended meanwhile.
      }
    }
  };
  const kill = () => {
    killAll(descendants());
    child.kill('SIGKILL');
  };
  const sessions = () => descendants().filter((pid) => nameOf(pid) === 'sshd');
  const killSessions = () => killAll(sessions());
  const freezeSessions = (frozen: boolean) => killAll(sessions(), frozen ? 'SIGSTOP' : 'SIGCONT');
  const freeze = () => killAll(descendants(), 'SIGSTOP');
  const waitingScript = async () => {
    const pipe = file('pipe');
    if (!existsSync(pipe)) {
      execFileSync('mkfifo', [pipe]);
      const handle = await open(pipe, 'r+');
      onTestFinished(async () => {
        await unlink(pipe);
        await handle.close();
      });
    }
    return `exec cat ${pipe}`;
  };
  onTestFinished(async () => {
    kill();
    await rm(folder, { recursive: true, force: true });
  });
  await listening;
  const connection: Connection & { port: number } = {
    host: 'web1', address: '127.0.0.1', port, user: options.account === undefined ? userInfo().username : ACCOUNT.name, identityFiles: [file('user_key')],
    knownHostsFiles: [file('known_hosts')], hostKeyChecking: 'yes', connectTimeoutMs: 20_000, configFile: 'none', become: { always: false, method: 'sudo', user: 'root' },
  };
  return { folder, port, connection, knownHostsFile: file('known_hosts'), hostKey: Buffer.from(key, 'base64'), kill, killSessions, freezeSessions, restart, log: () => said, heard, descendants, freeze, waitingScript };
}

/** A port that somebody else than sshd answers. */
export async function startServer(answer: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => answer(socket.on('error', () => {}))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

/** A port on which somebody listens and never says a word. */
export async function startSilentServer(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const probe = createConnection(port, '127.0.0.1');
  await once(probe, 'connect');
  probe.destroy();
  return port;
}
