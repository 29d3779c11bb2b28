// Compiled code and JavaScript read the same lines: what the first one reads, the second one reads alike, and what it leaves is the second one's.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { giveBack, MOST_ROWS, newBatch } from '../../src/base/batch-memory.js';
import { newCounters } from '../../src/base/counters.js';
import type { LogRecord } from '../../src/base/record.js';
import { RecordBatch } from '../../src/base/record-batch.js';
import { ClockOffset } from '../../src/capture/clock-offset.js';
import { HostStream } from '../../src/capture/host-stream.js';
import { MachineLines } from '../../src/capture/machine-lines.js';
import { packetReader } from '../../src/capture/packet-reader.js';
import { PACKET, WireParser } from '../../src/capture/wire-format.js';
import { recordsOfRuns } from '../base/rows.js';

function ours() {
  const reader = packetReader();
  if (reader === undefined) throw new Error('no WebAssembly here');
  return reader;
}

const owner = { host: 0, hostName: 'web01', epoch: 1 };
const ORIGIN_SEC = 1_795_440_000;
const SEC = 1e9;
const TIMES = { originSec: ORIGIN_SEC, nowNs: 9e18, correctionNs: 0, errorNs: 0, beatRealNs: Number.NEGATIVE_INFINITY };
/** `ns` after the origin. */
const real = (ns: number) => String(BigInt(ORIGIN_SEC) * 1_000_000_000n + BigInt(ns));
/** Enough to be worth handing over. */
const REST = `U ${real(SEC)} 10.0.0.1 10.0.0.2 53 5353 20\n`.repeat(20);
const latin1 = (text: string) => Buffer.from(text, 'latin1');

/** The line's row as compiled code reads it; undefined when it leaves the line to WireParser. */
function compiled(line: string): LogRecord | undefined {
  const bytes = latin1(`${line}\n${REST}`);
  const batch = newBatch(owner);
  const reader = ours();
  expect(reader.load(bytes, 0, bytes.length)).toBe(bytes.length);
  batch.length = MOST_ROWS - 1;
  const rows = reader.read(0, batch, TIMES, Number.NEGATIVE_INFINITY, 0);
  expect(reader.at).toBe(rows === 0 ? 0 : line.length + 1);
  const record = rows === 0 ? undefined : batch.record(MOST_ROWS - 1);
  giveBack([{ batch, from: 0, to: MOST_ROWS }]);
  return record;
}

/** The same as WireParser reads it. */
function parsed(line: string): LogRecord | undefined {
  const bytes = latin1(`${line}\n`);
  const batch = new RecordBatch(owner, 1);
  if (new WireParser(ORIGIN_SEC).parse(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length, batch) !== PACKET) return undefined;
  batch.tNs[0] = batch.rawNs[0] as number;
  batch.sequence[0] = 1;
  return batch.record(0);
}

const port = fc.oneof(fc.nat(65_535), fc.constantFrom(0, 9, 10, 99, 100, 999, 1000, 9999, 10_000, 65_535));
const number32 = fc.oneof(fc.nat(4_294_967_295), fc.constantFrom(0, 9_999_999, 10_000_000, 99_999_999, 100_000_000, 999_999_999, 1_000_000_000, 4_294_967_295));
const time = fc.bigInt({ min: 1_000_000_000_000_000_000n, max: 9_999_999_999_999_999_999n });
const packet = fc.record({ isTcp: fc.boolean(), time, source: fc.ipV4(), destination: fc.ipV4(), ports: fc.tuple(port, port), flags: fc.nat(63), numbers: fc.tuple(number32, number32), window: port, payload: number32 });
const line = packet.map(({ isTcp, time, source, destination, ports, flags, numbers, window, payload }) => `${isTcp ? 'T' : 'U'} ${time} ${source} ${destination} ${ports.join(' ')} ${isTcp ? `${flags.toString(2).padStart(6, '0')} ${numbers.join(' ')} ${window} ` : ''}${payload}`);

test('reads every packet line of IPv4 as WireParser does', () => {
  fc.assert(
    fc.property(line, (one) => {
      const record = compiled(one);
      expect(record).toBeDefined();
      expect(record).toEqual(parsed(one));
    }),
    { numRuns: 3000 },
  );
});

test('reads nothing that WireParser refuses, and nothing in another way', () => {
  const byte = fc.oneof(fc.nat(255).map((code) => String.fromCharCode(code)), fc.constantFrom(...'0123456789 .-:/TU\r\0\u0085')).filter((char) => char !== '\n');
  const change = fc.record({ place: fc.nat(120), removed: fc.nat(2), added: fc.array(byte, { maxLength: 2 }) });
  let read = 0;
  fc.assert(
    fc.property(line, fc.array(change, { minLength: 1, maxLength: 3 }), (good, changes) => {
      const one = changes.reduce((text, { place, removed, added }) => text.slice(0, place % text.length) + added.join('') + text.slice((place % text.length) + removed), good);
      const record = compiled(one);
      if (record === undefined) return;
      read += 1;
      expect(record).toEqual(parsed(one));
    }),
    { numRuns: 5000 },
  );
  expect(read).toBeGreaterThan(100);
});

describe('leaves to WireParser', () => {
  const T = (fields: string) => `T ${real(SEC)} ${fields}`;
  test.each([
    ['a carriage return at the end', T('10.0.0.1 10.0.0.2 80 81 000010 1 2 3 4\r')],
    ['NUL behind a number', T('10.0.0.1 10.0.0.2 80 81 000010 1 2 3 4\0')],
    ['NUL in an address', T('10.0.\0.1 10.0.0.2 80 81 000010 1 2 3 4')],
    ['broken UTF-8 in a number', T('10.0.0.1 10.0.0.2 80 81 000010 1\xff 2 3 4')],
    ['an octet with a leading zero', T('10.0.0.01 10.0.0.2 80 81 000010 1 2 3 4')],
    ['an octet of 256', T('10.0.0.1 256.0.0.2 80 81 000010 1 2 3 4')],
    ['an octet of four digits', T('10.0.0.1000 10.0.0.2 80 81 000010 1 2 3 4')],
    ['five octets', T('10.0.0.0.1 10.0.0.2 80 81 000010 1 2 3 4')],
    ['a port of 65536', T('10.0.0.1 10.0.0.2 65536 81 000010 1 2 3 4')],
    ['a port of eight digits', T('10.0.0.1 10.0.0.2 80 00000081 000010 1 2 3 4')],
    ['a sequence number of 2^32', T('10.0.0.1 10.0.0.2 80 81 000010 4294967296 2 3 4')],
    ['eleven digits', T('10.0.0.1 10.0.0.2 80 81 000010 1 00000000002 3 4')],
    ['a window of 65536', T('10.0.0.1 10.0.0.2 80 81 000010 1 2 65536 4')],
    ['a payload of 2^32', T('10.0.0.1 10.0.0.2 80 81 000010 1 2 3 4294967296')],
    ['a payload below 0', T('10.0.0.1 10.0.0.2 80 81 000010 1 2 3 -4')],
    ['five flags', T('10.0.0.1 10.0.0.2 80 81 00010 1 2 3 4')],
    ['a flag of 2', T('10.0.0.1 10.0.0.2 80 81 000020 1 2 3 4')],
    ['a field too few', T('10.0.0.1 10.0.0.2 80 81 000010 1 2 3')],
    ['a field too many', T('10.0.0.1 10.0.0.2 80 81 000010 1 2 3 4 5')],
    ['an empty field', T('10.0.0.1 10.0.0.2 80 81 000010  2 3 4')],
    ['a time of 18 digits', `U 179544000000000000 10.0.0.1 10.0.0.2 80 81 4`],
    ['a time of 20 digits', `U 17954400000000000000 10.0.0.1 10.0.0.2 80 81 4`],
    ['IPv6', T('fe80:0000:0000:0000:0000:0000:0000:0001 ff02:0000:0000:0000:0000:0000:0000:00fb 5353 5353 000010 1 2 3 4')],
    ['a heartbeat', `H ${real(SEC)} 1 2`],
    ['nothing', ''],
  ])('%s', (_, one) => expect(compiled(one)).toBeUndefined());
});

test('a time that needs a decision is left to MachineLines', () => {
  const bytes = latin1(REST);
  const reader = ours();
  reader.load(bytes, 0, bytes.length);
  const batch = newBatch(owner);
  const rows = (times: Partial<typeof TIMES>, passedNs = Number.NEGATIVE_INFINITY) => reader.read(0, batch, { ...TIMES, ...times }, passedNs, 0);
  expect([rows({}), rows({ nowNs: SEC }), rows({ beatRealNs: SEC - 1 }), rows({}, 5 * SEC)]).toEqual([20, 20, 20, 20]);
  expect([rows({ nowNs: SEC - 1 }), rows({ correctionNs: 1, nowNs: SEC }), rows({ beatRealNs: SEC }), rows({}, 5 * SEC + 1)]).toEqual([0, 0, 0, 0]);
  expect([rows({}, 5 * SEC + 1), rows({ errorNs: 1 }, 5 * SEC + 1)]).toEqual([0, 20]);
  giveBack([{ batch, from: 0, to: MOST_ROWS }]);
});

/** What a host's output amounts to, in these pieces. */
function played(pieces: readonly Buffer[], nowNs: number): unknown {
  const counters = newCounters();
  const offset = new ClockOffset();
  offset.add(-1e6, 0, 1e6, 0);
  const stream = new HostStream(new MachineLines(owner, { originSec: ORIGIN_SEC, nowNs: () => nowNs }, offset, counters), counters);
  const all = pieces.map((piece) => stream.push(piece, nowNs));
  const last = <T>(values: readonly (T | undefined)[]) => values.findLast((value) => value !== undefined);
  return { counters, records: all.flatMap(({ runs }) => recordsOfRuns(runs)), notes: all.flatMap(({ notes }) => notes), watermarkNs: last(all.map((one) => one.watermarkNs)), completeNs: last(all.map((one) => one.completeNs)) };
}

const eachLine = (bytes: Buffer): Buffer[] => bytes.toString('latin1').split(/(?<=\n)/).map(latin1);

test('a host says the same whether its lines come one by one, cut anywhere, or at once', () => {
  // The clock of the host is set, heartbeats count on, lines of other CPUs come late, some are of the future, some are none.
  const ns = fc.oneof(fc.nat(20 * SEC), fc.integer({ min: 5 * SEC, max: 6 * SEC }));
  const word = fc.oneof(
    { weight: 12, arbitrary: ns.map((at) => `T ${real(at)} 10.0.0.1 10.0.0.2 80 20373 011000 7 8 9 10`) },
    { weight: 4, arbitrary: ns.map((at) => `U ${real(at)} 192.168.100.200 255.255.255.255 53 5353 20`) },
    { weight: 1, arbitrary: ns.map((at) => `U ${real(at)} ::1 fe80::1 53 5353 20`) },
    { weight: 1, arbitrary: fc.tuple(ns, fc.nat(600)).map(([at, count]) => `H ${real(at)} ${86_400 * SEC + at} ${count}`) },
    { weight: 1, arbitrary: fc.constantFrom('', 'WARNING: something', 'T 1 2', '\xff\xfe', '\0', `U ${real(SEC)} 10.0.0.1 10.0.0.2 53 5353 -1`) },
  );
  fc.assert(
    fc.property(fc.array(word, { minLength: 40, maxLength: 400 }), fc.array(fc.nat(30_000), { maxLength: 4 }), ns, (words, cuts, nowNs) => {
      const bytes = latin1(words.map((one) => `${one}\n`).join(''));
      const oneByOne = played(eachLine(bytes), nowNs);
      expect(played([bytes], nowNs)).toEqual(oneByOne);
      const places = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
      expect(played(places.slice(1).map((place, index) => bytes.subarray(places[index], place)), nowNs)).toEqual(oneByOne);
    }),
    { numRuns: 100 },
  );
});

test('cut at every byte', () => {
  const middle = `T ${real(2 * SEC)} 10.0.0.1 10.0.0.2 80 20373 011000 7 8 9 10\n`;
  const bytes = latin1(REST + middle + REST);
  const whole = played([bytes], 3 * SEC);
  for (let cut = REST.length; cut <= REST.length + middle.length; cut += 1) expect(played([bytes.subarray(0, cut), bytes.subarray(cut)], 3 * SEC)).toEqual(whole);
});

test.each([['10 MiB', 10 * 2 ** 20], ['just as long as there is room', 65_536 - 32], ['a byte longer', 65_536 - 31]])('a line of %s among packets', (_, length) => {
  const long = Buffer.alloc(length, 'x');
  long[length - 1] = 0x0a;
  const pieces = [latin1(REST.repeat(200)), long, latin1(REST.repeat(200))];
  expect(played([Buffer.concat(pieces)], 3 * SEC)).toEqual(played(pieces.flatMap(eachLine), 3 * SEC));
});
