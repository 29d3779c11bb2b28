// What comes in: a packet record. What goes out: the IP and TCP or UDP headers that such a packet has (RFC 791, 8200, 9293, 768), as bytes.
// Lengths count the payload, which is not there. IP's checksum is right; TCP's and UDP's cover the payload and are 0.
import { isIPv6 } from 'node:net';
import { parseIpv6 } from '../base/ip-address.js';
import type { PacketRecord } from '../base/record.js';

export interface SyntheticPacket {
  readonly bytes: Buffer;
  /** As long as the packet was. */
  readonly wholeBytes: number;
}

const LARGEST = 65_535;

export function headersOf(record: PacketRecord): SyntheticPacket {
  const six = isIPv6(record.source);
  const ipBytes = six ? 40 : 20;
  const transport = record.protocol === 'tcp' ? tcp(record) : udp(record);
  // Several segments that the kernel holds as one may be longer than a length field can say.
  const wholeTransport = Math.min(transport.length + record.payloadBytes, LARGEST - ipBytes);
  const ip = Buffer.alloc(ipBytes);
  const protocol = record.protocol === 'tcp' ? 6 : 17;
  if (six) {
    ip.writeUInt8(0x60, 0);
    ip.writeUInt16BE(wholeTransport, 4);
    ip.writeUInt8(protocol, 6);
    ip.writeUInt8(64, 7);
    for (const [address, at] of [[record.source, 8], [record.destination, 24]] as const) parseIpv6(address)?.forEach((word, index) => void ip.writeUInt32BE(word, at + 4 * index));
  } else {
    ip.writeUInt8(0x45, 0);
    ip.writeUInt16BE(ipBytes + wholeTransport, 2);
    ip.writeUInt8(64, 8);
    ip.writeUInt8(protocol, 9);
    for (const [address, at] of [[record.source, 12], [record.destination, 16]] as const) address.split('.').forEach((octet, index) => void ip.writeUInt8(Number(octet), at + index));
    ip.writeUInt16BE(checksum(ip), 10);
  }
  return { bytes: Buffer.concat([ip, transport]), wholeBytes: ipBytes + wholeTransport };
}

/** 4 bytes or 16, in network order. */
export function addressBytes(address: string): Buffer {
  const words = parseIpv6(address);
  if (words === undefined) return Buffer.from(address.split('.').map(Number));
  const bytes = Buffer.alloc(16);
  for (const [index, word] of words.entries()) bytes.writeUInt32BE(word, 4 * index);
  return bytes;
}

function tcp(record: PacketRecord): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(record.sourcePort, 0);
  header.writeUInt16BE(record.destinationPort, 2);
  header.writeUInt32BE(record.seq, 4);
  header.writeUInt32BE(record.ack, 8);
  header.writeUInt8(0x50, 12);
  header.writeUInt8(Number.parseInt(record.flags, 2), 13);
  header.writeUInt16BE(record.window, 14);
  return header;
}

function udp(record: PacketRecord): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(record.sourcePort, 0);
  header.writeUInt16BE(record.destinationPort, 2);
  header.writeUInt16BE(Math.min(8 + record.payloadBytes, LARGEST), 4);
  return header;
}

function checksum(header: Buffer): number {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
