// What comes in: QEMU's own dump of the common network (read by tshark) and the merged log. What goes out: what each machine received there
// according to each, as comparable lines. Neither side knows the other.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { LINK_DUMP_FILE, MACHINES } from './places.js';

/** The host that received it, or sent it: `lab-b 10.77.0.1 10.77.0.2 55224 7000 000010`, or UDP for the flags. */
export type Reception = string;

const FIELDS = ['frame.number', 'eth.dst', 'ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst', 'tcp.srcport', 'tcp.dstport', 'tcp.flags', 'udp.srcport', 'udp.dstport'];

/** Frames in the dump so far: what comes later has a higher number. */
export async function framesSoFar(): Promise<number> {
  return (await tshark(['-T', 'fields', '-e', 'frame.number'])).length;
}

/** What the machines received on the common network, and what they sent there, TCP and UDP, after a frame. */
export async function talkByDump(afterFrame: number): Promise<{ received: Reception[]; sent: Reception[] }> {
  const rows = await tshark(['-Y', `frame.number > ${afterFrame} and (tcp or udp) and not icmp and not icmpv6`, '-T', 'fields', '-E', 'separator=;', ...FIELDS.flatMap((field) => ['-e', field])]);
  const [received, sent]: [Reception[], Reception[]] = [[], []];
  for (const row of rows) {
    const [, mac, source4, destination4, source6, destination6, tcpSource, tcpDestination, tcpFlags, udpSource, udpDestination] = row.split(';');
    const [source, destination] = [source4 || source6, destination4 || destination6];
    const ports = tcpSource !== '' ? `${tcpSource} ${tcpDestination} ${flagDigits(Number(tcpFlags))}` : `${udpSource} ${udpDestination} UDP`;
    const receiver = MACHINES.find((candidate) => candidate.linkMac === mac);
    const sender = MACHINES.find((candidate) => candidate.linkAddress === source || candidate.linkAddress6 === source);
    if (receiver !== undefined) received.push(`${receiver.name} ${source} ${destination} ${ports}`);
    if (receiver !== undefined && sender !== undefined) sent.push(`${sender.name} ${source} ${destination} ${ports}`);
  }
  return { received, sent };
}

/** A TCP segment or datagram on the common network, and when it passed the hub, by the dump's own clock. */
export interface PassedFrame {
  readonly passedUs: number;
  /** The machine that it is for. */
  readonly host: string;
  /** Addresses, ports, flags or UDP, sequence number: what log and dump both know of it. */
  readonly key: string;
  readonly words: { readonly source: string; readonly destination: string; readonly ports: string; readonly behind: number; readonly ack: number };
  /** What it acknowledges can only be an answer to it itself: it takes sequence numbers that no earlier frame took (RFC 9293 section 3.4). */
  readonly isNews: boolean;
}

/** The frames after one, in the order in which they passed. */
export async function framesPassed(afterFrame: number): Promise<PassedFrame[]> {
  const fields = ['frame.time_epoch', ...FIELDS.slice(1), 'tcp.seq_raw', 'tcp.ack_raw', 'tcp.len'];
  const rows = await tshark(['-Y', `frame.number > ${afterFrame} and (tcp or udp) and not icmp and not icmpv6`, '-T', 'fields', '-E', 'separator=;', ...fields.flatMap((field) => ['-e', field])]);
  const highest = new Map<string, number>();
  return rows.flatMap((row) => {
    const [epoch, mac, source4, destination4, source6, destination6, tcpSource, tcpDestination, tcpFlags, udpSource, udpDestination, seq, ack, length] = row.split(';');
    const machine = MACHINES.find((candidate) => candidate.linkMac === mac);
    if (machine === undefined) return [];
    const [source, destination] = [source4 || source6 || '', destination4 || destination6 || ''];
    const flags = Number(tcpFlags);
    const ports = tcpSource !== '' ? `${tcpSource} ${tcpDestination}` : `${udpSource} ${udpDestination}`;
    const key = tcpSource !== '' ? `${machine.name} ${source} ${destination} ${ports} ${flagDigits(flags)} ${seq}` : `${machine.name} ${source} ${destination} ${ports} UDP`;
    const behind = Number(seq) + Number(length) + ((flags & 2) === 0 ? 0 : 1) + ((flags & 1) === 0 ? 0 : 1);
    // A SYN begins another connection with the same ports.
    const way = `${source} ${destination} ${ports} ${(flags & 2) === 0 ? '' : seq}`;
    const isNews = behind > Number(seq) && behind > (highest.get(way) ?? -1);
    if (isNews) highest.set(`${source} ${destination} ${ports} `, behind).set(way, behind);
    return [{ passedUs: Number(epoch) * 1e6, host: machine.name, key, words: { source, destination, ports, behind, ack: (flags & 16) === 0 ? Number.NaN : Number(ack) }, isNews }];
  });
}

async function tshark(words: readonly string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)('tshark', ['-n', '-r', LINK_DUMP_FILE, ...words], { maxBuffer: 64 * 2 ** 20 });
  return stdout.split('\n').filter((line) => line !== '');
}

/** RFC 9293: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32; the log has URG ACK PSH RST SYN FIN. */
function flagDigits(flags: number): string {
  return [32, 16, 8, 4, 2, 1].map((bit) => ((flags & bit) === 0 ? '0' : '1')).join('');
}

export interface LoggedPacket {
  readonly microseconds: number;
  readonly host: string;
  readonly reception: Reception;
  readonly words: readonly string[];
}

/** The log's packets whose both ends lie on the common network. @throws on a line that is no packet */
export function linkPackets(log: string): LoggedPacket[] {
  const own = new Set(MACHINES.flatMap((machine) => [machine.linkAddress, machine.linkAddress6]));
  return log
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const words = line.split(/ +/);
      const [time = '', host = '', source = '', destination = '', sourcePort = '', destinationPort = '', ...rest] = words;
      if (!own.has(source) || !own.has(destination)) return [];
      const microseconds = Date.parse(`${time.slice(0, 19)}Z`) * 1000 + Number(time.slice(20, 26));
      return [{ microseconds, host, reception: `${host} ${source} ${destination} ${sourcePort} ${destinationPort} ${rest.join('')}`, words }];
    });
}

/** What one list has and the other has not, counting repetitions. */
export function difference(expected: readonly string[], found: readonly string[]): { missing: string[]; extra: string[] } {
  const left = [...found];
  const missing = expected.filter((one) => {
    const at = left.indexOf(one);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
  return { missing, extra: left };
}

export interface Handshake {
  readonly client: string;
  /** SYN received by the server, SYN-ACK by the client, ACK by the server, in microseconds. */
  readonly steps: readonly [number, number, number];
}

/** One for each connection to a port whose three steps are in the log, by the client's address and port. */
export function handshakes(packets: readonly LoggedPacket[], serverPort: number): Handshake[] {
  const found: Handshake[] = [];
  for (const syn of packets) {
    const [, , source, destination, clientPort, port, ...flags] = syn.words;
    if (port !== String(serverPort) || flags.join('') !== '000010') continue;
    const between = (packet: LoggedPacket, from: string | undefined, to: string | undefined) => packet.words[2] === from && packet.words[3] === to;
    const answer = packets.find((packet) => between(packet, destination, source) && packet.words[5] === clientPort && packet.words.slice(6).join('') === '010010');
    const final = packets.find((packet) => between(packet, source, destination) && packet.words[4] === clientPort && packet.words.slice(6).join('').startsWith('010'));
    if (answer === undefined || final === undefined) continue;
    found.push({ client: `${source} ${clientPort}`, steps: [syn.microseconds, answer.microseconds, final.microseconds] });
  }
  return found;
}
