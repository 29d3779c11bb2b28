// Faults of hosts and connections, on real sshd: what the log says of each, that the books balance, that the recording gives the same log, and
// that the other host's lines are as they were (G3, G4, G6, G8, G9).
import { execFileSync, spawn } from 'node:child_process';
import { createWriteStream, readFileSync, rmdirSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { JsonlFormat } from '../../src/sinks/jsonl.js';
import { LogFile } from '../../src/sinks/log-file.js';
import { StreamSink } from '../../src/sinks/stream-sink.js';
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

  it('stalled for 2.5 s: nothing is late, nothing lost', async () => {
    const real = await startReal({ a: staprun(), b: staprun() });
    await receives(real, 'a');
    real.host('a').sshd.freezeSessions(true);
    const { counters } = real.host('b').captured;
    const since = performance.now();
    await expect.poll(() => performance.now() - since, WAIT).toBeGreaterThan(2_500);
    expect(counters.records).toBeGreaterThan(0);
    real.host('a').sshd.freezeSessions(false);
    await receives(real, 'a');
    const ended = await real.end();
    expectSound(ended);
    expect(gapsOf(ended.rows)).toEqual([]);
    // Slow machines may make it longer: what is late then came from a host that had been declared idle (G1).
    if (!ended.said.includes('a: says nothing')) expect(ended.rows.filter((row) => row.late)).toEqual([]);
    expect(ended.isWhole).toBe(true);
  });

  it('half-open: found by the keepalive; the run that nobody told makes room for the new one', async () => {
    const real = await startReal({ a: staprun(), b: staprun() });
    await receives(real, 'a');
    const { sshd } = real.host('a');
    sshd.freezeSessions(true);
    await expect.poll(() => real.host('a').back, WAIT).toBe(1);
    expect(real.said.join('\n')).toContain('a: says nothing; the others no longer wait for it');
    await receives(real, 'a');
    // Of the first run nothing is left but sshd's own processes, which stand still.
    await expect.poll(() => commandsOf(sshd.descendants()).filter((command) => command.includes('/bin/staprun')), WAIT).toHaveLength(1);
    const ended = await real.end();
    expectSound(ended);
    expect(gapsOf(ended.rows)).toMatchObject([{ host: 'a', epoch: 2, reason: 'connection-lost', lines: null }]);
    expect(commandsOf(sshd.descendants()).filter((command) => command.includes('/bin/staprun'))).toEqual([]);
  });

  it('killed mid-line; a line of 10 MiB, NUL, broken UTF-8, escapes, bytes one at a time; a flood on stderr; wrong counts', async () => {
    const once = (file: string, body: string) => `if [ ! -e $HERE/${file} ]; then : > $HERE/${file}; ${body}; fi`;
    const body = `line; beat
head -c 10485760 /dev/zero | tr '\\0' x; echo
printf '\\000 \\000\\n'; printf '\\377\\376\\303(\\n'; printf '\\033[2J\\033]0;owned\\007\\n'
yes 'error after error' | head -c 3000000 >&2
l=$(line); n=$((n + 1)); while [ -n "$l" ]; do r=\${l#?}; printf %s "\${l%"$r"}"; l=$r; done; echo
beat
n=$((n + 7))
i=0; while [ $i -lt 60 ]; do line; line; beat; pause; i=$((i + 1)); done
${once('cut', 'printf "T 17954"; while :; do sleep 0.1; done')}
while :; do line; line; beat; pause; done`;
    const real = await startReal({ a: staprun(body), b: staprun() });
    const { counters } = real.host('a').captured;
    await expect.poll(() => counters.records, WAIT).toBeGreaterThanOrEqual(122);
    await receives(real, 'b', 20);
    real.host('a').sshd.killSessions();
    await expect.poll(() => real.host('a').back, WAIT).toBe(1);
    await expect.poll(() => counters.lost, WAIT).toBe(14);
    const ended = await real.end();
    expectSound(ended);
    expect(gapsOf(ended.rows).map(({ epoch, reason, lines }) => [epoch, reason, lines])).toEqual([
      [1, 'kernel-drop', 7],
      [2, 'connection-lost', null],
      [2, 'kernel-drop', 7],
    ]);
    expect(counters).toMatchObject({ truncated: 1, malformed: 0, oversized: 2, notes: 8, lost: 14 });
    expect(ended.said).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  it('the disk is full: that log keeps its first lines, whole; the other one has all', async () => {
    const small = await mkdtemp(join(tmpdir(), 'fleet-tap-small-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32k', 'none', small]);
    onTestFinished(() => {
      execFileSync('umount', [small]);
      rmdirSync(small);
    });
    const file = join(small, 'log.jsonl');
    let full: LogFile | undefined;
    const real = await startReal({ a: staprun(), b: staprun() }, {}, async (format) => {
      full = await LogFile.open(file, new JsonlFormat(format), { compression: undefined, fsync: 'end', rotation: {}, originSec: format.originSec });
      return [full];
    });
    await expect.poll(() => full?.failure, WAIT).toMatchObject({ kind: 'host', code: 'log-not-written', message: `${file} cannot be written: the disk is full` });
    await receives(real, 'a');
    const ended = await real.end();
    expectSound(ended);
    expect(ended.isWhole).toBe(false);
    expect(ended.said).toContain(`${file}: ${full?.missed} of ${ended.rows.length} records are not in it`);
    const kept = readFileSync(`${file}.part`, 'utf8');
    expect(kept.length).toBeGreaterThan(0);
    expect(ended.text.startsWith(kept)).toBe(true);
    expect(kept.split('\n').slice(0, -1).length, 'whole lines, as many as are counted').toBe(full?.written);
    expect(kept.endsWith('\n')).toBe(true);
  });

  it('who reads the log goes away: that is told once, and the other log has all', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-fifo-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const head = spawn('head', ['-n', '3', fifo], { stdio: ['ignore', 'pipe', 'inherit'] });
    let read = '';
    head.stdout.on('data', (chunk: Buffer) => {
      read += chunk.toString();
    });
    let gone = 0;
    let pipe: StreamSink | undefined;
    const real = await startReal({ a: staprun(), b: staprun() }, {}, async (format) => {
      pipe = new StreamSink('stdout', createWriteStream(fifo), new JsonlFormat(format), () => {
        gone += 1;
      });
      return [pipe];
    });
    await expect.poll(() => pipe?.abandoned, WAIT).toBe(true);
    await receives(real, 'a');
    const ended = await real.end();
    expectSound(ended);
    expect([ended.isWhole, gone]).toEqual([false, 1]);
    expect(read).toBe(ended.text.split('\n').slice(0, 3).map((line) => `${line}\n`).join(''));
    expect((pipe?.written ?? 0) + (pipe?.missed ?? 0)).toBe(ended.rows.length);
    expect(ended.said).toContain(`stdout: ${pipe?.missed} of ${ended.rows.length} records are not in it`);
  });

  it('the clock is set an hour ahead, then an hour back: every line within its bound', async () => {
    const real = await startReal({ a: staprun('set=0; while :; do set=$(cat $HERE/set 2>/dev/null || echo 0); line; line; beat; pause; done'), b: staprun() });
    const { sshd } = real.host('a');
    const set = async (sec: number) => {
      await writeFile(join(sshd.folder, 'set.new'), String(sec * 1e9));
      await rename(join(sshd.folder, 'set.new'), join(sshd.folder, 'set'));
    };
    await receives(real, 'a');
    await set(3600);
    await receives(real, 'a', 20);
    await set(0);
    await receives(real, 'a', 20);
    const ended = await real.end();
    expectSound(ended);
    expect(ended.said.match(/a: the clock was set by -?3600\.0\d\d s/g)?.length).toBeGreaterThanOrEqual(2);
    for (const row of packetsOf(ended.rows, 'a') as (RealRow & { raw: string; err_ns: number })[]) {
      const awayMs = Date.parse(row.raw) - Date.parse(row.t);
      const trueMs = Math.abs(awayMs) > 1_800_000 ? Date.parse(row.raw) - Math.sign(awayMs) * 3_600_000 : Date.parse(row.raw);
      expect(Math.abs(Date.parse(row.t) - trueMs)).toBeLessThanOrEqual(row.err_ns / 1e6 + 2);
    }
  });
});

function commandsOf(pids: readonly number[]): string[] {
  return pids.map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      return ''; // It has ended meanwhile.
    }
  });
}
