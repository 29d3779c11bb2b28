// Faults of hosts and connections, on real sshd: what the log says of each, that the books balance, that the recording gives the same log, and
// that the other host's lines are as they were (G3, G4, G6, G8, G9).
import { describe, expect, it } from 'vitest';
import { type RealRow, realSkipped, skipReal, staprun, startReal } from './real-hosts.js';

type Real = Awaited<ReturnType<typeof startReal>>;
type Ended = Awaited<ReturnType<Real['end']>>;

const WAIT = { timeout: 60_000, interval: 50 };
const gapsOf = (rows: readonly RealRow[]): RealRow[] => rows.filter((row) => row.type === 'gap');
const packetsOf = (rows: readonly RealRow[], host: string): RealRow[] => rows.filter((row) => row.host === host && row.type === undefined);

/** So many lines more of this host have come. */
async function receives(real: Real, host: string, lines = 10): Promise<void> {
  const { counters } = real.host(host).captured;
  const before = counters.records;
  await expect.poll(() => counters.records, WAIT).toBeGreaterThan(before + lines);
}

/** What holds whatever happened to `a`: order, books, determinism, and nothing missing of `b`. */
function expectSound({ rows, said, text, again }: Ended): void {
  expect(again).toBe(text);
  expect(said).not.toContain('balance');
  const inTime = rows.filter((row) => !row.late).map((row) => row.t);
  expect(inTime).toEqual([...inTime].sort());
  const other = rows.filter((row) => row.host === 'b');
  expect(other.map((row) => row.seq)).toEqual(other.map((_, index) => index + 1));
  expect(other.filter((row) => row.late || row.type !== undefined)).toEqual([]);
  for (const epoch of new Set(rows.map((row) => row.epoch))) {
    const own = packetsOf(rows, 'a').filter((row) => row.epoch === epoch).map((row) => row.seq);
    expect(own).toEqual([...own].sort((left, right) => left - right));
  }
}

describe.skipIf(skipReal)(`on real sshd${realSkipped}`, () => {
  it('sshd’s session is killed under a capture: the host is back at once, with a marker and a new epoch', async () => {
    const real = await startReal({ a: staprun(), b: staprun() });
    await receives(real, 'a');
    real.host('a').sshd.killSessions();
    await expect.poll(() => real.host('a').back, WAIT).toBe(1);
    await receives(real, 'a');
    const ended = await real.end();
    expectSound(ended);
    expect(ended.isWhole).toBe(false);
    expect(gapsOf(ended.rows)).toMatchObject([{ host: 'a', epoch: 2, seq: 0, reason: 'connection-lost', lines: null, from: expect.any(String), to: expect.any(String) }]);
    expect(packetsOf(ended.rows, 'a').filter((row) => row.epoch === 2)[0]).toMatchObject({ seq: 1 });
    expect(real.host('a').failures).toMatchObject([{ kind: 'unreachable', code: 'connection-lost' }]);
  });

  it('sshd is killed with all that it ran, and comes back later: tried until then', async () => {
    const real = await startReal({ a: staprun(), b: staprun() });
    await receives(real, 'a');
    real.host('a').sshd.kill();
    await expect.poll(() => real.host('a').failures.at(-1)?.code, WAIT).toBe('connect-refused');
    await receives(real, 'b');
    await real.host('a').sshd.restart();
    await expect.poll(() => real.host('a').back, WAIT).toBe(1);
    await receives(real, 'a');
    const ended = await real.end();
    expectSound(ended);
    expect(gapsOf(ended.rows)).toMatchObject([{ host: 'a', epoch: 2, reason: 'connection-lost', lines: null }]);
  });
});
