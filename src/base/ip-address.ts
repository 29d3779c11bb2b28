// IP addresses as numbers: IPv4 as one of 32 bits, IPv6 as four. What comes in: text, or the numbers. What goes out: the other.
// Guaranteed: text → numbers takes what net.isIPv4 and net.isIPv6 take and nothing else (no zone, no leading zeros in IPv4);
// numbers → text is IPv4 with dots, IPv6 as people write it (RFC 5952, dotted IPv4 endings left aside).
import { isIPv6 } from 'node:net';

/** @param address 0 to 2^32 - 1, the first octet highest */
export function ipv4Text(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** The address whose four words stand in `words` from `at` on; the longest run of zero groups is left out, the first of equal ones. */
export function ipv6Text(words: ArrayLike<number>, at: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((words[at + (index >> 1)] ?? 0) >>> (index % 2 === 0 ? 16 : 0)) & 0xffff);
  let best = { from: 0, length: 1 };
  for (let from = 0; from < 8; from += 1) {
    let to = from;
    while (to < 8 && groups[to] === 0) to += 1;
    if (to - from > best.length) best = { from, length: to - from };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.length < 2) return hex.join(':');
  return `${hex.slice(0, best.from).join(':')}::${hex.slice(best.from + best.length).join(':')}`;
}

/** IPv6 in any spelling as four 32-bit words; undefined when it is not that, or has a zone. */
export function parseIpv6(text: string): [number, number, number, number] | undefined {
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const plain = dotted === null ? text : `${dotted[1]}${hexPair(dotted[2], dotted[3])}:${hexPair(dotted[4], dotted[5])}`;
  const [left = '', right] = plain.split('::');
  const before = groupsOf(left);
  const after = groupsOf(right ?? '');
  const groups = right === undefined ? before : [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  const word = (index: number) => (((groups[index] ?? 0) << 16) | (groups[index + 1] ?? 0)) >>> 0;
  return [word(0), word(2), word(4), word(6)];
}

function hexPair(high: string | undefined, low: string | undefined): string {
  return (Number(high) * 256 + Number(low)).toString(16);
}

function groupsOf(half: string): number[] {
  return half === '' ? [] : half.split(':').map((group) => Number.parseInt(group, 16));
}
