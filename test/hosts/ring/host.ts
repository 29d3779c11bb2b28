// What comes in: the ring's root filesystem. What goes out: a host: a writable copy of it (an overlay), with processes of its own, for one engine,
// and an sshd of its own on a loopback address of its own: engines come in through that.
// Guaranteed: everything is in a mount namespace that ends with this process: nothing is left on the machine, and the root itself never changes.
// A host's processes are in a PID namespace: services that a playbook starts are seen by its next run, and end with the host.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '../../../src/inventory/connection.js';
import { bootScript, SSHD_CONFIG } from './boot.js';

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const PORT = 2022;
const ENVIRONMENT = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'LC_ALL=C.UTF-8', 'LOGNAME=root', 'USER=root'];

/** The namespace in which hosts are mounted, on a tmpfs. */
export class Ring {
  readonly root: string;
  /** Of this machine: host_key, user_key, authorized_keys. */
  readonly keys: string;
  /** As known_hosts has it. */
  readonly hostKey: string;
  readonly #holder: ChildProcess;
  readonly #folder: string;
  /** 127.N.N.x are this ring's hosts: others may test on this machine. */
  readonly #net = [1 + Math.floor(Math.random() * 250), Math.floor(Math.random() * 250)].join('.');
  #hosts = 0;

  private constructor(root: string, holder: ChildProcess, folder: string, keys: string, hostKey: string) {
    this.root = root;
    this.keys = keys;
    this.hostKey = hostKey;
    this.#holder = holder;
    this.#folder = folder;
  }

  static async start(root: string): Promise<Ring> {
    const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-ring-'));
    const keys = await mkdtemp(join(tmpdir(), 'fleet-tap-ring-keys-'));
    for (const name of ['host_key', 'user_key']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(keys, name)]);
    await writeFile(join(keys, 'authorized_keys'), await readFile(join(keys, 'user_key.pub')));
    const hostKey = (await readFile(join(keys, 'host_key.pub'), 'utf8')).trim();
    // It ends when its standard input does.
    const holder = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', 'mount -t tmpfs -o mode=755 ring "$1" && echo ready && exec cat', 'sh', folder], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    return new Ring(root, holder, folder, keys, hostKey);
  }

  /** A host as it comes from the archive. @param options.systemd its first process; otherwise it has none that manages anything */
  async host(name: string, { systemd = false }: { readonly systemd?: boolean } = {}): Promise<RingHost> {
    const folder = join(this.#folder, name);
    await this.run(['mkdir', '-p', folder]);
    const group = systemd ? await controlGroup() : undefined;
    const init = spawn('nsenter', [...this.#enter(), 'unshare', '--mount', '--propagation', 'private', 'sh', '-c', bootScript(systemd), 'sh', folder, this.root, this.keys, ...(group === undefined ? [] : [group])], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    init.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const ready = await Promise.race([once(init.stdout, 'data').then(() => true), once(init, 'close').then(() => false)]);
    if (!ready) throw new Error(`the host ${name} did not start: ${said}`);
    init.stdout.resume();
    const host = new RingHost(this, name, folder, init, await firstBelow(init.pid ?? 0), group);
    if (systemd) await host.booted();
    await host.listen(() => `127.${this.#net}.${(this.#hosts++ % 250) + 1}`);
    return host;
  }

  /** Runs a program of this machine that sees the hosts' folders. */
  run(words: readonly string[], options: { readonly input?: string } = {}): Promise<Ran> {
    return run('nsenter', [...this.#enter(), ...words], options);
  }

  /** A path of the ring's namespace, as this machine sees it. */
  seen(path: string): string {
    return `/proc/${this.#holder.pid}/root${path}`;
  }

  async stop(): Promise<void> {
    const ended = once(this.#holder, 'exit');
    this.#holder.stdin?.end();
    await ended;
    await rm(this.#folder, { recursive: true });
    await rm(this.keys, { recursive: true });
  }

  #enter(): string[] {
    return [`--mount=/proc/${this.#holder.pid}/ns/mnt`, '--'];
  }
}

export class RingHost {
  readonly name: string;
  /** Where its own changes are, in the ring's namespace. */
  readonly folder: string;
  readonly #ring: Ring;
  readonly #init: ChildProcess;
  readonly #first: number;
  readonly #group: string | undefined;
  #address = '';

  constructor(ring: Ring, name: string, folder: string, init: ChildProcess, first: number, group: string | undefined) {
    this.#ring = ring;
    this.name = name;
    this.folder = folder;
    this.#init = init;
    this.#first = first;
    this.#group = group;
  }

  /** Where its sshd listens, at PORT. */
  get address(): string {
    return this.#address;
  }

  /** Its own changes as a folder that this machine can read. */
  get changes(): string {
    return this.#ring.seen(join(this.folder, 'upper'));
  }

  /** How we log in, under a name of the inventory. */
  connection(host: string): Connection {
    const { keys } = this.#ring;
    return {
      host, address: this.#address, port: PORT, user: 'root', identityFiles: [join(keys, 'user_key')], knownHostsFiles: [join(keys, `known_hosts.${this.#address}`)],
      hostKeyChecking: 'yes', connectTimeoutMs: 60_000, configFile: 'none', become: { always: false, method: 'sudo', user: 'root' },
    };
  }

  /** Its sshd, in its namespaces. @param address the next to try: somebody may listen at the one before */
  async listen(address: () => string): Promise<void> {
    for (let tries = 0; tries < 20; tries++) {
      const own = address();
      await this.run(['sh', '-c', 'cat > /run/ring/sshd_config'], { input: `${SSHD_CONFIG}ListenAddress ${own}\nPort ${PORT}\n` });
      const [program = '', ...words] = this.#enter();
      const sshd = spawn(program, [...words, '/usr/sbin/sshd', '-D', '-e', '-f', '/run/ring/sshd_config'], { stdio: ['ignore', 'ignore', 'pipe'] });
      let said = '';
      const listens = await new Promise<boolean>((resolve) => {
        sshd.stderr.setEncoding('utf8').on('data', (text: string) => {
          said += text;
          if (said.includes('Server listening')) resolve(true);
        });
        sshd.once('close', () => resolve(false));
      });
      if (listens) {
        this.#address = own;
        await writeFile(join(this.#ring.keys, `known_hosts.${own}`), `[${own}]:${PORT} ${this.#ring.hostKey}\n`);
        return;
      }
      if (!/Address already in use|Cannot bind/.test(said)) throw new Error(`sshd of ${this.name} did not start: ${said}`);
    }
    throw new Error(`sshd of ${this.name} found no free address`);
  }

  /** Systemd has read its units. */
  async booted(): Promise<void> {
    for (;;) {
      const { status, stderr } = await this.run(['systemctl', 'is-active', '--quiet', 'ring.target']);
      if (status === 0) return;
      if (this.#init.exitCode !== null) throw new Error(`systemd of ${this.name} ended: ${stderr}`);
    }
  }

  /** Runs a program of it, as root, not through its sshd. */
  async run(words: readonly string[], options: { readonly input?: string } = {}): Promise<Ran> {
    const [program = '', ...before] = this.#enter();
    return run(program, [...before, ...words], options);
  }

  /** Puts a folder of this machine onto it. */
  async bring(source: string, target: string): Promise<void> {
    const { status, stderr } = await run('sh', ['-c', `tar -C "$1" -cf - . | { shift; "$@"; }`, 'sh', source, ...this.#enter(), 'sh', '-c', `rm -rf ${target} && mkdir -p ${target} && tar -C ${target} -xf - --no-same-owner`]);
    if (status !== 0) throw new Error(`${source} did not come to ${this.name}: ${stderr}`);
  }

  /** Words before a program's, which then runs on this host as root, not through its sshd. */
  async enter(): Promise<string[]> {
    return this.#enter();
  }

  async stop(): Promise<void> {
    const ended = once(this.#init, 'exit');
    process.kill(this.#first, 'SIGKILL');
    await ended;
    if (this.#group !== undefined) await removeGroups(this.#group);
    await this.#ring.run(['rm', '-rf', this.folder]);
  }

  #enter(): string[] {
    const own = `/proc/${this.#first}`;
    return ['nsenter', `--mount=${own}/ns/mnt`, `--pid=${own}/ns/pid`, `--uts=${own}/ns/uts`, `--ipc=${own}/ns/ipc`, `--root=${own}/root`, '--', 'env', '-C', '/', '-i', ...ENVIRONMENT];
  }
}

/** Where control groups of version 2 are mounted on this machine; undefined: nowhere, and no systemd can run in a namespace. */
export async function controlGroups(): Promise<string | undefined> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').find((line) => line.includes(' - cgroup2 '));
  return mounts?.split(' ')[4];
}

let groups = 0;

async function controlGroup(): Promise<string> {
  const folder = join((await controlGroups()) ?? '', `fleet-tap-ring-${process.pid}-${++groups}`);
  await mkdir(folder);
  return folder;
}

/** The kernel takes a moment to see that a group is empty. */
async function removeGroups(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) if (entry.isDirectory()) await removeGroups(join(folder, entry.name));
  for (;;) {
    try {
      return await rmdir(folder);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EBUSY')) throw error;
    }
  }
}

/** The process that is the first one of a new PID namespace: the only child of what made it. */
async function firstBelow(pid: number): Promise<number> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')).trim();
  if (children !== '') return Number(children.split(' ')[0]);
  // Kernels without that file.
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid) return Number(name);
  }
  throw new Error(`process ${pid} has no child`);
}

function run(program: string, words: readonly string[], options: { readonly input?: string } = {}): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(program, words, { maxBuffer: 1 << 28 }, (error, stdout, stderr) => resolve({ status: error === null ? 0 : Number(error.code ?? 255), stdout, stderr }));
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
  });
}
