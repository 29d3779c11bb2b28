// What comes in: a record. What goes out: its fields under the names that JSONL and CSV share.
//   t, raw           RFC 3339 with nanoseconds, as text: such a number is not safe in JSON. raw is the host's own time
//   corr_ns, err_ns  what was added to raw, and the bound of the error; null where nobody knows
//   seq              the line's number on its host, in this epoch; tcp_seq, tcp_ack, window, bytes are the packet's
//   type             gap or observed; packets have none
//   from, to         a gap's: nothing is missing before and behind; null where nobody knows
// Guaranteed: no control character of a host's is left in a text.
import type { AddressNames } from '../base/address-names.js';
import { printable } from '../base/host-text.js';
import type { LogRecord } from '../base/record.js';

export type Field = string | number | boolean | null;

export const FIELDS = ['t', 'host', 'epoch', 'seq', 'raw', 'corr_ns', 'err_ns', 'late', 'proto', 'src', 'sport', 'dst', 'dport', 'flags', 'tcp_seq', 'tcp_ack', 'window', 'bytes', 'type', 'reason', 'lines', 'from', 'to', 'text'] as const;

/** With --names: the hosts whose addresses these are; null where they are nobody's. */
export const NAME_FIELDS = ['src_name', 'dst_name'] as const;

export type Fields = Partial<Record<(typeof FIELDS)[number] | (typeof NAME_FIELDS)[number], Field>>;

export function fieldsOf(record: LogRecord, originSec: number, names?: AddressNames): Fields {
  const { host, epoch, sequence: seq, late } = record;
  const t = nanosecondTime(record.tNs, originSec);
  switch (record.type) {
    case 'observed':
      return { t, host, epoch, seq, late, type: 'observed', text: printable(record.text) };
    case 'gap':
      return { t, host, epoch, seq, late, type: 'gap', reason: record.reason, lines: record.lines, from: timeOrNull(record.fromNs, originSec), to: timeOrNull(record.toNs, originSec), text: printable(record.detail) };
    case 'packet': {
      const { protocol: proto, source: src, sourcePort: sport, destination: dst, destinationPort: dport, payloadBytes: bytes } = record;
      const err_ns = Number.isFinite(record.errorNs) ? Math.ceil(record.errorNs) : null;
      const common = { t, host, epoch, seq, raw: nanosecondTime(record.rawNs, originSec), corr_ns: Math.round(record.correctionNs), err_ns, late, proto, src, sport, dst, dport };
      const named = names && { src_name: nameOf(names, src), dst_name: nameOf(names, dst) };
      return proto === 'udp' ? { ...common, bytes, ...named } : { ...common, flags: FLAG_LETTERS[Number.parseInt(record.flags, 2)] ?? '', tcp_seq: record.seq, tcp_ack: record.ack, window: record.window, bytes, ...named };
    }
  }
}

function nameOf(names: AddressNames, address: string): string | null {
  const name = names.get(address);
  return name === undefined ? null : printable(name);
}

/** URG ACK PSH RST SYN FIN as their first letters, by the six bits: `AS` is a SYN-ACK. */
export const FLAG_LETTERS: readonly string[] = Array.from({ length: 64 }, (_, flags) => [...'UAPRSF'].filter((_letter, index) => (flags & (32 >> index)) !== 0).join(''));

function timeOrNull(ns: number | null, originSec: number): string | null {
  return ns === null ? null : nanosecondTime(ns, originSec);
}

/** `2026-11-23T10:00:00.123456789Z` */
export function nanosecondTime(ns: number, originSec: number): string {
  const sec = Math.floor(ns / 1e9);
  return `${new Date((originSec + sec) * 1000).toISOString().slice(0, 19)}.${String(Math.floor(ns - sec * 1e9)).padStart(9, '0')}Z`;
}
