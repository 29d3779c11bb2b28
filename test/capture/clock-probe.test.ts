import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/base/clock.js';
import { ClockOffset } from '../../src/capture/clock-offset.js';
import { startClockProbe } from '../../src/capture/clock-probe.js';
import { FakeSession, type FakeStream, ManualClock } from './fake-session.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const OFFSET_NS = 4_000_000_000;

async function start() {
  const session = new FakeSession();
  const clock = new ManualClock();
  const offset = new ClockOffset();
  const probe = await startClockProbe(session, clock, offset);
  const stream = session.streams[0] as FakeStream;
  let isReady = false;
  void probe.ready.then(() => {
    isReady = true;
  });
  const questions = () => stream.input.split('\n').slice(0, -1).map(Number);
  /** Answers the last question, the way there and the way back taking `wayNs` each. */
  const answer = (wayNs = 1_000_000, decimals = 6) => {
    clock.ns += wayNs;
    const digits = clock.digits(clock.ns + OFFSET_NS);
    clock.ns += wayNs;
    stream.say(`${questions().at(-1)} ${digits.slice(0, 10)}.${digits.slice(10, 10 + decimals)}\n`);
  };
  const ready = async () => {
    await Promise.resolve();
    return isReady;
  };
  return { probe, stream, clock, offset, questions, answer, ready };
}

describe('questions', () => {
  test('one at a time: sixteen, then ready, then one every 5 s', async () => {
    const { questions, answer, ready } = await start();
    for (let index = 1; index <= 16; index += 1) {
      expect(questions().at(-1)).toBe(index);
      expect(await ready()).toBe(false);
      answer();
    }
    expect(await ready()).toBe(true);
    expect(questions()).toHaveLength(16);
    vi.advanceTimersByTime(4999);
    expect(questions()).toHaveLength(16);
    vi.advanceTimersByTime(1);
    expect(questions()).toHaveLength(17);
    answer();
    vi.advanceTimersByTime(5000);
    expect(questions()).toHaveLength(18);
  });

  test('a host that does not answer keeps nobody waiting, and is asked again', async () => {
    const { stream, questions, ready, offset } = await start();
    vi.advanceTimersByTime(9999);
    expect(await ready()).toBe(false);
    vi.advanceTimersByTime(1);
    expect(await ready()).toBe(true);
    expect(questions()).toEqual([1, 2]);
    // A `date` without nanoseconds answers, but not with a time.
    stream.say('2 1795428000.%N\n');
    vi.advanceTimersByTime(10_000);
    expect(questions()).toEqual([1, 2, 3]);
    expect(offset.estimate(0)).toBeUndefined();
  });

  test('nothing is asked any more after stop, and the remote loop ends with its input', async () => {
    const { probe, stream, questions, answer, ready } = await start();
    answer();
    const asked = questions().length;
    probe.stop();
    probe.stop();
    expect(stream.inputEnded).toBe(true);
    expect(await ready()).toBe(true);
    vi.advanceTimersByTime(60_000);
    expect(questions()).toHaveLength(asked);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a channel that ends is a stop', async () => {
    const { stream, questions, ready } = await start();
    stream.end(127);
    expect(await ready()).toBe(true);
    vi.advanceTimersByTime(60_000);
    expect(questions()).toEqual([1]);
  });
});

describe('answers', () => {
  test.each([
    [6, 1000],
    [9, 1],
  ])('with %i decimals: half the round trip and %i ns', async (decimals, resolutionNs) => {
    const { clock, offset, answer } = await start();
    answer(1_000_000, decimals);
    const estimate = offset.estimate(clock.ns);
    expect(estimate?.offsetNs).toBe(OFFSET_NS);
    // And what a clock may drift during the round trip.
    expect((estimate?.errorNs ?? 0) - (1_000_000 + resolutionNs)).toBeGreaterThanOrEqual(0);
    expect((estimate?.errorNs ?? 0) - (1_000_000 + resolutionNs)).toBeLessThan(500);
  });

  test('cut anywhere are read once', async () => {
    const { stream, clock, offset, questions } = await start();
    clock.ns = 2_000_000;
    const answer = `1 ${clock.digits().slice(0, 10)}.${clock.digits().slice(10)}\n`;
    for (const char of answer.slice(0, -1)) stream.say(char);
    expect(questions()).toEqual([1]);
    stream.say('\n');
    expect(questions()).toEqual([1, 2]);
    expect(offset.estimate(clock.ns)?.offsetNs).toBe(1_000_000);
  });

  test('to an older question, or to none, are left alone', async () => {
    const { stream, clock, offset, questions } = await start();
    vi.advanceTimersByTime(10_000);
    const time = `${clock.digits().slice(0, 10)}.${clock.digits().slice(10)}`;
    for (const line of [`1 ${time}`, `3 ${time}`, time, `2 ${time} `, `2 ${time}0`, '2 1e9.000000', 'x'.repeat(1_000_000), '\0']) stream.say(`${line}\n`);
    expect(questions()).toEqual([1, 2]);
    expect(offset.estimate(clock.ns)).toBeUndefined();
    stream.say(`2 ${time}\n`);
    expect(questions()).toEqual([1, 2, 3]);
  });

  test('the script answers in a real sh, and ends with its input', async () => {
    vi.useRealTimers();
    const { stream } = await start();
    const child = spawn('sh', ['-c', stream.script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const closed = once(child, 'close');
    const session = new FakeSession();
    session.onStream = (fake) => {
      fake.onInput = (text) => void child.stdin.write(text);
      fake.onInputEnd = () => void child.stdin.end();
      child.stdout.on('data', (chunk: Buffer) => fake.say(chunk));
    };
    const clock = systemClock();
    const offset = new ClockOffset();
    const probe = await startClockProbe(session, clock, offset);
    await probe.ready;
    const estimate = offset.estimate(clock.nowNs());
    // The same machine's clock: the truth is 0, but for what setting it since this process began has moved it.
    expect(Math.abs(estimate?.offsetNs ?? Number.NaN)).toBeLessThanOrEqual((estimate?.errorNs ?? 0) + 1e9);
    probe.stop();
    expect(await closed).toEqual([0, null]);
  });
});
