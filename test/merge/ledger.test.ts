import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HostCounters, newCounters } from '../../src/base/counters.js';
import { formatLedger, type LedgerRow, lostLines, unbalanced } from '../../src/merge/ledger.js';
import { Merger } from '../../src/merge/merger.js';
import { batchOf } from '../base/rows.js';
import { record } from './fleet-model.js';

function row(counters: Partial<HostCounters> = {}, rest: Partial<LedgerRow> = {}): LedgerRow {
  const all = { ...newCounters(), ...counters };
  return { host: 'web01', counters: all, merged: { taken: all.records, emitted: all.records, late: 0, clamped: 0, dropped: 0, markers: 0 }, held: 0, gaps: 0, unknownGaps: 0, unread: 0, clock: undefined, ...rest };
}

/** A whole run: each host's lines of each kind, merged, and written; then one of the books is changed by hand. */
const lines = fc.record({ records: fc.nat(20), marks: fc.nat(9), notes: fc.nat(9), malformed: fc.nat(9), truncated: fc.nat(1), ownEcho: fc.nat(9), gaps: fc.nat(3) });

function run(hosts: readonly (typeof lines extends fc.Arbitrary<infer Kinds> ? Kinds : never)[]) {
  const merger = new Merger({ order: 'strict' });
  const rows = hosts.map(({ gaps, ...kinds }, index): LedgerRow => {
    merger.addHost(0);
    const records = Array.from({ length: kinds.records + gaps }, (_, sequence) => record(index, 1, sequence + 1, sequence));
    merger.push(index, batchOf(index, records), 0);
    const received = Object.values(kinds).reduce((sum, count) => sum + count, 0);
    return { ...row({ ...kinds, received }), host: `h${index}`, gaps, merged: merger.counts(index), held: merger.held(index) };
  });
  return { merger, rows };
}

describe('the equations', () => {
  test('hold while records are held, and when all has been written', () => {
    fc.assert(
      fc.property(fc.array(lines, { minLength: 1, maxLength: 4 }), (hosts) => {
        const { merger, rows } = run(hosts);
        expect(unbalanced(rows, [{ name: 'stdout', written: 0, missed: 0 }])).toEqual([]);
        const written = merger.drain().rows.length;
        const end = rows.map((one, index) => ({ ...one, held: merger.held(index) }));
        expect(unbalanced(end, [{ name: 'stdout', written, missed: 0 }, { name: 'a.log', written, missed: 0 }])).toEqual([]);
      }),
    );
  });

  test('a record dropped, or counted twice, anywhere is found, and the place is named', () => {
    fc.assert(
      fc.property(fc.array(lines, { minLength: 1, maxLength: 4 }), fc.constantFrom(-1, 1), fc.nat(3), (hosts, by, chosen) => {
        const { merger, rows } = run(hosts);
        const written = merger.drain().rows.length;
        const end = rows.map((one, index) => ({ ...one, held: merger.held(index) }));
        const index = chosen % end.length;
        const at = end[index] as LedgerRow;
        const withRow = (changed: Partial<LedgerRow>) => end.with(index, { ...at, ...changed });
        const sinks = [{ name: 'stdout', written, missed: 0 }];
        for (const kind of ['received', 'records', 'marks', 'notes', 'malformed', 'truncated', 'ownEcho'] as const) {
          expect(unbalanced(withRow({ counters: { ...at.counters, [kind]: at.counters[kind] + by } }), sinks).join(), kind).toContain(at.host);
        }
        expect(unbalanced(withRow({ gaps: at.gaps + by }), sinks)).toHaveLength(1);
        expect(unbalanced(withRow({ held: at.held + by }), sinks)).toHaveLength(1);
        expect(unbalanced(withRow({ merged: { ...at.merged, taken: at.merged.taken + by } }), sinks)).toHaveLength(2);
        expect(unbalanced(withRow({ merged: { ...at.merged, emitted: at.merged.emitted + by } }), sinks)).toHaveLength(2);
        expect(unbalanced(end, [{ name: 'a.log', written: written + by, missed: 0 }])).toEqual([`a.log: ${written} records came out of the merge, but ${written + by} were written and 0 missed`]);
      }),
    );
  });

  test('say their numbers', () => {
    expect(unbalanced([row({ received: 7, records: 5, marks: 1 })], [])).toEqual(['web01: 7 lines received, but 6 accounted for']);
    expect(unbalanced([row({ received: 5, records: 5 }, { gaps: 1 })], [])).toEqual(['web01: 5 records and 1 markers, but 5 went into the merge']);
    expect(unbalanced([row({ received: 5, records: 5 }, { held: 2 })], [])).toEqual(['web01: 5 went into the merge, but 5 came out and 2 are held']);
  });

  test('lines that never came do not unbalance the books; they are a loss', () => {
    const rows = [row({ received: 3, malformed: 2, truncated: 1, lost: 4 }), row({ received: 1, notes: 1, oversized: 1 }, { unread: 2 })];
    expect(unbalanced(rows, [])).toEqual([]);
    expect(lostLines(rows)).toBe(9);
  });
});

describe('the table', () => {
  test('one row a host, columns aligned', () => {
    const rows = [
      row({ records: 1234, lost: 5, malformed: 1, truncated: 1, ownEcho: 12 }, { clock: { offsetNs: 4_000_120_000, errorNs: 1_250_000 } }),
      row({ records: 3 }, { host: 'a-longer-name', merged: { taken: 3, emitted: 3, late: 2, clamped: 0, dropped: 0, markers: 0 }, clock: { offsetNs: -20_000_000, errorNs: Number.POSITIVE_INFINITY } }),
      row({}, { host: 'db' }),
      row({ malformed: 1 }, { host: 'gone', unknownGaps: 1, unread: 4 }),
      row({ lost: 3 }, { host: 'both', unknownGaps: 2 }),
    ];
    expect(formatLedger(rows)).toBe(
      [
        'host           lines  late  lost  unread  own  clock',
        'web01           1234     0     5       2   12  +4.0001 s ± 1.3 ms',
        'a-longer-name      3     2     0       0    0  -0.0200 s ± ? ms',
        'db                 0     0     0       0    0  not measured',
        'gone               0     0     ?       5    0  not measured',
        'both               0     0   3+?       0    0  not measured',
      ].join('\n'),
    );
  });

  test('without hosts has its header', () => expect(formatLedger([])).toBe('host  lines  late  lost  unread  own  clock'));
});
