import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FleetTapError } from '../../src/base/errors.js';
import { newCounters } from '../../src/base/counters.js';
import type { LogRecord } from '../../src/base/record.js';
import { HostCapture } from '../../src/capture/host-capture.js';
import type { RunWarning } from '../../src/systemtap/run-warnings.js';
import type { StreamProgress } from '../../src/capture/host-stream.js';
import { recordsOfRuns } from '../base/rows.js';
import { FakeSession, type FakeStream, ManualClock } from './fake-session.js';

const kernelModule = { name: 'fleet_tap_0', release: '6.1.0-1-amd64', content: Buffer.from('ELF') };
const isProbe = (stream: FakeStream) => stream.script.startsWith(': fleet-tap clock');

interface End {
  readonly error: FleetTapError | undefined;
  readonly warnings: readonly RunWarning[];
}

/** @param probeAnswers false: the host never tells its time */
function prepare({ machineFace = true, probeAnswers = true } = {}) {
  const session = new FakeSession();
  const clock = new ManualClock();
  const records: LogRecord[] = [];
  const ends: End[] = [];
  let over: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    over = resolve;
  });
  session.onStream = (stream) => {
    if (!isProbe(stream) || !probeAnswers) return;
    // 1 ms each way, and a clock that is right; never inside the call that asks.
    stream.onInput = (text) =>
      queueMicrotask(() => {
        clock.ns += 1_000_000;
        const digits = clock.digits();
        clock.ns += 1_000_000;
        stream.say(`${text.trim()} ${digits.slice(0, 10)}.${digits.slice(10, 16)}\n`);
      });
  };
  const events = {
    progress: (progress: StreamProgress) => void records.push(...recordsOfRuns(progress.runs)),
    ended: (error: FleetTapError | undefined, warnings: readonly RunWarning[]) => {
      ends.push({ error, warnings });
      over();
    },
  };
  const capture = new HostCapture({ host: 0, epoch: 1, counters: newCounters() }, session, clock, { kernelModule, machineFace, limitSec: 60, who: 'ann' }, events);
  const script = (): FakeStream => {
    const stream = session.streams.find((one) => !isProbe(one));
    if (stream === undefined) throw new Error('the script was not started');
    return stream;
  };
  const probe = (): FakeStream => session.streams.find(isProbe) as FakeStream;
  const udp = () => `U ${clock.digits()} 10.0.0.1 10.0.0.2 53 5353 20\n`;
  return { session, clock, records, ends, ended, capture, script, probe, udp };
}

describe('a capture', () => {
  test.each([
    { machineFace: false, status: 0, code: undefined },
    { machineFace: false, status: 1, code: 'stap-failed' },
    { machineFace: true, status: 0, code: 'script-ended' },
  ])('of a script that ends by itself: $machineFace $status', async ({ machineFace, status, code }) => {
    const { capture, script, ends, ended } = prepare({ machineFace });
    await capture.start();
    script().end(status);
    await ended;
    expect(ends.map(({ error }) => error?.code)).toEqual([code]);
  });

  test('measures the clock first, then starts the script; no record has an unknown bound', async () => {
    const { session, capture, script, records, udp, clock } = prepare();
    await capture.start();
    expect(session.streams.map(isProbe)).toEqual([true, false]);
    expect(session.files).toEqual([expect.stringMatching(/\/fleet_tap_0\.ko$/)]);
    script().say(udp());
    expect(records).toMatchObject([{ type: 'packet', tNs: clock.ns }]);
    expect(records[0]?.type === 'packet' && records[0].errorNs).toBeLessThan(1.1e6);
    script().onInputEnd = () => script().end(0);
    await capture.stop();
  });

  test('gives the same records however the bytes are cut', async () => {
    const { capture, script, records, udp, clock } = prepare();
    await capture.start();
    const bytes = Buffer.from(`B 1 ${clock.digits()} 1\n${udp()}é\n${udp()}`);
    for (const byte of bytes) script().say(Buffer.of(byte));
    expect(records.map((record) => record.sequence)).toEqual([1, 2]);
    expect(capture.counters).toMatchObject({ received: 4, records: 2, marks: 1, notes: 1, malformed: 0 });
    script().onInputEnd = () => script().end(0);
    await capture.stop();
  });

  test.each([
    ['its last word', 'E', undefined],
    ['a heartbeat', 'H', 'end-missing'],
  ])('asked to end, with %s as the last that came', async (_what, mark, code) => {
    const { clock, capture, script, ends, udp } = prepare();
    await capture.start();
    script().say(`B 1 ${clock.digits()} 1\n${udp()}`);
    script().onInputEnd = () => {
      script().say(`${mark} ${clock.digits()} 2 1\n`);
      script().end(137);
    };
    expect(await capture.stop()).toBe(true);
    expect(ends.map(({ error }) => error?.code)).toEqual([code]);
  });

  test('counts lines that are too long, and a last one without a newline', async () => {
    const { capture, script, udp } = prepare();
    await capture.start();
    script().say(`${'x'.repeat(5000)}\n${udp()}${'y'.repeat(5000)}`);
    script().onInputEnd = () => script().end(0);
    await capture.stop();
    expect(capture.counters).toMatchObject({ received: 3, notes: 1, records: 1, truncated: 1, oversized: 2 });
  });

  test('of another script asks for our connection and leaves its lines out', async () => {
    const { session, capture, script, records } = prepare({ machineFace: false });
    session.answer = (text) => ({ status: 0, stdout: text.startsWith(': fleet-tap connection') ? '192.0.2.9 51000 10.0.0.1 22\n' : '', stderr: '' });
    await capture.start();
    script().say('192.0.2.9 10.0.0.1 51000 22\nhello\n');
    expect(records).toMatchObject([{ type: 'observed', text: 'hello', sequence: 1 }]);
    expect(capture.counters.ownEcho).toBe(1);
    script().onInputEnd = () => script().end(0);
    await capture.stop();
  });

  test('starts also on a host that does not tell its time', async () => {
    vi.useFakeTimers();
    try {
      const { capture, script, records, udp } = prepare({ probeAnswers: false });
      const started = capture.start();
      await vi.advanceTimersByTimeAsync(10_000);
      await started;
      script().say(udp());
      expect(records).toMatchObject([{ correctionNs: 0, errorNs: Number.POSITIVE_INFINITY }]);
      script().onInputEnd = () => script().end(0);
      await capture.stop();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('the end', () => {
  test('that was asked for is no error, whatever staprun’s status; what was said last still counts', async () => {
    const { capture, script, probe, records, ends, udp } = prepare();
    await capture.start();
    script().onInputEnd = () => {
      script().say(udp());
      script().complain('WARNING: There were 3 transport failures.\n');
      script().end(1);
    };
    expect(await capture.stop()).toBe(true);
    expect(ends).toMatchObject([{ error: undefined, warnings: [{ kind: 'lost', count: 3 }] }]);
    expect(records).toHaveLength(1);
    expect(probe().inputEnded).toBe(true);
  });

  test.each([
    [0, 'host'],
    [1, 'host'],
    [null, 'unreachable'],
  ] as const)('that nobody asked for is an error: status %s', async (status, kind) => {
    const { capture, script, probe, ends, ended } = prepare();
    await capture.start();
    script().end(status);
    await ended;
    expect(await capture.stop()).toBe(true);
    expect(ends).toMatchObject([{ error: { kind } }]);
    expect(probe().inputEnded).toBe(true);
  });

  test('by a lost connection while stopping is an error: what the script did is not known', async () => {
    const { capture, script, ends } = prepare();
    await capture.start();
    script().onInputEnd = () => script().end(null);
    expect(await capture.stop()).toBe(true);
    expect(ends).toMatchObject([{ error: { code: 'connection-lost' } }]);
  });

  describe('waited for', () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    /** Capturing, and asked to end. */
    async function asked() {
      const prepared = prepare();
      await prepared.capture.start();
      const waiting: { result?: boolean } = {};
      void prepared.capture.stop().then((value) => {
        waiting.result = value;
      });
      return { ...prepared, waiting };
    }

    test('as long as lines come, and none of them is lost', async () => {
      const { script, records, udp, ends, waiting } = await asked();
      expect(script().inputEnded).toBe(true);
      for (let second = 0; second < 75; second += 15) {
        await vi.advanceTimersByTimeAsync(15_000);
        script().say(udp());
      }
      script().end(0);
      await vi.advanceTimersByTimeAsync(0);
      expect(waiting.result).toBe(true);
      expect(records).toHaveLength(5);
      expect(ends).toHaveLength(1);
    });

    test('for 20 s of silence', async () => {
      const { script, udp, ends, waiting } = await asked();
      await vi.advanceTimersByTimeAsync(10_000);
      script().say(udp());
      await vi.advanceTimersByTimeAsync(19_999);
      expect(waiting.result).toBeUndefined();
      await vi.advanceTimersByTimeAsync(1);
      expect(waiting.result).toBe(false);
      expect(ends).toEqual([]);
    });

    test('for 80 s in all, though lines go on coming', async () => {
      const { script, udp, waiting } = await asked();
      for (let second = 0; second < 79; second++) {
        await vi.advanceTimersByTimeAsync(1_000);
        script().say(udp());
      }
      expect(waiting.result).toBeUndefined();
      await vi.advanceTimersByTimeAsync(1_000);
      expect(waiting.result).toBe(false);
    });
  });
});

describe('a start that does not come to its end', () => {
  test('stopped while the clock is measured: nothing is started, nothing goes on', async () => {
    const { session, capture, probe, ends } = prepare({ probeAnswers: false });
    const started = capture.start();
    await Promise.resolve();
    expect(await capture.stop()).toBe(true);
    await started;
    expect(session.streams.every(isProbe)).toBe(true);
    expect(probe().inputEnded).toBe(true);
    expect(ends).toEqual([]);
  });

  test('stopped before the probe’s channel is open: the probe ends', async () => {
    const { session, capture, probe } = prepare({ probeAnswers: false });
    const started = capture.start();
    expect(await capture.stop()).toBe(true);
    await started;
    expect(session.streams).toHaveLength(1);
    expect(probe().inputEnded).toBe(true);
  });

  test('stopped while the kernel module is on its way: the script that starts all the same is ended and waited for', async () => {
    const { session, capture, script, ends } = prepare();
    let release: () => void = () => {};
    const reached = new Promise<void>((resolve) => {
      session.answer = (text) => {
        if (!text.startsWith(': fleet-tap prepare')) return { status: 0, stdout: '', stderr: '' };
        resolve();
        return new Promise((done) => {
          release = () => done({ status: 0, stdout: '', stderr: '' });
        });
      };
    });
    const open = session.onStream;
    session.onStream = (stream) => {
      open(stream);
      if (!isProbe(stream)) stream.onInputEnd = () => setImmediate(() => stream.end(0));
    };
    const started = capture.start();
    await reached;
    const stopped = capture.stop();
    release();
    expect(await stopped).toBe(true);
    await started;
    expect(script().inputEnded).toBe(true);
    expect(ends).toMatchObject([{ error: undefined }]);
  });

  test('a script that cannot be started throws, and the probe ends', async () => {
    const { session, capture, probe } = prepare();
    session.answer = () => ({ status: 1, stdout: '', stderr: 'mkdir: Read-only file system\n' });
    await expect(capture.start()).rejects.toMatchObject({ kind: 'host', code: 'prepare' });
    expect(probe().inputEnded).toBe(true);
    expect(await capture.stop()).toBe(true);
  });
});
