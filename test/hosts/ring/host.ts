// What comes in: the ring's root filesystem. What goes out: a host: a writable copy of it (an overlay), with processes of its own, for one engine.
// Guaranteed: everything is in a mount namespace that ends with this process: nothing is left on the machine, and the root itself never changes.
// A host's processes are in a PID namespace: services that a playbook starts are seen by its next run, and end with the host.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The namespace in which hosts are mounted, on a tmpfs. */
export class Ring {
  readonly root: string;
  readonly #holder: ChildProcess;
  readonly #folder: string;

  private constructor(root: string, holder: ChildProcess, folder: string) {
    this.root = root;
    this.#holder = holder;
    this.#folder = folder;
  }

  static async start(root: string): Promise<Ring> {
    const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-ring-'));
    // It ends when its standard input does.
    const holder = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', 'mount -t tmpfs -o mode=755 ring "$1" && echo ready && exec cat', 'sh', folder], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    return new Ring(root, holder, folder);
  }

  /** A host as it comes from the archive. */
  async host(name: string): Promise<RingHost> {
    const folder = join(this.#folder, name);
    const script = `
set -e
cd "$1"; mkdir upper work merged
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" "$1/merged"
mount --rbind /dev merged/dev
mount -t tmpfs -o mode=755 run merged/run
mkdir merged/run/sshd merged/run/lock
# Reaps what its children leave behind; and all end with it.
exec unshare --pid --fork --kill-child sh -c 'mount -t proc proc "$1/merged/proc"; echo ready; exec chroot "$1/merged" sh -c "while :; do sleep 3600 & wait; done"' sh "$1"
`;
    await this.run(['mkdir', '-p', folder]);
    const init = spawn('nsenter', [...this.#enter(), 'unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', folder, this.root], { stdio: ['ignore', 'pipe', 'ignore'] });
    const ready = await Promise.race([once(init.stdout, 'data').then(() => true), once(init, 'exit').then(() => false)]);
    if (!ready) throw new Error(`the host ${name} did not start`);
    return new RingHost(this, name, folder, init);
  }

  /** Runs a program of this machine that sees the hosts' folders. */
  run(words: readonly string[], options: { readonly input?: string } = {}): Promise<Ran> {
    return run('nsenter', [...this.#enter(), ...words], options);
  }

  async stop(): Promise<void> {
    const ended = once(this.#holder, 'exit');
    this.#holder.stdin?.end();
    await ended;
    await rm(this.#folder, { recursive: true });
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
  #first: number | undefined;

  constructor(ring: Ring, name: string, folder: string, init: ChildProcess) {
    this.#ring = ring;
    this.name = name;
    this.folder = folder;
    this.#init = init;
  }

  /** Words before a program's, which then runs on this host as root. */
  async enter(): Promise<string[]> {
    this.#first ??= await firstBelow(this.#init.pid ?? 0);
    return ['nsenter', `--mount=/proc/${this.#first}/ns/mnt`, `--pid=/proc/${this.#first}/ns/pid`, `--root=/proc/${this.#first}/root`, '--', 'env', '-C', '/', '-i', `PATH=${PATH}`, 'HOME=/root', 'LC_ALL=C.UTF-8', 'LOGNAME=root', 'USER=root'];
  }

  async run(words: readonly string[], options: { readonly input?: string } = {}): Promise<Ran> {
    const [program = '', ...before] = await this.enter();
    return run(program, [...before, ...words], options);
  }

  /** Puts a folder of this machine onto it. */
  async bring(source: string, target: string): Promise<void> {
    const { status, stderr } = await run('sh', ['-c', `tar -C "$1" -cf - . | { shift; "$@"; }`, 'sh', source, ...(await this.enter()), 'sh', '-c', `mkdir -p ${target} && tar -C ${target} -xf - --no-same-owner`]);
    if (status !== 0) throw new Error(`${source} did not come to ${this.name}: ${stderr}`);
  }

  async stop(): Promise<void> {
    const ended = once(this.#init, 'exit');
    process.kill(this.#first ?? (await firstBelow(this.#init.pid ?? 0)), 'SIGKILL');
    await ended;
    await this.#ring.run(['rm', '-rf', this.folder]);
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
