// `--sync tcp` against a simulated network, where the truth is known: hosts whose clocks are wrong within their bounds, and drift.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MergedRows } from '../../src/base/merged-rows.js';
import { RecordBatch } from '../../src/base/record-batch.js';
import type { PacketRecord } from '../../src/base/record.js';
import { CausalSync } from '../../src/merge/causal-sync.js';

interface Reception {
  readonly host: number;
  readonly trueNs: number;
  readonly record: Omit<PacketRecord, 'host' | 'tNs' | 'sequence'>;
  /** The reception that must stand before this one. */
  readonly cause: Reception | undefined;
}

interface Clock {
  /** Wrong by this much at the start, of the bound (−1 to 1). */
  readonly wrong: number;
  readonly driftPpm: number;
}

const BOUND_NS = 2e6;
const address = (host: number) => `10.0.0.${host + 1}`;

/** One connection: handshake and a few exchanges, each way with a delay of its own. */
function converse(client: number, server: number, port: number, startNs: number, delays: readonly number[], firstSeq: number): Reception[] {
  const found: Reception[] = [];
  let nowNs = startNs;
  let [seqC, seqS] = [firstSeq, (firstSeq ^ 0x5a5a5a5a) >>> 0];
  const send = (from: number, to: number, flags: string, seq: number, ack: number, payloadBytes: number) => {
    nowNs += delays[found.length % delays.length] ?? 1;
    const isClient = from === client;
    const base = { type: 'packet', epoch: 1, rawNs: 0, correctionNs: 0, errorNs: BOUND_NS, protocol: 'tcp', flags, seq, ack, window: 1, payloadBytes, late: false } as const;
    const record = { ...base, source: address(from), destination: address(to), sourcePort: isClient ? port : 80, destinationPort: isClient ? 80 : port };
    found.push({ host: to, trueNs: nowNs, record, cause: found.at(-1) });
  };
  const next = (seq: number, by: number) => (seq + by) >>> 0;
  send(client, server, '000010', seqC, 0, 0);
  seqC = next(seqC, 1);
  send(server, client, '010010', seqS, seqC, 0);
  seqS = next(seqS, 1);
  for (let exchange = 0; exchange < delays.length; exchange += 1) {
    send(client, server, '011000', seqC, seqS, 100);
    seqC = next(seqC, 100);
    send(server, client, '011000', seqS, seqC, 50);
    seqS = next(seqS, 50);
  }
  send(client, server, '010001', seqC, seqS, 0);
  send(server, client, '010001', seqS, next(seqC, 1), 0);
  return found;
}

/** What each host's clock makes of it, merged by those clocks, in releases of `releaseNs`; given through the stage. */
function through(receptions: readonly Reception[], clocks: readonly Clock[], releaseNs: number) {
  const wrongNs = (host: number, trueNs: number) => ((clocks[host]?.wrong ?? 0) * BOUND_NS) / 2 + (clocks[host]?.driftPpm ?? 0) * 1e-6 * trueNs;
  const batches = clocks.map((_, host) => new RecordBatch({ host, hostName: `h${host}`, epoch: 1 }, receptions.length));
  const rowOf = new Map<Reception, { batch: RecordBatch; row: number }>();
  for (const reception of [...receptions].sort((left, right) => left.trueNs - right.trueNs)) {
    const batch = batches[reception.host] as RecordBatch;
    const tNs = Math.round(reception.trueNs + wrongNs(reception.host, reception.trueNs));
    rowOf.set(reception, { batch, row: batch.length });
    batch.append({ ...reception.record, host: batch.hostName, sequence: batch.length + 1, tNs, rawNs: tNs });
  }
  const rows = [...rowOf.values()].sort((left, right) => time(left) - time(right) || left.batch.host - right.batch.host);
  const sync = new CausalSync();
  const out: { batch: RecordBatch; row: number }[] = [];
  const collect = (merged: MergedRows) => {
    for (let index = 0; index < merged.length; index += 1) out.push({ batch: merged.batches[merged.batchOf[index] as number] as RecordBatch, row: merged.rowOf[index] as number });
  };
  const lastNs = Math.max(...rows.map(time));
  for (let untilNs = 0; untilNs <= lastNs + releaseNs; untilNs += releaseNs) {
    const part = rows.filter((row) => time(row) >= untilNs - releaseNs && time(row) < untilNs && !out.includes(row));
    collect(sync.take({ length: part.length, batches: part.map(({ batch }) => batch), batchOf: Uint32Array.from(part.keys()), rowOf: Uint32Array.from(part, ({ row }) => row) }, untilNs));
  }
  collect(sync.flush());
  return { out, rowOf, sync };
}

const time = ({ batch, row }: { batch: RecordBatch; row: number }) => batch.tNs[row] as number;

describe('--sync tcp', () => {
  const clock = fc.record({ wrong: fc.double({ min: -1, max: 1, noNaN: true }), driftPpm: fc.integer({ min: -50, max: 50 }) });
  const delay = fc.oneof(fc.integer({ min: 30_000, max: 300_000 }), fc.integer({ min: 20_000, max: 20_000_000 }));
  const conversation = fc.record({
    client: fc.nat(3), server: fc.nat(3), startNs: fc.integer({ min: 0, max: 5e9 }), delays: fc.array(delay, { minLength: 1, maxLength: 8 }),
    // Near the end of the numbers too: they begin anew at 2³².
    firstSeq: fc.oneof(fc.nat(0xffffffff), fc.integer({ min: 0xfffffff0, max: 0xffffffff })),
  });

  test('no cause stands after its effect; sorted; each row once, in its host’s order; the truth within the bound', () => {
    fc.assert(
      fc.property(fc.array(clock, { minLength: 4, maxLength: 4 }), fc.array(conversation, { minLength: 1, maxLength: 12 }), fc.integer({ min: 10e6, max: 900e6 }), (clocks, conversations, releaseNs) => {
        const receptions = conversations.flatMap(({ client, server, startNs, delays, firstSeq }, index) => (client === server ? [] : converse(client, server, 1000 + index, startNs, delays, firstSeq)));
        if (receptions.length === 0) return;
        const { out, rowOf, sync } = through(receptions, clocks, releaseNs);
        expect([...sync.contradictions]).toEqual([]);
        expect(out.length).toBe(receptions.length);
        expect(new Set(out.map(({ batch, row }) => `${batch.host} ${row}`)).size).toBe(receptions.length);
        out.forEach((row, index) => {
          const before = out[index - 1];
          if (before !== undefined) expect(time(row)).toBeGreaterThanOrEqual(time(before));
        });
        const place = new Map(out.map(({ batch, row }, index) => [`${batch.host} ${row}`, index]));
        const at = (reception: Reception) => {
          const row = rowOf.get(reception);
          return { tNs: row === undefined ? Number.NaN : time(row), errorNs: row?.batch.errorNs[row.row] ?? Number.NaN, index: place.get(`${row?.batch.host} ${row?.row}`) ?? Number.NaN };
        };
        for (const reception of receptions) {
          expect(Math.abs(at(reception).tNs - reception.trueNs)).toBeLessThanOrEqual(at(reception).errorNs + 2);
          if (reception.cause !== undefined) expect(at(reception.cause).index).toBeLessThan(at(reception).index);
        }
        for (const [host] of clocks.entries()) {
          const order = out.filter(({ batch }) => batch.host === host).map(({ row }) => row);
          expect(order).toEqual([...order].sort((left, right) => left - right));
        }
      }),
      { numRuns: 400 },
    );
  });

  test('inversions there are without it: the test tests something', () => {
    const clocks = [{ wrong: 0.9, driftPpm: 0 }, { wrong: -0.9, driftPpm: 0 }];
    const receptions = converse(0, 1, 1000, 1e9, [50_000], 7);
    const { out, rowOf } = through(receptions, clocks, 100e6);
    const rawBefore = receptions.filter(({ cause, host, trueNs }) => cause !== undefined && cause.trueNs + (cause.host === 0 ? 0.9e6 : -0.9e6) > trueNs + (host === 0 ? 0.9e6 : -0.9e6));
    expect(rawBefore.length).toBeGreaterThan(0);
    expect(out.map(({ batch, row }) => `${batch.host} ${row}`)).toEqual(receptions.map((reception) => `${reception.host} ${rowOf.get(reception)?.row}`));
    // And the bounds are tighter than the 2 ms that SSH alone had left.
    expect(Math.max(...out.map(({ batch, row }) => batch.errorNs[row] as number))).toBeLessThan(1.9e6);
  });

  test('names the hosts whose clocks are wrong beyond their bounds, and leaves the others alone', () => {
    const clocks = [{ wrong: 20, driftPpm: 0 }, { wrong: 0, driftPpm: 0 }, { wrong: 0.5, driftPpm: 0 }, { wrong: -0.5, driftPpm: 0 }];
    const { sync, out } = through([...converse(0, 1, 1000, 1e9, [50_000, 60_000], 7), ...converse(2, 3, 1001, 1e9, [50_000], 9)], clocks, 100e6);
    expect([...sync.contradictions].sort()).toEqual([0, 1]);
    expect(out.length).toBe(14);
  });

  test('a port that is used again, and a segment that comes twice, are no contradiction', () => {
    const clocks = [{ wrong: 0.2, driftPpm: 0 }, { wrong: -0.2, driftPpm: 0 }];
    const first = converse(0, 1, 1000, 1e9, [50_000, 70_000], 0xf0000000);
    const again = converse(0, 1, 1000, 1.1e9, [50_000, 70_000], 5);
    const segment = first[2] as Reception;
    const twice: Reception = { ...segment, trueNs: segment.trueNs + 30e6, cause: undefined };
    const { sync, out } = through([...first, ...again, twice], clocks, 100e6);
    expect([...sync.contradictions]).toEqual([]);
    expect(out.length).toBe(first.length + again.length + 1);
  });
});
