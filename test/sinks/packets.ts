// Any log in columns, for the formats' tests: TCP and UDP, both families, gaps, late ones, hosts that print hostile text.
import fc from 'fast-check';
import type { MergedRows } from '../../src/base/merged-rows.js';
import type { GapRecord, LogRecord, ObservedRecord, PacketRecord } from '../../src/base/record.js';
import type { FormatOptions, LogFormat } from '../../src/sinks/format.js';

export const ORIGIN_SEC = 1_795_428_000;
export const HOSTS = ['web01', 'app-2', 'db.example'];
export const OPTIONS: FormatOptions = { originSec: ORIGIN_SEC, hostWidth: 10, hosts: HOSTS.map((name) => ({ name, description: 'trixie 6.12.1-amd64' })), outgoing: false };

export function packet(changes: Partial<PacketRecord> = {}): PacketRecord {
  return {
    type: 'packet', host: 'web01', epoch: 1, sequence: 1, tNs: 5, rawNs: 4, correctionNs: 1, errorNs: 1_200_000, protocol: 'tcp', source: '198.51.100.7', destination: '10.0.0.1',
    sourcePort: 50_000, destinationPort: 443, flags: '000010', seq: 1000, ack: 0, window: 64_240, payloadBytes: 0, late: false, ...changes,
  };
}

const port = fc.integer({ min: 1024, max: 65_535 });
const word = fc.integer({ min: 0, max: 0xffffffff });
const ipv4 = fc.tuple(fc.integer({ min: 1, max: 223 }), fc.nat(255), fc.nat(255), fc.integer({ min: 1, max: 254 })).filter(([first]) => first !== 127).map((octets) => octets.join('.'));
const ipv6 = fc.tuple(fc.integer({ min: 1, max: 0xffff }), fc.integer({ min: 1, max: 0xffff })).map(([a, b]) => `2001:db8:${a.toString(16)}:1:2:3:4:${b.toString(16)}`);
const addresses = fc.oneof(fc.tuple(ipv4, ipv4), fc.tuple(ipv6, ipv6));
const packets = fc
  .record({ host: fc.constantFrom(...HOSTS), addresses, sourcePort: port, destinationPort: port, flags: fc.integer({ min: 0, max: 63 }), seq: word, ack: word, window: fc.nat(65_535), payloadBytes: fc.nat(1400), isTcp: fc.boolean() })
  .map(({ addresses: [source, destination], flags, isTcp, seq, ack, window, ...rest }): PacketRecord => {
    const tcp = { protocol: 'tcp' as const, flags: flags.toString(2).padStart(6, '0'), seq, ack, window };
    return packet({ ...rest, source, destination, ...(isTcp ? tcp : { protocol: 'udp', flags: '', seq: 0, ack: 0, window: 0 }) });
  });
const gaps = fc.record({ host: fc.constantFrom(...HOSTS), lines: fc.option(fc.nat(1000)), fromNs: fc.option(fc.nat(1e9)), toNs: fc.option(fc.nat(1e9)), detail: fc.string({ unit: 'binary', maxLength: 30 }) }).map(({ host, lines, fromNs, toNs, detail }): GapRecord => ({ type: 'gap', host, epoch: 1, sequence: 1, tNs: 0, reason: 'kernel-drop', lines, fromNs, toNs, detail, late: false }));
const observed = fc.record({ host: fc.constantFrom(...HOSTS), text: fc.string({ unit: 'binary', maxLength: 60 }) }).map(({ host, text }): ObservedRecord => ({ type: 'observed', host, epoch: 2, sequence: 1, tNs: 0, text, late: false }));

const inOrder = (records: readonly LogRecord[]): LogRecord[] => records.map((record, index) => ({ ...record, sequence: index + 1, tNs: index * 1_234_567_891, ...(record.type === 'packet' ? { rawNs: index * 1_234_567_891 - 1 } : {}) }));

export const packetLogs = fc.array(fc.oneof({ weight: 9, arbitrary: packets }, gaps), { minLength: 1, maxLength: 60 }).map(inOrder);
export const anyLogs = fc.array(fc.oneof(packets, gaps, observed), { minLength: 1, maxLength: 40 }).map(inOrder);

/** What a format makes of rows; of so few none in another thread. */
export function formatted(format: LogFormat, rows: MergedRows): Uint8Array {
  const bytes = format.format(rows);
  if (bytes instanceof Promise) throw new TypeError('a short log has no thread of its own');
  return bytes;
}
