// What comes in: a packet's row in its columns. What goes out: its Enhanced Packet Block of a pcapng file, put in place without an object or a
// buffer for each row: the same bytes as pcapng.ts makes of a record. A test holds the two against each other.
// Not here: packets that bear comments or a count of lost ones.
import { type RecordBatch, SOURCE_IPV6, TCP } from '../base/record-batch.js';

const PACKET = 6;
/** Option 2: the direction; then no more options. */
const FLAGS_OPTION = 2;
const LARGEST = 65_535;
/** Block header, interface, time and lengths. */
const HEAD_BYTES = 28;
/** The direction, the end of options, and the block's length again. */
const TAIL_BYTES = 16;
/** IPv6 and TCP. */
export const MOST_BLOCK_BYTES = HEAD_BYTES + 40 + 20 + TAIL_BYTES;

export interface BlockContext {
  readonly interfaceIndex: number;
  /** 1 received, 2 sent. */
  readonly direction: number;
  /** Nanoseconds since the file's own origin. */
  readonly sinceNs: number;
}

/** @returns where the next block goes */
export function putPacketBlock(out: DataView, start: number, batch: RecordBatch, row: number, { interfaceIndex, direction, sinceNs }: BlockContext): number {
  const isTcp = batch.kind[row] === TCP;
  const isIpv6 = ((batch.bits[row] as number) & SOURCE_IPV6) !== 0;
  const [ipBytes, transportBytes] = [isIpv6 ? 40 : 20, isTcp ? 20 : 8];
  const payloadBytes = batch.payloadBytes[row] as number;
  const wholeTransport = Math.min(transportBytes + payloadBytes, LARGEST - ipBytes);
  const headerBytes = ipBytes + transportBytes;
  const blockBytes = HEAD_BYTES + headerBytes + TAIL_BYTES;
  out.setUint32(start, PACKET, true);
  out.setUint32(start + 4, blockBytes, true);
  out.setUint32(start + 8, interfaceIndex, true);
  out.setUint32(start + 12, Math.floor(sinceNs / 2 ** 32), true);
  out.setUint32(start + 16, sinceNs % 2 ** 32, true);
  out.setUint32(start + 20, headerBytes, true);
  out.setUint32(start + 24, ipBytes + wholeTransport, true);
  const ip = start + HEAD_BYTES;
  if (isIpv6) putIpv6(out, ip, batch, row, isTcp ? 6 : 17, wholeTransport);
  else putIpv4(out, ip, batch.source[row] as number, batch.destination[row] as number, isTcp ? 6 : 17, ipBytes + wholeTransport);
  const transport = ip + ipBytes;
  out.setUint16(transport, batch.sourcePort[row] as number);
  out.setUint16(transport + 2, batch.destinationPort[row] as number);
  if (isTcp) {
    out.setUint32(transport + 4, batch.seq[row] as number);
    out.setUint32(transport + 8, batch.ack[row] as number);
    out.setUint16(transport + 12, 0x5000 | (batch.flags[row] as number));
    out.setUint16(transport + 14, batch.window[row] as number);
    out.setUint32(transport + 16, 0);
  } else {
    out.setUint16(transport + 4, Math.min(8 + payloadBytes, LARGEST));
    out.setUint16(transport + 6, 0);
  }
  const tail = transport + transportBytes;
  out.setUint16(tail, FLAGS_OPTION, true);
  out.setUint16(tail + 2, 4, true);
  out.setUint32(tail + 4, direction, true);
  out.setUint32(tail + 8, 0);
  out.setUint32(tail + 12, blockBytes, true);
  return start + blockBytes;
}

function putIpv4(out: DataView, at: number, source: number, destination: number, protocol: number, wholeBytes: number): void {
  const timeToLive = (64 << 8) | protocol;
  let sum = 0x4500 + wholeBytes + timeToLive + (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff);
  sum = (sum & 0xffff) + (sum >>> 16);
  sum = (sum & 0xffff) + (sum >>> 16);
  out.setUint16(at, 0x4500);
  out.setUint16(at + 2, wholeBytes);
  out.setUint32(at + 4, 0);
  out.setUint16(at + 8, timeToLive);
  out.setUint16(at + 10, ~sum & 0xffff);
  out.setUint32(at + 12, source);
  out.setUint32(at + 16, destination);
}

function putIpv6(out: DataView, at: number, batch: RecordBatch, row: number, protocol: number, wholeTransport: number): void {
  out.setUint32(at, 0x6000_0000);
  out.setUint16(at + 4, wholeTransport);
  out.setUint16(at + 6, (protocol << 8) | 64);
  const [source, destination] = [4 * (batch.source[row] as number), 4 * (batch.destination[row] as number)];
  for (let word = 0; word < 4; word += 1) {
    out.setUint32(at + 8 + 4 * word, batch.ipv6[source + word] as number);
    out.setUint32(at + 24 + 4 * word, batch.ipv6[destination + word] as number);
  }
}
