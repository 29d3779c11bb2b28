// --names: host names beside addresses in every format; what stands there without it stays as it is.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { addressNames } from '../../src/base/address-names.js';
import { FORMATS, type FormatName } from '../../src/sinks/index.js';
import { rowsOf } from '../base/rows.js';
import { anyLogs, formatted, OPTIONS, packet } from './packets.js';

const folder = mkdtempSync(join(tmpdir(), 'fleet-tap-names-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const names = addressNames([
  { name: 'web01', addresses: ['127.0.0.1', '10.0.0.1', 'fd77:0::1', '10.0.2.15', 'fe80::1'] },
  { name: 'db01', addresses: ['127.0.0.1', '10.0.0.2', '10.0.2.15'] },
]);
const written = (name: FormatName, records: Parameters<typeof rowsOf>[0], named: boolean): Buffer => {
  const format = FORMATS[name]({ ...OPTIONS, ...(named ? { names } : {}) });
  return Buffer.concat([format.begin(), formatted(format, rowsOf(records)), format.end()]);
};
const udp = packet({ protocol: 'udp', flags: '', seq: 0, ack: 0, window: 0, source: 'fd77::1', destination: 'fd77::9', late: true, tNs: 7 });
const tcp = packet({ source: '10.0.0.1', destination: '10.0.0.2' });

it('an address that one host has is that host; of what several have nobody knows', () =>
  expect(Object.fromEntries(names)).toEqual({ '10.0.0.1': 'web01', 'fd77::1': 'web01', '10.0.0.2': 'db01' }));

describe('text', () => {
  it('ends by name behind the line', () => {
    const lines = written('text', [tcp, udp], true).toString().split('\n');
    expect(lines[0]).toMatch(/ 0 0 0 0 1 0 {2}web01:50000 → db01:443$/);
    expect(lines[1]).toMatch(/ UDP late {2}web01:50000 → \[fd77::9\]:443$/);
  });
  it('is otherwise the line without --names, whatever hosts print', () =>
    fc.assert(
      fc.property(anyLogs, (records) => {
        const without = written('text', records, true).toString().replaceAll(/ {2}\S+:\d+ → \S+:\d+$/gm, '');
        expect(without).toBe(written('text', records, false).toString());
      }),
    ));
});

it('JSONL and CSV: two fields more', () => {
  const [first, second] = written('jsonl', [tcp, udp], true).toString().split('\n').slice(0, 2).map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(first).toMatchObject({ src: '10.0.0.1', dst: '10.0.0.2', src_name: 'web01', dst_name: 'db01' });
  expect(second).toMatchObject({ src: 'fd77::1', src_name: 'web01', dst_name: null });
  const [head, row] = written('csv', [tcp], true).toString().split('\r\n');
  expect(head).toMatch(/,text,src_name,dst_name$/);
  expect(row).toMatch(/,web01,db01$/);
  expect(written('csv', [tcp], false).toString()).not.toContain('name');
});

const noTshark = existsSync('/usr/bin/tshark') ? '' : 'skipped: tshark is not installed (apt-get install tshark)';
it.skipIf(noTshark !== '')(`pcapng: tshark shows the names ${noTshark}`, () => {
  const file = join(folder, 'named.pcapng');
  writeFileSync(file, written('pcapng', [tcp, udp], true));
  const { stdout, stderr } = spawnSync('tshark', ['-r', file, '-N', 'nm', '-T', 'fields', '-e', 'ip.src_host', '-e', 'ip.dst_host', '-e', 'ipv6.src_host', '-e', 'ip.src'], { encoding: 'utf8' });
  expect(stderr.replace(/^Running as user "root".*\n/m, '')).toBe('');
  expect(stdout).toBe('web01\tdb01\t\t10.0.0.1\n\t\tweb01\t\n');
});
