// What comes in: the words of --tcp, --host, --port and their like. What goes out: a checked filter, and our script with that filter in it.
// Guaranteed: the script is made of numbers and names that were checked, never of the words themselves; without a filter it stays as it is,
// byte for byte, so that the kernel module compiled before still serves. Pure.
// The script's own definitions stand between two comment lines (stap/tcpdumplike.stp) and say what each name means.
import { isIPv4, isIPv6 } from 'node:net';
import { FleetTapError } from '../base/errors.js';

/** As the person wrote them. */
export interface FilterWords {
  readonly tcp?: boolean | undefined;
  readonly udp?: boolean | undefined;
  /** Addresses, of the sender or the receiver. */
  readonly host?: readonly string[] | undefined;
  /** `10.0.0.0/8`, `2001:db8::/32` */
  readonly net?: readonly string[] | undefined;
  /** `80`, `8000-8010`, `80,443`; of the sender or the receiver. */
  readonly port?: readonly string[] | undefined;
  /** `syn,rst`: TCP segments with any of these. */
  readonly flags?: string | undefined;
  readonly iface?: string | undefined;
  readonly direction?: 'in' | 'out' | undefined;
  /** Lines a second, for each host. */
  readonly rate?: number | undefined;
}

interface Net {
  readonly family: 4 | 6;
  /** One 32-bit word for IPv4, four for IPv6. */
  readonly words: readonly number[];
  readonly masks: readonly number[];
}

export interface PacketFilter {
  readonly tcp: boolean;
  readonly udp: boolean;
  readonly nets: readonly Net[];
  readonly ports: readonly { readonly from: number; readonly to: number }[];
  /** Bits of TCP's flags byte; 0 = all segments. */
  readonly flags: number;
  readonly iface: string | undefined;
  readonly direction: 'in' | 'out';
  readonly linesPerSecond: number | undefined;
}

const FLAG_BITS: Readonly<Record<string, number>> = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32 };

/** @throws FleetTapError kind `input`: which word is wrong, and what to write */
export function readFilter(words: FilterWords): PacketFilter {
  const flags = words.flags === undefined ? 0 : readFlags(words.flags);
  if (flags !== 0 && words.udp === true && words.tcp !== true) throw wrong('--flags chooses among TCP segments, and --udp leaves them out', 'write --tcp --udp --flags …, or leave --udp out');
  const neither = words.tcp !== true && words.udp !== true;
  return {
    tcp: neither || words.tcp === true,
    // Flags are TCP's: who asks for a flag and for nothing else does not want datagrams.
    udp: words.udp === true || (neither && flags === 0),
    nets: [...(words.host ?? []).map(readHost), ...(words.net ?? []).map(readNet)],
    ports: (words.port ?? []).flatMap((word) => word.split(',').map(readPorts)),
    flags,
    iface: words.iface === undefined ? undefined : readInterface(words.iface),
    direction: words.direction ?? 'in',
    linesPerSecond: words.rate,
  };
}

/** Whether the probes with debug symbols cannot do it: they see no interface, and only what comes in. */
export function needsNetfilter(filter: PacketFilter): boolean {
  return filter.iface !== undefined || filter.direction === 'out';
}

/** Whether every packet that comes in passes. */
export function isOpen(filter: PacketFilter): boolean {
  return definitions(filter).length === 0;
}

const BEGIN = '# ---- what is wanted;';
const END = '# ---- end of what is wanted ----';

/** Our script with the filter compiled in. @throws RangeError when the script has no place for it */
export function withFilter(script: string, filter: PacketFilter): string {
  const from = script.indexOf(BEGIN);
  const to = script.indexOf(END);
  if (from < 0 || to < from) throw new RangeError('the script has no place for a filter');
  const place = script.slice(from, to);
  const filled = definitions(filter).reduce((text, [name, body]) => {
    const found = new RegExp(`^@define ${name}(\\([a-z, ]*\\))? %\\( .* %\\)$`, 'm');
    if (!found.test(text)) throw new RangeError(`the script does not define ${name}`);
    return text.replace(found, (_line, parameters: string | undefined) => `@define ${name}${parameters ?? ''} %( ${body} %)`);
  }, place);
  return script.slice(0, from) + filled + script.slice(to);
}

/** Macros are text: what is not one word stands in parentheses, since the script may put a `!` before it. */
function definitions(filter: PacketFilter): [name: string, body: string][] {
  const changed: [string, string][] = [];
  if (!filter.tcp) changed.push(['tcp', '0'], ['wanted_protocol', '(@protocol == 17)']);
  if (!filter.udp) changed.push(['udp', '0'], ['wanted_protocol', '(@protocol == 6)']);
  if (filter.direction === 'out') changed.push(['outgoing', '1']);
  if (filter.linesPerSecond !== undefined) changed.push(['capped', '1'], ['rate', String(filter.linesPerSecond)]);
  if (filter.iface !== undefined) changed.push(['wanted_interface', `(@name == "${filter.iface}")`]);
  if (filter.nets.length > 0) {
    // Where the two addresses stand in the IP header (RFC 791, RFC 8200).
    for (const [family, sender, receiver] of [[4, 12, 16], [6, 8, 24]] as const) {
      const nets = filter.nets.filter((net) => net.family === family);
      if (nets.length === 0) changed.push([`ipv${family}`, '0']);
      else changed.push([`wanted${family}`, anyOf(nets.flatMap((net) => [inNet(net, sender), inNet(net, receiver)]))]);
    }
  }
  if (filter.ports.length > 0) changed.push(['wanted_ports', anyOf(filter.ports.flatMap(({ from, to }) => ['@sport', '@dport'].map((port) => (from === to ? `${port} == ${from}` : `(${port} >= ${from} && ${port} <= ${to})`))))]);
  if (filter.flags !== 0) changed.push(['wanted_flags', `((@flags & ${filter.flags}) != 0)`]);
  return changed;
}

function inNet(net: Net, at: number): string {
  const words = net.words.map((word, index) => ({ word, mask: net.masks[index] ?? 0, at: at + 4 * index })).filter(({ mask }) => mask !== 0);
  if (words.length === 0) return '1';
  return `(${words.map((one) => `(ntohl(kernel_int(@ip + ${one.at})) & ${hex(one.mask)}) == ${hex(one.word)}`).join(' && ')})`;
}

/** stap 4.8 does not compile `x || 1`: it takes x away and misses its variables. */
function anyOf(conditions: readonly string[]): string {
  return conditions.includes('1') ? '1' : `(${conditions.join(' || ')})`;
}

function hex(word: number): string {
  return `0x${word.toString(16)}`;
}

function readHost(word: string): Net {
  if (isIPv4(word)) return netOf(word, 32);
  if (isIPv6(word) && !word.includes('%')) return netOf(word, 128);
  throw wrong(`--host ${word} is not an IP address`, 'write an IPv4 or IPv6 address; the kernels know no names');
}

function readNet(word: string): Net {
  const [address = '', length = '', ...rest] = word.split('/');
  const bits = /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  if (rest.length === 0 && isIPv4(address) && bits <= 32) return netOf(address, bits);
  if (rest.length === 0 && isIPv6(address) && !address.includes('%') && bits <= 128) return netOf(address, bits);
  throw wrong(`--net ${word} is not a network`, 'write it as 10.0.0.0/8 or 2001:db8::/32');
}

function netOf(address: string, bits: number): Net {
  const family = isIPv4(address) ? 4 : 6;
  const words = family === 4 ? [address.split('.').reduce((number, octet) => number * 256 + Number(octet), 0)] : ipv6Words(address);
  const masks = words.map((_, index) => {
    const ones = Math.min(32, Math.max(0, bits - 32 * index));
    return ones === 0 ? 0 : (0xffffffff << (32 - ones)) >>> 0;
  });
  return { family, masks, words: words.map((word, index) => (word & (masks[index] ?? 0)) >>> 0) };
}

function ipv6Words(address: string): number[] {
  // The URL parser (WHATWG) spells every form in hexadecimal groups, a dotted ending too.
  const [left = '', right] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const groups = (half: string) => (half === '' ? [] : half.split(':').map((group) => Number.parseInt(group, 16)));
  const [before, after] = [groups(left), groups(right ?? '')];
  const all = right === undefined ? before : [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  return [0, 2, 4, 6].map((index) => (((all[index] ?? 0) << 16) | (all[index + 1] ?? 0)) >>> 0);
}

function readPorts(word: string): { from: number; to: number } {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(word.trim());
  const from = Number(match?.[1]);
  const to = Number(match?.[2] ?? match?.[1]);
  if (match === null || from > to || to > 65_535) throw wrong(`--port ${word} is not a port`, 'write 443, 80,443 or 8000-8010, up to 65535');
  return { from, to };
}

function readFlags(words: string): number {
  return words.split(',').reduce((bits, word) => {
    const bit = FLAG_BITS[word.trim().toLowerCase()];
    if (bit === undefined) throw wrong(`--flags ${words}: there is no flag ${word.trim()}`, `TCP's flags are ${Object.keys(FLAG_BITS).join(', ')}`);
    return bits | bit;
  }, 0);
}

function readInterface(word: string): string {
  // The kernel allows more (dev_valid_name); these are the names that occur, and none of them can end a string in the script.
  if (!/^[A-Za-z0-9_.:@-]{1,15}$/.test(word)) throw wrong(`--iface ${word} is not the name of a network interface`, 'ip link shows the names; at most 15 characters');
  return word;
}

function wrong(sentence: string, hint: string): FleetTapError {
  return new FleetTapError('input', 'filter', sentence, { hint });
}
