import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogRecord } from '../../src/base/record.js';
import { formatTime } from '../../src/base/clock.js';
import type { MergedRows } from '../../src/base/merged-rows.js';
import { RowOrder } from '../../src/merge/order-rows.js';
import { batchOf, objects, rowsOf } from '../base/rows.js';
import { TextFormat } from '../../src/sinks/text.js';
import cases from '../cases/sinks/lines.json' with { type: 'json' };

/** 2026-11-23T10:00:00Z */
const ORIGIN_SEC = 1_795_428_000;
function format(hostWidth = 5) {
  const text = new TextFormat({ originSec: ORIGIN_SEC, hostWidth });
  return { header: () => text.header(), line: (one: LogRecord) => text.format(rowsOf([one])).toString() };
}

function record(fields: object): LogRecord {
  return { host: 'web01', epoch: 1, sequence: 1, tNs: 123_456_789, rawNs: 0, correctionNs: 0, errorNs: 0, seq: 0, ack: 0, window: 0, payloadBytes: 0, late: false, ...fields } as LogRecord;
}

const packet = (fields: object = {}) => record({ type: 'packet', protocol: 'tcp', source: '10.0.0.1', destination: '10.0.0.2', sourcePort: 80, destinationPort: 81, flags: '000010', ...fields });

describe('a line', () => {
  test.each(cases as [string, object, string][])('%s', (_, fields, line) => expect(format().line(record(fields))).toBe(`${line}\n`));

  test('has the documented fields in their order', () => {
    const line = format().line(packet({ source: '209.85.229.147', destination: '10.0.2.15', destinationPort: 20_373, flags: '011000' }));
    expect(line.trim().split(/ +/).join(' ')).toBe('2026-11-23T10:00:00.123456Z web01 209.85.229.147 10.0.2.15 80 20373 0 1 1 0 0 0');
  });

  test.each([
    [0, '10:00:00.000000'],
    [999, '10:00:00.000000'],
    [1_999_999_999, '10:00:01.999999'],
    [-1, '09:59:59.999999'],
    [14 * 3600e9, '2026-11-24T00:00:00.000000'],
  ])('the time is cut to microseconds: %d ns', (tNs, time) => expect(format().line(packet({ tNs }))).toContain(`${time}Z `));
});

describe('columns', () => {
  test('stand under their names', () => {
    const header = format(8).header();
    const line = format(8).line(packet({ host: 'web01', sourcePort: 1, destinationPort: 2, flags: '101010' }));
    expect(line).toHaveLength(header.length + 1);
    expect([...'UAPRSF'].map((_, index) => line[header.length - 11 + 2 * index]).join('')).toBe('101010');
    expect(line.indexOf('web01')).toBe(header.indexOf('Host'));
    for (const [name, value] of [['Source IP', '10.0.0.1'], ['Dest IP', '10.0.0.2']] as const) expect(line.indexOf(value) + value.length).toBe(header.indexOf(name) + name.length);
  });

  test('are the same for every IPv4 packet of every host, and widen for IPv6 once', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ host: fc.stringMatching(/^[a-z]{1,8}$/), source: fc.ipV4(), destination: fc.ipV4(), sourcePort: fc.nat(65_535), destinationPort: fc.nat(65_535) })), (all) => {
        const text = format(8);
        const lengths = () => new Set(all.map((fields) => text.line(packet(fields)).length));
        const before = lengths();
        text.line(packet({ source: '2001:db8:1111:2222:3333:4444:5555:6666' }));
        const after = lengths();
        expect(before.size).toBeLessThanOrEqual(1);
        expect([...after]).toEqual([...before].map((length) => length + 2 * (38 - 15)));
      }),
    );
  });
});

test('whatever a host prints is one line without control characters', () => {
  const text = fc.string({ unit: fc.oneof(fc.constantFrom('\n', '\r', '\u001b', '\0', '\u0007', '\u009b', '\u202e', 'a', 'é'), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })) });
  fc.assert(
    fc.property(text, text, (said, host) => {
      for (const line of [record({ type: 'observed', text: said, host }), record({ type: 'gap', reason: 'stap-exit', lines: null, fromNs: null, toNs: 1, detail: said })].map((one) => format().line(one))) {
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
      }
    }),
  );
});

test('times that are in order are in order as text', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1e15, max: 1e15 })), (times) => {
      const text = format();
      const written = times.sort((left, right) => left - right).map((tNs) => text.line(packet({ tNs })).split(' ')[0] as string);
      expect(written).toEqual([...written].sort());
    }),
  );
});

/** The definition in the head of sinks/text.ts, word for word; there, eight bytes are put at once and the texts of addresses are kept. */
function plain(one: LogRecord, hostWidth: number, addressWidth: number): string {
  if (one.type !== 'packet') throw new RangeError(one.type);
  const port = (number: number) => String(number).padStart(5);
  const flags = one.protocol === 'udp' ? 'UDP' : [...one.flags].join(' ');
  const addresses = [one.source, one.destination].map((address) => address.padStart(addressWidth)).join(' ');
  return `${formatTime(one.tNs, ORIGIN_SEC)} ${one.host.padEnd(hostWidth)} ${addresses} ${port(one.sourcePort)} ${port(one.destinationPort)} ${flags}${one.late ? ' late' : ''}\n`;
}

const ipv6 = fc.constantFrom('::', '::1', 'fe80::1', '2001:db8:1:2:3:4:5:6', '2001:db8:1111:2222:3333:4444:5555:6666');
const address = fc.oneof({ weight: 4, arbitrary: fc.ipV4() }, { weight: 2, arbitrary: fc.constantFrom('0.0.0.0', '10.0.0.1', '255.255.255.255') }, { weight: 1, arbitrary: ipv6 });
const port = fc.oneof(fc.nat(65_535), fc.constantFrom(0, 9, 10, 99, 100, 999, 1000, 9999, 10_000, 65_535));
const time = fc.oneof(fc.integer({ min: -5e9, max: 5e9 }), fc.integer({ min: -1e14, max: 1e14 }).map((eighths) => eighths / 8));
const packets = fc
  .record({
    tNs: time, host: fc.constantFrom('a', 'web01', 'ein-längerer-name'), source: address, destination: address, sourcePort: port, destinationPort: port, late: fc.boolean(),
    flags: fc.nat(63).map((flags) => flags.toString(2).padStart(6, '0')), protocol: fc.constantFrom('tcp', 'udp'),
  })
  .map((fields) => packet({ ...fields, flags: fields.protocol === 'udp' ? '' : fields.flags }));

describe('many packets at once are what each of them is by itself', () => {
  const check = (rows: MergedRows) => {
    const records = objects(rows);
    let width = 15;
    const lines = records.map((one) => {
      if (one.type === 'packet') width = Math.max(width, ...[one.source, one.destination].filter((text) => text.includes(':')).map((text) => text.length));
      return plain(one, 5, width);
    });
    expect(new TextFormat({ originSec: ORIGIN_SEC, hostWidth: 5 }).format(rows).toString()).toBe(lines.join(''));
  };

  test('row after row', () => fc.assert(fc.property(fc.array(packets, { maxLength: 40 }), (all) => check(rowsOf(all))), { numRuns: 300 }));

  test('host after host, as merge gives them', () => {
    fc.assert(
      fc.property(fc.array(fc.array(packets, { minLength: 1, maxLength: 20 }), { maxLength: 5 }), (hosts) => {
        const runs = hosts.map((all, host) => batchOf(host, all.map((one) => ({ ...one, host: `web${host}` })).sort((left, right) => left.tNs - right.tNs)));
        check(new RowOrder().order([], runs, true));
      }),
      { numRuns: 300 },
    );
  });
});
