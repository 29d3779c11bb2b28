// What comes in: a name, a clock error, a source of packets. What goes out: a host that answers what fleet-tap asks of hosts, over real SSH.
// It knows our scripts by their first line (`: fleet-tap facts …`) and runs none of them: nothing on this machine is touched.
// It stands in for a host's kernel and packages only; login, host key, channels and streams are real.
import { createServer, type Server, type Socket } from 'node:net';
import ssh2, { type ServerChannel } from 'ssh2';
import type { Clock } from '../base/clock.js';
import { renderAnswer } from '../facts/answer.js';
import { renderFiles } from '../facts/host-files.js';
import { answerModule, type SimulatedDisk } from './simulated-modules.js';
import { FrameReader, scriptIn } from './simulated-shell.js';
import type { PacketSource } from './traffic.js';

const RELEASE = '6.12.0-demo-amd64';
const HEARTBEAT_NS = 200e6;
/** As the coalescer on a real host holds lines (systemtap/coalesce.ts). */
const TICK_MS = 50;
const LOOPBACK = '127.0.0.1';

export interface SimulatedHostOptions {
  readonly name: string;
  readonly address: string;
  /** Nanoseconds that this host's clock is ahead of the true one. */
  readonly skewNs: number;
  readonly clock: Clock;
  /** Key pairs in OpenSSH's format. */
  readonly hostKey: string;
  readonly userKey: Buffer;
  readonly traffic: PacketSource;
  /** Sections that stand instead of the usual ones. */
  readonly facts?: Readonly<Record<string, string>>;
}

interface SimulatedAnswer {
  readonly status: number;
  readonly output: string;
}

export class SimulatedHost {
  readonly name: string;
  readonly #options: SimulatedHostOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;
  #supervised = 0;
  readonly #disk: SimulatedDisk = { packages: new Set(), files: new Set(), roles: [] };
  readonly #release: string;
  readonly #bootNs: number;

  /** How often a kernel module was loaded here. */
  get supervised(): number {
    return this.#supervised;
  }

  /** What it was in setup --push, each time. */
  get roles(): readonly string[] {
    return this.#disk.roles;
  }

  /** Debian packages that setup has put here. */
  get installed(): ReadonlySet<string> {
    return this.#disk.packages;
  }

  constructor(options: SimulatedHostOptions) {
    this.name = options.name;
    this.#options = options;
    this.#release = options.facts?.kernel?.split(' ')[2] ?? RELEASE;
    this.#bootNs = options.clock.nowNs() - 86_400e9;
    const server = new ssh2.Server({ hostKeys: [options.hostKey] }, (client) => {
      client.on('authentication', (context) => {
        const known = context.method === 'publickey' && context.key.data.equals(options.userKey);
        if (known) context.accept();
        else context.reject(['publickey']);
      });
      client.on('error', () => {});
      // sshd does it too; the types of ssh2 do not know it on this side.
      (client as unknown as { setNoDelay(on: boolean): void }).setNoDelay(true);
      client.on('session', (accept) => {
        accept().on('exec', (acceptExec, _reject, info) => this.#exec(acceptExec(), info.command));
      });
    });
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => void this.#sockets.delete(socket));
      server.injectSocket(socket);
    });
  }

  /** Listens: at any port at first, at the same one again after `refuse`. @returns the port on loopback */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, LOOPBACK, () => {
        this.#port = (this.#server.address() as { port: number }).port;
        resolve(this.#port);
      });
    });
  }

  /** Every connection is gone at once, as when sshd is killed. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** The same, and nobody listens any more: as when the host goes down. */
  async refuse(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.cut();
    await closed;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** Reads the script that the command line announces (ssh/remote-command.ts), then answers it. */
  #exec(channel: ServerChannel, command: string): void {
    const announced = /([0-9a-f]{32}) "?\$\$(?:\$ft_t")?; (?:ft_s=\$\(head -c (\d+)|IFS= read -r)/.exec(command);
    if (announced === null) return exit(channel, 127, 'this host is simulated and knows fleet-tap only\n');
    const [, nonce = '', count] = announced;
    let received = Buffer.alloc(0);
    let answering = false;
    channel.on('error', () => {});
    channel.write(`${nonce} 1\n`);
    channel.on('data', (chunk: Buffer) => {
      if (answering) return;
      received = Buffer.concat([received, chunk]);
      // A line, or so many bytes of which the last are the nonce.
      const bytes = count === undefined ? received.indexOf('\n') + 1 : Number(count);
      if (bytes === 0 || received.length < bytes) return;
      answering = true;
      const rest = received.subarray(bytes);
      channel.write(`${nonce}.`);
      channel.stderr.write(`${nonce}.`);
      const script = count === undefined ? scriptIn(received.toString('utf8', 0, bytes - 1)) : received.toString('utf8', 0, bytes - nonce.length);
      if (script.startsWith(': fleet-tap shell\n')) return this.#shell(channel);
      this.#safely((answer) => exit(channel, answer.status, answer.output), () => this.#answer(channel, script, rest));
    });
  }

  /** The long-lived shell (ssh/shell-loop.ts): each script that comes is answered in its turn. */
  #shell(channel: ServerChannel): void {
    const frames = new FrameReader();
    channel.on('data', (chunk: Buffer) => {
      for (const { nonce, script } of frames.push(chunk)) {
        const answered = ({ status, output }: SimulatedAnswer) => {
          (status === 0 ? channel : channel.stderr).write(output);
          channel.write(`${nonce} ${status} 0\n`);
          channel.stderr.write(nonce);
        };
        this.#safely(answered, () => answered(this.#reply(script)));
      }
    });
    channel.on('end', () => exit(channel, 0, ''));
  }

  #safely(failed: (answer: SimulatedAnswer) => void, act: () => void): void {
    try {
      act();
    } catch (error) {
      failed({ status: 127, output: `this host is simulated and could not read that: ${String(error)}\n` });
    }
  }

  /** What has a channel of its own. */
  #answer(channel: ServerChannel, script: string, input: Buffer): void {
    if (script.startsWith(': fleet-tap clock\n')) return this.#clockLoop(channel, input);
    if (script.startsWith(': fleet-tap supervise ')) return this.#supervise(channel);
    const { status, output } = this.#reply(script);
    exit(channel, status, output);
  }

  #reply(script: string): SimulatedAnswer {
    const [label = ''] = script.split('\n', 1);
    const [, , verb = '', first = '', ...words] = label.split(' ');
    if (!label.startsWith(': fleet-tap ')) return { status: 127, output: 'this host is simulated and knows fleet-tap only\n' };
    switch (verb) {
      case 'facts':
        return { status: 0, output: renderAnswer(first, this.#facts()) };
      case 'connection':
      case 'prepare':
      case 'write-file':
        return { status: 0, output: '' };
      case 'compile':
        return { status: 0, output: Buffer.from(`simulated kernel module ${words[0] ?? ''}`).toString('base64') };
      case 'module':
        return { status: 0, output: answerModule(first, label.slice(label.indexOf(` ${first} `) + first.length + 2), this.#disk, this.#release) };
      default:
        return { status: 127, output: `this simulated host has no answer to ${verb}\n` };
    }
  }

  #nowNs(): number {
    return this.#options.clock.nowNs() + this.#options.skewNs;
  }

  /** 19 digits, as gettimeofday_ns() prints them. */
  #epochNs(ns: number): string {
    const seconds = Math.floor(ns / 1e9);
    return `${this.#options.clock.originSec + seconds}${String(Math.floor(ns - seconds * 1e9)).padStart(9, '0')}`;
  }

  #clockLoop(channel: ServerChannel, input: Buffer): void {
    const reply = (chunk: Buffer) => {
      for (const line of chunk.toString('latin1').split('\n')) {
        if (line === '') continue;
        const nowNs = this.#nowNs();
        const seconds = Math.floor(nowNs / 1e9);
        const micros = String(Math.floor((nowNs - seconds * 1e9) / 1000)).padStart(6, '0');
        channel.write(`${line} ${this.#options.clock.originSec + seconds}.${micros}\n`);
      }
    };
    reply(input);
    channel.on('data', reply);
    channel.on('end', () => exit(channel, 0, ''));
  }

  #supervise(channel: ServerChannel): void {
    const { clock, traffic, skewNs } = this.#options;
    let text = '';
    const mark = (letter: string, atNs: number, count?: number) => {
      text += `${[letter, ...(letter === 'B' ? ['1'] : []), this.#epochNs(atNs + skewNs), Math.floor(atNs - this.#bootNs), ...(count === undefined ? [] : [count])].join(' ')}\n`;
    };
    const print = (untilNs: number) => {
      for (const packet of traffic.takeUntil(this.name, untilNs)) {
        printed += 1;
        text += `${packet.letter} ${this.#epochNs(packet.atNs + skewNs)} ${packet.rest}\n`;
      }
    };
    const send = () => {
      if (text !== '') channel.write(text);
      text = '';
    };
    this.#supervised += 1;
    let printed = 0;
    let beatNs = clock.nowNs();
    traffic.takeUntil(this.name, beatNs);
    mark('B', beatNs);
    send();
    const timer = setInterval(() => {
      const nowNs = clock.nowNs();
      print(nowNs);
      if (nowNs - beatNs >= HEARTBEAT_NS) {
        beatNs = nowNs;
        mark('H', nowNs, printed);
      }
      send();
    }, TICK_MS);
    channel.on('close', () => clearInterval(timer));
    channel.on('end', () => {
      clearInterval(timer);
      const nowNs = clock.nowNs();
      print(nowNs);
      mark('E', nowNs, printed);
      send();
      exit(channel, 0, '');
    });
  }

  #facts(): Record<string, string> {
    const has = (name: string) => this.#disk.packages.has(name);
    const stap = has('systemtap') ? 'Systemtap translator/driver (version 5.1/0.192, simulated)\n' : '';
    const staprun = has('systemtap') || has('systemtap-runtime') ? 'staprun 5.1-5\n' : '';
    const headers = has(`linux-headers-${this.#release}`) ? `${this.#release}\n` : '';
    const symbols = has(`linux-image-${this.#release}-dbg`) ? `/usr/lib/debug/boot/vmlinux-${this.#release}\n` : '';
    const kibibytes = 50 * 2 ** 20;
    return {
      files: renderFiles({
        '/etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nNAME="Debian GNU/Linux"\nVERSION_ID="13"\nVERSION_CODENAME=trixie\nID=debian\n',
        '/proc/1/comm': 'systemd\n',
        '/proc/meminfo': 'MemTotal: 2048000 kB\n',
        '/proc/self/status': 'Cpus_allowed_list:\t0-1\n',
      }),
      kernel: `Linux ${this.name} ${this.#release} #1 SMP PREEMPT_DYNAMIC simulated x86_64\n`,
      'deb-architecture': 'amd64\n',
      stap: stap + staprun,
      headers: `${this.#release}\n${headers}`,
      symbols: `${this.#release}\n${symbols}`,
      mounts: `/ /usr /var /boot /tmp\nFilesystem 1024-blocks Used Available Capacity Mounted on\n${`/dev/vda1 ${2 * kibibytes} ${kibibytes} ${kibibytes} 50% /\n`.repeat(5)}`,
      virtualization: 'virt=kvm\n',
      login: '0\n',
      addresses: `2: eth0    inet ${this.#options.address}/24 brd 10.20.0.255 scope global eth0\n`,
      'service-manager': 'systemd\nbooted\n',
      'package-manager': '/usr/bin/apt-get\n',
      clock: `${this.#epochNs(this.#nowNs())}\n/bin/bash\n`,
      ...this.#options.facts,
    };
  }
}

function exit(channel: ServerChannel, status: number, output: string): void {
  (status === 0 ? channel : channel.stderr).write(output, () => {
    channel.exit(status);
    channel.end();
  });
}
