import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newCounters } from '../../src/base/counters.js';
import { ClockOffset } from '../../src/capture/clock-offset.js';
import { MachineLines } from '../../src/capture/machine-lines.js';
import { ObjectLines, parseWireLine, parseWireLines } from './wire-line.js';
import malformed from '../cases/capture/malformed-lines.json' with { type: 'json' };

const REAL = '1795440880303117235';
const ORIGIN_SEC = 1_795_440_000;
const REAL_NS = 880_303_117_235;

describe('each letter', () => {
  test('B', () => expect(parseWireLine(`B 1 ${REAL} 86400000000001`, ORIGIN_SEC)).toEqual({ kind: 'begin', realNs: REAL_NS, monoNs: 86_400_000_000_001, count: 0 }));
  test('H', () => expect(parseWireLine(`H ${REAL} 86400000000001 42`, ORIGIN_SEC)).toEqual({ kind: 'heartbeat', realNs: REAL_NS, monoNs: 86_400_000_000_001, count: 42 }));
  test('E', () => expect(parseWireLine(`E ${REAL} 86400000000001 999999999999999`, ORIGIN_SEC)).toEqual({ kind: 'end', realNs: REAL_NS, monoNs: 86_400_000_000_001, count: 999_999_999_999_999 }));
  test('T', () =>
    expect(parseWireLine(`T ${REAL} 209.85.229.147 10.0.2.15 80 20373 011000 4294967295 1 65535 1448`, ORIGIN_SEC)).toMatchObject({
      type: 'packet',
      rawNs: REAL_NS,
      protocol: 'tcp',
      source: '209.85.229.147',
      destination: '10.0.2.15',
      sourcePort: 80,
      destinationPort: 20_373,
      flags: '011000',
      seq: 4_294_967_295,
      ack: 1,
      window: 65_535,
      payloadBytes: 1448,
    }));
  test('U, IPv6 in full', () =>
    expect(parseWireLine(`U ${REAL} fe80:0000:0000:0000:0000:0000:0000:0001 ff02:0000:0000:0000:0000:0000:0000:00fb 5353 65535 0`, ORIGIN_SEC)).toMatchObject({
      type: 'packet',
      rawNs: REAL_NS,
      protocol: 'udp',
      source: 'fe80::1',
      destination: 'ff02::fb',
      sourcePort: 5353,
      destinationPort: 65_535,
      flags: '',
      seq: 0,
      ack: 0,
      window: 0,
      payloadBytes: 0,
    }));

  // Anybody can send a packet of 20 bytes that says its header has 60.
  test.each([`T ${REAL} 10.0.0.1 10.0.0.2 80 81 000010 1 2 3 -40`, `U ${REAL} 10.0.0.1 10.0.0.2 80 81 -8`])('a packet shorter than its own header is a packet: %s', (line) => expect(parseWireLine(line)).toMatchObject({ type: 'packet', payloadBytes: 0 }));
});

// The address of the line before is recognised by its bytes: near misses are the danger.
test('a line says the same whatever stood in the lines before it', () => {
  const address = fc.oneof(fc.constantFrom('0.0.0.0', '10.0.0.1', '10.0.0.12', '10.0.0.123', '10.0.0.01', '110.0.0.1', '10.10.0.0.1', '255.255.255.255', '255.255.255.25', 'fe80::1', '::ffff:10.0.0.1', '10.0.0.1x'), fc.ipV4());
  const line = fc.record({ letter: fc.constantFrom('T', 'U'), source: address, destination: address }).map(({ letter, source, destination }) => `${letter} ${REAL} ${source} ${destination} 80 81 ${letter === 'T' ? '000010 1 2 3 ' : ''}4`);
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
      expect(parseWireLines(lines)).toEqual(lines.map((one) => parseWireLine(one)));
    }),
    { numRuns: 500 },
  );
});

describe('what is no such line', () => {
  test.each(malformed as [string, string][])('%s', (_, line) => expect(parseWireLine(line)).toBeUndefined());

  test('whatever a host prints is counted once and throws nothing', () => {
    const word = fc.oneof(
      fc.constantFrom('T', 'U', 'H', 'E', 'B', '1', '0', '-1', REAL, '80', '65536', '000010', '', '10.0.0.1', '::', '::1%lo', '::ffff:1.2.3.4', '1::2::3', 'fe80::1%0'),
      fc.ipV4(),
      fc.ipV6(),
      fc.string().map((text) => text.replaceAll('\n', ' ')),
    );
    const line = fc.oneof(
      fc.array(word, { maxLength: 12 }).map((words) => words.join(' ')),
      // nearly right: one word of a good line replaced
      fc.tuple(fc.constantFrom(`T ${REAL} ::1 ::2 1 2 000000 1 2 3 4`, `U ${REAL} ::1 ::2 1 2 3`, `H ${REAL} 1 2`, `B 1 ${REAL} 2`), fc.nat(10), word).map(([good, place, other]) => good.split(' ').with(place % good.split(' ').length, other).join(' ')),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
        const counters = newCounters();
        const machine = new ObjectLines(new MachineLines({ host: 0, hostName: 'web01', epoch: 1 }, { originSec: 1_795_440_000, nowNs: () => 0 }, new ClockOffset(), counters));
        const { records } = machine.push(lines, 1e12);
        const { received, marks, notes } = counters;
        expect(received).toBe(lines.length);
        expect(counters.records + marks + notes + counters.malformed).toBe(received);
        for (const record of records) {
          if (record.type !== 'packet') continue;
          expect([record.tNs, record.rawNs, record.sourcePort, record.payloadBytes, record.window].every(Number.isFinite)).toBe(true);
          expect(isIP(record.source) * isIP(record.destination)).toBeGreaterThan(0);
        }
      }),
      { numRuns: 500 },
    );
  });
});
