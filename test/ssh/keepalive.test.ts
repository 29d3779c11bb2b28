import { describe, expect, it } from 'vitest';
import { KEEPALIVES_UNANSWERED, keepaliveMsOf, keepaliveOptions } from '../../src/ssh/keepalive.js';

describe('a dead host', () => {
  it.each([
    ['nobody says anything', 0, 3, 15_000, '5', '2'],
    ['longer than ours', 15, 3, 15_000, '5', '2'],
    ['shorter than ours', 1, 3, 4_000, '1', '3'],
    ['without a question unanswered', 6, 0, 6_000, '6', '0'],
    ['a lot of questions', 1, 30, 15_000, '5', '2'],
  ])('is found by both transports when ssh would find it, or in 15 s: %s', (_name, everySec, count, deadMs, every, counted) => {
    const target = { serverAliveIntervalMs: everySec * 1_000, serverAliveCountMax: count };
    expect(keepaliveMsOf(target) * (KEEPALIVES_UNANSWERED + 1)).toBeCloseTo(deadMs);
    expect(keepaliveOptions(target)).toEqual({ ServerAliveInterval: every, ServerAliveCountMax: counted });
  });
});
