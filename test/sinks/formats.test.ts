// The formats against those who read them: tshark, jq, Python's csv, sort.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { LogRecord } from '../../src/base/record.js';
import { FIELDS, fieldsOf } from '../../src/sinks/fields.js';
import { FORMATS, type FormatName, formatFor } from '../../src/sinks/index.js';
import { rowsOf } from '../base/rows.js';
import { anyLogs, formatted, HOSTS, OPTIONS, ORIGIN_SEC, packet, packetLogs } from './packets.js';

const folder = mkdtempSync(join(tmpdir(), 'fleet-tap-formats-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A whole file, its rows cut in two. */
function fileOf(name: FormatName, records: readonly LogRecord[], outgoing = false): Buffer {
  const format = FORMATS[name]({ ...OPTIONS, outgoing });
  const cut = Math.floor(records.length / 2);
  return Buffer.concat([format.begin(), formatted(format, rowsOf(records.slice(0, cut))), formatted(format, rowsOf(records.slice(cut))), format.end()]);
}

function read(program: string, words: readonly string[], input: Buffer): string {
  // tshark reads no pipe without saying so.
  const file = join(folder, 'log');
  writeFileSync(file, input);
  const result = spawnSync(program, words.map((word) => (word === '-' ? file : word)), { input, maxBuffer: 2 ** 26, env: { ...process.env, LC_ALL: 'C', TZ: 'UTC', PYTHONIOENCODING: 'utf-8' } });
  expect(result.stderr.toString().replace(/^Running as user "root".*\n/m, ''), program).toBe('');
  expect(result.status, program).toBe(0);
  return result.stdout.toString();
}

const missing = (program: string, debianPackage: string) => (['/usr/bin', '/usr/local/bin'].some((folder) => existsSync(`${folder}/${program}`)) ? '' : `skipped: ${program} is not installed (apt-get install ${debianPackage})`);
const [noTshark, noJq, noPython] = [missing('tshark', 'tshark'), missing('jq', 'jq'), missing('python3', 'python3')];

describe.skipIf(noTshark !== '')(`pcapng as tshark reads it ${noTshark}`, () => {
  const COLUMNS = ['frame.interface_name', 'frame.time_epoch', 'frame.len', 'ip.src', 'ipv6.src', 'ip.dst', 'ipv6.dst', 'tcp.srcport', 'udp.srcport', 'tcp.dstport', 'udp.dstport', 'tcp.flags', 'tcp.seq_raw', 'tcp.ack_raw', 'tcp.window_size_value', 'tcp.len', 'udp.length', 'ip.checksum.status', 'frame.packet_flags_direction', '_ws.malformed'];
  // Dissectors of applications would look for a payload that is not there.
  const QUIET = ['--disable-protocol', 'ALL', ...['frame', 'raw', 'ip', 'ipv6', 'tcp', 'udp'].flatMap((protocol) => ['--enable-protocol', protocol])];
  const tshark = (file: Buffer) =>
    read('tshark', ['-n', '-r', '-', ...QUIET, '-o', 'ip.check_checksum:TRUE', '-T', 'fields', '-E', 'separator=|', ...COLUMNS.flatMap((column) => ['-e', column])], file)
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split('|'));

  it('every field of every packet, in order, without a warning', () => {
    fc.assert(
      fc.property(packetLogs, (records) => {
        const expected = records.flatMap((record) => {
          if (record.type !== 'packet') return [];
          const six = record.source.includes(':');
          const tcp = record.protocol === 'tcp';
          const of = (value: string | number, is: boolean) => (is ? String(value) : '');
          const length = (six ? 40 : 20) + (tcp ? 20 : 8) + record.payloadBytes;
          const time = fieldsOf(record, ORIGIN_SEC).t as string;
          return [
            [
              record.host, `${Math.floor(Date.parse(time) / 1000)}.${time.slice(20, 29)}`, String(length), of(record.source, !six), of(record.source, six), of(record.destination, !six), of(record.destination, six),
              of(record.sourcePort, tcp), of(record.sourcePort, !tcp), of(record.destinationPort, tcp), of(record.destinationPort, !tcp),
              of(`0x${Number.parseInt(record.flags, 2).toString(16).padStart(4, '0')}`, tcp), of(record.seq, tcp), of(record.ack, tcp), of(record.window, tcp), of(record.payloadBytes, tcp), of(8 + record.payloadBytes, !tcp), of(1, !six), '0x00000001', '',
            ],
          ];
        });
        expect(tshark(fileOf('pcapng', records))).toEqual(expected);
      }),
      { numRuns: 6 },
    );
  });

  it('no expert has anything to say about a connection', () => {
    const ends = { source: '198.51.100.7', sourcePort: 50_000, destination: '10.0.0.1', destinationPort: 443 };
    const back = { host: 'app-2', source: '10.0.0.1', sourcePort: 443, destination: '198.51.100.7', destinationPort: 50_000 };
    const records = [
      packet({ ...ends, seq: 999, flags: '000010', tNs: 1e6 }),
      packet({ ...back, seq: 499, ack: 1000, flags: '010010', tNs: 2e6 }),
      packet({ ...ends, seq: 1000, ack: 500, flags: '010000', tNs: 3e6 }),
      packet({ ...ends, seq: 1000, ack: 500, flags: '011000', payloadBytes: 700, tNs: 4e6 }),
      packet({ ...back, seq: 500, ack: 1700, flags: '010000', tNs: 5e6 }),
    ];
    const experts = read('tshark', ['-n', '-r', '-', '--disable-protocol', 'tls', '-q', '-z', 'expert,warn'], fileOf('pcapng', records)).trim();
    expect(experts).toBe('');
  });

  it('gaps are comments and drop counts on the next packet of their host, or stand at the end; late ones say so', () => {
    const gap = (host: string, lines: number | null): LogRecord => ({ type: 'gap', host, epoch: 1, sequence: 1, tNs: 7, reason: 'kernel-drop', lines, fromNs: null, toNs: 7, detail: 'gone', late: false });
    const records = [packet(), gap('web01', 3), gap('app-2', null), packet({ host: 'db.example', late: true }), packet()];
    const file = fileOf('pcapng', records, true);
    const fields = read('tshark', ['-n', '-r', '-', '-T', 'fields', '-E', 'separator=|', '-e', 'frame.interface_name', '-e', 'frame.packet_flags_direction', '-e', 'frame.comment'], file);
    expect(fields.split('\n').slice(0, -1)).toEqual([
      'web01|0x00000002|',
      'db.example|0x00000002|late: the log had gone on without this host',
      'web01|0x00000002|gap at 2026-11-23T10:00:00.000000007Z: kernel-drop, 3 lines; gone',
    ]);
    expect(file.includes('kernel-drop, an unknown number of lines')).toBe(true);
  });

  it('a host that nobody had named gets its interface before its first packet', () => {
    const seen = read('tshark', ['-n', '-r', '-', '-T', 'fields', '-e', 'frame.interface_name'], fileOf('pcapng', ['web01', 'new', 'db.example', 'new'].map((host) => packet({ host }))));
    expect(seen).toBe('web01\nnew\ndb.example\nnew\n');
  });

  it('capinfos-like facts: one interface a host, one link type, nanoseconds', () => {
    const seen = read('tshark', ['-n', '-r', '-', '-T', 'fields', '-e', 'frame.interface_id', '-e', 'frame.encap_type', '-e', 'frame.interface_description'], fileOf('pcapng', HOSTS.map((host) => packet({ host }))));
    expect(seen.split('\n').slice(0, -1).map((line) => line.split('\t'))).toEqual(HOSTS.map((_, index) => [String(index), '7', 'trixie 6.12.1-amd64']));
  });
});

it('pcapng: a packet that bears a comment has the same headers as one that does not, however long it was', () => {
  const headBytes = FORMATS.pcapng(OPTIONS).begin().length;
  fc.assert(
    fc.property(packetLogs, fc.constantFrom(0, 1, 65_495, 65_507, 65_535, 4_294_967_295), (records, payloadBytes) => {
      for (const record of records) {
        if (record.type !== 'packet') continue;
        const of = (late: boolean) => {
          const format = FORMATS.pcapng(OPTIONS);
          return Buffer.concat([format.begin(), formatted(format, rowsOf([{ ...record, payloadBytes, late }]))]).subarray(headBytes);
        };
        const [plain, commented] = [of(false), of(true)];
        // Interface, time, both lengths, headers: all but the block's length, and what stands behind them.
        const end = 28 + plain.readUInt32LE(20);
        expect(plain.subarray(8, end)).toEqual(commented.subarray(8, end));
        expect(plain.readUInt32LE(4)).toBe(plain.length);
      }
    }),
  );
});

describe.skipIf(noJq !== '')(`JSONL as jq reads it ${noJq}`, () => {
  it('all fields come back, and no control character of a host\'s', () => {
    fc.assert(
      fc.property(anyLogs, (records) => {
        const file = fileOf('jsonl', records);
        expect(file.toString()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
        const back = read('jq', ['-c', '.'], file).split('\n').slice(0, -1).map((line) => JSON.parse(line) as unknown);
        expect(back).toEqual(records.map((record) => JSON.parse(JSON.stringify(fieldsOf(record, ORIGIN_SEC))) as unknown));
      }),
      { numRuns: 20 },
    );
  });

  it('times are text with nanoseconds, flags are letters, an unknown bound is null', () => {
    const line = JSON.parse(fileOf('jsonl', [packet({ tNs: 123_456_789, flags: '010010', errorNs: Number.POSITIVE_INFINITY })]).toString());
    expect(line).toMatchObject({ t: '2026-11-23T10:00:00.123456789Z', raw: '2026-11-23T10:00:00.000000004Z', flags: 'AS', err_ns: null, corr_ns: 1, late: false });
  });
});

describe.skipIf(noPython !== '')(`CSV as Python's csv reads it ${noPython}`, () => {
  it('every cell comes back', () => {
    fc.assert(
      fc.property(anyLogs, (records) => {
        const back = JSON.parse(read('python3', ['-c', 'import csv,io,json,sys; print(json.dumps(list(csv.reader(io.TextIOWrapper(sys.stdin.buffer,encoding="utf-8",newline=""),strict=True))))'], fileOf('csv', records))) as string[][];
        const cells = records.map((record) => {
          const fields = fieldsOf(record, ORIGIN_SEC);
          return FIELDS.map((name) => String(fields[name] ?? ''));
        });
        expect(back).toEqual([[...FIELDS], ...cells]);
      }),
      { numRuns: 10 },
    );
  });
});

describe('packets straight from their columns are, byte for byte, what their fields say', () => {
  const numbers = fc.oneof(fc.integer({ min: -2e9, max: 2e9 }), fc.integer({ min: -1e13, max: 1e13 }).map((eighths) => eighths / 8));
  const changes = fc.record({ tNs: numbers, rawNs: numbers, correctionNs: numbers, errorNs: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.nat(1e9).map((tenths) => tenths / 10)), late: fc.boolean(), host: fc.constantFrom('web01', 'a,"b"', 'é\n') });
  const logs = fc.array(fc.tuple(packetLogs, changes).map(([[first], changed]) => ({ ...(first ?? packet()), ...(first?.type === 'packet' ? changed : {}) }) as LogRecord), { maxLength: 20 });

  it('JSONL', () => {
    fc.assert(fc.property(logs, (records) => void expect(fileOf('jsonl', records).toString()).toBe(records.map((record) => `${JSON.stringify(fieldsOf(record, ORIGIN_SEC))}\n`).join(''))));
  });

  it('CSV', () => {
    const cell = (value: unknown) => (/[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value ?? ''));
    const line = (record: LogRecord) => `${FIELDS.map((name) => cell(fieldsOf(record, ORIGIN_SEC)[name] ?? '')).join(',')}\r\n`;
    fc.assert(fc.property(logs, (records) => void expect(fileOf('csv', records.filter(({ type }) => type === 'packet')).toString()).toBe(`${FIELDS.join(',')}\r\n${records.filter(({ type }) => type === 'packet').map(line).join('')}`)));
  });
});

it('the text log is sorted by its first column as `sort` sees it', () => {
  fc.assert(fc.property(anyLogs, (records) => void read('sort', ['-c', '-s', '-k1,1'], fileOf('text', records))), { numRuns: 10 });
});

it.each([
  ['a.log', 'text', undefined],
  ['a.txt.gz', 'text', 'gzip'],
  ['dir.d/plain', 'text', undefined],
  ['.hidden', 'text', undefined],
  ['a.jsonl.zst', 'jsonl', 'zstd'],
  ['A.NDJSON', 'jsonl', undefined],
  ['a.csv', 'csv', undefined],
  ['a.pcapng.gz', 'pcapng', 'gzip'],
] as const)('%s is %s', (file, format, compression) => {
  expect(formatFor(file)).toEqual({ format, compression });
});

it('an unknown ending is refused, unless --format says what it is', () => {
  expect(() => formatFor('a.parquet')).toThrow(expect.objectContaining({ kind: 'input', code: 'format' }));
  expect(formatFor('a.parquet', 'csv')).toEqual({ format: 'csv', compression: undefined });
});
