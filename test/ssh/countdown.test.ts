import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Countdown } from '../../src/ssh/countdown.js';

let nowMs = 0;
let ends = 0;
beforeEach(() => {
  nowMs = 0;
  ends = 0;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A program that looks every 50 ms. */
function pass(ms: number): void {
  for (let at = 0; at < ms; at += 50) {
    nowMs += 50;
    vi.advanceTimersByTime(50);
  }
}
const countdown = () => new Countdown(10_000, () => {
  ends += 1;
});

it('ends once, when its time is over', () => {
  countdown();
  pass(9_950);
  expect(ends).toBe(0);
  pass(20_000);
  expect(ends).toBe(1);
});

it('stands still while it is paused, however often', () => {
  const limit = countdown();
  pass(5_000);
  limit.pause(true);
  limit.pause(true);
  pass(60_000);
  limit.pause(false);
  pass(60_000);
  limit.pause(false);
  pass(4_950);
  expect(ends).toBe(0);
  pass(100);
  expect(ends).toBe(1);
});

it('does not count time in which nobody looked', () => {
  countdown();
  for (let turn = 0; turn < 10; turn += 1) {
    nowMs += 5_000;
    vi.advanceTimersByTime(200);
  }
  expect(ends).toBe(0);
  pass(8_050);
  expect(ends).toBe(1);
});

it('is over when it is stopped', () => {
  countdown().stop();
  pass(20_000);
  expect(ends).toBe(0);
});
