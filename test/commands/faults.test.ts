// Every fault of a host or its connection, in this process and under a manual clock: the log's exact markers, balanced books, the other hosts'
// lines as they are without the fault (G9), the delay of the others (G6), and the same log from the recording however its bytes are cut (G8).
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GapRecord, LogRecord } from '../../src/base/record.js';
import { merge } from '../../src/commands/merge.js';
import { JsonlFormat } from '../../src/sinks/jsonl.js';
import { LogFile } from '../../src/sinks/log-file.js';
import { StreamSink } from '../../src/sinks/stream-sink.js';
import { FaultFleet, MS, SEC } from './fault-fleet.js';
import { newPerson } from './person.js';

type Ended = Awaited<ReturnType<FaultFleet['end']>>;

const without = new Map<number, LogRecord[]>();

/** What b and c have in the log when a has no fault, after so long. */
async function othersWithoutFault(ns: number): Promise<LogRecord[]> {
  let rows = without.get(ns);
  if (rows === undefined) {
    const fleet = await FaultFleet.start();
    await fleet.pass(ns);
    const ended = await fleet.end();
    expect(ended).toMatchObject({ isWhole: true, gaps: [] });
    rows = ended.rows.filter((row) => row.host !== 'a');
    without.set(ns, rows);
  }
  return rows;
}

/** Runs a capture with a fault, and checks what holds for all of them. */
async function withFault(act: (fleet: FaultFleet) => Promise<void>, given: FaultFleet | undefined = undefined, hasAll = true): Promise<Ended & { readonly fleet: FaultFleet; readonly own: readonly LogRecord[] }> {
  const fleet = given ?? (await FaultFleet.start());
  await act(fleet);
  const ended = await fleet.end();
  const { rows, said } = ended;
  const inTime = rows.filter((row) => !row.late);
  expect(inTime.map((row) => row.tNs), 'sorted (G1)').toEqual(inTime.map((row) => row.tNs).sort((left, right) => left - right));
  const own = rows.filter((row) => row.host === 'a');
  for (const epoch of new Set(own.map((row) => row.epoch))) {
    const sequence = own.filter((row) => row.epoch === epoch && row.type === 'packet').map((row) => row.sequence);
    expect(sequence, 'each line once, in the host’s order (G2, G3)').toEqual(hasAll ? sequence.map((_, index) => index + 1) : [...new Set(sequence)].sort((left, right) => left - right));
  }
  expect(said).not.toContain('balance');
  expect(rows.filter((row) => row.host !== 'a'), 'the others’ lines (G9)').toEqual(await othersWithoutFault(fleet.clock.ns));
  // Nothing that a host printed reaches the person raw.
  expect(said).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
  const recorded = (await fleet.recording()).length;
  for (const cutBytes of [undefined, Math.max(3, Math.ceil(recorded / 50_000))]) {
    const player = await newPerson();
    const recording = join(player.folder, 'capture.fleet-tap');
    await writeFile(recording, await fleet.recording(cutBytes));
    const file = join(player.folder, 'again.jsonl');
    await merge({ files: [recording], output: [file], order: 'recorded' }, player.context);
    const again = await readFile(file, 'utf8');
    // The first line that differs, not the whole logs.
    expect(again === fleet.jsonl ? undefined : again.split('\n').find((line, index) => line !== fleet.jsonl.split('\n')[index]), 'the recording gives the same log (G8)').toBeUndefined();
  }
  return { ...ended, fleet, own };
}

const gap = (fields: Partial<GapRecord>) => ({ type: 'gap', host: 'a', late: false, ...fields });
/** How long rows of the others took from their time to the log, at most. */
const delayNs = (fleet: FaultFleet) => Math.max(...fleet.sink.rows.filter(({ record }) => record.host !== 'a').map(({ record, writtenNs }) => writtenNs - record.tNs));

describe('a fault of one host', () => {
  it('killed mid-line: the rest of the line counts as cut off, then a marker and a new epoch', async () => {
    const { gaps, own, isWhole, said, fleet } = await withFault(async (fleet) => {
      await fleet.pass(2 * SEC);
      fleet.host('a').raw('T 17954280');
      fleet.host('a').cut();
      await fleet.begins('a');
      await fleet.pass(2 * SEC);
    });
    expect(isWhole).toBe(false);
    // The last heartbeat told of all lines before it; the next one is the new epoch's first word.
    expect(gaps).toEqual([expect.objectContaining(gap({ epoch: 2, sequence: 0, reason: 'connection-lost', lines: null, fromNs: 2 * SEC, toNs: 2 * SEC }))]);
    expect(own.filter((row) => row.type === 'packet').map((row) => row.epoch)).toEqual([...new Array(40).fill(1), ...new Array(40).fill(2)]);
    expect(fleet.host('a').captured?.counters).toMatchObject({ truncated: 1, records: 80 });
    expect(said).toMatch(/^a +80 +0 +\? +1 /m);
  });

  it('lines that were on their way when the connection went are in the marker’s range', async () => {
    const { gaps } = await withFault(async (fleet) => {
      await fleet.pass(2 * SEC);
      fleet.host('a').stalled = true;
      await fleet.pass(SEC);
      fleet.host('a').cut();
      await fleet.begins('a');
      await fleet.pass(SEC);
    });
    expect(gaps).toMatchObject([gap({ fromNs: 2 * SEC, toNs: 3 * SEC, lines: null })]);
  });

  it('stalled for 2.5 s: nothing is late, nothing lost; the others wait for it', async () => {
    const { gaps, rows, isWhole, fleet } = await withFault(async (fleet) => {
      await fleet.pass(2 * SEC);
      fleet.host('a').stalled = true;
      await fleet.pass(2.5 * SEC);
      fleet.host('a').goOn();
      await fleet.pass(2 * SEC);
    });
    expect(gaps).toEqual([]);
    expect(rows.some((row) => row.late)).toBe(false);
    expect(isWhole).toBe(true);
    expect(delayNs(fleet)).toBeLessThanOrEqual(2.8 * SEC);
  });

  it('stalled for 60 s: the others wait 5 s once; what it says then is late and marked so, and nothing is lost', async () => {
    const { gaps, own, isWhole, fleet, said } = await withFault(async (fleet) => {
      await fleet.pass(2 * SEC);
      fleet.host('a').stalled = true;
      await fleet.pass(60 * SEC);
      fleet.host('a').goOn();
      await fleet.pass(2 * SEC);
    });
    expect(gaps).toEqual([]);
    expect(isWhole).toBe(true);
    expect(own).toHaveLength(64 * 20);
    const late = own.filter((row) => row.late);
    expect(late.length).toBeGreaterThan(55 * 20);
    expect(late.every((row) => row.tNs > 2 * SEC && row.tNs <= 62 * SEC)).toBe(true);
    expect(delayNs(fleet)).toBeLessThanOrEqual(5.3 * SEC);
    expect(said.match(/a: says nothing/g)).toHaveLength(1);
  });

  it('half-open: silent until the keepalive finds it, then a new epoch; the others wait 5 s once', async () => {
    const { gaps, fleet, rows } = await withFault(async (fleet) => {
      await fleet.pass(2 * SEC);
      fleet.host('a').stalled = true;
      await fleet.pass(15 * SEC);
      fleet.host('a').cut();
      await fleet.begins('a');
      await fleet.pass(2 * SEC);
    });
    expect(gaps).toMatchObject([gap({ epoch: 2, reason: 'connection-lost', fromNs: 2 * SEC, toNs: 17 * SEC, lines: null })]);
    expect(delayNs(fleet)).toBeLessThanOrEqual(5.3 * SEC);
    expect(rows.some((row) => row.late)).toBe(false);
  });

  it('a connection that comes and goes: one marker for each time, none late', async () => {
    const { gaps, own } = await withFault(async (fleet) => {
      for (let times = 0; times < 5; times += 1) {
        await fleet.pass(SEC);
        fleet.host('a').cut();
        await fleet.begins('a');
      }
      await fleet.pass(SEC);
    });
    expect(gaps).toMatchObject([2, 3, 4, 5, 6].map((epoch) => gap({ epoch, sequence: 0, reason: 'connection-lost', fromNs: (epoch - 1) * SEC, toNs: (epoch - 1) * SEC })));
    expect(own.filter((row) => row.type === 'packet')).toHaveLength(120);
  });

  it('lost again before its first word: one hole, one marker', async () => {
    const { gaps } = await withFault(async (fleet) => {
      await fleet.pass(SEC);
      fleet.host('a').cut();
      await expect.poll(() => fleet.host('a').script).toBeDefined();
      fleet.host('a').stalled = true;
      await fleet.pass(200 * MS);
      fleet.host('a').cut();
      await fleet.begins('a');
      await fleet.pass(SEC);
    });
    expect(gaps).toMatchObject([gap({ epoch: 3, sequence: 0, fromNs: SEC, toNs: 1.2 * SEC })]);
  });

  it('one byte at a time: the log is the same', async () => {
    const plain = await FaultFleet.start();
    await plain.pass(2 * SEC);
    await plain.end();
    const { fleet, isWhole } = await withFault(async (fleet) => {
      fleet.host('a').slices = true;
      await fleet.pass(2 * SEC);
    });
    expect(fleet.jsonl).toBe(plain.jsonl);
    expect(isWhole).toBe(true);
  });

  it.each([
    ['10 MiB without a newline, then one', Buffer.concat([Buffer.alloc(10 * 2 ** 20, 'x'), Buffer.from('\n')]), { oversized: 1, notes: 1 }],
    ['NUL', Buffer.from('\0\0 \0\n'), { notes: 1 }],
    ['broken UTF-8', Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x0a]), { notes: 1 }],
    ['terminal escapes', Buffer.from('\u001b[2J\u001b]0;owned\u0007\u009b31m\r\n'), { notes: 1 }],
    ['10,000 lines of nonsense', Buffer.from('nonsense\n'.repeat(10_000)), { notes: 10_000 }],
  ])('%s: a note, and no packet’s line is touched', async (_, bytes, counted) => {
    const { gaps, own, isWhole, fleet, said } = await withFault(async (fleet) => {
      await fleet.pass(SEC);
      fleet.host('a').raw(bytes);
      await fleet.pass(SEC);
    });
    expect(gaps).toEqual([]);
    expect(own).toHaveLength(40);
    expect(fleet.host('a').captured?.counters).toMatchObject({ oversized: 0, malformed: 0, lost: 0, ...counted });
    expect(isWhole).toBe(true);
    expect(said.length).toBeLessThan(20_000);
  });

  it('packet lines that cannot be read: one marker with their number, for all of a heartbeat', async () => {
    const { gaps, own, isWhole } = await withFault(async (fleet) => {
      await fleet.pass(SEC);
      for (const bad of ['T 12\n', 'T 1795428001000000000 10.0.0.1 10.0.0.2 4000 80 000010 1 0 64240 0 \0\n', 'U \u001b[2J\n']) {
        fleet.host('a').printed += 1;
        fleet.host('a').raw(bad);
      }
      await fleet.pass(SEC);
    });
    expect(gaps).toMatchObject([gap({ reason: 'unreadable', lines: 3, fromNs: SEC, toNs: 1.2 * SEC, tNs: 1.2 * SEC })]);
    expect(own).toHaveLength(41);
    expect(isWhole).toBe(false);
  });

  it('a flood on stderr: its last words count, and nothing else', async () => {
    const { gaps, own, isWhole, said } = await withFault(async (fleet) => {
      await fleet.pass(SEC);
      for (let times = 0; times < 200; times += 1) fleet.host('a').script?.complain('\u001b[31merror after error\n'.repeat(4_000));
      fleet.host('a').script?.complain('\nWARNING: There were 7 transport failures.\n');
      await fleet.pass(SEC);
    });
    expect(gaps).toMatchObject([gap({ reason: 'kernel-drop', lines: null, toNs: 2 * SEC, detail: 'WARNING: There were 7 transport failures.' })]);
    expect(own).toHaveLength(41);
    expect(isWhole).toBe(false);
    expect(said.length).toBeLessThan(4_000);
  });

  it('a heartbeat that counts more lines than came: a marker with their number', async () => {
    const { gaps, own, isWhole, said } = await withFault(async (fleet) => {
      await fleet.pass(SEC);
      fleet.host('a').printed += 7;
      await fleet.pass(4 * SEC);
    });
    expect(gaps).toMatchObject([gap({ reason: 'kernel-drop', lines: 7, fromNs: SEC, toNs: 1.2 * SEC })]);
    expect(own.filter((row) => row.type === 'packet')).toHaveLength(100);
    expect(isWhole).toBe(false);
    expect(said).toMatch(/^a +100 +0 +7 +0 /m);
  });

  it('counts that go down, or are nonsense, harm nobody', async () => {
    const { own } = await withFault(async (fleet) => {
      await fleet.pass(SEC);
      fleet.host('a').mark('H', -15);
      fleet.host('a').raw('H 1 2 99999999999999999999\nH -1 -1 -1\nH\n');
      await fleet.pass(3 * SEC);
    });
    expect(own.filter((row) => row.type === 'packet')).toHaveLength(80);
  });

  it.each([3600 * SEC, -3600 * SEC])('the clock is set by %d ns: times go on, every bound holds, and back again', async (jumpNs) => {
    const { own, gaps, rows, isWhole, said } = await withFault(async (fleet) => {
      await fleet.pass(2 * SEC);
      fleet.host('a').skewNs = jumpNs;
      await fleet.pass(2 * SEC);
      fleet.host('a').skewNs = 0;
      await fleet.pass(2 * SEC);
    });
    expect(gaps).toEqual([]);
    expect(isWhole).toBe(true);
    expect(rows.some((row) => row.late)).toBe(false);
    expect(own).toHaveLength(120);
    own.forEach((row, index) => {
      if (row.type !== 'packet') throw new Error(row.type);
      const trueNs = (index + 1) * 50 * MS;
      expect(Math.abs(row.tNs - trueNs), `line ${index + 1}`).toBeLessThanOrEqual(row.errorNs);
      expect(row.errorNs).toBeLessThanOrEqual(0.4 * SEC);
    });
    expect(said.match(/a: the clock was set by -?3600\.000 s/g)).toHaveLength(2);
  });

  it.each([
    [0, 'script-ended'],
    [1, 'stap-failed'],
    [137, 'script-killed'],
  ])('staprun ends by itself with %d: a marker where it ended, and it is not started again', async (status, code) => {
    const { gaps, own, isWhole, fleet } = await withFault(async (fleet) => {
      await fleet.pass(2 * SEC);
      fleet.host('a').exit(status);
      await fleet.pass(SEC);
    });
    expect(gaps).toMatchObject([gap({ epoch: 1, sequence: 40, reason: 'stap-exit', lines: null, fromNs: 2 * SEC, toNs: null, tNs: 2 * SEC })]);
    expect(own).toHaveLength(41);
    expect(isWhole).toBe(false);
    expect(fleet.host('a').errors).toMatchObject([{ code }]);
  });

  it('the host loses patience with us: another run follows', async () => {
    const { gaps } = await withFault(async (fleet) => {
      await fleet.pass(SEC);
      fleet.host('a').script?.complain('fleet-tap: ended because the lease was not renewed\n');
      fleet.host('a').exit(0);
      await fleet.begins('a');
      await fleet.pass(SEC);
    });
    expect(gaps).toMatchObject([gap({ epoch: 2, sequence: 0, reason: 'lease-over', lines: null, fromNs: SEC, toNs: SEC })]);
  });
});

type Act =
  | { readonly kind: 'pass'; readonly steps: number }
  | { readonly kind: 'drop'; readonly lines: number }
  | { readonly kind: 'say'; readonly bytes: Uint8Array }
  | { readonly kind: 'stall' | 'go on' | 'cut' | 'unreadable' };

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('pass' as const), steps: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), lines: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('say' as const), bytes: fc.uint8Array({ maxLength: 200 }) }) },
  { weight: 4, arbitrary: fc.constantFrom<Act['kind'] & ('stall' | 'go on' | 'cut' | 'unreadable')>('stall', 'go on', 'cut', 'unreadable').map((kind) => ({ kind })) },
);

async function perform(fleet: FaultFleet, one: Act): Promise<void> {
  const host = fleet.host('a');
  switch (one.kind) {
    case 'pass':
      return fleet.pass(one.steps * 50 * MS);
    case 'drop':
      for (let line = 0; line < one.lines; line += 1) host.prints(undefined);
      return;
    case 'say':
      // As a line of its own that nobody takes for one of the script's.
      return host.print(`#${Buffer.from(one.bytes).toString('latin1').replaceAll('\n', ' ')}\n`);
    case 'unreadable':
      return host.prints('T and no more\n');
    case 'stall':
      host.stalled = true;
      return;
    case 'go on':
      return host.goOn();
    case 'cut':
      host.cut();
      return fleet.begins('a');
  }
}

describe('any faults, one after the other', () => {
  it('every line that the host printed is in the log once, or within a marker’s range; the books balance, and nobody else is touched (G1–G4, G8, G9)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 4, maxLength: 25 }), async (acts) => {
        const { fleet, own, isWhole } = await withFault(async (running) => {
          for (const one of acts) await perform(running, one);
          running.host('a').goOn();
          await running.pass(200 * MS);
        });
        const inLog = new Set(own.flatMap((row) => (row.type === 'packet' ? [`${row.epoch} ${row.seq}`] : [])));
        const missing = fleet.host('a').lines.filter(({ epoch, number }) => !inLog.has(`${epoch} ${number}`));
        const markers = own.filter((row): row is GapRecord => row.type === 'gap');
        for (const { epoch, number, atNs } of missing) {
          const told = markers.some(({ fromNs, toNs }) => atNs >= (fromNs ?? Number.NEGATIVE_INFINITY) && atNs <= (toNs ?? Number.POSITIVE_INFINITY));
          expect(told, `line ${number} of epoch ${epoch} at ${atNs / MS} ms`).toBe(true);
        }
        expect(inLog.size).toBe(fleet.host('a').lines.length - missing.length);
        expect(isWhole).toBe(markers.length === 0);
        const lost = acts.some((one) => one.kind === 'drop' || one.kind === 'cut' || one.kind === 'unreadable');
        expect(isWhole).toBe(!lost);
      }),
      { numRuns: 30, endOnFailure: false },
    );
  }, 300_000);
});

describe('what comes late, and what does not fit', () => {
  const stall = async (fleet: FaultFleet) => {
    await fleet.pass(2 * SEC);
    fleet.host('a').stalled = true;
    await fleet.pass(8 * SEC);
    fleet.host('a').goOn();
    await fleet.pass(2 * SEC);
  };

  it('--late drop: late lines are left out, a marker counts them, and it is no loss that nobody asked for', async () => {
    const marked = (await withFault(stall)).own.filter((row) => row.late);
    const { gaps, own, rows, isWhole } = await withFault(stall, await FaultFleet.start({ late: 'drop' }), false);
    expect(rows.some((row) => row.late)).toBe(false);
    expect(gaps).toMatchObject([gap({ reason: 'late', lines: marked.length, fromNs: marked[0]?.tNs ?? null, toNs: marked.at(-1)?.tNs ?? null })]);
    expect(own.filter((row) => row.type === 'packet')).toHaveLength(240 - marked.length);
    expect(isWhole).toBe(true);
  });

  it('--late FILE: they go there, and nowhere else', async () => {
    const marked = (await withFault(stall)).own.filter((row) => row.late);
    const { clock } = await FaultFleet.start();
    const person = await newPerson();
    const file = join(person.folder, 'late.jsonl');
    const format = { originSec: clock.originSec, hostWidth: 1, hosts: [], outgoing: false };
    const lateSink = await LogFile.open(file, new JsonlFormat(format), { compression: undefined, fsync: 'end', rotation: { sizeBytes: undefined, timeSec: undefined }, originSec: clock.originSec });
    const { gaps, rows, isWhole } = await withFault(stall, await FaultFleet.start({ late: 'file', lateSink }), false);
    expect(gaps).toEqual([]);
    expect(rows.some((row) => row.late)).toBe(false);
    expect((await readFile(file, 'utf8')).split('\n').slice(0, -1).map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual(marked.map((row) => row.sequence));
    expect(isWhole).toBe(true);
  });

  it.each(['drop-newest', 'drop-oldest'] as const)('--when-full %s: what finds no room in memory or on disk is counted by markers with their ranges', async (whenFull) => {
    const fleet = await FaultFleet.start({ order: 'strict', limits: { memoryBytes: 20_000, spillBytes: 0, whenFull } });
    await fleet.pass(SEC);
    fleet.host('a').stalled = true;
    await fleet.pass(30 * SEC);
    fleet.host('a').goOn();
    await fleet.pass(SEC);
    const { gaps, rows, isWhole, said } = await fleet.end();
    expect(isWhole).toBe(false);
    expect(said).not.toContain('balance');
    const others = gaps.filter((row): row is GapRecord => row.type === 'gap' && row.host !== 'a');
    expect(others.every((row) => row.reason === 'spill-full')).toBe(true);
    for (const host of ['b', 'c']) {
      const packets = rows.filter((row) => row.host === host && row.type === 'packet');
      const lost = others.filter((row) => row.host === host);
      expect(packets.length + lost.reduce((sum, row) => sum + (row.lines ?? Number.NaN), 0)).toBe(32 * 20);
      for (const { fromNs, toNs } of lost) expect(packets.some((row) => row.tNs >= (fromNs ?? Number.NaN) && row.tNs <= (toNs ?? Number.NaN))).toBe(false);
      // The one keeps what was there first, the other what came last.
      const middleNs = 16 * SEC;
      const early = packets.filter((row) => row.tNs > SEC && row.tNs < middleNs).length;
      const after = packets.filter((row) => row.tNs >= middleNs && row.tNs <= 31 * SEC).length;
      expect(whenFull === 'drop-newest' ? early > after : early < after).toBe(true);
    }
    const player = await newPerson();
    const recording = join(player.folder, 'capture.fleet-tap');
    await writeFile(recording, await fleet.recording());
    const file = join(player.folder, 'again.jsonl');
    // The recording knows what there was room for.
    expect(await merge({ files: [recording], output: [file], order: 'recorded' }, player.context)).toBe(2);
    expect((await readFile(file, 'utf8')) === fleet.jsonl).toBe(true);
  });

  it('--when-full fail: the first line without room ends the capture', async () => {
    const fleet = await FaultFleet.start({ order: 'strict', limits: { memoryBytes: 20_000, spillBytes: 0, whenFull: 'fail' } });
    let ends = 0;
    const count = () => {
      ends += 1;
    };
    fleet.host('a').stalled = true;
    await fleet.pass(SEC);
    await fleet.log.release(count);
    expect(ends).toBe(0);
    await fleet.pass(30 * SEC);
    await fleet.log.release(count);
    expect(ends).toBe(1);
    fleet.host('a').goOn();
    const { isWhole, said } = await fleet.end();
    expect(isWhole).toBe(false);
    expect(said.match(/\[queue-full\]/g)).toHaveLength(1);
  });

  it('--spill DIR: beyond memory lines wait there, and nothing is lost or left', async () => {
    const person = await newPerson();
    const fleet = await FaultFleet.start({ order: 'strict', limits: { memoryBytes: 20_000, spillFolder: person.folder } });
    await fleet.pass(SEC);
    fleet.host('a').stalled = true;
    await fleet.pass(30 * SEC);
    expect((await readdir(person.folder)).filter((name) => name.startsWith('fleet-tap-spill-'))).toHaveLength(1);
    fleet.host('a').goOn();
    await fleet.pass(SEC);
    const { gaps, rows, isWhole } = await fleet.end();
    expect(gaps).toEqual([]);
    expect(rows).toHaveLength(3 * 32 * 20);
    expect(isWhole).toBe(true);
    expect((await readdir(person.folder)).filter((name) => name.startsWith('fleet-tap-spill-'))).toEqual([]);
  });
});

describe('a fault of a sink', () => {
  it('a full disk: what does not fit is counted, the other log has all', async () => {
    const { clock } = await FaultFleet.start();
    const format = { originSec: clock.originSec, hostWidth: 1, hosts: [], outgoing: false };
    const full = await LogFile.open('/dev/full', new JsonlFormat(format), { compression: undefined, fsync: 'end', rotation: { sizeBytes: undefined, timeSec: undefined }, originSec: clock.originSec });
    const { isWhole, own, said } = await withFault(async (fleet) => fleet.pass(2 * SEC), await FaultFleet.start({}, [full]));
    expect(own).toHaveLength(40);
    expect(isWhole).toBe(false);
    expect(full.failure).toMatchObject({ kind: 'host', message: expect.stringContaining('the disk is full') });
    expect(said).toContain('/dev/full: 120 of 120 records are not in it');
  });

  it('a pipe that is closed beside another log: the same', async () => {
    const { clock } = await FaultFleet.start();
    const format = { originSec: clock.originSec, hostWidth: 1, hosts: [], outgoing: false };
    let lines = 0;
    const pipe = new Writable({
      write: (chunk: Buffer, _, done) => {
        lines += chunk.toString().split('\n').length - 1;
        done(lines > 30 ? Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }) : null);
      },
    });
    let gone = 0;
    const closed = new StreamSink('stdout', pipe, new JsonlFormat(format), () => {
      gone += 1;
    });
    const { isWhole, own, said } = await withFault(async (fleet) => fleet.pass(2 * SEC), await FaultFleet.start({}, [closed]));
    expect(own).toHaveLength(40);
    expect([isWhole, gone, closed.abandoned]).toEqual([false, 1, true]);
    expect(closed.written + closed.missed).toBe(120);
    expect(said).toContain(`stdout: ${closed.missed} of 120 records are not in it`);
  });
});
