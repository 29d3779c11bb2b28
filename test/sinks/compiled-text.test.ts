// Compiled code and JavaScript write the same lines: a few rows at once are written by the second one alone.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogRecord } from '../../src/base/record.js';
import { CompiledText, LEAST_PAGES } from '../../src/sinks/compiled-text.js';
import { spelled } from '../../src/sinks/field-bytes.js';
import { PackedRows } from '../../src/sinks/packed-rows.js';
import { TextFormat } from '../../src/sinks/text.js';
import { eights } from '../../src/sinks/text-bytes.js';
import { rowsOf } from '../base/rows.js';

const OPTIONS = { originSec: 1_795_428_000, hostWidth: 6 };
const PACKET = { type: 'packet', protocol: 'tcp', host: 'web01', epoch: 1, sequence: 1, tNs: 123_456_789, rawNs: 0, correctionNs: 0, errorNs: 0, source: '10.0.0.1', destination: '10.0.0.2', sourcePort: 80, destinationPort: 81, flags: '000010', seq: 0, ack: 0, window: 0, payloadBytes: 0, late: false } as const;
const packet = (fields: object = {}) => ({ ...PACKET, ...fields }) as LogRecord;
const GAP = { type: 'gap', host: 'web01', epoch: 1, sequence: 1, tNs: 1e9, late: false, reason: 'kernel-drop', lines: 3, fromNs: null, toNs: 1e9, detail: 'gone' } as unknown as LogRecord;

function expectTheSame(records: readonly LogRecord[], options = OPTIONS): void {
  const one = new TextFormat(options);
  const oneByOne = records.map((record) => one.format(rowsOf([record])).toString()).join('');
  const all = new TextFormat(options);
  const rows = rowsOf(records);
  // The second time, widths and the second are those that the first one has left behind.
  expect(all.format(rows).toString()).toBe(oneByOne);
  expect(all.format(rows).toString()).toBe(records.map((record) => one.format(rowsOf([record])).toString()).join(''));
}

describe('lines are the same, however many at once', () => {
  const port = fc.oneof(fc.nat(65_535), fc.constantFrom(0, 9, 10, 99, 100, 999, 1000, 9999, 10_000, 65_535));
  const tNs = fc.oneof(fc.constantFrom(-1, 0, 999, 1000, 999_999_999, 1e9, 1_999_999_999, 86_400e9), fc.nat(3e9), fc.integer({ min: -2e9, max: 0 }));
  const host = fc.constantFrom('web01', 'a', 'db-primary.example.net', 'wéb02', 'web\u001b[31m');
  const ordinary = fc.record({ tNs, host, source: fc.ipV4(), destination: fc.ipV4(), sourcePort: port, destinationPort: port, flags: fc.nat(63) }).map((fields) => packet({ ...fields, flags: fields.flags.toString(2).padStart(6, '0') }));
  const udp = ordinary.map((record) => ({ ...record, protocol: 'udp', flags: '' }) as LogRecord);
  const odd = fc.oneof(fc.record({ tNs, source: fc.ipV6(), destination: fc.oneof(fc.ipV4(), fc.constant('fe80::1')) }).map(packet), ordinary.map((record) => ({ ...record, late: true })), tNs.map((at) => ({ ...GAP, tNs: at }) as LogRecord));
  const repeated = (some: fc.Arbitrary<LogRecord>) => fc.tuple(fc.array(some, { minLength: 1, maxLength: 60 }), fc.integer({ min: 256, max: 700 })).map(([records, length]) => Array.from({ length }, (_, index) => records[index % records.length] as LogRecord));

  test('packets of IPv4', () => fc.assert(fc.property(repeated(fc.oneof({ weight: 8, arbitrary: ordinary }, { weight: 1, arbitrary: udp })), (records) => expectTheSame(records)), { numRuns: 60 }));
  test('others among them', () => fc.assert(fc.property(repeated(fc.oneof({ weight: 8, arbitrary: ordinary }, { weight: 1, arbitrary: odd })), (records) => expectTheSame(records)), { numRuns: 60 }));
  test('all sets of flags, all ports, all octets', () => {
    const octet = (index: number) => `${index & 255}.${(index >> 8) & 255}.${255 - (index & 255)}.${(index * 7) & 255}`;
    const records = Array.from({ length: 65_536 }, (_, index) => packet({ sourcePort: index, destinationPort: 65_535 - index, flags: (index & 63).toString(2).padStart(6, '0'), source: octet(index), destination: octet(65_535 - index), tNs: index * 15_259 }));
    expectTheSame(records);
  });
  test('many hosts, and long names', () => expectTheSame(Array.from({ length: 6000 }, (_, index) => packet({ host: `${'x'.repeat(index % 90)}${index}` })), { originSec: 0, hostWidth: 100 }));
});

describe('compiled code', () => {
  /** How many rows it writes before it stops, of the second that begins at the origin. */
  const written = (records: readonly LogRecord[], mostBytes = 200) => {
    const packed = new PackedRows(() => '').pack(rowsOf(records));
    const compiled = new CompiledText(new WebAssembly.Memory({ initial: LEAST_PAGES, maximum: 1024 }));
    compiled.knowHosts(packed.hosts.map((host) => spelled(`${host} `)));
    compiled.turnTo(0, eights('2026-11-23T10:00:00.'));
    const out = Buffer.alloc(records.length * 200);
    const rows = compiled.spell(packed, 0, out, 0, 15, mostBytes);
    expect(out.toString('latin1', 0, compiled.at).split('\n')).toHaveLength(rows + 1);
    return rows;
  };
  const many = Array.from({ length: 5000 }, () => packet());

  test('writes packets of IPv4, as many as there are', () => expect(written(many)).toBe(5000));
  test.each([
    ['IPv6', packet({ source: '::1' })],
    ['IPv6 at the other end', packet({ destination: '::1' })],
    ['a late line', packet({ late: true })],
    ['a gap', GAP],
    ['the next second', packet({ tNs: 1e9 })],
    ['the second before', packet({ tNs: -1 })],
  ])('stops in front of %s', (_, record) => expect(written(many.with(3000, record))).toBe(3000));
  test('leaves lines for which it has no room', () => expect(written(many, 2 ** 20)).toBe(0));
});
