// pcapng (draft-ietf-opsawg-pcapng) that Wireshark, tshark and libpcap open: one section, one interface for each host, nanoseconds.
//   Section Header | Interface Description, one a host | Enhanced Packet … | Interface Statistics, one a host
// The kernels give no bytes of the packet: its IP and TCP or UDP headers are made from what they do give, the payload is left out as with a
// short snap length, so that lengths and TCP's sequence analysis are right. A gap is a comment on the host's next packet.
// All interfaces have one link type and one snap length: libpcap reads no other file.
import type { AddressNames } from '../base/address-names.js';
import { printable } from '../base/host-text.js';
import type { GapRecord, LogRecord, PacketRecord } from '../base/record.js';
import type { MergedRows } from '../base/merged-rows.js';
import { DESTINATION_IPV6, OBSERVED, type RecordBatch, SOURCE_IPV6 } from '../base/record-batch.js';
import { nanosecondTime } from './fields.js';
import type { FormatOptions, LogFormat } from './format.js';
import { MOST_BLOCK_BYTES, putPacketBlock } from './packet-blocks.js';
import { addressBytes, headersOf } from './packet-headers.js';

const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const STATISTICS = 5;
const NAMES = 4;
const PACKET = 6;
/** Raw IP: version 4 and 6 in one link type. */
const LINKTYPE_RAW = 101;
const SNAP_BYTES = 128;
/** Times count from so long before the origin: a host's slow clock must not make one negative. */
const BEFORE_SEC = 3600;

type Option = readonly [code: number, value: Buffer];

interface HostState {
  readonly index: number;
  delivered: number;
  lost: number;
  /** Lines lost since its last packet, and comments for the next one. */
  dropped: number;
  comments: string[];
}

export class PcapngFormat implements LogFormat {
  readonly #options: FormatOptions;
  #hosts = new Map<string, HostState>();

  constructor(options: FormatOptions) {
    this.#options = options;
  }

  begin(): Uint8Array {
    this.#hosts = new Map();
    const section = Buffer.alloc(16);
    section.writeUInt32LE(0x1a2b3c4d, 0);
    section.writeUInt16LE(1, 4);
    section.writeBigInt64LE(-1n, 8);
    const comment = 'fleet-tap: what each host saw, in the order of the merged log. Headers are synthetic: made from addresses, ports, flags, numbers and lengths that the hosts\' kernels gave.';
    const blocks = [block(SECTION, section, [[1, text(comment)], [4, text('fleet-tap')]])];
    if (this.#options.names !== undefined && this.#options.names.size > 0) blocks.push(nameBlock(this.#options.names));
    for (const { name, description } of this.#options.hosts) blocks.push(this.#interface(name, description));
    return Buffer.concat(blocks);
  }

  format(rows: MergedRows): Uint8Array {
    const pieces: Buffer[] = [];
    // Packets that bear nothing but themselves, one after the other.
    const plain = Buffer.allocUnsafe(rows.length * MOST_BLOCK_BYTES);
    const view = new DataView(plain.buffer, plain.byteOffset, plain.length);
    let [begun, at] = [0, 0];
    const put = (block: Buffer | undefined): void => {
      if (block === undefined) return;
      pieces.push(plain.subarray(begun, at), block);
      begun = at;
    };
    const direction = this.#options.outgoing ? 2 : 1;
    for (let index = 0; index < rows.length; index += 1) {
      const batch = rows.batches[rows.batchOf[index] as number] as RecordBatch;
      const row = rows.rowOf[index] as number;
      // One that nobody had named: its interface stands before its first packet.
      if (!this.#hosts.has(batch.hostName)) put(this.#interface(batch.hostName, ''));
      const host = this.#hosts.get(batch.hostName) as HostState;
      if (isPlain(batch, row) && host.comments.length === 0 && host.dropped === 0) {
        host.delivered += 1;
        at = putPacketBlock(view, at, batch, row, { interfaceIndex: host.index, direction, sinceNs: sinceBegin(batch.tNs[row] as number) });
      } else put(this.#block(batch.record(row), host));
    }
    pieces.push(plain.subarray(begun, at));
    return pieces.length === 1 ? plain.subarray(0, at) : Buffer.concat(pieces);
  }

  end(): Uint8Array {
    const blocks: Buffer[] = [];
    for (const { index, delivered, lost, comments } of this.#hosts.values()) {
      const body = Buffer.alloc(12);
      body.writeUInt32LE(index, 0);
      const options: Option[] = [...comments.map((comment): Option => [1, text(comment)]), [4, count(delivered + lost)], [7, count(lost)], [8, count(delivered)]];
      blocks.push(block(STATISTICS, body, options));
    }
    return Buffer.concat(blocks);
  }

  #interface(name: string, description: string): Buffer {
    this.#hosts.set(name, { index: this.#hosts.size, delivered: 0, lost: 0, dropped: 0, comments: [] });
    const offset = Buffer.alloc(8);
    offset.writeBigInt64LE(BigInt(this.#options.originSec - BEFORE_SEC));
    const body = Buffer.alloc(8);
    body.writeUInt16LE(LINKTYPE_RAW, 0);
    body.writeUInt32LE(SNAP_BYTES, 4);
    return block(INTERFACE, body, [[2, text(name)], ...(description === '' ? [] : [[3, text(description)] as const]), [9, Buffer.from([9])], [12, text('Linux')], [14, offset]]);
  }

  #block(record: LogRecord, host: HostState): Buffer | undefined {
    if (record.type === 'packet') return this.#packet(record, host);
    if (record.type === 'gap') {
      host.comments.push(this.#gap(record));
      // What a rate cap kept back is lost to this file as well.
      host.lost += record.lines ?? 0;
      host.dropped += record.lines ?? 0;
    }
    return undefined;
  }

  #gap(record: GapRecord): string {
    return `gap at ${nanosecondTime(record.tNs, this.#options.originSec)}: ${record.reason}, ${record.lines ?? 'an unknown number of'} lines; ${record.detail}`;
  }

  #packet(record: PacketRecord, host: HostState): Buffer {
    const { bytes, wholeBytes } = headersOf(record);
    const sinceNs = sinceBegin(record.tNs);
    const body = Buffer.alloc(20 + padded(bytes.length));
    body.writeUInt32LE(host.index, 0);
    body.writeUInt32LE(Math.floor(sinceNs / 2 ** 32), 4);
    body.writeUInt32LE(sinceNs % 2 ** 32, 8);
    body.writeUInt32LE(bytes.length, 12);
    body.writeUInt32LE(wholeBytes, 16);
    bytes.copy(body, 20);
    const direction = Buffer.alloc(4);
    direction.writeUInt32LE(this.#options.outgoing ? 2 : 1);
    const comments = record.late ? [...host.comments, 'late: the log had gone on without this host'] : host.comments;
    const options: Option[] = [...comments.map((comment): Option => [1, text(comment)]), [2, direction]];
    if (host.dropped > 0) options.push([4, count(host.dropped)]);
    host.delivered += 1;
    host.dropped = 0;
    host.comments = [];
    return block(PACKET, body, options);
  }
}

/** A packet on time, of one address family. */
function isPlain(batch: RecordBatch, row: number): boolean {
  const bits = batch.bits[row] as number;
  return (batch.kind[row] as number) < OBSERVED && (bits === 0 || bits === (SOURCE_IPV6 | DESTINATION_IPV6));
}

function sinceBegin(tNs: number): number {
  return Math.max(0, Math.floor(tNs) + BEFORE_SEC * 1e9);
}

/** Name Resolution Block: IPv4 records are of kind 1, IPv6 of kind 2; 0 ends them. */
function nameBlock(names: AddressNames): Buffer {
  const records = [...names].map(([address, name]) => {
    const bytes = addressBytes(address);
    const value = Buffer.concat([bytes, Buffer.from(`${printable(name)}\0`)]);
    const record = Buffer.alloc(4 + padded(value.length));
    record.writeUInt16LE(bytes.length === 4 ? 1 : 2, 0);
    record.writeUInt16LE(value.length, 2);
    value.copy(record, 4);
    return record;
  });
  return block(NAMES, Buffer.concat([...records, Buffer.alloc(4)]), []);
}

/** An option's length has 16 bits. */
function text(words: string): Buffer {
  return Buffer.from(words).subarray(0, 65_532);
}

function count(number: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(number));
  return bytes;
}

function padded(length: number): number {
  return (length + 3) & ~3;
}

function block(type: number, body: Buffer, options: readonly Option[]): Buffer {
  const optionBytes = options.reduce((sum, [, value]) => sum + 4 + padded(value.length), 0) + 4;
  const total = 12 + body.length + optionBytes;
  const bytes = Buffer.alloc(total);
  bytes.writeUInt32LE(type, 0);
  bytes.writeUInt32LE(total, 4);
  body.copy(bytes, 8);
  let at = 8 + body.length;
  for (const [code, value] of options) {
    bytes.writeUInt16LE(code, at);
    bytes.writeUInt16LE(value.length, at + 2);
    value.copy(bytes, at + 4);
    at += 4 + padded(value.length);
  }
  bytes.writeUInt32LE(total, total - 4);
  return bytes;
}
