// What comes in: one line of stap/tcpdumplike.stp's machine face. What goes out: what it says, or undefined when it is no such line.
// The format (all numbers decimal; real = nanoseconds since 1970 on the host's clock, mono = nanoseconds since boot):
//   B <version> <real> <mono>                   the script has begun
//   H <real> <mono> <count>                     heartbeat; count = T and U lines printed so far on all CPUs
//   S <real> <mono> <total>                     with a rate cap, before each H and E: packets suppressed so far
//   T <real> <source> <destination> <sport> <dport> <UAPRSF> <seq> <ack> <window> <payload bytes>
//   U <real> <source> <destination> <sport> <dport> <payload bytes>
//   E <real> <mono> <count>                     the script has ended, nothing follows
import { isIPv4, isIPv6 } from 'node:net';

const WIRE_VERSION = 1;

export interface WirePacket {
  readonly kind: 'packet';
  readonly real: string;
  readonly protocol: 'tcp' | 'udp';
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly flags: string;
  readonly seq: number;
  readonly ack: number;
  readonly window: number;
  readonly payloadBytes: number;
}

export interface WireMark {
  readonly kind: 'begin' | 'heartbeat' | 'suppressed' | 'end';
  readonly real: string;
  readonly mono: string;
  /** Packet lines printed so far, or packets suppressed so far; 0 at the beginning. */
  readonly count: number;
}

const REAL = /^\d{19}$/;
const MONO = /^\d{1,19}$/;
const NUMBER = /^\d{1,10}$/;
/** Below 0 when a packet is shorter than its own header says: anybody may send one, and it is a packet all the same. */
const PAYLOAD = /^-?\d{1,10}$/;

/** @returns undefined for anything that does not fit to the last field: the caller counts it, it is never guessed at. */
export function parseWireLine(line: string): WirePacket | WireMark | undefined {
  const words = line.split(' ');
  const [letter, first = '', second = '', third = ''] = words;
  switch (letter) {
    case 'T':
    case 'U':
      return parsePacket(letter, words);
    case 'H':
    case 'S':
    case 'E':
      if (words.length !== 4 || !REAL.test(first) || !MONO.test(second) || !/^\d{1,15}$/.test(third)) return undefined;
      return { kind: letter === 'H' ? 'heartbeat' : letter === 'S' ? 'suppressed' : 'end', real: first, mono: second, count: Number(third) };
    case 'B':
      if (words.length !== 4 || first !== String(WIRE_VERSION) || !REAL.test(second) || !MONO.test(third)) return undefined;
      return { kind: 'begin', real: second, mono: third, count: 0 };
    default:
      return undefined;
  }
}

function parsePacket(letter: 'T' | 'U', line: readonly string[]): WirePacket | undefined {
  const isTcp = letter === 'T';
  if (line.length !== (isTcp ? 11 : 7)) return undefined;
  const [, real = '', source = '', destination = '', ...rest] = line;
  if (!REAL.test(real) || !isAddress(source) || !isAddress(destination)) return undefined;
  const flags = isTcp ? (rest[2] ?? '') : '';
  const payload = rest.at(-1) ?? '';
  const numbers = isTcp ? [...rest.slice(0, 2), ...rest.slice(3, -1)] : rest.slice(0, -1);
  if (!numbers.every((word) => NUMBER.test(word)) || !PAYLOAD.test(payload) || (isTcp && !/^[01]{6}$/.test(flags))) return undefined;
  const [sourcePort = 0, destinationPort = 0, seq = 0, ack = 0, window = 0] = numbers.map(Number);
  if (sourcePort > 65_535 || destinationPort > 65_535) return undefined;
  return {
    kind: 'packet',
    real,
    protocol: isTcp ? 'tcp' : 'udp',
    source,
    destination,
    sourcePort,
    destinationPort,
    flags,
    seq,
    ack,
    window,
    payloadBytes: Math.max(0, Number(payload)),
  };
}

/** An address without a zone (`fe80::1%eth0`): the kernel never prints one. */
function isAddress(word: string): boolean {
  return isIPv4(word) || (isIPv6(word) && !word.includes('%'));
}
